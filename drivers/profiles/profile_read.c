#include "drivers/profiles/glob.h"
#include "drivers/profiles/profile_inside.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <stdlib.h>
#include <string.h>

enum key {
    KEY_NAME,
    KEY_TITLE,
    KEY_SPEAKS,
    KEY_USB,
    KEY_INTERFACE,
    KEY_BECOMES,
    KEY_AUTOMATIC,
    KEY_PROOF,
    KEY_LOCK,
    KEY_BATTERY,
    KEY_CLOCK,
    KEY_LABEL,
    KEY_FILES,
    KEY_SIDECARS,
    KEY_NAMES,
    KEY_NAMES_ZONE,
    KEY_ERASE,
    KEY_COMMAND,
    KEY_SAYS = KEY_COMMAND + ASK_QUESTIONS,
    KEYS = KEY_SAYS + SAYS_ANSWERS,
};

static const struct {
    const char *word;
    bool again; /* may stand on several lines */
} keys[KEYS] = {
    [KEY_NAME] = {"name", false},
    [KEY_TITLE] = {"title", false},
    [KEY_SPEAKS] = {"speaks", false},
    [KEY_USB] = {"usb", true},
    [KEY_INTERFACE] = {"interface", false},
    [KEY_BECOMES] = {"becomes", true},
    [KEY_AUTOMATIC] = {"automatic", false},
    [KEY_PROOF] = {"proof", true},
    [KEY_LOCK] = {"lock", false},
    [KEY_BATTERY] = {"battery", false},
    [KEY_CLOCK] = {"clock", false},
    [KEY_LABEL] = {"label", false},
    [KEY_FILES] = {"files", true},
    [KEY_SIDECARS] = {"sidecars", false},
    [KEY_NAMES] = {"names", true},
    [KEY_NAMES_ZONE] = {"names zone", false},
    [KEY_ERASE] = {"erase", false},
    [KEY_COMMAND + ASK_HELLO] = {"command hello", false},
    [KEY_COMMAND + ASK_DEVICE] = {"command device", false},
    [KEY_COMMAND + ASK_VERSION] = {"command version", false},
    [KEY_COMMAND + ASK_BATTERY] = {"command battery", false},
    [KEY_COMMAND + ASK_CLOCK] = {"command clock", false},
    [KEY_COMMAND + ASK_SET_CLOCK] = {"command set-clock", true},
    [KEY_COMMAND + ASK_UNLOCK] = {"command unlock", false},
    [KEY_COMMAND + ASK_DISK] = {"command disk", false},
    [KEY_SAYS + SAYS_OK] = {"says ok", false},
    [KEY_SAYS + SAYS_REFUSED] = {"says refused", false},
    [KEY_SAYS + SAYS_LOCKED] = {"says locked", false},
    [KEY_SAYS + SAYS_LOW] = {"says low", false},
};

struct reading {
    struct profile *p;
    const char *name;  /* of the file */
    unsigned at[KEYS]; /* the line on which each stood last; 0: nowhere */
    unsigned line;
};

static enum err broken(unsigned line, const char *what)
{
    return err_set(ERR_DATA, "line %u: %s", line, _(what));
}

static bool is_dialect(const struct profile *p)
{
    return p->speaks == PROFILE_ASCII || p->speaks == PROFILE_BINARY;
}

static int nibble(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* "4255", either case. */
static bool take_hex(const char *s, size_t n, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = nibble(s[i]);
        if (digit < 0)
            return false;
        *out = *out << 4 | (unsigned)digit;
    }
    return n > 0 && n <= 4;
}

/* "C1 00 00": two digits a byte, blanks between. */
static bool take_bytes(struct span s, uint8_t *out, size_t cap, size_t *n)
{
    struct span word;
    unsigned value;
    *n = 0;
    while (span_word(&s, &word)) {
        if (word.n != 2 || *n == cap || !take_hex(word.p, 2, &value))
            return false;
        out[(*n)++] = (uint8_t)value;
    }
    return true;
}

static enum err take_choice(const struct reading *r, struct span v, const char *const words[], const char *what,
                            int *out)
{
    for (*out = 0; words[*out]; ++*out)
        if (span_is(v, words[*out]))
            return ERR_OK;
    return broken(r->line, what);
}

