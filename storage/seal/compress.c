#include "storage/seal/compress.h"

#include "storage/base/lang.h"
#include "storage/limits.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define BLOCK (128u << 10)    /* the most that a raw block may hold */
#define DIRECT (16u << 10)    /* slices this long become blocks of their own, without a copy */
#define TEXT_WHOLE (1u << 20) /* texts up to this are packed in one go, as hard as it pays */
#define STREAM_WINDOW_LOG 21  /* of longer ones: 2 MiB */
#define STREAM_LEVEL 3
#define NOTE_LEVEL 19 /* of small texts: a note must fit a modem */
#define NOTE_MOST (64u << 10)
#define TEXT_LEVEL 9
#define PROBE_LEVEL 1
#define PROBE_KEEP(n) ((n) / 100 * 97 + (n) % 100 * 97 / 100) /* 3 % shorter */

struct compress {
    sink_fn *sink;
    void *ctx;
    enum compress_kind kind;
    enum err failed;
    enum { GATHER, RAW, PACK, ENDED } at;
    ZSTD_CCtx *z;
    struct buf gathered; /* GATHER: all so far; RAW: small slices that wait to be a block */
    uint8_t *out;
    size_t out_cap;
};

static enum err no_memory(void)
{
    err_set(ERR_NOMEM, "out of memory");
    return ERR_NOMEM;
}

enum err compress_new(struct compress **out, enum compress_kind kind, sink_fn *sink, void *ctx)
{
    *out = NULL;
    struct compress *c = calloc(1, sizeof *c);
    if (!c)
        return no_memory();
    c->kind = kind;
    c->sink = sink;
    c->ctx = ctx;
    c->z = ZSTD_createCCtx();
    c->out_cap = ZSTD_CStreamOutSize();
    c->out = malloc(c->out_cap);
    if (!c->z || !c->out) {
        compress_free(c);
        return no_memory();
    }
    *out = c;
    return ERR_OK;
}

enum err compress_reset(struct compress *c, sink_fn *sink, void *ctx)
{
    c->sink = sink;
    c->ctx = ctx;
    c->failed = ERR_OK;
    c->at = GATHER;
    buf_clear(&c->gathered);
    return ERR_OK;
}

static enum err fail(struct compress *c, size_t zstd)
{
    enum err e = ZSTD_getErrorCode(zstd) == ZSTD_error_memory_allocation ? ERR_NOMEM : ERR_BUG;
    return c->failed = err_set(e, "cannot compress: %s", ZSTD_getErrorName(zstd));
}

static enum err pack_begin(struct compress *c, int level, int window_log)
{
    ZSTD_CCtx_reset(c->z, ZSTD_reset_session_and_parameters);
    size_t r = ZSTD_CCtx_setParameter(c->z, ZSTD_c_compressionLevel, level);
    if (!ZSTD_isError(r) && window_log)
        r = ZSTD_CCtx_setParameter(c->z, ZSTD_c_windowLog, window_log);
    c->at = PACK;
    return ZSTD_isError(r) ? fail(c, r) : ERR_OK;
}

static enum err pack(struct compress *c, const void *p, size_t n, ZSTD_EndDirective how)
{
    ZSTD_inBuffer in = {p, n, 0};
    for (;;) {
        ZSTD_outBuffer out = {c->out, c->out_cap, 0};
        size_t r = ZSTD_compressStream2(c->z, &out, &in, how);
        if (ZSTD_isError(r))
            return fail(c, r);
        if (out.pos && (c->failed = c->sink(c->ctx, c->out, out.pos)))
            return c->failed;
        if (how == ZSTD_e_end ? r == 0 : in.pos == in.size)
            return ERR_OK;
    }
}

