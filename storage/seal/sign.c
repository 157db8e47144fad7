#include "storage/seal/sign.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SIG_B64 (BYTES_B64(64) - 1)

static const char sig_key[] = "signature: ";
static const char mini_key[] = "minisign: ";

void sign_new(struct sign_secret *k)
{
    uint8_t seed[32];
    randombytes_buf(seed, sizeof seed);
    sign_from_seed(k, seed);
    sodium_memzero(seed, sizeof seed);
}

void sign_from_seed(struct sign_secret *k, const uint8_t seed[static 32])
{
    memcpy(k->seed, seed, sizeof k->seed);
    crypto_sign_seed_keypair(k->pub.pk, k->sk, k->seed);
}

void sign_public_text(char out[static SIGN_PUBLIC_TEXT], const struct sign_public *p)
{
    uint8_t raw[42], id[32];
    crypto_generichash(id, sizeof id, p->pk, sizeof p->pk, NULL, 0);
    raw[0] = 'E';
    raw[1] = 'd';
    memcpy(raw + 2, id, 8);
    memcpy(raw + 10, p->pk, sizeof p->pk);
    bytes_b64(out, raw, sizeof raw, true);
}

bool sign_public_parse(struct sign_public *p, const char *s, size_t n)
{
    uint8_t raw[42];
    size_t len;
    if (!bytes_unb64(raw, sizeof raw, &len, s, n, true) || len != sizeof raw)
        return false;
    struct sign_public got;
    char text[SIGN_PUBLIC_TEXT];
    memcpy(got.pk, raw + 10, sizeof got.pk);
    sign_public_text(text, &got);
    if (n != strlen(text) || memcmp(s, text, n) != 0)
        return false;
    *p = got;
    return true;
}

void sign_public_pem(char out[static SIGN_PEM], const struct sign_public *p)
{
    /* RFC 8410: SEQUENCE { SEQUENCE { id-Ed25519 }, BIT STRING } */
    static const uint8_t der[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    uint8_t raw[sizeof der + 32];
    memcpy(raw, der, sizeof der);
    memcpy(raw + sizeof der, p->pk, sizeof p->pk);
    char b64[BYTES_B64(sizeof raw)];
    bytes_b64(b64, raw, sizeof raw, true);
    snprintf(out, SIGN_PEM, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", b64);
}

bool sign_same(const struct sign_public *a, const struct sign_public *b)
{
    return sodium_memcmp(a->pk, b->pk, sizeof a->pk) == 0;
}

void sign_bytes(uint8_t sig[static 64], const struct sign_secret *k, const void *p, size_t n)
{
    crypto_sign_detached(sig, NULL, p, n, k->sk);
}

bool sign_check(const uint8_t sig[static 64], const struct sign_public *pub, const void *p, size_t n)
{
    return crypto_sign_verify_detached(sig, p, n, pub->pk) == 0;
}

static bool starts(const char *p, const char *end, const char *key)
{
    size_t n = strlen(key);
    return (size_t)(end - p) >= n && memcmp(p, key, n) == 0;
}

/* The first signature line, or end. */
static const char *body_end(const char *p, const char *end)
{
    while (p < end && !starts(p, end, sig_key)) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        p = lf ? lf + 1 : end;
    }
    return p;
}

static bool take_signature(struct sign_text *t, const char *p, const char *lf)
{
    struct span value = {p + strlen(sig_key), (size_t)(lf - p) - strlen(sig_key)};
    char *who = t->sigs[t->n].who;
    who[0] = '\0';
    const char *blank = memchr(value.p, ' ', value.n);
    if (blank) {
        struct span name = {value.p, (size_t)(blank - value.p)};
        if (!span_copy(name, who, NAME_LEN) || !text_is_name(who, false))
            return false;
        value.n -= name.n + 1;
        value.p = blank + 1;
    }
    size_t len;
    char again[SIG_B64 + 1];
    if (!bytes_unb64(t->sigs[t->n].sig, 64, &len, value.p, value.n, true) || len != 64)
        return false;
    bytes_b64(again, t->sigs[t->n].sig, 64, true);
    if (memcmp(again, value.p, SIG_B64) != 0) /* one text a signature, whatever the decoder lets pass */
        return false;
    t->n++;
    return true;
}

enum err sign_split(struct sign_text *out, const char *text, size_t n)
{
    if (n == 0)
        return err_set(ERR_DATA, "this text is empty and carries no signature");
    const char *end = text + n;
    const char *p = body_end(text, end);
    out->body = text;
    out->body_len = (size_t)(p - text);
    out->n = 0;
    if (p == end)
        return err_set(ERR_DATA, "this text carries no signature");
    if (p == text)
        return err_set(ERR_DATA, "this signed text has signatures and nothing else");
    while (p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf)
            return err_set(ERR_DATA, "this signed text is cut off in a signature line");
        if (starts(p, lf, sig_key)) {
            if (out->n == SIGN_SIGS_MAX)
                return err_set(ERR_DATA, "this text has more than %u signatures", SIGN_SIGS_MAX);
            if (!take_signature(out, p, lf))
                return err_set(ERR_DATA, "signature line %zu of this text is malformed", out->n + 1);
        } else if (!starts(p, lf, mini_key)) {
            return err_set(ERR_DATA, "other lines follow the signatures of this text");
        }
        p = lf + 1;
    }
    return ERR_OK;
}

enum err sign_add(struct buf *text, const char *who, const struct sign_secret *k)
{
    const char *start = (const char *)text->p;
    if (!text->len || start[text->len - 1] != '\n' || (who && !text_is_name(who, false)))
        return err_set(ERR_BUG, "cannot sign: the text has no last line end, or the signer no valid name");
    const char *body = body_end(start, start + text->len);
    if (body == start)
        return err_set(ERR_BUG, "cannot sign: the text has no body");
    if (body < start + text->len) {
        struct sign_text t;
        enum err e = sign_split(&t, start, text->len);
        if (e)
            return e;
        if (t.n == SIGN_SIGS_MAX)
            return err_set(ERR_DATA, "this text has %u signatures already", SIGN_SIGS_MAX);
    }
    uint8_t sig[64];
    char b64[SIG_B64 + 1];
    sign_bytes(sig, k, start, (size_t)(body - start));
    bytes_b64(b64, sig, sizeof sig, true);
    return buf_fmt(text, "%s%s%s%s\n", sig_key, who ? who : "", who ? " " : "", b64);
}

bool sign_text_check(const struct sign_text *t, size_t i, const struct sign_public *pub)
{
    return i < t->n && sign_check(t->sigs[i].sig, pub, t->body, t->body_len);
}
