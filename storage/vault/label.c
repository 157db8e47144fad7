#include "storage/vault/label.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"

#include <string.h>

#define MAGIC "feldsher-label "
#define SIGNATURE "signature: "

/* The members in their fixed order; those from FREES on are optional. */
enum member {
    CHAIN,
    SEQ,
    PREV,
    ROSTER,
    OBJECT,
    SIZE,
    CONTENT,
    PARTS,
    LANE,
    TO,
    RETAIN,
    TIME,
    COUNT,
    FREES,
    LICENCE,
    MEMBERS
};

static const char *const keys[MEMBERS] = {
    "chain", "seq", "prev",   "roster", "object", "size",  "content", "parts",
    "lane",  "to",  "retain", "time",   "count",  "frees", "licence",
};

static bool number(struct span v, uint64_t max, uint64_t *out)
{
    return bytes_decimal(out, v.p, v.n, max);
}

static bool hash_or_dash(struct span v, struct hash *h)
{
    if (span_is(v, "-")) {
        memset(h, 0, sizeof *h);
        return true;
    }
    return hash_unhex(h, v.p, v.n);
}

static bool read_to(struct span v, char *out, size_t cap)
{
    if (!span_copy(v, out, cap))
        return false;
    unsigned words = 0;
    for (struct span w; span_word(&v, &w); words++) {
        char name[CIRCLE_LEN];
        if (!span_copy(w, name, sizeof name) || !text_is_name(name, true))
            return false;
    }
    return words > 0 && words <= LABEL_TO_MAX;
}

static bool read_retain(struct span v, struct label *l)
{
    struct span class, until;
    if (!span_word(&v, &class) || !span_word(&v, &until) || v.n)
        return false;
    l->retain_until = INT64_MAX;
    return span_copy(class, l->retain_class, sizeof l->retain_class) && text_is_name(l->retain_class, false) &&
           (span_is(until, "-") || clock_parse(&l->retain_until, until.p, until.n));
}

static bool read_licence(struct span v, struct label *l)
{
    struct span id, what;
    uint8_t raw[(NOTICE_ID - 1) / 2];
    if (!span_word(&v, &id) || !span_word(&v, &what) || v.n)
        return false;
    l->licence_over = span_is(what, "over");
    return bytes_unhex(raw, sizeof raw, id.p, id.n) && span_copy(id, l->licence, sizeof l->licence) &&
           (l->licence_over || span_is(what, "begun"));
}

static bool read_member(struct label *l, enum member m, struct span v)
{
    uint64_t n = 0;
    uint8_t id[16];
    switch (m) {
    case CHAIN:
        return bytes_unhex(id, sizeof id, v.p, v.n) && span_copy(v, l->chain, sizeof l->chain);
    case SEQ:
        return number(v, INT64_MAX, &l->seq) && l->seq > 0;
    case PREV:
        return hash_unhex(&l->prev, v.p, v.n);
    case ROSTER:
        return number(v, INT64_MAX, &l->roster);
    case OBJECT:
        return hash_unhex(&l->object, v.p, v.n);
    case SIZE:
        return number(v, BATCH_SEALED_MAX, &l->size) && l->size > 0;
    case CONTENT:
        return hash_unhex(&l->content, v.p, v.n);
    case PARTS:
        return hash_or_dash(v, &l->parts);
    case LANE:
        if (!number(v, LANES - 1, &n))
            return false;
        l->lane = (unsigned)n;
        return true;
    case TO:
        return read_to(v, l->to, sizeof l->to);
    case RETAIN:
        return read_retain(v, l);
    case TIME:
        return clock_parse(&l->time, v.p, v.n);
    case COUNT:
        if (!number(v, BATCH_ENTRIES_MAX, &n))
            return false;
        l->count = (uint32_t)n;
        return true;
    case FREES:
        return hash_unhex(&l->frees, v.p, v.n);
    case LICENCE:
        return read_licence(v, l);
    case MEMBERS:
        break;
    }
    return false;
}

/* Bytes up to and with the signature line; 0 if there is none before the end
 * or before another label begins. */
static size_t extent(const char *p, size_t n)
{
    for (size_t i = 0; i < n && i < LABEL_MAX;) {
        const char *lf = memchr(p + i, '\n', n - i);
        if (!lf)
            return 0;
        size_t next = (size_t)(lf - p) + 1;
        if (i > 0 && n - i >= strlen(MAGIC) && memcmp(p + i, MAGIC, strlen(MAGIC)) == 0)
            return 0;
        if (n - i >= strlen(SIGNATURE) && memcmp(p + i, SIGNATURE, strlen(SIGNATURE)) == 0)
            return next;
        i = next;
    }
    return 0;
}

/* Is the tail, which holds no whole signature line, what a write that was cut
 * short leaves: known members in order, the last line perhaps incomplete? */
static bool is_beginning(const char *p, size_t n)
{
    static const char first[] = MAGIC "1\n";
    size_t head = sizeof first - 1;
    if (memcmp(p, first, n < head ? n : head) != 0)
        return false;
    size_t i = head;
    unsigned m = 0;
    while (i < n) {
        const char *lf = memchr(p + i, '\n', n - i);
        size_t len = lf ? (size_t)(lf - p) - i : n - i;
        bool fits = false;
        for (unsigned k = m; k <= MEMBERS && !fits; k++) {
            if (k > m && k - 1 < FREES)
                break;
            const char *key = k < MEMBERS ? keys[k] : "signature";
            size_t key_len = strlen(key);
            fits = len <= key_len + 2 ? !lf && memcmp(key, p + i, len < key_len ? len : key_len) == 0
                                      : memcmp(p + i, key, key_len) == 0 && memcmp(p + i + key_len, ": ", 2) == 0;
            if (fits && k == MEMBERS && len > strlen(SIGNATURE) + 88)
                fits = false; /* longer than a signature is: damage */
            if (fits)
                m = k + 1;
        }
        if (!fits)
            return false;
        if (!lf)
            break;
        i += len + 1;
    }
    return true;
}

