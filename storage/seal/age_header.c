#include "storage/seal/age_header.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 64
#define LINE_BYTES 48
#define WRAPPED (AGE_FILE_KEY + 16) /* a body: file key and tag */
#define B64_16 22                   /* unpadded lengths of 16 and 32 bytes */
#define B64_32 43
#define SALT 16

static const char version_line[] = "age-encryption.org/v1\n";
static const char x25519_label[] = "age-encryption.org/v1/X25519";
static const char scrypt_label[] = "age-encryption.org/v1/scrypt";
static const char denied[] = N_("it does not open with this key or passphrase");

static void hmac(uint8_t out[static 32], const uint8_t *key, size_t key_len, const void *p, size_t n, const void *q,
                 size_t m)
{
    crypto_auth_hmacsha256_state s;
    crypto_auth_hmacsha256_init(&s, key, key_len);
    crypto_auth_hmacsha256_update(&s, p, n);
    crypto_auth_hmacsha256_update(&s, q, m);
    crypto_auth_hmacsha256_final(&s, out);
    sodium_memzero(&s, sizeof s);
}

/* HKDF-SHA-256 (RFC 5869), 32 bytes: one round of expansion. An empty salt is
 * a key of zeros for HMAC. */
static void hkdf(uint8_t out[static 32], const uint8_t *secret, size_t secret_len, const uint8_t *salt, size_t salt_len,
                 const char *info)
{
    static const uint8_t round[] = {1};
    uint8_t prk[32];
    hmac(prk, salt, salt_len, secret, secret_len, "", 0);
    hmac(out, prk, sizeof prk, info, strlen(info), round, sizeof round);
    sodium_memzero(prk, sizeof prk);
}

void age_header_payload_key(uint8_t out[static 32], const uint8_t key[static AGE_FILE_KEY],
                            const uint8_t nonce[static AGE_NONCE])
{
    hkdf(out, key, AGE_FILE_KEY, nonce, AGE_NONCE, "payload");
}

/* Over everything up to and with the "---". */
static void header_mac(uint8_t mac[static 32], const uint8_t key[static AGE_FILE_KEY], const uint8_t *text, size_t n)
{
    uint8_t k[32];
    hkdf(k, key, AGE_FILE_KEY, (const uint8_t *)"", 0, "header");
    hmac(mac, k, sizeof k, text, n, "", 0);
    sodium_memzero(k, sizeof k);
}

enum err age_header_new(struct age_header **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_set(ERR_NOMEM, "out of memory");
    (*out)->text.max = AGE_HEADER_MAX;
    return ERR_OK;
}

void age_header_free(struct age_header *h)
{
    if (h)
        buf_free(&h->text);
    free(h);
}

static enum err malformed(const char *why)
{
    return err_set(ERR_DATA, "this is not a whole age file: %s", _(why));
}

/* One or more blank-separated words of visible characters. */
static bool args_fine(const char *p, size_t n)
{
    bool in_word = false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == ' ' ? !in_word : p[i] < 33 || p[i] > 126)
            return false;
        in_word = p[i] != ' ';
    }
    return in_word;
}

static enum err take_start(struct age_header *h, const char *line, size_t n)
{
    if (n >= 3 && memcmp(line, "---", 3) == 0) {
        size_t len;
        if (n != 4 + B64_32 || line[3] != ' ' || !bytes_unb64(h->mac, sizeof h->mac, &len, line + 4, B64_32, false))
            return malformed("the last line of its header is malformed");
        if (h->n == 0)
            return malformed("its header has no recipient");
        h->at = AGE_WHOLE;
        return ERR_OK;
    }
    if (n < 3 || memcmp(line, "-> ", 3) != 0 || !args_fine(line + 3, n - 3))
        return malformed("a line of its header is malformed");
    if (h->n == AGE_STANZAS_MAX)
        return err_set(ERR_DATA, "this age file has more than the %u recipients allowed", AGE_STANZAS_MAX);
    h->stanza[h->n] = (struct age_stanza){
        .args = (uint32_t)h->line + 3, .args_len = (uint32_t)n - 3, .body = (uint32_t)(h->line + n + 1)};
    h->at = AGE_BODY;
    return ERR_OK;
}

