#ifndef TUI_SCREENS_DEED_H
#define TUI_SCREENS_DEED_H

#include "storage/limits.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What a person can do with a recording, who may, and when: the same rules as
 * the commands have, so that a screen says why something cannot be before it
 * is tried. The command decides all the same. Pure.
 */
enum deed {
    DEED_PLAY,
    DEED_PULL,
    DEED_VERIFY,
    DEED_REQUEST,
    DEED_EXPORT,
    DEED_HOLD,
    DEED_RELEASE,
    DEED_FLAG,
    DEED_LINK,
    DEED_DESTROY,
    DEEDS,
};

struct deed_person {
    const char *name;
    unsigned roles;        /* enum role */
    const json_t *circles; /* that the person opens: names; NULL: not known yet */
};

/* Why not, half a sentence, translated; NULL: it can be. row: of `rows
 * recordings` or of `recordings show`; NULL: none is selected. */
const char *deed_refuse(enum deed d, const struct deed_person *p, const json_t *row);
/* Why the person cannot approve this request or sign this order, a row of
 * `rows waiting`; NULL: they can. */
const char *deed_refuse_second(const struct deed_person *p, const json_t *waiting);

/* How far the way of a recording to a court is, for one person. row: of
 * `recordings show`. */
enum deed_evidence {
    DEED_NOT_ASKED,
    DEED_ASKED,    /* nobody has approved it yet */
    DEED_APPROVED, /* the person may export */
};
enum deed_evidence deed_evidence(const char *who, const json_t *row);

/* A destruction order that stands in a recording's custody with one signature. */
struct deed_order {
    bool any, own; /* own: that person has signed it, another one must */
    char by[NAME_LEN];
    char basis[512], why[512];
};
void deed_order(const char *who, const json_t *row, struct deed_order *out);

/* "25%", "120M", "5000", "": a place as `recordings pull` takes it. */
bool deed_is_place(const char *s);
/* DIR/evidence-3f2a91bc: where an export goes by default. */
void deed_folder(char *out, size_t cap, const char *dir, const char *recording);

#endif
