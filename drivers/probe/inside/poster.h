#ifndef DRIVERS_PROBE_INSIDE_POSTER_H
#define DRIVERS_PROBE_INSIDE_POSTER_H

#include "drivers/probe/inside/media.h"
#include "storage/base/buf.h"

/* The first key frame a second or so after the beginning, made small: a
 * binary PPM. False: there is none that could be decoded. */
bool poster_make(const struct media *m, struct buf *out);

#endif
