#include "sync/folder/have.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"
#include "sync/limits.h"

#include <stdlib.h>
#include <string.h>

static int by_chain(const void *a, const void *b)
{
    const struct have_head *x = a, *y = b;
    return strcmp(x->chain, y->chain);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct hash));
}

/* Room for one more, doubling. */
static enum err grow(void **list, size_t n, size_t max, size_t size)
{
    if (n >= max)
        return err_set(ERR_DATA, "have: more than %zu lines of a kind", max);
    if (n & (n - 1))
        return ERR_OK; /* room is always the next power of two */
    void *more = reallocarray(*list, n ? 2 * n : 1, size);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    *list = more;
    return ERR_OK;
}

enum err have_add_head(struct have *h, const char *chain, uint64_t seq, const struct hash *hash)
{
    void *list = h->heads;
    enum err e = grow(&list, h->n_heads, STATIONS_MAX, sizeof *h->heads);
    h->heads = list;
    if (e)
        return e;
    struct have_head *head = &h->heads[h->n_heads++];
    *head = (struct have_head){.seq = seq, .hash = *hash};
    span_copy((struct span){chain, strlen(chain)}, head->chain, sizeof head->chain);
    return ERR_OK;
}

enum err have_add_notice(struct have *h, const char *id)
{
    void *list = h->notices;
    enum err e = grow(&list, h->n_notices, NOTICES_MAX, sizeof *h->notices);
    h->notices = list;
    if (!e)
        span_copy((struct span){id, strlen(id)}, h->notices[h->n_notices++], sizeof *h->notices);
    return e;
}

enum err have_add_want(struct have *h, const struct hash *parts, const struct want_spans *spans)
{
    void *list = h->wants;
    enum err e = grow(&list, h->n_wants, HAVE_WANTS_MAX, sizeof *h->wants);
    h->wants = list;
    if (!e)
        h->wants[h->n_wants++] =
            (struct have_want){.parts = *parts, .spans = spans ? *spans : (struct want_spans){.n = 0}};
    return e;
}

static bool is_id(struct span s, size_t bytes)
{
    uint8_t b[16];
    return bytes_unhex(b, bytes, s.p, s.n);
}

static enum err read_head(struct have *h, struct span v)
{
    struct span chain, seq, hex;
    struct hash hash;
    char name[CHAIN_ID];
    uint64_t n;
    if (!span_word(&v, &chain) || !span_word(&v, &seq) || !span_word(&v, &hex) || v.n || !is_id(chain, 16) ||
        !span_copy(chain, name, sizeof name) || !bytes_decimal(&n, seq.p, seq.n, INT64_MAX) || n == 0 ||
        !hash_unhex(&hash, hex.p, hex.n))
        return err_set(ERR_DATA, "have: bad \"head\"");
    if (h->n_heads && strcmp(h->heads[h->n_heads - 1].chain, name) >= 0)
        return err_set(ERR_DATA, "have: \"head\" lines are not in rising order");
    return have_add_head(h, name, n, &hash);
}

static enum err read_notice(struct have *h, struct span v)
{
    char id[NOTICE_ID];
    if (!is_id(v, 10) || !span_copy(v, id, sizeof id))
        return err_set(ERR_DATA, "have: bad \"notice\"");
    if (h->n_notices && strcmp(h->notices[h->n_notices - 1], id) >= 0)
        return err_set(ERR_DATA, "have: \"notice\" lines are not in rising order");
    return have_add_notice(h, id);
}

static enum err read_want(struct have *h, struct span v)
{
    struct hash hash;
    struct span word;
    struct want_spans spans = {.n = 0};
    if (!span_word(&v, &word) || !hash_unhex(&hash, word.p, word.n))
        return err_set(ERR_DATA, "have: bad \"want\"");
    while (span_word(&v, &word)) {
        uint64_t first, last;
        const char *dash = memchr(word.p, '-', word.n);
        size_t n = dash ? (size_t)(dash - word.p) : 0;
        if (!dash || !bytes_decimal(&first, word.p, n, INT64_MAX) ||
            !bytes_decimal(&last, dash + 1, word.n - n - 1, INT64_MAX) || first > last || spans.n == WANT_SPANS_MAX)
            return err_set(ERR_DATA, "have: bad \"want\"");
        want_add(&spans, first, last);
    }
    if (h->n_wants && by_hash(&h->wants[h->n_wants - 1].parts, &hash) >= 0)
        return err_set(ERR_DATA, "have: \"want\" lines are not in rising order");
    return have_add_want(h, &hash, &spans);
}