static enum err take_body(struct age_header *h, const char *line, size_t n)
{
    uint8_t bytes[LINE_BYTES];
    size_t len;
    if (n > COLUMNS || !bytes_unb64(bytes, sizeof bytes, &len, line, n, false))
        return malformed("the body of a recipient in its header is malformed");
    struct age_stanza *s = &h->stanza[h->n];
    s->body_len = (uint32_t)(h->line + n) - s->body;
    if (n < COLUMNS) { /* the last line of a body is short, perhaps empty */
        h->n++;
        h->at = AGE_STANZA;
    }
    return ERR_OK;
}

static enum err take_line(struct age_header *h)
{
    const char *line = (const char *)h->text.p + h->line;
    size_t n = h->text.len - h->line - 1;
    enum err e = ERR_OK;
    /* before any decoder sees it: libsodium 1.0.18 takes a byte over 127 for a '/' */
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)line[i] > 126)
            return malformed("its header is no plain text");
    if (h->at == AGE_STANZA)
        e = take_start(h, line, n);
    else if (h->at == AGE_BODY)
        e = take_body(h, line, n);
    else if (n + 1 != sizeof version_line - 1 || memcmp(line, version_line, n + 1) != 0)
        e = malformed("it does not begin with the line age-encryption.org/v1");
    else
        h->at = AGE_STANZA;
    h->line = h->text.len;
    return e;
}

enum err age_header_take(struct age_header *h, const uint8_t *p, size_t n, size_t *used)
{
    *used = 0;
    while (*used < n && h->at != AGE_WHOLE) {
        const uint8_t *start = p + *used;
        const uint8_t *lf = memchr(start, '\n', n - *used);
        size_t len = lf ? (size_t)(lf - start) + 1 : n - *used;
        if (len > AGE_HEADER_MAX - h->text.len)
            return malformed("its header is too long");
        enum err e = buf_add(&h->text, start, len);
        if (!e && lf)
            e = take_line(h);
        if (e)
            return e;
        *used += len;
    }
    return ERR_OK;
}

static enum err check_mac(const uint8_t key[static AGE_FILE_KEY], const struct age_header *h)
{
    uint8_t mac[32];
    header_mac(mac, key, h->text.p, h->text.len - (1 + B64_32 + 1));
    if (crypto_verify_32(mac, h->mac) != 0)
        return malformed("its header was altered");
    return ERR_OK;
}

/* The next word of a stanza's arguments; false behind the last. */
static bool next_arg(const char **p, size_t *left, const char **arg, size_t *len)
{
    if (*left == 0)
        return false;
    const char *blank = memchr(*p, ' ', *left);
    *arg = *p;
    *len = blank ? (size_t)(blank - *p) : *left;
    size_t used = blank ? *len + 1 : *len;
    *p += used;
    *left -= used;
    return true;
}

struct words {
    const char *arg[4];
    size_t len[4];
    size_t n; /* up to 4: more is as wrong as 4 */
};

static struct words stanza_words(const struct age_header *h, const struct age_stanza *s)
{
    struct words w = {0};
    const char *p = (const char *)h->text.p + s->args;
    size_t left = s->args_len;
    while (w.n < 4 && next_arg(&p, &left, &w.arg[w.n], &w.len[w.n]))
        w.n++;
    return w;
}

static bool is_type(const struct words *w, const char *type)
{
    return w->len[0] == strlen(type) && memcmp(w->arg[0], type, w->len[0]) == 0;
}

static bool unb64_exact(uint8_t *out, size_t n, const char *s, size_t len)
{
    size_t got;
    return bytes_unb64(out, n, &got, s, len, false) && got == n;
}

static bool stanza_body(uint8_t wrapped[static WRAPPED], const struct age_header *h, const struct age_stanza *s)
{
    return unb64_exact(wrapped, WRAPPED, (const char *)h->text.p + s->body, s->body_len);
}

static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

static bool unwrap(uint8_t key[static AGE_FILE_KEY], const uint8_t wrap_key[static 32],
                   const uint8_t wrapped[static WRAPPED])
{
    return crypto_aead_chacha20poly1305_ietf_decrypt(key, NULL, NULL, wrapped, WRAPPED, NULL, 0, zero_nonce,
                                                     wrap_key) == 0;
}

