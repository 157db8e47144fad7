#ifndef STORAGE_VAULT_WANT_H
#define STORAGE_VAULT_WANT_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The text of a job "want" PARTS: which blobs of a parts list this station
 * asks its hub for. A first line says for whom; then
 *
 *     blobs: FIRST-LAST         numbers in the list, from 0; the line may repeat
 *
 * without any such line: all of them.
 */
#define WANT_SPANS_MAX 16u

struct want_spans {
    size_t n; /* 0: the whole list */
    struct {
        uint64_t first, last; /* both included */
    } span[WANT_SPANS_MAX];
};

/* Lines that make no sense are passed over; more spans than fit: the whole list. */
void want_parse(struct want_spans *out, const char *text, size_t n);
bool want_covers(const struct want_spans *w, uint64_t blob);
/* Adds first..last to what is asked for, unless it is already. */
void want_add(struct want_spans *w, uint64_t first, uint64_t last);
/* Appends the text to out. */
enum err want_write(struct buf *out, const char *who, const struct want_spans *w) MUST_USE;

#endif