static enum err raw_block(struct compress *c, const uint8_t *p, size_t n, bool last)
{
    /* RFC 8878, 3.1.1.2: last, type 0, size, little endian */
    uint8_t head[3] = {(uint8_t)((n << 3 | last) & 0xff), (uint8_t)(n >> 5 & 0xff), (uint8_t)(n >> 13 & 0xff)};
    c->failed = c->sink(c->ctx, head, sizeof head);
    if (!c->failed && n)
        c->failed = c->sink(c->ctx, p, n);
    return c->failed;
}

static enum err raw_begin(struct compress *c)
{
    /* magic; no checksum, no content size; a window of 128 KiB, the least that allows full blocks */
    static const uint8_t head[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, (17 - 10) << 3};
    c->at = RAW;
    return c->failed = c->sink(c->ctx, head, sizeof head);
}

static enum err raw_flush(struct compress *c)
{
    if (c->gathered.len == 0)
        return ERR_OK;
    size_t n = c->gathered.len;
    c->gathered.len = 0;
    return raw_block(c, c->gathered.p, n, false);
}

static enum err raw(struct compress *c, const uint8_t *p, size_t n)
{
    if (n < DIRECT && c->gathered.len + n <= BLOCK)
        return c->failed = buf_add(&c->gathered, p, n);
    if (raw_flush(c))
        return c->failed;
    for (size_t len; n >= DIRECT; p += len, n -= len) {
        len = n < BLOCK ? n : BLOCK;
        if (raw_block(c, p, len, false))
            return c->failed;
    }
    return c->failed = buf_add(&c->gathered, p, n);
}

static bool shrinks(struct compress *c, const uint8_t *p, size_t n)
{
    size_t keep = PROBE_KEEP(n);
    return !ZSTD_isError(ZSTD_compressCCtx(c->z, c->out, keep, p, n, PROBE_LEVEL));
}

static enum err begin(struct compress *c, const uint8_t *p, size_t n, int level, int window_log)
{
    if (c->kind == COMPRESS_BLOB && !shrinks(c, p, n < COMPRESS_PROBE ? n : COMPRESS_PROBE))
        return raw_begin(c);
    return pack_begin(c, level, window_log);
}

static enum err body(struct compress *c, const uint8_t *p, size_t n)
{
    return c->at == RAW ? raw(c, p, n) : pack(c, p, n, ZSTD_e_continue);
}

enum err compress_write(struct compress *c, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    if (c->failed || n == 0)
        return c->failed;
    if (c->at == ENDED)
        return c->failed = err_set(ERR_BUG, "a compressed frame was written to after its end");
    if (c->at == GATHER) {
        size_t limit = c->kind == COMPRESS_BLOB ? COMPRESS_PROBE : TEXT_WHOLE;
        if (n <= limit - c->gathered.len)
            return c->failed = buf_add(&c->gathered, p, n);
        if (c->gathered.len) {
            size_t fill = limit - c->gathered.len;
            if ((c->failed = buf_add(&c->gathered, p, fill)))
                return c->failed;
            p += fill;
            n -= fill;
            if (begin(c, c->gathered.p, limit, STREAM_LEVEL, STREAM_WINDOW_LOG))
                return c->failed;
            c->gathered.len = 0;
            if (body(c, c->gathered.p, limit))
                return c->failed;
        } else if (begin(c, p, n, STREAM_LEVEL, STREAM_WINDOW_LOG)) {
            return c->failed;
        }
    }
    return body(c, p, n);
}

enum err compress_finish(struct compress *c)
{
    if (c->failed || c->at == ENDED)
        return c->failed;
    int level = c->kind != COMPRESS_TEXT ? STREAM_LEVEL : c->gathered.len <= NOTE_MOST ? NOTE_LEVEL : TEXT_LEVEL;
    if (c->at == GATHER && begin(c, c->gathered.p, c->gathered.len, level, 0))
        return c->failed;
    enum err e = c->at == RAW ? raw_block(c, c->gathered.p, c->gathered.len, true)
                              : pack(c, c->gathered.p, c->gathered.len, ZSTD_e_end);
    c->at = ENDED;
    return e;
}

