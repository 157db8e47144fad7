#include "tui/widgets/key.h"

#include "storage/base/text.h"

#include <assert.h>
#include <string.h>

#define ESC 0x1b

void key_learn(struct key_reader *r, const char *sequence, enum key_code code)
{
    size_t n = sequence ? strlen(sequence) : 0;
    if (n < 2 || n >= KEY_SEQUENCE || sequence[0] != ESC || r->n_learnt == KEY_LEARNT)
        return;
    memcpy(r->learnt[r->n_learnt].bytes, sequence, n + 1);
    r->learnt[r->n_learnt++].code = code;
}

size_t key_feed(struct key_reader *r, const void *bytes, size_t n)
{
    size_t room = KEY_BYTES - r->n;
    n = n < room ? n : room;
    memcpy(r->bytes + r->n, bytes, n);
    r->n += n;
    return n;
}

static bool take(struct key_reader *r, size_t n, struct key *out, enum key_code code, uint32_t c)
{
    assert(n <= r->n);
    memmove(r->bytes, r->bytes + n, r->n - n);
    r->n -= n;
    *out = (struct key){code, c};
    return true;
}

/* "\033[N~": VT220 and what followed it; 25 and up are F13 and up. */
static enum key_code numbered(unsigned n)
{
    static const enum key_code code[] = {
        [1] = K_HOME, [2] = K_INSERT, [3] = K_DELETE, [4] = K_END,  [5] = K_PAGE_UP, [6] = K_PAGE_DOWN, [7] = K_HOME,
        [8] = K_END,  [11] = K_F1,    [12] = K_F2,    [13] = K_F3,  [14] = K_F4,     [15] = K_F5,       [17] = K_F6,
        [18] = K_F7,  [19] = K_F8,    [20] = K_F9,    [21] = K_F10, [23] = K_F11,    [24] = K_F12,
    };
    return n < sizeof code / sizeof code[0] ? code[n] : K_NONE;
}

/* The last byte of "\033[..." and "\033O...". */
static enum key_code lettered(unsigned char c)
{
    static const char letters[] = "ABCDHFZPQRSM";
    static const enum key_code code[] = {K_UP,      K_DOWN, K_RIGHT, K_LEFT, K_HOME, K_END,
                                         K_BACKTAB, K_F1,   K_F2,    K_F3,   K_F4,   K_ENTER};
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? code[at - letters] : K_NONE;
}

/* "\033[": parameters, then one letter or '~'. The Linux console has
 * "\033[[A" to "\033[[E" for F1 to F5. */
static bool bracket(struct key_reader *r, bool late, struct key *out)
{
    size_t i = 2;
    unsigned number = 0;
    if (r->n > 2 && r->bytes[2] == '[') {
        if (r->n == 3 && !late)
            return false;
        unsigned char c = r->n > 3 ? r->bytes[3] : 0;
        return take(r, r->n > 3 ? 4 : 3, out, c >= 'A' && c <= 'E' ? K_F1 + (c - 'A') : K_NONE, 0);
    }
    for (bool first = true; i < r->n && r->bytes[i] >= 0x20 && r->bytes[i] <= 0x3f; i++) {
        first = first && r->bytes[i] >= '0' && r->bytes[i] <= '9';
        if (first && number < 1000)
            number = number * 10 + (r->bytes[i] - '0');
    }
    if (i == r->n)
        return late || r->n == KEY_BYTES ? take(r, i, out, K_NONE, 0) : false;
    unsigned char last = r->bytes[i];
    if (last < 0x40 || last > 0x7e)
        return take(r, i, out, K_NONE, 0); /* broken off: what broke it is the next key */
    enum key_code code = last == '~' ? numbered(number) : last == 'M' ? K_NONE : lettered(last);
    return take(r, i + 1, out, code, 0);
}

/* "\033O": one letter, with a number before it where a modifier was down. The
 * keypad's digits and signs come so when it is in application mode. */
static bool single(struct key_reader *r, bool late, struct key *out)
{
    size_t i = 2;
    while (i < r->n && r->bytes[i] >= '0' && r->bytes[i] <= '9')
        i++;
    if (i == r->n)
        return late || r->n == KEY_BYTES ? take(r, i, out, K_NONE, 0) : false;
    unsigned char c = r->bytes[i];
    if (c < 0x40 || c > 0x7e)
        return take(r, i, out, K_NONE, 0);
    if (c >= 'j' && c <= 'y')
        return take(r, i + 1, out, K_CHAR, (uint32_t)c - 0x40);
    return take(r, i + 1, out, lettered(c), 0);
}

