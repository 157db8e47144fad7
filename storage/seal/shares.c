#include "storage/seal/shares.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"

#include <sodium.h>
#include <string.h>

#define LINES 4u
#define LINE_BYTES (SHARES_LEN / LINES)
#define CHECK_BYTES 2u
#define PAPER_MAX 16384u

/* GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1, as libgfshare. No tables and no
 * branches: the operands are secret. */
static uint8_t gf_mul(uint8_t a, uint8_t b)
{
    unsigned x = a, product = 0;
    for (unsigned i = 0; i < 8; i++) {
        product ^= x & (0u - (b >> i & 1u));
        x = x << 1 ^ (0x11du & (0u - (x >> 7)));
    }
    return (uint8_t)product;
}

static uint8_t gf_inverse(uint8_t a)
{
    uint8_t r = 1; /* a^254 */
    for (unsigned i = 0; i < 254; i++)
        r = gf_mul(r, a);
    return r;
}

void shares_split(struct share out[static SHARES_N], const uint8_t secret[static SHARES_LEN])
{
    uint8_t slope[SHARES_LEN];
    randombytes_buf(slope, sizeof slope);
    for (unsigned i = 0; i < SHARES_N; i++) {
        out[i].number = (uint8_t)(i + 1);
        for (unsigned k = 0; k < SHARES_LEN; k++)
            out[i].b[k] = (uint8_t)(secret[k] ^ gf_mul(slope[k], out[i].number));
    }
    sodium_memzero(slope, sizeof slope);
}

enum err shares_join(uint8_t secret[static SHARES_LEN], const struct share *a, const struct share *b)
{
    if (a->number == 0 || b->number == 0)
        return err_set(ERR_DATA, "cannot join the shares: one has no number");
    if (a->number == b->number)
        return err_set(ERR_DATA, "cannot join the shares: both are number %u; bring two different ones", a->number);
    /* Lagrange at zero; minus is plus here */
    uint8_t scale = gf_inverse(a->number ^ b->number);
    uint8_t of_a = gf_mul(b->number, scale), of_b = gf_mul(a->number, scale);
    for (unsigned k = 0; k < SHARES_LEN; k++)
        secret[k] = gf_mul(of_a, a->b[k]) ^ gf_mul(of_b, b->b[k]);
    return ERR_OK;
}

static void line_check(uint8_t check[static CHECK_BYTES], const struct share *s, unsigned line)
{
    uint8_t in[2 + LINE_BYTES], hash[32];
    in[0] = s->number;
    in[1] = (uint8_t)line;
    memcpy(in + 2, s->b + (size_t)(line - 1) * LINE_BYTES, LINE_BYTES);
    crypto_generichash(hash, sizeof hash, in, sizeof in, NULL, 0);
    memcpy(check, hash, CHECK_BYTES);
    sodium_memzero(in, sizeof in);
    sodium_memzero(hash, sizeof hash);
}

static enum err paper_line(struct buf *out, const struct share *s, unsigned line)
{
    char hex[2 * LINE_BYTES + 1], check_hex[2 * CHECK_BYTES + 1];
    uint8_t check[CHECK_BYTES];
    bytes_hex(hex, s->b + (size_t)(line - 1) * LINE_BYTES, LINE_BYTES);
    line_check(check, s, line);
    bytes_hex(check_hex, check, sizeof check);
    enum err e = buf_fmt(out, "%u: %.4s %.4s %.4s %.4s check %s\n", line, hex, hex + 4, hex + 8, hex + 12, check_hex);
    sodium_memzero(hex, sizeof hex);
    return e;
}

enum err shares_paper(struct buf *out, const char *district, const struct share *s)
{
    enum err e = buf_fmt(out, "feldsher-share 1\ndistrict: %s\nnumber: %u\n", district, s->number);
    for (unsigned i = 1; i <= LINES && !e; i++)
        e = paper_line(out, s, i);
    if (e)
        return e;
    return buf_fmt(out,
                   "#\n"
                   "# One of %u shares of the authority's key; any two restore it, one alone says nothing.\n"
                   "# Keep it apart from the others. Type it into a file as it stands (the lines with #\n"
                   "# may be left out) and run: feldsher authority join FILE FILE\n"
                   "#\n"
                   "# Without that program: from each of two papers, type the four lines' sixteen groups of\n"
                   "# four (not what follows \"check\") into a file, turn it into bytes, and join them:\n"
                   "#   tr a-f A-F < typed.txt | basenc --base16 -di > share.%03u\n"
                   "#   gfcombine -o secret share.%03u share.NNN     (NNN: the other share's number, three digits)\n",
                   SHARES_N, s->number, s->number);
}