enum err label_parse(struct label *l, const char *p, size_t n)
{
    if (n == 0)
        return ERR_END;
    size_t len = extent(p, n);
    if (len == 0 && is_beginning(p, n))
        return ERR_END;
    if (len == 0)
        return err_set(ERR_DATA, "label: damaged, no signature line where it should end");
    *l = (struct label){.retain_until = INT64_MAX, .text = p, .len = len};
    enum err e = sign_split(&l->sig, p, len);
    if (e)
        return e;
    if (l->sig.n != 1)
        return err_set(ERR_DATA, "label: it has %zu signatures", l->sig.n);
    struct text t;
    struct field f;
    unsigned version;
    e = text_open(&t, "label", &version, l->sig.body, l->sig.body_len);
    unsigned next = 0;
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        unsigned m = next;
        while (m < MEMBERS && !span_is(f.key, keys[m]))
            m++;
        if (m == MEMBERS) {
            for (unsigned k = 0; k < next; k++)
                if (span_is(f.key, keys[k]))
                    return err_set(ERR_DATA, "label: \"%s\" stands twice or out of order", keys[k]);
            continue; /* a member of a later version */
        }
        if (m != next && next < FREES)
            return err_set(ERR_DATA, "label: \"%s\" is missing", keys[next]);
        if (!read_member(l, (enum member)m, f.value))
            return err_set(ERR_DATA, "label: bad value for \"%s\"", keys[m]);
        next = m + 1;
    }
    if (e != ERR_END)
        return e;
    return next >= FREES ? ERR_OK : err_set(ERR_DATA, "label: \"%s\" is missing", keys[next]);
}

enum err label_check(const struct label *l, const struct sign_public *key)
{
    if (!sign_text_check(&l->sig, 0, key))
        return err_set(ERR_BAD, "label %llu of chain %s: the signature does not match", (unsigned long long)l->seq,
                       l->chain);
    return ERR_OK;
}

struct hash label_hash(const struct label *l)
{
    return hash_of(l->text, l->len);
}

static enum err add_hash(struct buf *out, const char *key, const struct hash *h, bool may_lack)
{
    char hex[HASH_HEX];
    hash_hex(hex, h);
    return buf_fmt(out, "%s: %s\n", key, may_lack && hash_is_zero(h) ? "-" : hex);
}

/* Everything but the signature. */
static enum err write_body(const struct label *l, struct buf *text)
{
    char time[CLOCK_TEXT], until[CLOCK_TEXT] = "-";
    clock_text(time, l->time);
    if (l->retain_until != INT64_MAX)
        clock_text(until, l->retain_until);
    enum err e = buf_fmt(text, MAGIC "1\nchain: %s\nseq: %llu\n", l->chain, (unsigned long long)l->seq);
    if (!e)
        e = add_hash(text, "prev", &l->prev, false);
    if (!e)
        e = buf_fmt(text, "roster: %llu\n", (unsigned long long)l->roster);
    if (!e)
        e = add_hash(text, "object", &l->object, false);
    if (!e)
        e = buf_fmt(text, "size: %llu\n", (unsigned long long)l->size);
    if (!e)
        e = add_hash(text, "content", &l->content, false);
    if (!e)
        e = add_hash(text, "parts", &l->parts, true);
    if (!e)
        e = buf_fmt(text, "lane: %u\nto: %s\nretain: %s %s\ntime: %s\ncount: %u\n", l->lane, l->to, l->retain_class,
                    until, time, l->count);
    if (!e && !hash_is_zero(&l->frees))
        e = add_hash(text, "frees", &l->frees, false);
    if (!e && l->licence[0])
        e = buf_fmt(text, "licence: %s %s\n", l->licence, l->licence_over ? "over" : "begun");
    return e;
}

enum err label_write(const struct label *l, const struct sign_secret *key, struct buf *out)
{
    struct buf text = {.max = LABEL_MAX};
    enum err e = write_body(l, &text);
    if (!e)
        e = sign_add(&text, NULL, key);
    if (!e)
        e = buf_add(out, text.p, text.len);
    buf_free(&text);
    return e;
}

enum err label_join(const struct label *l, const uint8_t sig[static 64], struct buf *out)
{
    char b64[BYTES_B64(64)];
    enum err e = write_body(l, out);
    bytes_b64(b64, sig, 64, true);
    return e ? e : buf_fmt(out, SIGNATURE "%s\n", b64);
}

size_t label_skip(const char *p, size_t n)
{
    static const char next[] = "\n" MAGIC;
    const char *hit = n ? memmem(p, n, next, sizeof next - 1) : NULL;
    return hit ? (size_t)(hit - p) + 1 : n;
}

enum err label_authentic(const struct label *l, const struct roster *r)
{
    const struct roster_station *s = roster_chain(r, l->chain);
    if (!s)
        return err_set(ERR_NOINPUT, "label %llu: the roster knows no chain %s", (unsigned long long)l->seq, l->chain);
    enum err e = label_check(l, &s->key);
    if (e || !s->revoked)
        return e;
    struct hash h = label_hash(l);
    if (l->seq > s->last_seq ||
        (l->seq == s->last_seq && !hash_is_zero(&s->last_hash) && !hash_same(&h, &s->last_hash)))
        return err_set(ERR_DENIED,
                       "label %llu of chain %s: the station %s is revoked and this is not among its last "
                       "labels accepted",
                       (unsigned long long)l->seq, l->chain, s->name);
    return ERR_OK;
}
