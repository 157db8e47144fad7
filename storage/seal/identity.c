#include "storage/seal/identity.h"

#include "storage/base/lang.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

/*
 * Bech32 (BIP 173) of exactly 32 bytes: 52 digits of 5 bits, the last four
 * bits zero, and 6 digits of checksum over the lower-case text.
 */
#define DIGITS 52
#define SUM 6

static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const char recipient_hrp[] = "age";
static const char identity_hrp[] = "AGE-SECRET-KEY-";

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static uint32_t polymod(uint32_t sum, uint8_t digit)
{
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    uint32_t top = sum >> 25;
    sum = (sum & 0x1ffffff) << 5 ^ digit;
    for (int i = 0; i < 5; i++)
        sum ^= generator[i] & (0 - (top >> i & 1));
    return sum;
}

static uint32_t checksum(const char *hrp, const uint8_t *digits, size_t n)
{
    uint32_t sum = 1;
    for (const char *c = hrp; *c; c++)
        sum = polymod(sum, (uint8_t)lower(*c) >> 5);
    sum = polymod(sum, 0);
    for (const char *c = hrp; *c; c++)
        sum = polymod(sum, (uint8_t)lower(*c) & 31);
    for (size_t i = 0; i < n; i++)
        sum = polymod(sum, digits[i]);
    return sum;
}

static void encode(char *out, const char *hrp, const uint8_t key[static 32], bool up)
{
    uint8_t d[DIGITS + SUM] = {0};
    uint32_t acc = 0;
    unsigned bits = 0;
    size_t n = 0;
    for (size_t i = 0; i < 32; i++) {
        acc = (acc << 8 | key[i]) & 0xfff;
        for (bits += 8; bits >= 5;) {
            bits -= 5;
            d[n++] = (uint8_t)(acc >> bits & 31);
        }
    }
    d[n] = (uint8_t)(acc << (5 - bits) & 31);
    uint32_t sum = checksum(hrp, d, DIGITS + SUM) ^ 1;
    for (unsigned i = 0; i < SUM; i++)
        d[DIGITS + i] = (uint8_t)(sum >> (5 * (SUM - 1 - i)) & 31);

    size_t at = strlen(hrp);
    memcpy(out, hrp, at);
    out[at++] = '1';
    for (size_t i = 0; i < DIGITS + SUM; i++)
        out[at++] = up ? upper(charset[d[i]]) : charset[d[i]];
    out[at] = '\0';
    sodium_memzero(d, sizeof d);
    sodium_memzero(&acc, sizeof acc);
}

/* NULL, or why it is none. */
static const char *decode(uint8_t key[static 32], const char *hrp, bool up, const char *s, size_t n)
{
    size_t len = strlen(hrp);
    if (n < len + 1 || memcmp(s, hrp, len) != 0 || s[len] != '1')
        return N_("it does not begin as one");
    if (n != len + 1 + DIGITS + SUM)
        return N_("it is too short or too long");

    uint8_t d[DIGITS + SUM];
    const char *why = NULL;
    for (size_t i = 0; i < DIGITS + SUM && !why; i++) {
        char c = s[len + 1 + i];
        const char *at = c ? strchr(charset, lower(c)) : NULL;
        if (!at)
            why = N_("a character in it is wrong");
        else if (c != (up ? upper(c) : lower(c)))
            why = N_("it mixes upper and lower case");
        else
            d[i] = (uint8_t)(at - charset);
    }
    if (!why && checksum(hrp, d, DIGITS + SUM) != 1)
        why = N_("its checksum is wrong, a character was mistyped");
    if (!why && (d[DIGITS - 1] & 15) != 0)
        why = N_("its last bits are not zero");
    uint32_t acc = 0;
    unsigned bits = 0;
    for (size_t i = 0, k = 0; i < DIGITS && !why; i++) {
        acc = (acc << 5 | d[i]) & 0xfff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            key[k++] = (uint8_t)(acc >> bits);
        }
    }
    sodium_memzero(d, sizeof d);
    sodium_memzero(&acc, sizeof acc);
    return why;
}

void identity_new(struct identity *id)
{
    uint8_t sk[32];
    randombytes_buf(sk, sizeof sk);
    identity_from_secret(id, sk);
    sodium_memzero(sk, sizeof sk);
}

void identity_from_secret(struct identity *id, const uint8_t sk[static 32])
{
    memcpy(id->sk, sk, sizeof id->sk);
    crypto_scalarmult_curve25519_base(id->to.pk, id->sk);
}

void recipient_text(char out[static RECIPIENT_TEXT], const struct recipient *r)
{
    encode(out, recipient_hrp, r->pk, false);
}

void identity_text(char out[static IDENTITY_TEXT], const struct identity *id)
{
    encode(out, identity_hrp, id->sk, true);
}

enum err recipient_parse(struct recipient *r, const char *s, size_t n)
{
    const char *why = decode(r->pk, recipient_hrp, false, s, n);
    return why ? err_set(ERR_DATA, "this is not an age recipient (age1...): %s", _(why)) : ERR_OK;
}

enum err identity_parse(struct identity *id, const char *s, size_t n)
{
    uint8_t sk[32];
    const char *why = decode(sk, identity_hrp, true, s, n);
    if (!why)
        identity_from_secret(id, sk);
    sodium_memzero(sk, sizeof sk);
    return why ? err_set(ERR_DATA, "this is not an age identity (AGE-SECRET-KEY-1...): %s", _(why)) : ERR_OK;
}

enum err identity_file(struct identity *ids, size_t max, size_t *n, const char *text, size_t len)
{
    *n = 0;
    unsigned line = 0;
    while (len) {
        const char *lf = memchr(text, '\n', len);
        size_t whole = lf ? (size_t)(lf - text) : len;
        size_t used = whole;
        if (used && text[used - 1] == '\r') /* as stock age does */
            used--;
        line++;
        if (used && text[0] != '#') {
            if (*n == max)
                return err_set(ERR_DATA, "line %u of the identity file: more than the %zu identities allowed", line,
                               max);
            struct identity *id = &ids[*n];
            uint8_t sk[32];
            const char *why = decode(sk, identity_hrp, true, text, used);
            if (!why)
                identity_from_secret(id, sk);
            sodium_memzero(sk, sizeof sk);
            if (why)
                return err_set(ERR_DATA, "line %u of the identity file is not an age identity: %s", line, _(why));
            ++*n;
        }
        text += lf ? whole + 1 : whole;
        len -= lf ? whole + 1 : whole;
    }
    return *n ? ERR_OK : err_set(ERR_DATA, "there is no identity (AGE-SECRET-KEY-1...) in the file");
}