static enum err take_yes(const struct reading *r, struct span v, bool *out)
{
    static const char *const words[] = {"no", "yes", NULL};
    int n;
    enum err e = take_choice(r, v, words, N_("it is yes or no"), &n);
    *out = n == 1;
    return e;
}

static enum err take_ids(const struct reading *r, struct span v, struct profile_ids *ids, size_t *n)
{
    unsigned vendor, product;
    if (*n == PROFILE_IDS_MAX)
        return broken(r->line, N_("there are too many of them"));
    if (v.n != 9 || v.p[4] != ':' || !take_hex(v.p, 4, &vendor) || !take_hex(v.p + 5, 4, &product))
        return broken(
            r->line, N_("USB ids are four hexadecimal digits, a colon and four more, as lsusb prints them: 4255:0001"));
    ids[(*n)++] = (struct profile_ids){(uint16_t)vendor, (uint16_t)product};
    return ERR_OK;
}

/* "FF", "FF 01 *" */
static enum err take_interface(const struct reading *r, struct span v)
{
    struct span word;
    unsigned value;
    int n = 0;
    for (; n < 3 && span_word(&v, &word); n++) {
        if (word.n == 1 && *word.p == '*')
            r->p->interface[n] = -1;
        else if (word.n == 2 && take_hex(word.p, 2, &value))
            r->p->interface[n] = (int)value;
        else
            return broken(r->line,
                          N_("an interface is class, subclass and protocol, two hexadecimal digits each, or *"));
    }
    return n == 3 && !span_word(&v, &word)
               ? ERR_OK
               : broken(r->line, N_("an interface is class, subclass and protocol, two hexadecimal digits each, or *"));
}

static enum err take_proof(const struct reading *r, struct span v)
{
    static const char *const words[] = {"answer", "folder", "label", "vendor", "model", "extension", NULL};
    struct span word;
    int what;
    struct profile *p = r->p;
    if (p->n_proofs == PROFILE_PROOFS_MAX)
        return broken(r->line, N_("there are too many of them"));
    if (!span_word(&v, &word))
        return broken(r->line, N_("it is empty"));
    enum err e = take_choice(
        r, word, words,
        N_("a proof is one of answer, folder NAME, label PATTERN, vendor PATTERN, model PATTERN, extension PATTERN"),
        &what);
    if (e)
        return e;
    struct span text = {v.n ? v.p + 1 : v.p, v.n ? v.n - 1 : 0};
    if ((text.n == 0) != (what == PROOF_ANSWER))
        return broken(r->line, what == PROOF_ANSWER ? N_("nothing stands behind answer")
                                                    : N_("what it must be stands behind it, as in label BODYCAM*"));
    if (what == PROOF_FOLDER &&
        (memchr(text.p, '/', text.n) || memchr(text.p, '*', text.n) || memchr(text.p, '?', text.n)))
        return broken(r->line, N_("a folder is the name of one, without /, * and ?"));
    if (!span_copy(text, p->proofs[p->n_proofs].text, NAME_LEN))
        return broken(r->line, N_("it is too long"));
    p->proofs[p->n_proofs++].what = (enum profile_proof)what;
    return ERR_OK;
}

static enum err take_number(const struct reading *r, struct span v, uint64_t max, uint64_t *out)
{
    if (bytes_decimal(out, v.p, v.n, max) && *out > 0)
        return ERR_OK;
    return err_set(ERR_DATA, "line %u: it is a number from 1 to %u", r->line, (unsigned)max);
}

static enum err take_clock(const struct reading *r, struct span v)
{
    static const char *const words[] = {"none", "dialect", "ptp", NULL};
    struct span word;
    int what;
    if (!span_word(&v, &word))
        return broken(r->line, N_("it is empty"));
    enum err e = take_choice(r, word, words, N_("a clock is none, dialect ZONE or ptp ZONE"), &what);
    if (e)
        return e;
    r->p->clock = (enum profile_clock)what;
    bool zone = v.n > 1 && zone_parse(&r->p->zone, v.p + 1, v.n - 1);
    if (what == PROFILE_NO_CLOCK ? v.n != 0 : !zone)
        return broken(r->line, what == PROFILE_NO_CLOCK ? N_("nothing stands behind none")
                                                        : N_("the zone stands behind it: utc, local or +05:00"));
    return ERR_OK;
}

