#ifndef DRIVERS_PROBE_GPX_H
#define DRIVERS_PROBE_GPX_H

#include "drivers/probe/track.h"

/*
 * Track points (trkpt: lat, lon, time) of a GPX file (XML), fed piece by
 * piece: a scanner of tags, not an XML parser. It knows comments, CDATA,
 * processing instructions and quoted values; it follows no entity and no
 * reference; a file with a document type of its own (<!DOCTYPE ...[) is
 * stopped at. Prefixes (gpx:trkpt) are passed over. A tag longer than
 * GPX_TAG_MAX, a time longer than GPX_TEXT_MAX, are not understood.
 */
enum gpx_state { GPX_TEXT, GPX_TAG, GPX_COMMENT, GPX_CDATA, GPX_STOPPED };

struct gpx {
    struct track *track;
    enum gpx_state state;
    char tag[GPX_TAG_MAX], text[GPX_TEXT_MAX];
    size_t n_tag, n_text;
    char quote; /* within a tag: '"', '\'' or 0 */
    int in_point, in_time, has_place;
    struct place_point point;
    unsigned ends; /* letters of "-->" or "]]>" that were seen */
};

void gpx_init(struct gpx *g, struct track *t);
void gpx_feed(struct gpx *g, const uint8_t *p, size_t n);

#endif
