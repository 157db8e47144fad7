#ifndef STORAGE_BASE_BUF_H
#define STORAGE_BASE_BUF_H

#include "storage/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The one growable byte buffer. It never grows beyond max (0: BUF_MAX), so
 * input from outside cannot make it take the machine's memory; going over is
 * ERR_DATA, running out of memory is ERR_NOMEM. After every successful call a
 * NUL stands behind the last byte (not counted), so text can be read as a
 * string. Zero-initialised is a valid empty buffer.
 */
struct buf {
    uint8_t *p;
    size_t len;
    size_t cap;
    size_t max;
    int secret; /* set before the first byte: old memory is wiped when it moves or is freed */
};

#define BUF_MAX ((size_t)1 << 30)

enum err buf_add(struct buf *b, const void *bytes, size_t n) MUST_USE;
enum err buf_str(struct buf *b, const char *s) MUST_USE;
enum err buf_fmt(struct buf *b, const char *fmt, ...) MUST_USE PRINTF_LIKE(2, 3);
enum err buf_reserve(struct buf *b, size_t more) MUST_USE;
void buf_clear(struct buf *b); /* keeps the memory; wipes it when secret */
void buf_free(struct buf *b);

/* Where bytes go. Every producer in the house takes one of these. A sink that
 * returns an error stops its producer, which returns the same error. */
typedef enum err sink_fn(void *ctx, const uint8_t *bytes, size_t n);

/* The sink that appends to a struct buf. */
enum err buf_sink(void *buf, const uint8_t *bytes, size_t n);

#endif