static enum err take_label(const struct reading *r, struct span v)
{
    static const char *const words[] = {"any", "device", NULL};
    int what;
    enum err e = take_choice(r, v, words, N_("a label is device (it equals the device id) or any"), &what);
    r->p->label_is_device = what == 1;
    return e;
}

static enum err take_files(const struct reading *r, struct span v)
{
    struct profile *p = r->p;
    if (p->n_files == PROFILE_FILES_MAX)
        return broken(r->line, N_("there are too many of them"));
    const char *mistake = glob_mistake(v.p, v.n);
    if (mistake)
        return broken(r->line, mistake);
    if (!span_copy(v, p->files[p->n_files], PROFILE_GLOB_LEN))
        return broken(r->line, N_("it is too long"));
    p->n_files++;
    return ERR_OK;
}

static enum err take_sidecars(const struct reading *r, struct span v)
{
    struct span word;
    struct profile *p = r->p;
    while (span_word(&v, &word)) {
        if (p->n_sidecars == PROFILE_SIDECARS_MAX)
            return broken(r->line, N_("there are too many of them"));
        for (size_t i = 0; i < word.n; i++)
            if (nibble(word.p[i]) < 0 && !(word.p[i] >= 'a' && word.p[i] <= 'z'))
                return broken(
                    r->line,
                    N_("sidecars are ends of names, small letters and digits, with blanks between: nmea gpx srt"));
        if (!span_copy(word, p->sidecars[p->n_sidecars], PROFILE_EXTENSION_LEN))
            return broken(r->line, N_("it is too long"));
        p->n_sidecars++;
    }
    return ERR_OK;
}

static enum err take_name_form(const struct reading *r, struct span v)
{
    struct profile *p = r->p;
    if (p->n_names == PROFILE_NAMES_MAX)
        return broken(r->line, N_("there are too many of them"));
    const char *mistake = wording_parse(&p->names[p->n_names], v.p, v.n, false);
    if (mistake)
        return broken(r->line, mistake);
    p->n_names++;
    return ERR_OK;
}

static enum err take_erase(const struct reading *r, struct span v)
{
    static const char *const words[] = {"none", "mtp", "command", NULL};
    struct span word;
    struct profile *p = r->p;
    int what;
    if (!span_word(&v, &word))
        return broken(r->line, N_("it is empty"));
    enum err e = take_choice(r, word, words, N_("erase is none, mtp or command BYTES"), &what);
    if (e)
        return e;
    p->erase = (enum profile_erase)what;
    if (what != PROFILE_ERASE_COMMAND)
        return v.n == 0 ? ERR_OK : broken(r->line, N_("nothing stands behind it"));
    if (!take_bytes(v, p->cdb, sizeof p->cdb, &p->cdb_len) || p->cdb_len < 6)
        return broken(r->line, N_("a command is 6 to 16 bytes, two hexadecimal digits each, blanks between"));
    /* SPC-4, table of operation codes: C0h to FFh are the vendors' own; any other might write or format */
    return p->cdb[0] >= 0xc0 ? ERR_OK
                             : broken(r->line, N_("only a vendor's own command may erase: its first byte is C0 to FF"));
}

/* Kept as it stands until it is known what the camera speaks. */
static enum err take_command(const struct reading *r, enum profile_question q, struct span v)
{
    struct profile_command *c = &r->p->commands[q];
    size_t n;
    if (c->n == PROFILE_COMMAND_LINES_MAX)
        return broken(r->line, N_("there are too many of them"));
    if (r->p->speaks == PROFILE_BINARY) {
        if (c->n || !take_bytes(v, c->code, sizeof c->code, &n) || n != sizeof c->code)
            return broken(
                r->line,
                N_("a command of the binary dialect is four bytes, two hexadecimal digits each, blanks between"));
        c->n = 1;
        return ERR_OK;
    }
    const char *mistake = wording_parse(&c->ask[c->n], v.p, v.n, true);
    if (!mistake && (v.n < 7 || v.n > DIALECT_ASCII_MAX || v.p[0] != '@' || v.p[4] != ';' || v.p[v.n - 1] != '#'))
        mistake = N_("a command of the ASCII dialect looks like @Abc;8;12345678;# and has at most 64 letters");
    if (!mistake && wording_has(&c->ask[c->n], WORDING_SECRET) != (q == ASK_UNLOCK))
        mistake = q == ASK_UNLOCK ? N_("{secret} is missing in it") : N_("{secret} belongs into command unlock alone");
    if (!mistake && q != ASK_SET_CLOCK)
        for (enum wording_kind k = WORDING_YEAR; k <= WORDING_SECOND && !mistake; k++)
            mistake = wording_has(&c->ask[c->n], k) ? N_("times belong into command set-clock alone") : NULL;
    if (mistake)
        return broken(r->line, mistake);
    c->n++;
    return ERR_OK;
}