void compress_free(struct compress *c)
{
    if (!c)
        return;
    ZSTD_freeCCtx(c->z);
    buf_free(&c->gathered);
    free(c->out);
    free(c);
}

struct decompress {
    sink_fn *sink;
    void *ctx;
    enum err failed;
    bool ended;
    uint8_t magic[4];
    size_t magic_len;
    uint64_t left; /* output allowed */
    ZSTD_DCtx *z;
    uint8_t *out;
    size_t out_cap;
};

enum err decompress_new(struct decompress **out, uint64_t max_out, sink_fn *sink, void *ctx)
{
    *out = NULL;
    struct decompress *d = calloc(1, sizeof *d);
    if (!d)
        return no_memory();
    d->sink = sink;
    d->ctx = ctx;
    d->left = max_out;
    d->z = ZSTD_createDCtx();
    d->out_cap = ZSTD_DStreamOutSize();
    d->out = malloc(d->out_cap);
    if (!d->z || !d->out || ZSTD_isError(ZSTD_DCtx_setParameter(d->z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))) {
        decompress_free(d);
        return no_memory();
    }
    *out = d;
    return ERR_OK;
}

static enum err broken(struct decompress *d, const char *why)
{
    return d->failed = err_set(ERR_DATA, "cannot decompress: %s", _(why));
}

static enum err unpack(struct decompress *d, const uint8_t *p, size_t n)
{
    ZSTD_inBuffer in = {p, n, 0};
    for (bool full = false; in.pos < in.size || full;) {
        if (d->ended)
            return broken(d, "other bytes follow the zstd frame");
        ZSTD_outBuffer out = {d->out, d->out_cap, 0};
        size_t r = ZSTD_decompressStream(d->z, &out, &in);
        if (ZSTD_isError(r) && ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
            return d->failed = no_memory();
        if (ZSTD_isError(r))
            return broken(d, ZSTD_getErrorName(r));
        if (out.pos > d->left)
            return broken(d, "it holds more than is allowed here");
        d->left -= out.pos;
        if (out.pos && (d->failed = d->sink(d->ctx, d->out, out.pos)))
            return d->failed;
        d->ended = r == 0;
        full = out.pos == out.size && !d->ended;
    }
    return ERR_OK;
}

enum err decompress_write(struct decompress *d, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    if (d->failed || n == 0)
        return d->failed;
    if (d->magic_len < sizeof d->magic) {
        /* libzstd would pass over skippable frames and read its old formats */
        static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};
        size_t fill = sizeof d->magic - d->magic_len;
        fill = n < fill ? n : fill;
        memcpy(d->magic + d->magic_len, p, fill);
        d->magic_len += fill;
        p += fill;
        n -= fill;
        if (memcmp(d->magic, magic, d->magic_len) != 0)
            return broken(d, "this is not a zstd frame");
        if (d->magic_len < sizeof d->magic || unpack(d, d->magic, sizeof d->magic))
            return d->failed;
    }
    return unpack(d, p, n);
}

enum err decompress_finish(struct decompress *d)
{
    if (!d->failed && !d->ended)
        broken(d, "the zstd frame is cut off");
    return d->failed;
}

void decompress_free(struct decompress *d)
{
    if (!d)
        return;
    ZSTD_freeDCtx(d->z);
    free(d->out);
    free(d);
}

enum err compress_bytes(enum compress_kind kind, const void *p, size_t n, struct buf *out)
{
    struct compress *c;
    enum err e = compress_new(&c, kind, buf_sink, out);
    if (e)
        return e;
    e = compress_write(c, p, n);
    if (!e)
        e = compress_finish(c);
    compress_free(c);
    return e;
}

enum err decompress_bytes(const void *p, size_t n, uint64_t max_out, struct buf *out)
{
    struct decompress *d;
    enum err e = decompress_new(&d, max_out, buf_sink, out);
    if (e)
        return e;
    e = decompress_write(d, p, n);
    if (!e)
        e = decompress_finish(d);
    decompress_free(d);
    return e;
}