static enum err read_field(struct have *h, const struct field *f, unsigned *seen)
{
    if (span_is(f->key, "head"))
        return read_head(h, f->value);
    if (span_is(f->key, "notice"))
        return read_notice(h, f->value);
    if (span_is(f->key, "want"))
        return read_want(h, f->value);
    unsigned bit = 0;
    bool good = true;
    if (span_is(f->key, "station")) {
        bit = 1;
        good = span_copy(f->value, h->station, sizeof h->station) && text_is_name(h->station, false);
    } else if (span_is(f->key, "chain")) {
        bit = 2;
        good = is_id(f->value, 16) && span_copy(f->value, h->chain, sizeof h->chain);
    } else if (span_is(f->key, "roster")) {
        bit = 4;
        good = bytes_decimal(&h->roster, f->value.p, f->value.n, INT64_MAX);
    } else if (span_is(f->key, "time")) {
        bit = 8;
        good = clock_parse(&h->time, f->value.p, f->value.n);
    }
    if (!good || (*seen & bit))
        return err_set(ERR_DATA, "have: bad or double \"%.*s\"", (int)f->key.n, f->key.p);
    *seen |= bit;
    return ERR_OK;
}

enum err have_parse(struct have **out, const char *text, size_t n)
{
    *out = NULL;
    if (n > HAVE_MAX)
        return err_set(ERR_DATA, "have: longer than %u bytes", HAVE_MAX);
    struct have *h = calloc(1, sizeof *h);
    if (!h)
        return err_set(ERR_NOMEM, "out of memory");
    struct text t;
    struct field f;
    unsigned version, seen = 0;
    enum err e = buf_add(&h->text, text, n);
    if (!e)
        e = sign_split(&h->sig, (const char *)h->text.p, n);
    if (!e && h->sig.n != 1)
        e = err_set(ERR_DATA, "have: it has %zu signatures", h->sig.n);
    if (!e)
        e = text_open(&t, "have", &version, h->sig.body, h->sig.body_len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK)
        e = read_field(h, &f, &seen);
    if (e == ERR_END)
        e = seen == 15 ? ERR_OK : err_set(ERR_DATA, "have: a line is missing");
    if (e) {
        have_free(h);
        return e;
    }
    *out = h;
    return ERR_OK;
}

void have_free(struct have *h)
{
    if (!h)
        return;
    free(h->heads);
    free(h->notices);
    free(h->wants);
    buf_free(&h->text);
    free(h);
}

enum err have_check(const struct have *h, const struct roster *r)
{
    const struct roster_station *s = roster_chain(r, h->chain);
    if (!s || strcmp(s->name, h->station) != 0)
        return err_set(ERR_BAD, "have: the roster knows no station %s with chain %s", h->station, h->chain);
    if (!sign_text_check(&h->sig, 0, &s->link))
        return err_set(ERR_BAD, "have: the signature is not that of station %s", h->station);
    if (s->revoked)
        return err_set(ERR_DENIED, "have: station %s is revoked", h->station);
    return ERR_OK;
}

enum err have_write(struct have *h, const struct sign_secret *link)
{
    char hex[HASH_HEX], when[CLOCK_TEXT];
    if (h->n_heads)
        qsort(h->heads, h->n_heads, sizeof *h->heads, by_chain);
    if (h->n_notices)
        qsort(h->notices, h->n_notices, sizeof *h->notices, by_id);
    if (h->n_wants)
        qsort(h->wants, h->n_wants, sizeof *h->wants, by_hash);
    clock_text(when, h->time);
    buf_clear(&h->text);
    h->text.max = HAVE_MAX;
    enum err e = buf_fmt(&h->text, "feldsher-have 1\nstation: %s\nchain: %s\nroster: %llu\ntime: %s\n", h->station,
                         h->chain, (unsigned long long)h->roster, when);
    for (size_t i = 0; i < h->n_heads && !e; i++) {
        hash_hex(hex, &h->heads[i].hash);
        e = buf_fmt(&h->text, "head: %s %llu %s\n", h->heads[i].chain, (unsigned long long)h->heads[i].seq, hex);
    }
    for (size_t i = 0; i < h->n_notices && !e; i++)
        e = buf_fmt(&h->text, "notice: %s\n", h->notices[i]);
    for (size_t i = 0; i < h->n_wants && !e; i++) {
        const struct want_spans *spans = &h->wants[i].spans;
        hash_hex(hex, &h->wants[i].parts);
        e = buf_fmt(&h->text, "want: %s", hex);
        for (size_t k = 0; k < spans->n && !e; k++)
            e = buf_fmt(&h->text, " %llu-%llu", (unsigned long long)spans->span[k].first,
                        (unsigned long long)spans->span[k].last);
        if (!e)
            e = buf_str(&h->text, "\n");
    }
    if (!e)
        e = sign_add(&h->text, NULL, link);
    return e ? e : sign_split(&h->sig, (const char *)h->text.p, h->text.len);
}

const struct have_head *have_head(const struct have *h, const char *chain)
{
    struct have_head key = {.seq = 0};
    if (!h->n_heads || !span_copy((struct span){chain, strlen(chain)}, key.chain, sizeof key.chain))
        return NULL;
    return bsearch(&key, h->heads, h->n_heads, sizeof *h->heads, by_chain);
}

bool have_notice(const struct have *h, const char *id)
{
    return h->n_notices && bsearch(id, h->notices, h->n_notices, sizeof *h->notices, by_id) != NULL;
}