static enum err take_says(const struct reading *r, enum profile_answer a, struct span v)
{
    if (memchr(v.p, ' ', v.n) || memchr(v.p, ';', v.n))
        return broken(r->line, N_("it is one word"));
    return span_copy(v, r->p->says[a], PROFILE_SAYS_LEN) ? ERR_OK : broken(r->line, N_("it is too long"));
}

static enum err take_speaks(const struct reading *r, struct span v)
{
    static const char *const words[] = {"storage", "mtp", "ascii", "binary", NULL};
    static const int interfaces[][3] = {{8, 6, 0x50}, {6, 1, 1}, {0xff, -1, -1}, {0xff, -1, -1}};
    int what;
    enum err e = take_choice(r, v, words, N_("a camera speaks storage, mtp, ascii or binary"), &what);
    if (e)
        return e;
    r->p->speaks = (enum profile_speaks)what;
    if (!r->at[KEY_INTERFACE])
        memcpy(r->p->interface, interfaces[what], sizeof interfaces[what]);
    return ERR_OK;
}

static enum err take(struct reading *r, enum key key, struct span v)
{
    struct profile *p = r->p;
    uint64_t n = 0;
    enum err e;
    switch (key) {
    case KEY_NAME:
        return span_is(v, r->name) && text_is_name(r->name, false) && span_copy(v, p->name, sizeof p->name)
                   ? ERR_OK
                   : broken(r->line, N_("the name is that of the file without .profile: a-z, 0-9 and -"));
    case KEY_TITLE:
        return span_copy(v, p->title, sizeof p->title) ? ERR_OK : broken(r->line, N_("it is too long"));
    case KEY_SPEAKS:
        return take_speaks(r, v);
    case KEY_USB:
        return take_ids(r, v, p->usb, &p->n_usb);
    case KEY_INTERFACE:
        return take_interface(r, v);
    case KEY_BECOMES:
        return take_ids(r, v, p->becomes, &p->n_becomes);
    case KEY_AUTOMATIC:
        return take_yes(r, v, &p->automatic);
    case KEY_PROOF:
        return take_proof(r, v);
    case KEY_LOCK:
        e = take_number(r, v, PROFILE_SECRET_MAX, &n);
        p->lock = (size_t)n;
        return e;
    case KEY_BATTERY:
        e = take_number(r, v, 100, &n);
        p->battery = (int)n;
        return e;
    case KEY_CLOCK:
        return take_clock(r, v);
    case KEY_LABEL:
        return take_label(r, v);
    case KEY_FILES:
        return take_files(r, v);
    case KEY_SIDECARS:
        return take_sidecars(r, v);
    case KEY_NAMES:
        return take_name_form(r, v);
    case KEY_NAMES_ZONE:
        return zone_parse(&p->names_zone, v.p, v.n) ? ERR_OK : broken(r->line, N_("a zone is utc, local or +05:00"));
    case KEY_ERASE:
        return take_erase(r, v);
    case KEY_COMMAND:
    case KEY_SAYS:
    case KEYS:
        break;
    }
    return key < KEY_SAYS ? take_command(r, (enum profile_question)(key - KEY_COMMAND), v)
                          : take_says(r, (enum profile_answer)(key - KEY_SAYS), v);
}

static bool has(const struct reading *r, enum key key)
{
    return r->at[key] != 0;
}

static bool any_time_in_names(const struct profile *p)
{
    for (size_t i = 0; i < p->n_names; i++)
        if (wording_has(&p->names[i], WORDING_YEAR))
            return true;
    return false;
}

static bool sets_whole_clock(const struct profile *p)
{
    const struct profile_command *c = &p->commands[ASK_SET_CLOCK];
    unsigned found = p->speaks == PROFILE_BINARY ? 5 : 0;
    for (enum wording_kind k = WORDING_YEAR; p->speaks == PROFILE_ASCII && k <= WORDING_MINUTE; k++)
        for (size_t i = 0; i < c->n; i++)
            found += wording_has(&c->ask[i], k);
    return found >= 5;
}

