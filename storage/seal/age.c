#include "storage/seal/age.h"

#include "storage/base/lang.h"
#include "storage/limits.h"
#include "storage/seal/age_header.h"
#include "storage/seal/armor.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536u
#define TAG crypto_aead_chacha20poly1305_ietf_ABYTES
#define SEALED_CHUNK (CHUNK + TAG)

/* STREAM: one key, a counted nonce (11 bytes, big endian) whose last byte
 * marks the last chunk. */
struct chunks {
    uint8_t key[32];
    uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
    bool begun; /* a chunk was done already */
};

static void next_chunk(struct chunks *c)
{
    c->begun = true;
    /* 2^88 chunks do not happen: no carry out of the top byte */
    for (size_t i = sizeof c->nonce - 1; i-- > 0;)
        if (++c->nonce[i])
            break;
}

static enum err no_memory(void)
{
    err_set(ERR_NOMEM, "out of memory");
    return ERR_NOMEM;
}

/*
 * Streams live in sodium_malloc's memory: locked, guarded, wiped when freed.
 * That costs some forty microseconds of system calls, so the functions on
 * whole buffers, where keys live no longer than one call, keep theirs on the
 * stack and wipe it. Chunk buffers are ordinary memory, as is what the caller
 * hands in and what the sink receives; they too are wiped.
 */
struct age_seal {
    sink_fn *sink;
    void *ctx;
    enum err failed;
    bool finished;
    uint8_t *held;   /* plaintext kept back until more follows or the end is known */
    uint8_t *sealed; /* behind held, in the same allocation */
    size_t held_len;
    size_t held_most; /* how much of held there is to wipe */
    struct chunks chunks;
};

/* Whom to seal to: recipients, or a passphrase with its work factor. */
struct addressee {
    const struct recipient *to;
    size_t n;
    const char *pass;
    size_t pass_len;
    unsigned log_n;
};

static enum err seal_header(struct age_seal *s, const struct addressee *a, struct buf *header)
{
    uint8_t file_key[AGE_FILE_KEY], nonce[AGE_NONCE];
    randombytes_buf(file_key, sizeof file_key);
    randombytes_buf(nonce, sizeof nonce);
    enum err e = a->pass ? age_header_write_pass(header, file_key, a->pass, a->pass_len, a->log_n)
                         : age_header_write(header, file_key, a->to, a->n);
    if (!e)
        e = buf_add(header, nonce, sizeof nonce);
    if (!e)
        age_header_payload_key(s->chunks.key, file_key, nonce);
    sodium_memzero(file_key, sizeof file_key);
    return e;
}

/* Sends the header on; seal_end is due whatever comes back. */
static enum err seal_begin(struct age_seal *s, const struct addressee *a, sink_fn *sink, void *ctx)
{
    sodium_memzero(s, sizeof *s);
    s->sink = sink;
    s->ctx = ctx;
    struct buf header = {0};
    enum err e = seal_header(s, a, &header);
    s->held = e ? NULL : malloc(CHUNK + SEALED_CHUNK);
    if (!e && !s->held)
        e = no_memory();
    if (!e) {
        s->sealed = s->held + CHUNK;
        e = sink(ctx, header.p, header.len);
    }
    buf_free(&header);
    return s->failed = e;
}

static void seal_end(struct age_seal *s)
{
    if (s->held)
        sodium_memzero(s->held, s->held_most);
    free(s->held);
    sodium_memzero(s, sizeof *s);
}

static enum err seal_new(struct age_seal **out, const struct addressee *a, sink_fn *sink, void *ctx)
{
    *out = NULL;
    struct age_seal *s = sodium_malloc(sizeof *s);
    if (!s)
        return no_memory();
    enum err e = seal_begin(s, a, sink, ctx);
    if (e)
        age_seal_free(s);
    else
        *out = s;
    return e;
}

enum err age_seal_new(struct age_seal **out, const struct recipient *to, size_t n, sink_fn *sink, void *ctx)
{
    return seal_new(out, &(struct addressee){.to = to, .n = n}, sink, ctx);
}

