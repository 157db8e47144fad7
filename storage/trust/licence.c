#include "storage/trust/licence.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"

#include <stdlib.h>
#include <string.h>

enum member { CAMERA, VOLUME, EXPIRES, FILES, COPIES, RECEIPT, MEMBERS };

static const char *const keys[MEMBERS] = {"camera", "volume", "expires", "file", "copies", "receipt"};

#define BIT(m) (1u << (m))
#define SPOILT BIT(MEMBERS)
#define NEEDED (BIT(CAMERA) | BIT(VOLUME) | BIT(EXPIRES) | BIT(FILES))

void licence_free(struct licence *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n_receipts; i++)
        buf_free(&l->receipts[i]);
    free(l->receipts);
    free(l->files);
    free(l);
}

enum err licence_add_file(struct licence *l, const struct licence_file *f)
{
    if (l->n_files == LICENCE_FILES_MAX)
        return err_set(ERR_DATA, "a licence names more than %u files", LICENCE_FILES_MAX);
    if (!(l->n_files & (l->n_files - 1))) {
        /* room up to the next power of two */
        size_t cap = l->n_files ? 2 * l->n_files : 1;
        struct licence_file *more = reallocarray(l->files, cap, sizeof *more);
        if (!more)
            return err_set(ERR_NOMEM, "out of memory");
        l->files = more;
    }
    l->files[l->n_files++] = *f;
    return ERR_OK;
}

enum err licence_add_receipt(struct licence *l, const void *text, size_t n)
{
    if (l->n_receipts == LICENCE_RECEIPTS_MAX || n > LICENCE_RECEIPT_MAX)
        return err_set(ERR_DATA, "a licence holds more than %u receipts, or one of more than %u bytes",
                       LICENCE_RECEIPTS_MAX, LICENCE_RECEIPT_MAX);
    struct buf *more = realloc(l->receipts, (l->n_receipts + 1) * sizeof *more);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    l->receipts = more;
    struct buf *receipt = &l->receipts[l->n_receipts++];
    *receipt = (struct buf){.max = LICENCE_RECEIPT_MAX};
    return buf_add(receipt, text, n);
}

static struct hash fingerprint(const char *id, const char *what, const char *value)
{
    struct hash_state h;
    hash_init(&h);
    hash_add(&h, id, strlen(id));
    hash_add(&h, what, strlen(what));
    hash_add(&h, value, strlen(value));
    return hash_end(&h);
}

struct hash licence_camera(const char *id, const char *serial)
{
    return fingerprint(id, " camera ", serial);
}

struct hash licence_volume(const char *id, const char *volume)
{
    return fingerprint(id, " volume ", volume);
}

enum err licence_proof(struct hash *out, const char *id, const struct hash *plain, const char *path)
{
    char hex[HASH_HEX];
    struct buf text = {0};
    hash_hex(hex, plain);
    enum err e = buf_fmt(&text, "%s file %s %s", id, hex, path);
    if (!e)
        *out = hash_of(text.p, text.len);
    buf_free(&text);
    return e;
}

/* SIZE TIME|- PROOF RECORDING CHAIN SEQ */
static bool read_file(struct licence_file *f, struct span v)
{
    struct span w[6];
    uint8_t raw[16];
    for (size_t i = 0; i < 6; i++)
        if (!span_word(&v, &w[i]))
            return false;
    f->mtime = INT64_MIN;
    return v.n == 0 && bytes_decimal(&f->size, w[0].p, w[0].n, INT64_MAX) &&
           (span_is(w[1], "-") || clock_parse(&f->mtime, w[1].p, w[1].n)) && hash_unhex(&f->proof, w[2].p, w[2].n) &&
           bytes_unhex(raw, (LICENCE_ID - 1) / 2, w[3].p, w[3].n) &&
           span_copy(w[3], f->recording, sizeof f->recording) && bytes_unhex(raw, (CHAIN_ID - 1) / 2, w[4].p, w[4].n) &&
           span_copy(w[4], f->chain, sizeof f->chain) && bytes_decimal(&f->seq, w[5].p, w[5].n, INT64_MAX) &&
           f->seq > 0;
}

