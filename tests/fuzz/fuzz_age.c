/*
 * The age reader. Input that begins with a byte under 8 is sealed, opened,
 * damaged and opened again, its first bytes saying in which slices; all other
 * is taken for a file, or for one of C2SP's test vectors (a textual head up
 * to an empty line, then the file). Whole and cut to pieces, it must be judged
 * alike and give the same bytes.
 */
#include "storage/seal/age.h"
#include "storage/seal/hash.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            abort();                                                                                                   \
    } while (0)

/* the identity and the passphrase of the test vectors */
static const char identity[] = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
static const char passphrase[] = "password";

static enum err feed(struct age_open *o, const uint8_t *p, size_t n, size_t slice)
{
    enum err e = ERR_OK;
    for (size_t at = 0; at < n && !e; at += slice)
        e = age_open_write(o, p + at, n - at < slice ? n - at : slice);
    if (!e)
        e = age_open_finish(o);
    age_open_free(o);
    return e;
}

static enum err open_cut(struct buf *out, const struct identity *id, const uint8_t *p, size_t n, size_t slice)
{
    struct age_open *o;
    CHECK(age_open_new(&o, id, 1, buf_sink, out) == ERR_OK);
    return feed(o, p, n, slice);
}

/* Work factors that take long are no fault. */
static int stretches_long(const uint8_t *p, size_t n)
{
    static const char stanza[] = "-> scrypt ";
    const uint8_t *at = memmem(p, n, stanza, sizeof stanza - 1);
    const uint8_t *lf = at ? memchr(at, '\n', n - (size_t)(at - p)) : NULL;
    if (!lf)
        return 0;
    const uint8_t *number = lf;
    while (number > at && number[-1] != ' ')
        number--;
    return lf - number == 2 && (number[0] > '1' || number[1] > '1');
}

static void read_file(const struct identity *id, const uint8_t *p, size_t n)
{
    struct buf whole = {0}, cut = {0};
    enum err e = age_open_bytes(id, 1, p, n, &whole);
    CHECK(e == ERR_OK || e == ERR_DATA || e == ERR_DENIED);
    CHECK(whole.len <= n);
    CHECK(open_cut(&cut, id, p, n, n % 13 + 1) == e);
    CHECK(cut.len == whole.len && (cut.len == 0 || memcmp(cut.p, whole.p, cut.len) == 0));
    buf_clear(&whole);
    if (!stretches_long(p, n)) {
        e = age_open_bytes_pass(passphrase, sizeof passphrase - 1, p, n, &whole);
        CHECK(e == ERR_OK || e == ERR_DATA || e == ERR_DENIED);
    }
    buf_free(&whole);
    buf_free(&cut);
}

static void round_trip(const struct identity *id, const uint8_t *p, size_t n)
{
    if (n < 4)
        return;
    size_t times = p[0] == 7 ? 3000 : 1; /* several chunks */
    size_t write = p[1] + 1u, read = p[2] + 1u, harm = p[3];
    struct buf plain = {0}, sealed = {0}, back = {0};
    for (size_t i = 0; i < times && plain.len < 300000; i++)
        CHECK(buf_add(&plain, p + 4, n - 4) == ERR_OK);
    struct age_seal *s;
    CHECK(age_seal_new(&s, &id->to, 1, buf_sink, &sealed) == ERR_OK);
    write *= times;
    for (size_t at = 0; at < plain.len; at += write)
        CHECK(age_seal_write(s, plain.p + at, plain.len - at < write ? plain.len - at : write) == ERR_OK);
    CHECK(age_seal_finish(s) == ERR_OK);
    age_seal_free(s);

    CHECK(open_cut(&back, id, sealed.p, sealed.len, read * times) == ERR_OK);
    CHECK(back.len == plain.len && (back.len == 0 || memcmp(back.p, plain.p, back.len) == 0));
    buf_clear(&back);
    size_t at = sealed.len * harm / 256;
    CHECK(open_cut(&back, id, sealed.p, at, read * times) == ERR_DATA);
    buf_clear(&back);
    sealed.p[at] ^= (uint8_t)(1 << harm % 8);
    CHECK(open_cut(&back, id, sealed.p, sealed.len, read * times) != ERR_OK);
    CHECK(back.len <= plain.len && (back.len == 0 || memcmp(back.p, plain.p, back.len) == 0));
    buf_free(&plain);
    buf_free(&sealed);
    buf_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct identity id;
    CHECK(hash_start() == ERR_OK);
    CHECK(identity_parse(&id, identity, sizeof identity - 1) == ERR_OK);
    if (n && data[0] < 8) {
        round_trip(&id, data, n);
        return 0;
    }
    if (n > 8 && memcmp(data, "expect: ", 8) == 0) {
        const uint8_t *end = memmem(data, n, "\n\n", 2);
        size_t head = end ? (size_t)(end - data) + 2 : n;
        data += head;
        n -= head;
    }
    read_file(&id, data, n);
    return 0;
}
