#include "storage/vault/receipt.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"

#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static bool has(const uint64_t *list, size_t n, uint64_t seq)
{
    return n && bsearch(&seq, list, n, sizeof *list, by_number) != NULL;
}

/* Appends a number of a rising list. */
static enum err add(uint64_t **list, size_t *n, struct span v, uint64_t max)
{
    uint64_t seq;
    if (!bytes_decimal(&seq, v.p, v.n, max) || seq == 0 || (*n && seq <= (*list)[*n - 1]))
        return err_set(ERR_DATA, "receipt: a list of labels is not in rising order");
    uint64_t *more = reallocarray(*list, *n + 1, sizeof **list);
    if (!more)
        return err_set(ERR_NOMEM, "out of memory");
    *list = more;
    more[(*n)++] = seq;
    return ERR_OK;
}

static bool read_alarm(struct receipt *r, struct span v)
{
    struct span seq, a, b;
    return span_word(&v, &seq) && span_word(&v, &a) && span_word(&v, &b) && v.n == 0 &&
           bytes_decimal(&r->alarm_seq, seq.p, seq.n, INT64_MAX) && r->alarm_seq && hash_unhex(&r->alarm_a, a.p, a.n) &&
           hash_unhex(&r->alarm_b, b.p, b.n);
}

static enum err read_field(struct receipt *r, struct field *f, unsigned *seen)
{
    uint8_t id[16];
    bool good = true;
    if (span_is(f->key, "missing"))
        return add(&r->missing, &r->n_missing, f->value, r->labels);
    if (span_is(f->key, "parts-missing"))
        return add(&r->parts_missing, &r->n_parts_missing, f->value, r->labels);
    unsigned bit = 0;
    if (span_is(f->key, "chain")) {
        bit = 1;
        good = bytes_unhex(id, sizeof id, f->value.p, f->value.n) && span_copy(f->value, r->chain, sizeof r->chain);
    } else if (span_is(f->key, "hub")) {
        bit = 2;
        good = span_copy(f->value, r->hub, sizeof r->hub) && text_is_name(r->hub, false);
    } else if (span_is(f->key, "labels")) {
        bit = 4;
        good = bytes_decimal(&r->labels, f->value.p, f->value.n, INT64_MAX);
    } else if (span_is(f->key, "head")) {
        bit = 8;
        good = hash_unhex(&r->head, f->value.p, f->value.n);
    } else if (span_is(f->key, "time")) {
        bit = 16;
        good = clock_parse(&r->time, f->value.p, f->value.n);
    } else if (span_is(f->key, "alarm")) {
        bit = 32;
        good = read_alarm(r, f->value);
    }
    if (!good || (*seen & bit))
        return err_set(ERR_DATA, "receipt: bad or double \"%.*s\"", (int)f->key.n, f->key.p);
    *seen |= bit;
    return ERR_OK;
}

enum err receipt_parse(struct receipt **out, const char *text, size_t n)
{
    *out = NULL;
    if (n > RECEIPT_MAX)
        return err_set(ERR_DATA, "receipt: longer than %u bytes", RECEIPT_MAX);
    struct receipt *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(ERR_NOMEM, "out of memory");
    struct text t;
    struct field f;
    unsigned version, seen = 0;
    enum err e = buf_add(&r->text, text, n);
    if (!e)
        e = sign_split(&r->sig, (const char *)r->text.p, n);
    if (!e && r->sig.n != 1)
        e = err_set(ERR_DATA, "receipt: it has %zu signatures", r->sig.n);
    if (!e)
        e = text_open(&t, "receipt", &version, r->sig.body, r->sig.body_len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK)
        e = read_field(r, &f, &seen);
    if (e == ERR_END)
        e = (seen & 31) == 31 ? ERR_OK : err_set(ERR_DATA, "receipt: a line is missing");
    if (e) {
        receipt_free(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void receipt_free(struct receipt *r)
{
    if (!r)
        return;
    free(r->missing);
    free(r->parts_missing);
    buf_free(&r->text);
    free(r);
}

enum err receipt_check(const struct receipt *r, const struct roster *roster)
{
    const struct roster_hub *h = roster_hub(roster, r->hub);
    if (!h)
        return err_set(ERR_BAD, "receipt for chain %s: the roster knows no hub %s", r->chain, r->hub);
    if (!sign_text_check(&r->sig, 0, &h->sign))
        return err_set(ERR_BAD, "receipt for chain %s: the signature of hub %s does not match", r->chain, r->hub);
    return ERR_OK;
}

enum err receipt_write(struct receipt *r, const struct sign_secret *hub)
{
    char hex[HASH_HEX], a[HASH_HEX], b[HASH_HEX], when[CLOCK_TEXT];
    hash_hex(hex, &r->head);
    clock_text(when, r->time);
    buf_clear(&r->text);
    r->text.max = RECEIPT_MAX;
    enum err e = buf_fmt(&r->text, "feldsher-receipt 1\nchain: %s\nhub: %s\nlabels: %llu\nhead: %s\n", r->chain, r->hub,
                         (unsigned long long)r->labels, hex);
    for (size_t i = 0; i < r->n_missing && !e; i++)
        e = buf_fmt(&r->text, "missing: %llu\n", (unsigned long long)r->missing[i]);
    for (size_t i = 0; i < r->n_parts_missing && !e; i++)
        e = buf_fmt(&r->text, "parts-missing: %llu\n", (unsigned long long)r->parts_missing[i]);
    if (!e && r->alarm_seq) {
        hash_hex(a, &r->alarm_a);
        hash_hex(b, &r->alarm_b);
        e = buf_fmt(&r->text, "alarm: %llu %s %s\n", (unsigned long long)r->alarm_seq, a, b);
    }
    if (!e)
        e = buf_fmt(&r->text, "time: %s\n", when);
    if (!e)
        e = sign_add(&r->text, NULL, hub);
    return e ? e : sign_split(&r->sig, (const char *)r->text.p, r->text.len);
}

bool receipt_holds(const struct receipt *r, uint64_t seq)
{
    return seq > 0 && seq <= r->labels && !has(r->missing, r->n_missing, seq);
}

bool receipt_holds_parts(const struct receipt *r, uint64_t seq)
{
    return receipt_holds(r, seq) && !has(r->parts_missing, r->n_parts_missing, seq);
}