static enum err read_receipt(struct licence *l, struct span v)
{
    struct buf text = {0};
    size_t n = 0;
    enum err e = buf_reserve(&text, v.n);
    if (!e && (!bytes_unb64(text.p, v.n, &n, v.p, v.n, true) || n == 0))
        e = ERR_DATA;
    if (!e)
        e = licence_add_receipt(l, text.p, n);
    buf_free(&text);
    return e;
}

static enum err read_member(struct licence *l, enum member m, struct span v)
{
    struct licence_file f;
    uint64_t copies = 0;
    bool good = false;
    switch (m) {
    case CAMERA:
        good = hash_unhex(&l->camera, v.p, v.n);
        break;
    case VOLUME:
        good = hash_unhex(&l->volume, v.p, v.n);
        break;
    case EXPIRES:
        good = clock_parse(&l->expires, v.p, v.n);
        break;
    case FILES:
        if (read_file(&f, v))
            return licence_add_file(l, &f);
        break;
    case COPIES:
        good = bytes_decimal(&copies, v.p, v.n, LICENCE_COPIES_MAX) && copies >= LICENCE_COPIES_MIN;
        l->copies = (unsigned)copies;
        break;
    case RECEIPT:
        return read_receipt(l, v);
    case MEMBERS:
        break;
    }
    return good ? ERR_OK : ERR_DATA;
}

enum err licence_read(struct licence **l, unsigned *seen, const struct field *f)
{
    enum member m = CAMERA;
    while (m < MEMBERS && !span_is(f->key, keys[m]))
        m++;
    if (m == MEMBERS || (*seen & SPOILT))
        return ERR_OK;
    bool twice = (*seen & BIT(m)) && m != FILES && m != RECEIPT;
    if (!*l && !(*l = calloc(1, sizeof **l)))
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = twice ? ERR_DATA : read_member(*l, m, f->value);
    *seen |= e ? SPOILT : BIT(m);
    return e == ERR_NOMEM ? e : ERR_OK;
}

void licence_end(struct licence **l, unsigned seen)
{
    if ((seen & (NEEDED | SPOILT)) == NEEDED)
        return;
    licence_free(*l);
    *l = NULL;
}

static enum err write_file(const struct licence_file *f, struct buf *out)
{
    char when[CLOCK_TEXT] = "-", proof[HASH_HEX];
    if (f->mtime != INT64_MIN)
        clock_text(when, f->mtime);
    hash_hex(proof, &f->proof);
    return buf_fmt(out, "file: %llu %s %s %s %s %llu\n", (unsigned long long)f->size, when, proof, f->recording,
                   f->chain, (unsigned long long)f->seq);
}

static enum err write_receipt(const struct buf *receipt, struct buf *out)
{
    char *b64 = malloc(BYTES_B64(receipt->len));
    if (!b64)
        return err_set(ERR_NOMEM, "out of memory");
    bytes_b64(b64, receipt->p, receipt->len, true);
    enum err e = buf_fmt(out, "receipt: %s\n", b64);
    free(b64);
    return e;
}

enum err licence_write(const struct licence *l, struct buf *out)
{
    char camera[HASH_HEX], volume[HASH_HEX], expires[CLOCK_TEXT];
    hash_hex(camera, &l->camera);
    hash_hex(volume, &l->volume);
    clock_text(expires, l->expires);
    enum err e = buf_fmt(out, "camera: %s\nvolume: %s\nexpires: %s\n", camera, volume, expires);
    if (!e && l->copies)
        e = buf_fmt(out, "copies: %u\n", l->copies);
    for (size_t i = 0; i < l->n_files && !e; i++)
        e = write_file(&l->files[i], out);
    for (size_t i = 0; i < l->n_receipts && !e; i++)
        e = write_receipt(&l->receipts[i], out);
    return e;
}
