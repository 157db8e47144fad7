#include "storage/seal/passphrase.h"

#include "storage/base/text.h"
#include "storage/limits.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

#define WORD 5u       /* letters of a proquint word */
#define WORD_BITS 16u /* and what it is worth */
#define NEEDED_BITS 50u
#define LOOK 256u /* the first characters are enough to judge by */

static const char consonants[] = "bdfghjklmnprstvz";
static const char vowels[] = "aiou";

enum err passphrase_words(struct buf *out, unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        uint8_t r[2];
        randombytes_buf(r, sizeof r);
        unsigned v = (unsigned)(r[0] << 8 | r[1]);
        char w[WORD + 2] = {'-',
                            consonants[v >> 12],
                            vowels[v >> 10 & 3],
                            consonants[v >> 6 & 15],
                            vowels[v >> 4 & 3],
                            consonants[v & 15],
                            '\0'};
        enum err e = buf_str(out, i ? w : w + 1);
        sodium_memzero(w, sizeof w);
        sodium_memzero(r, sizeof r);
        if (e)
            return e;
    }
    return ERR_OK;
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '-';
}

static char lower_latin(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The next five letters as a proquint word, at its end a gap or the end. */
static bool take_word(const char **p, const char *end, char word[static WORD + 1])
{
    if ((size_t)(end - *p) < WORD)
        return false;
    for (unsigned i = 0; i < WORD; i++) {
        word[i] = lower_latin((*p)[i]);
        if (!word[i] || !strchr(i % 2 ? vowels : consonants, word[i]))
            return false;
    }
    word[WORD] = '\0';
    *p += WORD;
    return *p == end || is_gap(**p);
}

/* Appends the code in its one form; count gets its different words. false if
 * it is no code (out is then to be thrown away). */
static bool fold_code(struct buf *out, const char *p, size_t n, unsigned *count, enum err *e)
{
    const char *end = p + n;
    size_t start = out->len;
    *count = 0;
    *e = ERR_OK;
    for (;;) {
        while (p < end && is_gap(*p))
            p++;
        if (p == end)
            return out->len > start;
        char word[WORD + 1];
        if (!take_word(&p, end, word))
            return false;
        bool seen = false;
        for (size_t i = start; i + WORD <= out->len && !seen; i += WORD + 1)
            seen = memcmp(out->p + i, word, WORD) == 0;
        *count += !seen;
        if (out->len > start)
            *e = buf_str(out, "-");
        if (!*e)
            *e = buf_str(out, word);
        sodium_memzero(word, sizeof word);
        if (*e)
            return false;
    }
}

enum err passphrase_code(struct buf *out, const char *typed, size_t n)
{
    struct buf folded = {.secret = 1};
    unsigned count;
    enum err e;
    bool code = fold_code(&folded, typed, n, &count, &e);
    if (!e)
        e = code ? buf_add(out, folded.p, folded.len) : buf_add(out, typed, n);
    buf_free(&folded);
    return e;
}

/*
 * The estimate: the cheapest way to put the passphrase together from common
 * words, years, runs along the alphabet or the keyboard, repetitions and
 * single characters (a shortest path, as zxcvbn does it: Wheeler, USENIX
 * Security 2016). Costs are in tenths of a bit.
 */
#define COST_WORD 90
#define COST_CAPITALS 15
#define COST_YEAR 70
#define COST_RUN 60
#define COST_AGAIN 30
#define COST_DIGIT 33
#define COST_SYMBOL 50
#define COST_GAP 15     /* a blank, hyphen, dot or line between words */
#define COST_FIRST 47   /* the first letter of something */
#define COST_LETTER 28  /* the next one of what reads like a word */
#define COST_STRANGE 45 /* or not */
#define COST_SWITCH 12  /* another kind of character than the one before */

static const char *const common[] = {
    "password",  "passphrase", "passwort", "parol",    "secret",   "admin",     "root",      "user",       "login",
    "welcome",   "hello",      "letmein",  "iloveyou", "love",     "monkey",    "dragon",    "master",     "shadow",
    "sunshine",  "princess",   "football", "baseball", "superman", "batman",    "trustno",   "whatever",   "freedom",
    "computer",  "internet",   "samsung",  "google",   "apple",    "microsoft", "windows",   "changeme",   "default",
    "access",    "private",    "test",     "guest",    "system",   "server",    "laptop",    "camera",     "video",
    "police",    "doctor",     "nurse",    "medic",    "hospital", "clinic",    "ambulance", "emergency",  "health",
    "feldsher",  "station",    "evidence", "district", "region",   "oblast",    "skoraya",   "bolnica",    "bolnitsa",
    "vrach",     "pomosh",     "medicina", "astana",   "almaty",   "nursultan", "shymkent",  "karaganda",  "aktobe",
    "atyrau",    "pavlodar",   "kostanay", "semey",    "taraz",    "oral",      "kokshetau", "kazakhstan", "qazaqstan",
    "kazakh",    "qazaq",      "russia",   "moskva",   "moscow",   "rossiya",   "zenit",     "spartak",    "barys",
    "kairat",    "marina",     "natasha",  "natali",   "svetlana", "andrey",    "sergey",    "aleksandr",  "dmitry",
    "maksim",    "nikita",     "vladimir", "ivanov",   "aigerim",  "aisulu",    "nurlan",    "bolat",      "serik",
    "daniyar",   "asel",       "dinara",   "zhanna",   "lyubov",   "privet",    "lubov",     "solnce",     "spring",
    "summer",    "autumn",     "winter",   "monday",   "friday",   "january",   "december",  "qwe",        "asd",
    "zxc",       "qaz",        "wsx",      "edc",      "abc",      "пароль",    "секрет",    "админ",      "доктор",
    "врач",      "больница",   "скорая",   "помощь",   "привет",   "любовь",    "солнце",    "астана",     "алматы",
    "казахстан", "қазақстан",  "россия",   "москва",   "марина",   "наташа",    "светлана",  "андрей",     "сергей",
    "александр", "максим",     "никита",   "владимир", "иванов",   "фельдшер",  "медик",     "здоровье",   "станция",
    "лето",      "зима",       "весна",    "осень",    "мама",     "папа",      "жизнь",     "құпия",      "құпиясөз",
};

static const char *const rows[] = {
    "1234567890",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
};

struct chars {
    uint32_t c[LOOK]; /* lower case */
    bool upper[LOOK];
    size_t n;
};

static uint32_t next_cp(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    if (s[0] < 0x80) {
        *p += 1;
        return s[0];
    }
    size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    uint32_t c = s[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (s[i] & 0x3fu);
    *p += len;
    return c;
}

/* Latin and Cyrillic, the Kazakh letters with it. */
static uint32_t lower_cp(uint32_t c)
{
    if ((c >= 'A' && c <= 'Z') || (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40f)
        return c + 0x50;
    return c >= 0x460 && c <= 0x52f ? c | 1 : c;
}

static void read_chars(struct chars *out, const char *pass, size_t n)
{
    const char *p = pass, *end = pass + n;
    for (out->n = 0; p < end && out->n < LOOK; out->n++) {
        uint32_t c = next_cp(&p);
        out->c[out->n] = lower_cp(c);
        out->upper[out->n] = lower_cp(c) != c;
    }
}

enum kind { LETTER, DIGIT, SYMBOL };

static enum kind kind_of(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return DIGIT;
    return (c >= 'a' && c <= 'z') || c >= 0x80 ? LETTER : SYMBOL;
}

static bool is_vowel(uint32_t c)
{
    static const char all[] = "aeiouyаеёиоуыэюяәөұүі";
    for (const char *p = all; *p;)
        if (next_cp(&p) == c)
            return true;
    return false;
}

static bool is_joint(uint32_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '_';
}

/* The third of three consonants or more: no word we know of. */
static bool ends_cluster(const struct chars *s, size_t i)
{
    size_t n = 0;
    while (n < 3 && n <= i && kind_of(s->c[i - n]) == LETTER && !is_vowel(s->c[i - n]))
        n++;
    return n == 3;
}

static unsigned single_cost(const struct chars *s, size_t i)
{
    enum kind k = kind_of(s->c[i]);
    bool follows = i > 0 && kind_of(s->c[i - 1]) == k;
    unsigned change = i > 0 && !follows && !is_joint(s->c[i - 1]) ? COST_SWITCH : 0;
    if (k == DIGIT)
        return COST_DIGIT + change;
    if (k == SYMBOL)
        return is_joint(s->c[i]) && i > 0 && kind_of(s->c[i - 1]) != SYMBOL ? COST_GAP : COST_SYMBOL + change;
    if (!follows)
        return COST_FIRST + change;
    if (s->upper[i] != s->upper[i - 1] && !(i == 1 || kind_of(s->c[i - 2]) != LETTER))
        return COST_FIRST + COST_SWITCH;
    return ends_cluster(s, i) ? COST_STRANGE : COST_LETTER;
}

/* The letter that a digit or sign stands for in "p@ssw0rd". */
static uint32_t unmasked(uint32_t c)
{
    static const char from[] = "@4031!$57", to[] = "aaoeiisst";
    const char *at = c && c < 0x80 ? strchr(from, (int)c) : NULL;
    return at ? (unsigned char)to[at - from] : c;
}

static size_t match_word(const struct chars *s, size_t i, const char *word)
{
    size_t k = i;
    for (const char *p = word; *p; k++)
        if (k == s->n || unmasked(s->c[k]) != next_cp(&p))
            return 0;
    return k - i;
}

static size_t match_year(const struct chars *s, size_t i)
{
    if (s->n - i < 4 || !((s->c[i] == '1' && s->c[i + 1] == '9') || (s->c[i] == '2' && s->c[i + 1] == '0')))
        return 0;
    return kind_of(s->c[i + 2]) == DIGIT && kind_of(s->c[i + 3]) == DIGIT ? 4 : 0;
}

/* Where c stands in a row; -1 if it does not. */
static int place(const char *row, uint32_t c)
{
    int at = 0;
    for (const char *p = row; *p; at++)
        if (next_cp(&p) == c)
            return at;
    return -1;
}

/* Neighbours in one direction, or the same one over and over. */
static size_t match_run(const struct chars *s, size_t i, const char *row)
{
    size_t k = i + 1;
    int at = place(row, s->c[i]), step = 0;
    for (; at >= 0 && k < s->n; k++) {
        int next = place(row, s->c[k]);
        if (next < 0 || next - at > 1 || at - next > 1 || (k > i + 1 && next - at != step))
            break;
        step = next - at;
        at = next;
    }
    return k - i;
}

/* The longest piece from i on that began before i already. */
static size_t match_again(const struct chars *s, size_t i)
{
    size_t best = 0;
    for (size_t j = 0; j < i; j++) {
        size_t n = 0;
        while (i + n < s->n && s->c[i + n] == s->c[j + n])
            n++;
        best = n > best ? n : best;
    }
    return best;
}

static void relax(unsigned *to, unsigned cost)
{
    if (*to > cost)
        *to = cost;
}

static unsigned capitals(const struct chars *s, size_t i, size_t n)
{
    bool lower = false, upper = false;
    for (size_t k = i; k < i + n; k++)
        *(s->upper[k] ? &upper : &lower) = true;
    return upper ? COST_CAPITALS + (lower && s->upper[i + n - 1] ? COST_CAPITALS : 0) : 0;
}

static unsigned estimate_bits(const struct chars *s)
{
    unsigned cost[LOOK + 1];
    cost[0] = 0;
    for (size_t i = 1; i <= s->n; i++)
        cost[i] = UINT32_MAX;
    for (size_t i = 0; i < s->n; i++) {
        relax(&cost[i + 1], cost[i] + single_cost(s, i));
        for (size_t w = 0; w < sizeof common / sizeof *common; w++) {
            size_t n = match_word(s, i, common[w]);
            if (n)
                relax(&cost[i + n], cost[i] + COST_WORD + capitals(s, i, n));
        }
        size_t year = match_year(s, i);
        if (year)
            relax(&cost[i + year], cost[i] + COST_YEAR);
        for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
            for (size_t n = match_run(s, i, rows[r]); n >= 3; n--)
                relax(&cost[i + n], cost[i] + COST_RUN + capitals(s, i, n));
        for (size_t n = match_again(s, i); n >= 2; n--)
            relax(&cost[i + n], cost[i] + COST_AGAIN);
    }
    return cost[s->n] / 10;
}

static bool is_plain_text(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] < 32 || p[i] == 127)
            return false;
    return text_is_utf8(p, n);
}

static unsigned code_bits(const char *pass, size_t n)
{
    struct buf folded = {.secret = 1};
    unsigned words;
    enum err e;
    bool code = fold_code(&folded, pass, n, &words, &e);
    buf_free(&folded);
    return code && words > 1 ? words * WORD_BITS : 0;
}

enum err passphrase_check(const char *pass, size_t n)
{
    if (n == 0)
        return err_set(ERR_DATA, "the passphrase is empty; type one, or let the program choose %u words",
                       PASSPHRASE_WORDS);
    if (n > PASSPHRASE_MAX)
        return err_set(ERR_DATA, "the passphrase is longer than %u bytes; take a shorter one", PASSPHRASE_MAX);
    if (!is_plain_text(pass, n))
        return err_set(ERR_DATA, "the passphrase holds characters that are no text; type letters, digits and signs");
    unsigned bits = code_bits(pass, n);
    if (!bits) {
        struct chars s;
        read_chars(&s, pass, n);
        bits = estimate_bits(&s);
        sodium_memzero(&s, sizeof s);
    }
    if (bits >= NEEDED_BITS)
        return ERR_OK;
    return err_set(ERR_DATA,
                   "the passphrase is too easy to guess (worth about %u bits, %u are needed); add words that do not "
                   "belong together, or let the program choose %u words",
                   bits, NEEDED_BITS, PASSPHRASE_WORDS);
}