static void wrap(uint8_t wrapped[static WRAPPED], const uint8_t wrap_key[static 32],
                 const uint8_t key[static AGE_FILE_KEY])
{
    crypto_aead_chacha20poly1305_ietf_encrypt(wrapped, NULL, key, AGE_FILE_KEY, NULL, 0, NULL, zero_nonce, wrap_key);
}

/* false where the shared secret is all zeros: a share of low order. */
static bool x25519_wrap_key(uint8_t out[static 32], const uint8_t secret[static 32], const uint8_t point[static 32],
                            const uint8_t share[static 32], const uint8_t recipient[static 32])
{
    uint8_t shared[32], salt[64];
    bool fine = crypto_scalarmult_curve25519(shared, secret, point) == 0;
    memcpy(salt, share, 32);
    memcpy(salt + 32, recipient, 32);
    if (fine)
        hkdf(out, shared, sizeof shared, salt, sizeof salt, x25519_label);
    sodium_memzero(shared, sizeof shared);
    return fine;
}

static enum err open_x25519(uint8_t key[static AGE_FILE_KEY], const struct age_header *h, const struct age_stanza *s,
                            const struct words *w, const struct identity *id)
{
    uint8_t share[32], wrapped[WRAPPED], wrap_key[32];
    if (w->n != 2 || !unb64_exact(share, sizeof share, w->arg[1], w->len[1]) || !stanza_body(wrapped, h, s))
        return malformed("an X25519 recipient in its header is malformed");
    if (!x25519_wrap_key(wrap_key, id->sk, share, share, id->to.pk))
        return malformed("an X25519 recipient in its header has a share of low order");
    bool opened = unwrap(key, wrap_key, wrapped);
    sodium_memzero(wrap_key, sizeof wrap_key);
    return opened ? ERR_OK : ERR_END;
}

/* A passphrase says who wrote a file only if it stands alone: mixed headers
 * are refused whatever key is tried. */
static enum err check_scrypt_alone(const struct age_header *h)
{
    for (size_t i = 0; i < h->n && h->n > 1; i++) {
        struct words w = stanza_words(h, &h->stanza[i]);
        if (is_type(&w, "scrypt"))
            return malformed("its header mixes a passphrase with other recipients");
    }
    return ERR_OK;
}

enum err age_header_open(uint8_t key[static AGE_FILE_KEY], const struct age_header *h, const struct identity *ids,
                         size_t n)
{
    enum err e = check_scrypt_alone(h);
    if (e)
        return e;
    /* identities outside, stanzas inside, the first that opens ends the
     * search: what stock age does, so that both judge a bad stanza alike */
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < h->n; k++) {
            struct words w = stanza_words(h, &h->stanza[k]);
            if (!is_type(&w, "X25519"))
                continue;
            e = open_x25519(key, h, &h->stanza[k], &w, &ids[i]);
            if (e != ERR_END)
                return e ? e : check_mac(key, h);
        }
    }
    return err_set(ERR_DENIED, "%s", _(denied));
}

static enum err scrypt_key(uint8_t out[static 32], const char *pass, size_t len, const uint8_t salt[static SALT],
                           unsigned log_n)
{
    uint8_t full[sizeof scrypt_label - 1 + SALT];
    memcpy(full, scrypt_label, sizeof scrypt_label - 1);
    memcpy(full + sizeof scrypt_label - 1, salt, SALT);
    if (crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)pass, len, full, sizeof full, (uint64_t)1 << log_n, 8, 1,
                                              out, 32) != 0)
        return err_set(ERR_NOMEM, "not enough memory to stretch the passphrase: it takes %u MiB",
                       log_n > 10 ? 1u << (log_n - 10) : 1u);
    return ERR_OK;
}