/* What a disk or an MTP device cannot have. */
static enum err check_plain(const struct reading *r)
{
    const struct profile *p = r->p;
    for (size_t k = KEY_COMMAND; k < KEYS; k++)
        if (r->at[k])
            return broken(r->at[k], N_("only a dialect (speaks: ascii or binary) has commands and answers"));
    if (has(r, KEY_LOCK) || has(r, KEY_BECOMES))
        return broken(r->at[has(r, KEY_LOCK) ? KEY_LOCK : KEY_BECOMES],
                      N_("only a dialect (speaks: ascii or binary) has a lock or becomes another device"));
    if (has(r, KEY_BATTERY))
        return broken(r->at[KEY_BATTERY],
                      N_("only a dialect (speaks: ascii or binary) is asked for its disk, if its battery will do"));
    if (p->clock == PROFILE_CLOCK_DIALECT || (p->clock == PROFILE_CLOCK_PTP && p->speaks == PROFILE_STORAGE))
        return broken(r->at[KEY_CLOCK], N_("what it speaks has no such clock"));
    if (p->label_is_device)
        return broken(r->at[KEY_LABEL],
                      N_("only a dialect (speaks: ascii or binary) tells a device id to compare with"));
    for (size_t i = 0; i < p->n_proofs; i++)
        if (p->proofs[i].what == PROOF_ANSWER || (p->proofs[i].what >= PROOF_VENDOR && p->speaks == PROFILE_STORAGE))
            return broken(r->at[KEY_PROOF], N_("what it speaks cannot prove that"));
    if (p->automatic && !p->n_proofs)
        return broken(r->at[KEY_AUTOMATIC],
                      N_("ids prove nothing, other makers use them too: automatic needs a proof (folder, label, ...)"));
    if (p->interface[0] < 0)
        return broken(r->at[KEY_INTERFACE], N_("the class of the interface cannot be just any"));
    return ERR_OK;
}

static enum err check_dialect(const struct reading *r)
{
    const struct profile *p = r->p;
    unsigned speaks = r->at[KEY_SPEAKS];
    if (!p->n_usb)
        return broken(speaks, N_("a dialect is spoken only to devices that are listed: usb is missing"));
    if (!p->commands[ASK_HELLO].n || !p->commands[ASK_DISK].n)
        return broken(speaks, N_("a dialect needs command hello and command disk"));
    for (size_t i = 0; i < p->n_proofs; i++)
        if (p->proofs[i].what != PROOF_ANSWER)
            return broken(r->at[KEY_PROOF], N_("a dialect is proven by its answer alone"));
    if (has(r, KEY_LOCK) != (p->commands[ASK_UNLOCK].n != 0))
        return broken(r->at[has(r, KEY_LOCK) ? KEY_LOCK : (unsigned)KEY_COMMAND + ASK_UNLOCK],
                      N_("lock and command unlock belong together"));
    if (has(r, KEY_BATTERY) && !p->commands[ASK_BATTERY].n)
        return broken(r->at[KEY_BATTERY], N_("without command battery nobody knows how full it is"));
    if (p->label_is_device && !p->commands[ASK_DEVICE].n)
        return broken(r->at[KEY_LABEL], N_("without command device there is nothing to compare the label with"));
    if (p->clock == PROFILE_CLOCK_PTP)
        return broken(r->at[KEY_CLOCK], N_("what it speaks has no such clock"));
    bool clock = p->commands[ASK_CLOCK].n || p->commands[ASK_SET_CLOCK].n;
    if (p->clock == PROFILE_NO_CLOCK ? clock : !clock)
        return broken(clock ? speaks : r->at[KEY_CLOCK],
                      N_("clock: dialect ZONE and command clock or set-clock belong together"));
    if (p->speaks == PROFILE_ASCII && p->commands[ASK_CLOCK].n)
        return broken(r->at[KEY_COMMAND + ASK_CLOCK],
                      N_("how the ASCII dialect tells its clock is not known; only set-clock can be used"));
    if (p->commands[ASK_SET_CLOCK].n && !sets_whole_clock(p))
        return broken(r->at[KEY_COMMAND + ASK_SET_CLOCK],
                      N_("setting the clock needs {YYYY} or {YY}, {MM}, {DD}, {hh} and {mm}, on one line or several"));
    return ERR_OK;
}

