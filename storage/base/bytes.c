#include "storage/base/bytes.h"

#include <sodium.h>
#include <string.h>

void bytes_put_le16(uint8_t p[static 2], uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

void bytes_put_le32(uint8_t p[static 4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

void bytes_put_le64(uint8_t p[static 8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

uint16_t bytes_le16(const uint8_t p[static 2])
{
    return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t bytes_le32(const uint8_t p[static 4])
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t bytes_le64(const uint8_t p[static 8])
{
    return (uint64_t)bytes_le32(p) | (uint64_t)bytes_le32(p + 4) << 32;
}

void bytes_put_be32(uint8_t p[static 4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

void bytes_put_be64(uint8_t p[static 8], uint64_t v)
{
    bytes_put_be32(p, (uint32_t)(v >> 32));
    bytes_put_be32(p + 4, (uint32_t)v);
}

uint32_t bytes_be32(const uint8_t p[static 4])
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

uint64_t bytes_be64(const uint8_t p[static 8])
{
    return (uint64_t)bytes_be32(p) << 32 | (uint64_t)bytes_be32(p + 4);
}

void bytes_hex(char *out, const uint8_t *p, size_t n)
{
    sodium_bin2hex(out, 2 * n + 1, p, n);
}

bool bytes_unhex(uint8_t *out, size_t n, const char *hex, size_t hex_len)
{
    if (hex_len != 2 * n)
        return false;
    for (size_t i = 0; i < hex_len; i++)
        if (!((hex[i] >= '0' && hex[i] <= '9') || (hex[i] >= 'a' && hex[i] <= 'f')))
            return false;
    size_t got;
    return sodium_hex2bin(out, n, hex, hex_len, NULL, &got, NULL) == 0 && got == n;
}

void bytes_b64(char *out, const uint8_t *p, size_t n, bool pad)
{
    int variant = pad ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    sodium_bin2base64(out, sodium_base64_encoded_len(n, variant), p, n, variant);
}

bool bytes_unb64(uint8_t *out, size_t cap, size_t *n_out, const char *s, size_t len, bool pad)
{
    int variant = pad ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
    const char *end;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] > 126) /* libsodium 1.0.18 takes these for a '/' */
            return false;
    if (sodium_base642bin(out, cap, s, len, NULL, n_out, &end, variant) != 0 || end != s + len)
        return false;
    /* libsodium checks that trailing bits are zero; the length must be canonical too */
    size_t full = *n_out / 3 * 4;
    size_t rest = *n_out % 3;
    size_t want = pad ? (*n_out + 2) / 3 * 4 : full + (rest ? rest + 1 : 0);
    return want == len;
}

bool bytes_decimal(uint64_t *out, const char *s, size_t len, uint64_t max)
{
    if (len == 0 || len > 20 || (len > 1 && s[0] == '0'))
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        uint64_t d = (uint64_t)(s[i] - '0');
        if (v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return v <= max;
}
