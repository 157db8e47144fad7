#include "tui/layout.h"

#include <string.h>

/* Key by key, without and with Shift, in one order. */
static const uint32_t us[] = U"`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ "
                             U"~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:\"ZXCVBNM<>? ";
static const uint32_t ru[] = U"ё1234567890-=йцукенгшщзхъ\\фывапролджэячсмитьбю. "
                             U"Ё!\"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ, ";
static const uint32_t kz[] = U"(\"әіңғ,.үұқөһйцукенгшщзхъ\\фывапролджэячсмитьбю№ "
                             U")!ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ? ";
#define KEYS (sizeof us / sizeof us[0] - 1)
_Static_assert(sizeof us == sizeof ru && sizeof us == sizeof kz, "one letter a key");

struct way {
    const uint32_t *typed, *meant;
};
static const struct way ways[] = {{NULL, NULL}, {ru, us}, {kz, us}, {us, ru}, {us, kz}, {kz, ru}, {ru, kz}};
_Static_assert(sizeof ways / sizeof ways[0] == LAYOUT_READINGS, "the header says how many");

static size_t key_of(const uint32_t *layout, uint32_t letter)
{
    size_t i = 0;
    while (i < KEYS && layout[i] != letter)
        i++;
    return i;
}

uint32_t layout_us(uint32_t letter)
{
    size_t key = key_of(ru, letter);
    if (key == KEYS)
        key = key_of(kz, letter);
    return key == KEYS ? letter : us[key];
}

/* Bytes of the letter at p; 0: it is no UTF-8 up to three bytes, which is all that keys type. */
static size_t decode(const char *p, size_t n, uint32_t *letter)
{
    const uint8_t *b = (const uint8_t *)p;
    if (n >= 1 && b[0] < 0x80) {
        *letter = b[0];
        return 1;
    }
    if (n >= 2 && b[0] >= 0xC2 && b[0] < 0xE0 && (b[1] & 0xC0) == 0x80) {
        *letter = (uint32_t)(b[0] & 0x1F) << 6 | (b[1] & 0x3F);
        return 2;
    }
    if (n >= 3 && (b[0] & 0xF0) == 0xE0 && (b[1] & 0xC0) == 0x80 && (b[2] & 0xC0) == 0x80) {
        *letter = (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
        return 3;
    }
    return 0;
}

static size_t encode(uint32_t letter, char out[static 3])
{
    if (letter < 0x80) {
        out[0] = (char)letter;
        return 1;
    }
    if (letter < 0x800) {
        out[0] = (char)(0xC0 | letter >> 6);
        out[1] = (char)(0x80 | (letter & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | letter >> 12);
    out[1] = (char)(0x80 | (letter >> 6 & 0x3F));
    out[2] = (char)(0x80 | (letter & 0x3F));
    return 3;
}

/* The letter that was meant; 0: this layout cannot have typed it. */
static uint32_t meant(const struct way *w, uint32_t letter)
{
    size_t key = w->typed ? key_of(w->typed, letter) : KEYS;
    if (key < KEYS)
        return w->meant[key];
    return !w->typed || (letter >= '0' && letter <= '9') ? letter : 0; /* digits: from the keypad */
}

static bool can(const struct way *w, const char *typed, size_t n)
{
    uint32_t letter;
    for (size_t at = 0, step; at < n; at += step) {
        step = decode(typed + at, n - at, &letter);
        if (step == 0 || meant(w, letter) == 0)
            return false;
    }
    return true;
}

/* Both can. */
static bool same(const struct way *a, const struct way *b, const char *typed, size_t n)
{
    uint32_t letter;
    for (size_t at = 0; at < n; at += decode(typed + at, n - at, &letter))
        if (decode(typed + at, n - at, &letter) == 0 || meant(a, letter) != meant(b, letter))
            return false;
    return true;
}

static bool counts(size_t way, const char *typed, size_t n)
{
    if (!can(&ways[way], typed, n))
        return false;
    for (size_t k = 0; k < way; k++)
        if ((k == 0 || can(&ways[k], typed, n)) && same(&ways[k], &ways[way], typed, n))
            return false;
    return true;
}

bool layout_reading(const char *typed, size_t n, size_t i, char *out, size_t room, size_t *out_n)
{
    size_t way = 0;
    *out_n = 0;
    for (; i; i--) {
        do
            way++;
        while (way < LAYOUT_READINGS && !counts(way, typed, n));
        if (way == LAYOUT_READINGS)
            return false;
    }
    if (way == 0) {
        if (n >= room)
            return false;
        memcpy(out, typed, n);
        *out_n = n;
    }
    for (size_t at = 0; way && at < n;) {
        uint32_t letter;
        char bytes[3];
        at += decode(typed + at, n - at, &letter);
        size_t len = encode(meant(&ways[way], letter), bytes);
        if (*out_n + len >= room)
            return false;
        memcpy(out + *out_n, bytes, len);
        *out_n += len;
    }
    out[*out_n] = '\0';
    return true;
}

bool layout_mixed(const char *text, size_t n)
{
    bool latin = false, cyrillic = false;
    uint32_t letter;
    for (size_t at = 0, step; at < n && (step = decode(text + at, n - at, &letter)) != 0; at += step) {
        latin = latin || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                (letter >= 0xC0 && letter < 0x250);
        cyrillic = cyrillic || (letter >= 0x400 && letter < 0x530);
    }
    return latin && cyrillic;
}