static enum err check(const struct reading *r)
{
    static const enum key needed[] = {KEY_NAME, KEY_TITLE, KEY_SPEAKS, KEY_AUTOMATIC, KEY_FILES};
    const struct profile *p = r->p;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!has(r, needed[i]))
            return err_set(ERR_DATA, "line %u: it ends and has no \"%s: \"", r->line, keys[needed[i]].word);
    enum err e = is_dialect(p) ? check_dialect(r) : check_plain(r);
    if (e)
        return e;
    if (any_time_in_names(p) != has(r, KEY_NAMES_ZONE))
        return broken(r->at[has(r, KEY_NAMES_ZONE) ? KEY_NAMES_ZONE : KEY_NAMES],
                      N_("names with a time in them and names zone belong together"));
    if ((p->erase == PROFILE_ERASE_MTP) != (p->speaks == PROFILE_MTP) && p->erase != PROFILE_NO_ERASE)
        return broken(r->at[KEY_ERASE], N_("MTP erases by erase: mtp, all others by a command"));
    return ERR_OK;
}

static enum err take_field(struct reading *r, const struct field *f)
{
    size_t key = 0;
    while (key < KEYS && !span_is(f->key, keys[key].word))
        key++;
    if (key == KEYS)
        return err_set(ERR_DATA, "line %u: there is no \"%.*s\"", r->line, f->key.n < 60 ? (int)f->key.n : 60,
                       f->key.p);
    if (r->at[key] && !keys[key].again)
        return err_set(ERR_DATA, "line %u: \"%s\" stands on line %u already", r->line, keys[key].word, r->at[key]);
    if (key >= KEY_COMMAND && key < KEY_SAYS && !r->at[KEY_SPEAKS])
        return broken(r->line, N_("speaks stands above the commands"));
    r->at[key] = r->line;
    return take(r, (enum key)key, f->value);
}

/* As an editor of another system may have left it: a mark of byte order, CR
 * before LF, no LF at the end. */
static enum err normal(struct buf *out, const char *p, size_t n)
{
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        n -= 3;
    }
    enum err e = buf_add(out, "", 0);
    while (n && !e) {
        const char *lf = memchr(p, '\n', n);
        size_t len = lf ? (size_t)(lf - p) : n;
        e = buf_add(out, p, len && p[len - 1] == '\r' ? len - 1 : len);
        e = e ? e : buf_str(out, "\n");
        p += len + (lf != NULL);
        n -= len + (lf != NULL);
    }
    return e;
}

static enum err read_all(struct reading *r, const char *lines, size_t n)
{
    static const char *const says[SAYS_ANSWERS] = {"OK", "ERROR", "LOCKED", "LOWBAT"};
    struct text t = {0};
    struct field f;
    unsigned version = 0;
    for (size_t i = 0; i < SAYS_ANSWERS; i++)
        memcpy(r->p->says[i], says[i], strlen(says[i]) + 1);
    enum err e = text_open(&t, "profile", &version, lines, n);
    if (e)
        return err_set(ERR_DATA, "line 1: it is no profile, that begins with \"feldsher-profile 1\"");
    if (version != 1)
        return err_set(ERR_DATA, "line 1: this program reads profiles of version 1, not %u", version);
    t.comments = true;
    r->line = t.line;
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        r->line = t.line;
        e = take_field(r, &f);
    }
    return e == ERR_END ? check(r) : e;
}

enum err profile_read(struct profile **out, const char *name, const void *text, size_t n)
{
    struct buf lines = {.max = (size_t)2 * PROFILE_MAX};
    struct reading r = {.p = calloc(1, sizeof *r.p), .name = name};
    *out = NULL;
    if (!r.p)
        return err_set(ERR_NOMEM, "out of memory");
    if (n > PROFILE_MAX) {
        free(r.p);
        return err_set(ERR_DATA, "line 1: it is larger than %u bytes", PROFILE_MAX);
    }
    enum err e = normal(&lines, text, n);
    if (!e)
        e = read_all(&r, (const char *)lines.p, lines.len);
    buf_free(&lines);
    if (e) {
        free(r.p);
        return e;
    }
    *out = r.p;
    return ERR_OK;
}