static bool learnt(struct key_reader *r, struct key *out)
{
    size_t best = 0;
    enum key_code code = K_NONE;
    for (size_t i = 0; i < r->n_learnt; i++) {
        size_t n = strlen(r->learnt[i].bytes);
        if (n > best && n <= r->n && memcmp(r->bytes, r->learnt[i].bytes, n) == 0) {
            best = n;
            code = r->learnt[i].code;
        }
    }
    return best ? take(r, best, out, code, 0) : false;
}

/* Bytes that the UTF-8 letter at p should have. */
static size_t letter_bytes(unsigned char c)
{
    return c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
}

static bool letter(struct key_reader *r, size_t from, bool late, enum key_code code, struct key *out)
{
    uint32_t c = 0;
    size_t n = text_letter(r->bytes + from, r->n - from, &c);
    if (n == 0 && !late && r->n - from < letter_bytes(r->bytes[from]))
        return false;
    if (n == 0)
        return take(r, from + 1, out, K_NONE, 0);
    return take(r, from + n, out, code, code == K_CHAR ? c : 0);
}

static bool escape(struct key_reader *r, bool late, struct key *out)
{
    if (learnt(r, out))
        return true;
    if (r->n == 1)
        return late ? take(r, 1, out, K_ESC, 0) : false;
    if (r->bytes[1] == ESC) {
        if (r->n == 2 && !late)
            return false;
        if (r->n == 2 || (r->bytes[2] != '[' && r->bytes[2] != 'O'))
            return take(r, 1, out, K_ESC, 0);
        return take(r, 1, out, K_NONE, 0); /* rxvt's Alt in front of a key's own sequence */
    }
    if (r->bytes[1] == '[')
        return bracket(r, late, out);
    if (r->bytes[1] == 'O')
        return single(r, late, out);
    return letter(r, 1, late, K_NONE, out);
}

bool key_next(struct key_reader *r, bool late, struct key *out)
{
    if (r->n == 0)
        return false;
    unsigned char c = r->bytes[0];
    switch (c) {
    case ESC:
        return escape(r, late, out);
    case '\r':
    case '\n':
        return take(r, 1, out, K_ENTER, 0);
    case '\t':
        return take(r, 1, out, K_TAB, 0);
    case 0x08:
    case 0x7f:
        return take(r, 1, out, K_BACKSPACE, 0);
    case 0x1a:
        return take(r, 1, out, K_SUSPEND, 0);
    default:
        return c < 0x20 ? take(r, 1, out, K_NONE, 0) : letter(r, 0, late, K_CHAR, out);
    }
}

bool key_is_open(const struct key_reader *r)
{
    return r->n > 0;
}

const char *key_title(enum key_code code)
{
    static const char *const names[KEY_CODES] = {
        [K_NONE] = "",
        [K_CHAR] = "a-z",
        [K_ENTER] = "Enter",
        [K_ESC] = "Esc",
        [K_TAB] = "Tab",
        [K_BACKTAB] = "S-Tab",
        [K_BACKSPACE] = "Backspace",
        [K_DELETE] = "Delete",
        [K_INSERT] = "Insert",
        [K_UP] = "Up",
        [K_DOWN] = "Down",
        [K_LEFT] = "Left",
        [K_RIGHT] = "Right",
        [K_HOME] = "Home",
        [K_END] = "End",
        [K_PAGE_UP] = "PgUp",
        [K_PAGE_DOWN] = "PgDn",
        [K_F1] = "F1",
        [K_F2] = "F2",
        [K_F3] = "F3",
        [K_F4] = "F4",
        [K_F5] = "F5",
        [K_F6] = "F6",
        [K_F7] = "F7",
        [K_F8] = "F8",
        [K_F9] = "F9",
        [K_F10] = "F10",
        [K_F11] = "F11",
        [K_F12] = "F12",
        [K_SUSPEND] = "",
    };
    return code < KEY_CODES ? names[code] : "";
}