enum err age_header_open_pass(uint8_t key[static AGE_FILE_KEY], const struct age_header *h, const char *pass,
                              size_t len)
{
    enum err e = check_scrypt_alone(h);
    if (e)
        return e;
    struct words w = stanza_words(h, &h->stanza[0]);
    if (!is_type(&w, "scrypt"))
        return err_set(ERR_DENIED, "%s", _(denied));

    uint8_t salt[SALT], wrapped[WRAPPED], wrap_key[32];
    uint64_t log_n;
    if (w.n != 3 || !unb64_exact(salt, sizeof salt, w.arg[1], w.len[1]) || !stanza_body(wrapped, h, &h->stanza[0]) ||
        !bytes_decimal(&log_n, w.arg[2], w.len[2], UINT64_MAX) || log_n == 0)
        return malformed("the passphrase recipient in its header is malformed");
    if (log_n > AGE_SCRYPT_LOGN_MAX)
        return err_set(ERR_DATA, "this age file asks for more work on its passphrase than allowed: 2^%llu, not 2^%u",
                       (unsigned long long)log_n, AGE_SCRYPT_LOGN_MAX);
    e = scrypt_key(wrap_key, pass, len, salt, (unsigned)log_n);
    if (e)
        return e;
    bool opened = unwrap(key, wrap_key, wrapped);
    sodium_memzero(wrap_key, sizeof wrap_key);
    return opened ? check_mac(key, h) : err_set(ERR_DENIED, "%s", _(denied));
}

static enum err write_end(struct buf *out, size_t start, const uint8_t key[static AGE_FILE_KEY])
{
    enum err e = buf_str(out, "---");
    if (e)
        return e;
    uint8_t mac[32];
    char b64[B64_32 + 1];
    header_mac(mac, key, out->p + start, out->len - start);
    bytes_b64(b64, mac, sizeof mac, false);
    return buf_fmt(out, " %s\n", b64);
}

static enum err write_x25519(struct buf *out, const uint8_t key[static AGE_FILE_KEY], const struct recipient *to)
{
    uint8_t secret[32], share[32], wrap_key[32], wrapped[WRAPPED];
    randombytes_buf(secret, sizeof secret);
    crypto_scalarmult_curve25519_base(share, secret);
    bool fine = x25519_wrap_key(wrap_key, secret, to->pk, share, to->pk);
    sodium_memzero(secret, sizeof secret);
    if (!fine) {
        char text[RECIPIENT_TEXT];
        recipient_text(text, to);
        return err_set(ERR_DATA, "cannot seal to %s: it is no real public key", text);
    }
    wrap(wrapped, wrap_key, key);
    sodium_memzero(wrap_key, sizeof wrap_key);

    char share_b64[B64_32 + 1], body_b64[B64_32 + 1];
    bytes_b64(share_b64, share, sizeof share, false);
    bytes_b64(body_b64, wrapped, sizeof wrapped, false);
    return buf_fmt(out, "-> X25519 %s\n%s\n", share_b64, body_b64);
}

enum err age_header_write(struct buf *out, const uint8_t key[static AGE_FILE_KEY], const struct recipient *to, size_t n)
{
    if (n == 0 || n > AGE_STANZAS_MAX)
        return err_set(n ? ERR_DATA : ERR_BUG, "cannot seal to %zu recipients: 1 to %u are allowed", n,
                       AGE_STANZAS_MAX);
    size_t start = out->len;
    enum err e = buf_str(out, version_line);
    for (size_t i = 0; i < n && !e; i++)
        e = write_x25519(out, key, &to[i]);
    return e ? e : write_end(out, start, key);
}

enum err age_header_write_pass(struct buf *out, const uint8_t key[static AGE_FILE_KEY], const char *pass, size_t len,
                               unsigned log_n)
{
    if (len == 0 || len > PASSPHRASE_MAX)
        return len ? err_set(ERR_DATA, "cannot seal with this passphrase: it is longer than allowed")
                   : err_set(ERR_DATA, "cannot seal with this passphrase: it is empty");
    if (log_n < 1 || log_n > AGE_SCRYPT_LOGN_MAX)
        return err_set(ERR_BUG, "cannot seal with a passphrase: work factor 2^%u", log_n);
    uint8_t salt[SALT], wrap_key[32], wrapped[WRAPPED];
    randombytes_buf(salt, sizeof salt);
    enum err e = scrypt_key(wrap_key, pass, len, salt, log_n);
    if (e)
        return e;
    wrap(wrapped, wrap_key, key);
    sodium_memzero(wrap_key, sizeof wrap_key);

    size_t start = out->len;
    char salt_b64[B64_16 + 1], body_b64[B64_32 + 1];
    bytes_b64(salt_b64, salt, sizeof salt, false);
    bytes_b64(body_b64, wrapped, sizeof wrapped, false);
    e = buf_fmt(out, "%s-> scrypt %s %u\n%s\n", version_line, salt_b64, log_n, body_b64);
    return e ? e : write_end(out, start, key);
}