enum err age_seal_new_pass(struct age_seal **out, const char *pass, size_t len, unsigned log_n, sink_fn *sink,
                           void *ctx)
{
    return seal_new(out, &(struct addressee){.pass = pass, .pass_len = len, .log_n = log_n}, sink, ctx);
}

static enum err seal_chunk(struct age_seal *s, const uint8_t *p, size_t n, bool last)
{
    s->chunks.nonce[sizeof s->chunks.nonce - 1] = last;
    unsigned long long len;
    crypto_aead_chacha20poly1305_ietf_encrypt(s->sealed, &len, p, n, NULL, 0, NULL, s->chunks.nonce, s->chunks.key);
    next_chunk(&s->chunks);
    return s->failed = s->sink(s->ctx, s->sealed, (size_t)len);
}

static void seal_hold(struct age_seal *s, const uint8_t *p, size_t n)
{
    memcpy(s->held + s->held_len, p, n);
    s->held_len += n;
    if (s->held_most < s->held_len)
        s->held_most = s->held_len;
}

enum err age_seal_write(struct age_seal *s, const void *bytes, size_t n)
{
    if (s->failed || n == 0)
        return s->failed;
    if (s->finished)
        return s->failed = err_set(ERR_BUG, "an age file was written to after its end");
    const uint8_t *p = bytes;
    if (s->held_len) {
        size_t room = CHUNK - s->held_len;
        size_t fill = n < room ? n : room;
        seal_hold(s, p, fill);
        p += fill;
        n -= fill;
        if (n == 0) /* even a full chunk waits: it may be the last */
            return ERR_OK;
        enum err e = seal_chunk(s, s->held, CHUNK, false);
        s->held_len = 0;
        if (e)
            return e;
    }
    for (; n > CHUNK; p += CHUNK, n -= CHUNK)
        if (seal_chunk(s, p, CHUNK, false))
            return s->failed;
    seal_hold(s, p, n);
    return ERR_OK;
}

enum err age_seal_finish(struct age_seal *s)
{
    if (s->failed || s->finished)
        return s->failed;
    s->finished = true;
    return seal_chunk(s, s->held, s->held_len, true);
}

void age_seal_free(struct age_seal *s)
{
    if (s)
        seal_end(s);
    sodium_free(s);
}

struct age_open {
    sink_fn *sink;
    void *ctx;
    enum err failed;
    bool finished;
    bool begun;
    bool armored;
    struct armor armor; /* where it is, its sink is the rest of us */
    enum { IN_HEADER, IN_NONCE, IN_CHUNKS } at;
    struct age_header *header; /* until it is opened */
    uint8_t *held;             /* sealed bytes of a chunk not yet known to be whole, or the nonce */
    uint8_t *plain;            /* behind held, in the same allocation */
    size_t held_len;
    size_t plain_most;
    uint8_t file_key[AGE_FILE_KEY];
    struct chunks chunks;
    const struct identity *ids; /* what may open it: these, or the passphrase */
    size_t n;
    const char *pass;
    size_t pass_len;
};

/* open_end is due whatever comes back. The keys stay the caller's. */
static enum err open_begin(struct age_open *o, sink_fn *sink, void *ctx)
{
    sodium_memzero(o, sizeof *o);
    o->sink = sink;
    o->ctx = ctx;
    o->held = malloc(SEALED_CHUNK + CHUNK);
    if (!o->held)
        return no_memory();
    o->plain = o->held + SEALED_CHUNK;
    return age_header_new(&o->header);
}

static void open_end(struct age_open *o)
{
    age_header_free(o->header);
    if (o->plain)
        sodium_memzero(o->plain, o->plain_most);
    free(o->held);
    sodium_memzero(o, sizeof *o);
}

