#include "storage/seal/minisign.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"

#include <sodium.h>
#include <string.h>

/* minisign's file format: "Ed" or "ED" (prehashed), key id, signature, in
 * base64; and a second signature over the first and the trusted comment. */
#define PACKED 74
#define PACKED_B64 (BYTES_B64(PACKED) - 1)
#define GLOBAL_B64 (BYTES_B64(64) - 1)
#define COMMENT_MAX 8192u /* stock minisign reads no longer one */

static const char untrusted[] = "untrusted comment: ";
static const char trusted[] = "trusted comment: ";
static const char mini_key[] = "minisign: ";

static bool comment_fine(const char *s, size_t n)
{
    if (n >= COMMENT_MAX - sizeof trusted || !text_is_utf8(s, n))
        return false;
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)s[i] < 32 && s[i] != '\t') || s[i] == 127)
            return false;
    return true;
}

static void prehash(uint8_t out[static 64], const void *p, size_t n)
{
    crypto_generichash(out, 64, p, n, NULL, 0);
}

/* The 8 bytes of the key id, as in the public key's text. */
static void key_id(uint8_t id[static 8], const struct sign_public *p)
{
    uint8_t full[32];
    crypto_generichash(full, sizeof full, p->pk, sizeof p->pk, NULL, 0);
    memcpy(id, full, 8);
}

struct pair {
    char sig[PACKED_B64 + 1];
    char global[GLOBAL_B64 + 1];
};

static enum err make(struct pair *out, const struct sign_secret *k, const char *comment, const void *p, size_t n)
{
    size_t len = strlen(comment);
    if (!comment_fine(comment, len))
        return err_set(ERR_BUG, "cannot sign: the comment is no single line of text, or too long");
    uint8_t packed[PACKED], hash[64], global[64];
    prehash(hash, p, n);
    packed[0] = 'E';
    packed[1] = 'D';
    key_id(packed + 2, &k->pub);
    sign_bytes(packed + 10, k, hash, sizeof hash);

    struct buf both = {0};
    enum err e = buf_add(&both, packed + 10, 64);
    if (!e)
        e = buf_add(&both, comment, len);
    if (!e) {
        sign_bytes(global, k, both.p, both.len);
        bytes_b64(out->sig, packed, sizeof packed, true);
        bytes_b64(out->global, global, sizeof global, true);
    }
    buf_free(&both);
    return e;
}

static enum err file(struct buf *out, const char *sig, const char *comment, const char *global)
{
    return buf_fmt(out, "%ssignature made by feldsher\n%s\n%s%s\n%s\n", untrusted, sig, trusted, comment, global);
}

enum err minisign_write(struct buf *out, const struct sign_secret *k, const char *comment, const void *p, size_t n)
{
    struct pair pair;
    enum err e = make(&pair, k, comment, p, n);
    return e ? e : file(out, pair.sig, comment, pair.global);
}

