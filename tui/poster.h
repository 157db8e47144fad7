#ifndef TUI_POSTER_H
#define TUI_POSTER_H

#include "storage/records/recording.h"

/* The poster of a recording: the sidecar *.poster.ppm that the probe made, a
 * binary PPM (P6) of eight bits. */
#define POSTER_SIDE_MAX 256u /* pixels, either way */

struct poster {
    unsigned w, h;
    struct buf bytes;   /* the file */
    const uint8_t *rgb; /* in it: 3 * w * h */
};

/* Is a sidecar of this path one? */
bool poster_is(const char *path);
/* ERR_NOINPUT: it has none, or its blob is not here; ERR_DATA: it is no such
 * picture; else as recording_read. The caller frees, also after an error. */
enum err poster_read(const struct station *s, const struct user *u, const struct recording *r,
                     struct poster *out) MUST_USE;
/* bytes hold a file already. */
enum err poster_parse(struct poster *p) MUST_USE;
void poster_free(struct poster *p);

#endif
