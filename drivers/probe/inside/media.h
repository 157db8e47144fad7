#ifndef DRIVERS_PROBE_INSIDE_MEDIA_H
#define DRIVERS_PROBE_INSIDE_MEDIA_H

#include "drivers/probe/inside/asking.h"
#include "drivers/probe/inside/report.h"

#include <libavformat/avformat.h>

/* A video through libav, which asks for its pieces. Demuxers and decoders are
 * those that cameras' files need; nothing that would open another file. */
struct media {
    struct asking *asking;
    AVFormatContext *format;
    AVIOContext *io;
    int64_t at;
};

/* Once, before the program limits itself. */
void media_prepare(void);
/* Opens it and tells what it is; false: r->why says why not. */
bool media_open(struct media *m, struct asking *a, struct report *r);
void media_close(struct media *m);

#endif