static bool hex_digit(char c, unsigned *v)
{
    if (c >= '0' && c <= '9')
        *v = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *v = (unsigned)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        *v = (unsigned)(c - 'A' + 10);
    else
        return false;
    return true;
}

/* Typed by hand: upper or lower case, blanks anywhere. */
static bool typed_hex(uint8_t *out, size_t n, struct span s)
{
    size_t digits = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned v;
        if (s.p[i] == ' ' || s.p[i] == '\t')
            continue;
        if (digits == 2 * n || !hex_digit(s.p[i], &v))
            return false;
        out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | v : v << 4);
        digits++;
    }
    return digits == 2 * n;
}

static struct span trimmed(struct span s)
{
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s;
}

struct paper {
    struct share share;
    uint8_t check[LINES][CHECK_BYTES];
    bool magic, number, seen[LINES];
};

static bool take_data(struct paper *p, unsigned i, struct span value)
{
    static const char word[] = "check";
    for (size_t k = 0; k + sizeof word - 1 <= value.n; k++) {
        if (memcmp(value.p + k, word, sizeof word - 1) != 0)
            continue;
        struct span hex = {value.p, k};
        struct span check = {value.p + k + sizeof word - 1, value.n - k - (sizeof word - 1)};
        p->seen[i] = true;
        return typed_hex(p->share.b + (size_t)i * LINE_BYTES, LINE_BYTES, hex) &&
               typed_hex(p->check[i], CHECK_BYTES, check);
    }
    return false;
}

static bool take_number(struct paper *p, struct span value)
{
    uint64_t v;
    p->number = bytes_decimal(&v, value.p, value.n, 255) && v > 0;
    p->share.number = (uint8_t)(p->number ? v : 0);
    return p->number;
}

static bool take_line(struct paper *p, struct span line)
{
    if (line.n == 0 || line.p[0] == '#')
        return true;
    if (!p->magic)
        return p->magic = span_is(line, "feldsher-share 1");
    const char *colon = memchr(line.p, ':', line.n);
    if (!colon)
        return false;
    struct span key = trimmed((struct span){line.p, (size_t)(colon - line.p)});
    struct span value = trimmed((struct span){colon + 1, line.n - (size_t)(colon + 1 - line.p)});
    if (span_is(key, "number"))
        return take_number(p, value);
    if (key.n == 1 && key.p[0] >= '1' && key.p[0] < (char)('1' + LINES))
        return take_data(p, (unsigned)(key.p[0] - '1'), value);
    return true; /* the district, and what later versions add */
}

static enum err check_paper(const struct paper *p)
{
    if (!p->number)
        return err_set(ERR_DATA, "the share has no number; type its line \"number: N\"");
    for (unsigned i = 0; i < LINES; i++) {
        uint8_t want[CHECK_BYTES];
        if (!p->seen[i])
            return err_set(ERR_DATA, "line %u of the share is missing", i + 1);
        line_check(want, &p->share, i + 1);
        if (memcmp(want, p->check[i], sizeof want) != 0)
            return err_set(ERR_DATA,
                           "line %u of the share does not match its check; compare it, and the number, "
                           "with the paper",
                           i + 1);
    }
    return ERR_OK;
}

enum err shares_read(struct share *out, uint8_t number, const void *bytes, size_t n)
{
    if (n == SHARES_LEN) {
        if (number == 0)
            return err_set(ERR_DATA, "the share has no number; its file's name must end in .001 to .255");
        out->number = number;
        memcpy(out->b, bytes, SHARES_LEN);
        return ERR_OK;
    }
    if (n > PAPER_MAX)
        return err_set(ERR_DATA, "this is no share: it is too long");
    struct paper p = {0};
    struct span rest = {bytes, n};
    enum err e = ERR_OK;
    for (unsigned no = 1; rest.n && !e; no++) {
        const char *lf = memchr(rest.p, '\n', rest.n);
        size_t len = lf ? (size_t)(lf - rest.p) : rest.n;
        struct span line = trimmed((struct span){rest.p, len});
        if (!take_line(&p, line))
            e = err_set(ERR_DATA, "line %u of the file with the share is wrong; compare it with the paper", no);
        rest.p += lf ? len + 1 : len;
        rest.n -= lf ? len + 1 : len;
    }
    if (!e && !p.magic)
        e = err_set(ERR_DATA, "this is no share: it does not begin with the line feldsher-share 1");
    if (!e)
        e = check_paper(&p);
    if (!e)
        *out = p.share;
    sodium_memzero(&p, sizeof p);
    return e;
}