/* A stream keeps a copy of its keys behind the struct. */
static enum err open_new(struct age_open **out, const void *secret, size_t n, size_t each, sink_fn *sink, void *ctx)
{
    *out = NULL;
    if (n > (SIZE_MAX >> 1) / each)
        return no_memory();
    /* sodium_malloc aligns the end of what it gives, so the start too if the size is a multiple of 16 */
    struct age_open *o = sodium_malloc((sizeof *o + n * each + 15) / 16 * 16);
    if (!o)
        return no_memory();
    enum err e = open_begin(o, sink, ctx);
    if (e) {
        age_open_free(o);
        return e;
    }
    if (n)
        memcpy(o + 1, secret, n * each);
    *out = o;
    return ERR_OK;
}

enum err age_open_new(struct age_open **out, const struct identity *ids, size_t n, sink_fn *sink, void *ctx)
{
    enum err e = open_new(out, ids, n, sizeof *ids, sink, ctx);
    if (e)
        return e;
    (*out)->ids = (const struct identity *)(*out + 1);
    (*out)->n = n;
    return ERR_OK;
}

enum err age_open_new_pass(struct age_open **out, const char *pass, size_t len, sink_fn *sink, void *ctx)
{
    enum err e = open_new(out, pass, len, 1, sink, ctx);
    if (e)
        return e;
    (*out)->pass = (const char *)(*out + 1);
    (*out)->pass_len = len;
    return ERR_OK;
}

static enum err broken(struct age_open *o, const char *why)
{
    return o->failed = err_set(ERR_DATA, "this is not a whole age file: %s", _(why));
}

static enum err open_header(struct age_open *o, const uint8_t *p, size_t n, size_t *used)
{
    enum err e = age_header_take(o->header, p, n, used);
    if (!e && o->header->at == AGE_WHOLE) {
        e = o->pass ? age_header_open_pass(o->file_key, o->header, o->pass, o->pass_len)
                    : age_header_open(o->file_key, o->header, o->ids, o->n);
        age_header_free(o->header);
        o->header = NULL;
        o->at = IN_NONCE;
    }
    return o->failed = e;
}

static void open_nonce(struct age_open *o, const uint8_t *p, size_t n, size_t *used)
{
    size_t room = AGE_NONCE - o->held_len;
    *used = n < room ? n : room;
    memcpy(o->held + o->held_len, p, *used);
    o->held_len += *used;
    if (o->held_len == AGE_NONCE) {
        age_header_payload_key(o->chunks.key, o->file_key, o->held);
        sodium_memzero(o->file_key, sizeof o->file_key);
        o->held_len = 0;
        o->at = IN_CHUNKS;
    }
}

/* Decrypts a chunk if its tag is right for its place, the end or not. */
static bool chunk_opens(struct age_open *o, const uint8_t *p, size_t n, bool last)
{
    o->chunks.nonce[sizeof o->chunks.nonce - 1] = last;
    if (o->plain_most < n - TAG)
        o->plain_most = n - TAG;
    return crypto_aead_chacha20poly1305_ietf_decrypt(o->plain, NULL, NULL, p, n, NULL, 0, o->chunks.nonce,
                                                     o->chunks.key) == 0;
}

static enum err chunk_out(struct age_open *o, size_t n)
{
    next_chunk(&o->chunks);
    return o->failed = n > TAG ? o->sink(o->ctx, o->plain, n - TAG) : ERR_OK;
}

/* A full chunk behind which more bytes stand. */
static enum err open_inner(struct age_open *o, const uint8_t *p)
{
    if (chunk_opens(o, p, SEALED_CHUNK, false))
        return chunk_out(o, SEALED_CHUNK);
    if (!chunk_opens(o, p, SEALED_CHUNK, true))
        return broken(o, "a part of it was altered");
    enum err e = chunk_out(o, SEALED_CHUNK);
    return e ? e : broken(o, "more follows behind its end");
}

static enum err open_chunks(struct age_open *o, const uint8_t *p, size_t n)
{
    if (o->held_len) {
        size_t room = SEALED_CHUNK - o->held_len;
        size_t fill = n < room ? n : room;
        memcpy(o->held + o->held_len, p, fill);
        o->held_len += fill;
        p += fill;
        n -= fill;
        if (n == 0)
            return ERR_OK;
        if (open_inner(o, o->held))
            return o->failed;
        o->held_len = 0;
    }
    for (; n > SEALED_CHUNK; p += SEALED_CHUNK, n -= SEALED_CHUNK)
        if (open_inner(o, p))
            return o->failed;
    memcpy(o->held, p, n);
    o->held_len = n;
    return ERR_OK;
}

