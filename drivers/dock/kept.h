#ifndef DRIVERS_DOCK_KEPT_H
#define DRIVERS_DOCK_KEPT_H

#include <stddef.h>
#include <stdint.h>

/* The first and the last MEDIA_KEPT bytes of a file, as they were read last:
 * in memory alone, so that nothing is read twice to say what is in it. */
struct kept {
    uint8_t *p; /* NULL: nothing is */
    uint64_t size;
};

/* size: of the file. Where there is no memory nothing is kept. */
void kept_begin(struct kept *k, uint64_t size);
void kept_end(struct kept *k);
/* n bytes were read at offset: those of either end are kept. */
void kept_put(struct kept *k, uint64_t offset, const void *p, size_t n);
/* At most n bytes at offset; returns how many, 0: they are not kept. What was
 * never put is zeros. */
size_t kept_get(const struct kept *k, uint64_t offset, void *p, size_t n);

#endif
