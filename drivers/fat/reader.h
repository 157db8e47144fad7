#ifndef DRIVERS_FAT_READER_H
#define DRIVERS_FAT_READER_H

#include "drivers/fat/level.h"

#include <jansson.h>

/*
 * A file of a volume while it is read, from its beginning to its end or from
 * anywhere. What was read ahead is kept for the one that read last.
 */
struct reader;
struct reader_ahead { /* zeroed at first, but for p */
    uint8_t *p;       /* FAT_AHEAD bytes of the caller's */
    const struct reader *owner;
    uint64_t offset;
    size_t n;
    bool bad; /* the byte behind those could not be read */
};

/* r: in folder in; copied. a must live as long. ERR_AGAIN, ERR_NOMEM. */
enum err reader_new(struct reader **out, struct reader_ahead *a, struct level *in, const struct record *r) MUST_USE;
/* As camera's read: what comes before a place that cannot be read is handed
 * out, then ERR_IO. Bytes behind exFAT's valid length are zeros. */
enum err reader_read(struct reader *f, uint64_t offset, void *p, size_t n, size_t *got) MUST_USE;
void reader_free(struct reader *f);
json_t *reader_facts(struct reader *f);

#endif