static enum err open_binary(void *reader, const uint8_t *p, size_t n)
{
    struct age_open *o = reader;
    while (!o->failed && n && o->at != IN_CHUNKS) {
        size_t used = 0;
        if (o->at == IN_HEADER)
            open_header(o, p, n, &used);
        else
            open_nonce(o, p, n, &used);
        p += used;
        n -= used;
    }
    return o->failed || n == 0 ? o->failed : open_chunks(o, p, n);
}

enum err age_open_write(struct age_open *o, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    if (o->failed || n == 0)
        return o->failed;
    if (o->finished)
        return o->failed = err_set(ERR_BUG, "an age reader was given more after the end");
    if (!o->begun) {
        o->begun = true;
        o->armored = armor_starts(p[0]);
        if (o->armored)
            armor_begin(&o->armor, open_binary, o);
    }
    return o->failed = o->armored ? armor_write(&o->armor, p, n) : open_binary(o, p, n);
}

enum err age_open_finish(struct age_open *o)
{
    if (o->failed || o->finished)
        return o->failed;
    o->finished = true;
    if (o->armored && (o->failed = armor_finish(&o->armor)))
        return o->failed;
    if (o->at != IN_CHUNKS)
        return broken(o, "it ends inside its header");
    if (o->held_len < TAG)
        return broken(o, "it is cut off");
    if (chunk_opens(o, o->held, o->held_len, true)) {
        if (o->held_len == TAG && o->chunks.begun)
            return broken(o, "its last chunk is empty");
        return chunk_out(o, o->held_len);
    }
    if (o->held_len < SEALED_CHUNK || !chunk_opens(o, o->held, SEALED_CHUNK, false))
        return broken(o, "its last part was altered or cut off");
    enum err e = chunk_out(o, SEALED_CHUNK);
    return e ? e : broken(o, "it is cut off between two chunks");
}

void age_open_free(struct age_open *o)
{
    if (o)
        open_end(o);
    sodium_free(o);
}

static enum err seal_bytes(const struct addressee *a, const void *p, size_t len, struct buf *out)
{
    struct age_seal s;
    enum err e = seal_begin(&s, a, buf_sink, out);
    if (!e)
        e = age_seal_write(&s, p, len);
    if (!e)
        e = age_seal_finish(&s);
    seal_end(&s);
    return e;
}

enum err age_seal_bytes(const struct recipient *to, size_t n, const void *p, size_t len, struct buf *out)
{
    return seal_bytes(&(struct addressee){.to = to, .n = n}, p, len, out);
}

enum err age_seal_bytes_pass(const char *pass, size_t pass_len, unsigned log_n, const void *p, size_t len,
                             struct buf *out)
{
    return seal_bytes(&(struct addressee){.pass = pass, .pass_len = pass_len, .log_n = log_n}, p, len, out);
}

static enum err open_all(struct age_open *o, const void *p, size_t len)
{
    enum err e = age_open_write(o, p, len);
    return e ? e : age_open_finish(o);
}

enum err age_open_bytes(const struct identity *ids, size_t n, const void *p, size_t len, struct buf *out)
{
    struct age_open o;
    enum err e = open_begin(&o, buf_sink, out);
    o.ids = ids;
    o.n = n;
    if (!e)
        e = open_all(&o, p, len);
    open_end(&o);
    return e;
}

enum err age_open_bytes_pass(const char *pass, size_t pass_len, const void *p, size_t len, struct buf *out)
{
    struct age_open o;
    enum err e = open_begin(&o, buf_sink, out);
    o.pass = pass;
    o.pass_len = pass_len;
    if (!e)
        e = open_all(&o, p, len);
    open_end(&o);
    return e;
}