/* The next line, which may lack its end and may end in CR LF. */
static bool take_line(struct span *rest, struct span *line)
{
    if (rest->n == 0)
        return false;
    const char *lf = memchr(rest->p, '\n', rest->n);
    *line = (struct span){rest->p, lf ? (size_t)(lf - rest->p) : rest->n};
    size_t used = lf ? line->n + 1 : line->n;
    rest->p += used;
    rest->n -= used;
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

static bool cut_prefix(struct span *s, const char *prefix)
{
    size_t n = strlen(prefix);
    if (s->n < n || memcmp(s->p, prefix, n) != 0)
        return false;
    s->p += n;
    s->n -= n;
    return true;
}

static bool unb64_exact(uint8_t *out, size_t n, struct span s)
{
    size_t len;
    char again[PACKED_B64 + 1];
    if (n > PACKED || !bytes_unb64(out, n, &len, s.p, s.n, true) || len != n)
        return false;
    bytes_b64(again, out, n, true); /* one text a signature, whatever the decoder lets pass */
    return memcmp(again, s.p, s.n) == 0;
}

struct parsed {
    uint8_t packed[PACKED];
    uint8_t global[64];
    struct span comment;
};

static bool parse(struct parsed *out, const char *text, size_t n)
{
    struct span rest = {text, n}, first, sig, global;
    if (!take_line(&rest, &first) || !cut_prefix(&first, untrusted))
        return false;
    if (!take_line(&rest, &sig) || !take_line(&rest, &out->comment) || !take_line(&rest, &global) || rest.n)
        return false;
    return unb64_exact(out->packed, PACKED, sig) && cut_prefix(&out->comment, trusted) &&
           comment_fine(out->comment.p, out->comment.n) && unb64_exact(out->global, 64, global) &&
           (memcmp(out->packed, "Ed", 2) == 0 || memcmp(out->packed, "ED", 2) == 0);
}

static bool body_signed(const struct parsed *s, const struct sign_public *pub, const void *p, size_t n)
{
    uint8_t hash[64];
    if (s->packed[1] == 'd')
        return sign_check(s->packed + 10, pub, p, n);
    prehash(hash, p, n);
    return sign_check(s->packed + 10, pub, hash, sizeof hash);
}

enum err minisign_check(const char *sig, size_t sig_len, const struct sign_public *pub, const void *p, size_t n,
                        struct buf *comment)
{
    struct parsed s;
    if (!parse(&s, sig, sig_len))
        return err_set(ERR_DATA, "this is not a minisign signature");
    struct buf both = {0};
    enum err e = buf_add(&both, s.packed + 10, 64);
    if (!e)
        e = buf_add(&both, s.comment.p, s.comment.n);
    if (!e && !body_signed(&s, pub, p, n))
        e = err_set(ERR_BAD, "the signature does not belong to this file and this key");
    else if (!e && !sign_check(s.global, pub, both.p, both.len))
        e = err_set(ERR_BAD, "the comment of the signature was altered");
    if (!e && comment)
        e = buf_add(comment, s.comment.p, s.comment.n);
    buf_free(&both);
    return e;
}

enum err minisign_public_file(struct buf *out, const char *comment, const struct sign_public *pub)
{
    if (!comment_fine(comment, strlen(comment)))
        return err_set(ERR_BUG, "cannot write a public key: the comment is no single line of text, or too long");
    char text[SIGN_PUBLIC_TEXT];
    sign_public_text(text, pub);
    return buf_fmt(out, "%s%s\n%s\n", untrusted, comment, text);
}

enum err minisign_add(struct buf *text, const char *comment, const struct sign_secret *k)
{
    struct sign_text t;
    enum err e = sign_split(&t, (const char *)text->p, text->len);
    if (e)
        return e;
    struct pair pair;
    e = make(&pair, k, comment, t.body, t.body_len);
    return e ? e : buf_fmt(text, "%s%s %s\n", mini_key, pair.sig, pair.global);
}

enum err minisign_extract(const char *text, size_t n, const char *comment, struct buf *minisig)
{
    struct sign_text t;
    enum err e = sign_split(&t, text, n);
    if (e)
        return e;
    struct span rest = {text + t.body_len, n - t.body_len}, line;
    while (take_line(&rest, &line)) {
        if (!cut_prefix(&line, mini_key))
            continue;
        uint8_t raw[PACKED];
        struct span sig, global;
        if (!span_word(&line, &sig) || !span_word(&line, &global) || line.n || !unb64_exact(raw, PACKED, sig) ||
            !unb64_exact(raw, 64, global))
            return err_set(ERR_DATA, "the minisign line of this text is malformed");
        char a[PACKED_B64 + 1], b[GLOBAL_B64 + 1];
        if (!span_copy(sig, a, sizeof a) || !span_copy(global, b, sizeof b))
            return err_set(ERR_DATA, "the minisign line of this text is malformed");
        return file(minisig, a, comment, b);
    }
    return err_set(ERR_NOINPUT, "this text carries no minisign line");
}
