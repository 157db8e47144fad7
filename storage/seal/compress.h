#ifndef STORAGE_SEAL_COMPRESS_H
#define STORAGE_SEAL_COMPRESS_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * One zstd frame (RFC 8878) per object. Video does not compress: a writer
 * for blobs looks at the first COMPRESS_PROBE bytes at a fast level and, when
 * they shrink by less than 3 %, stores the rest as raw blocks, which costs
 * nothing but a copy. Readers cap the window (ZSTD_WINDOW_LOG_MAX) and the
 * output, refuse a second frame, trailing bytes and a frame cut short.
 */
#define COMPRESS_PROBE (128u << 10)

enum compress_kind {
    COMPRESS_BLOB, /* probe, then raw or level 3 */
    COMPRESS_TEXT, /* notes, tracks, logs: level 19 up to 64 KiB, 9 up to 1 MiB, else 3 */
};

struct compress;
struct decompress;

enum err compress_new(struct compress **out, enum compress_kind kind, sink_fn *sink, void *ctx) MUST_USE;
/* Starts the next frame; the contexts are reused. */
enum err compress_reset(struct compress *c, sink_fn *sink, void *ctx) MUST_USE;
enum err compress_write(struct compress *c, const void *p, size_t n) MUST_USE;
enum err compress_finish(struct compress *c) MUST_USE;
void compress_free(struct compress *c);

/* max_out: more output than that is ERR_DATA. */
enum err decompress_new(struct decompress **out, uint64_t max_out, sink_fn *sink, void *ctx) MUST_USE;
enum err decompress_write(struct decompress *d, const void *p, size_t n) MUST_USE;
enum err decompress_finish(struct decompress *d) MUST_USE;
void decompress_free(struct decompress *d);

enum err compress_bytes(enum compress_kind kind, const void *p, size_t n, struct buf *out) MUST_USE;
enum err decompress_bytes(const void *p, size_t n, uint64_t max_out, struct buf *out) MUST_USE;

#endif
