#include "tui/screens/code.h"

#include "storage/base/text.h"
#include "storage/seal/passphrase.h"
#include "tui/layout.h"

#include <stdint.h>
#include <string.h>

#define WORD 5u /* letters; passphrase.h */

static const char consonants[] = "bdfghjklmnprstvz", vowels[] = "aiou";

static bool is_gap(uint32_t c)
{
    return c == ' ' || c == '-' || c == '\t' || c == 0x2010 || c == 0x2013;
}

/* The next letter by its key, small; 0 at the end. */
static uint32_t next(const char **p)
{
    uint32_t c = 0;
    size_t n = **p ? text_letter(*p, strlen(*p), &c) : 0;
    if (n == 0)
        return 0;
    *p += n;
    c = is_gap(c) ? '-' : layout_us(c);
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool fits(uint32_t c, unsigned at)
{
    return c < 0x80 && strchr(at % WORD % 2 ? vowels : consonants, (int)c);
}

void code_look(struct code *c, const char *typed)
{
    unsigned letters = 0;
    *c = (struct code){0};
    for (uint32_t letter; (letter = next(&typed)) != 0;) {
        if (letter == '-')
            continue;
        c->odd = c->odd || !fits(letter, letters);
        letters++;
    }
    c->words = letters / WORD;
    c->whole = !c->odd && letters == CODE_WORDS * WORD;
}

size_t code_plain(char *out, size_t cap, const char *typed)
{
    struct code c;
    size_t n = 0;
    unsigned letters = 0;
    code_look(&c, typed);
    if (!c.whole || cap < (size_t)CODE_WORDS * (WORD + 1)) {
        n = strlen(typed) < cap ? strlen(typed) : cap - 1;
        memcpy(out, typed, n);
    } else {
        for (uint32_t letter; (letter = next(&typed)) != 0;) {
            if (letter == '-')
                continue;
            if (letters && letters % WORD == 0)
                out[n++] = '-';
            out[n++] = (char)letter;
            letters++;
        }
    }
    out[n] = '\0';
    return n;
}
