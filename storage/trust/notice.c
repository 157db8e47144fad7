#include "storage/trust/notice.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"
#include "storage/trust/circle.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The members of a notice, in the order in which they are written. */
enum member { KIND, ID, DISTRICT, TIME, WHY, RECORDING, PARTS, BASIS, CIRCLE, GENERATION, USER, KEY, MEMBERS };

#define BIT(m) (1u << (m))
#define COMMON (BIT(KIND) | BIT(ID) | BIT(DISTRICT) | BIT(TIME))

static const char *const keys[MEMBERS] = {"kind",  "id",    "district", "time",       "why",  "recording",
                                          "parts", "basis", "circle",   "generation", "user", "key"};

/* By kind: the members it has, and who may sign it. Those of a licence are
 * licence.c's. */
static const struct {
    const char *name;
    unsigned members;
    unsigned roles;   /* any of these; 0: not a matter of roles */
    unsigned signers; /* different persons at least */
} kinds[] = {
    [NOTICE_HOLD] = {"hold", COMMON | BIT(WHY) | BIT(RECORDING) | BIT(PARTS), ROLE_SUPERVISOR | ROLE_ADMIN, 1},
    [NOTICE_RELEASE] = {"release", COMMON | BIT(WHY) | BIT(RECORDING) | BIT(PARTS), ROLE_SUPERVISOR, 1},
    [NOTICE_ADMIT] = {"admit", COMMON | BIT(CIRCLE) | BIT(GENERATION) | BIT(USER) | BIT(KEY), 0, 1},
    [NOTICE_CIRCLE] = {"circle", COMMON | BIT(CIRCLE) | BIT(GENERATION) | BIT(USER) | BIT(KEY), 0, 1},
    [NOTICE_DESTROY] = {"destroy", COMMON | BIT(WHY) | BIT(RECORDING) | BIT(PARTS) | BIT(BASIS), ROLE_SUPERVISOR, 2},
    [NOTICE_ERASE] = {"erase", COMMON | BIT(WHY), ROLE_SUPERVISOR, 1},
    [NOTICE_UNKNOWN] = {"unknown", COMMON, 0, 1},
};

const char *notice_kind_text(enum notice_kind k)
{
    return kinds[k].name;
}

void notice_free(struct notice *n)
{
    if (!n)
        return;
    free(n->why);
    free(n->basis);
    buf_free(&n->key);
    buf_free(&n->text);
    licence_free(n->licence);
    free(n);
}

static bool open_ended(enum notice_kind k)
{
    return k == NOTICE_ERASE || k == NOTICE_UNKNOWN;
}

static enum notice_kind kind_of(struct span v)
{
    enum notice_kind k = NOTICE_HOLD;
    while (k < NOTICE_UNKNOWN && !span_is(v, kinds[k].name))
        k++;
    return k;
}

static bool read_id(struct span v, char out[static NOTICE_ID])
{
    uint8_t raw[(NOTICE_ID - 1) / 2];
    return bytes_unhex(raw, sizeof raw, v.p, v.n) && span_copy(v, out, NOTICE_ID);
}

static bool read_name(struct span v, char *out, size_t cap, bool slash)
{
    return span_copy(v, out, cap) && text_is_name(out, slash);
}

static enum err read_key(struct span v, struct buf *key)
{
    size_t n;
    enum err e = buf_reserve(key, v.n);
    if (e)
        return e;
    if (!bytes_unb64(key->p, v.n, &n, v.p, v.n, true) || n == 0)
        return ERR_DATA;
    key->len = n;
    key->p[n] = 0;
    return ERR_OK;
}

static enum err read_words(struct span v, char **out)
{
    if (v.n == 0)
        return ERR_DATA;
    char *copy = strndup(v.p, v.n);
    if (!copy)
        return err_set(ERR_NOMEM, "out of memory");
    free(*out);
    *out = copy;
    return ERR_OK;
}

static enum err read_member(struct notice *n, enum member m, struct span v)
{
    bool good = false;
    uint64_t number = 0;
    switch (m) {
    case KIND:
        n->kind = kind_of(v);
        good = v.n > 0;
        break;
    case ID:
        good = read_id(v, n->id);
        break;
    case DISTRICT:
        good = read_name(v, n->district, sizeof n->district, false);
        break;
    case TIME:
        good = clock_parse(&n->time, v.p, v.n);
        break;
    case WHY:
        return read_words(v, &n->why);
    case RECORDING:
        good = read_id(v, n->recording);
        break;
    case PARTS:
        good = hash_unhex(&n->parts, v.p, v.n);
        break;
    case BASIS:
        return read_words(v, &n->basis);
    case CIRCLE:
        good = read_name(v, n->circle, sizeof n->circle, true);
        break;
    case GENERATION:
        good = bytes_decimal(&number, v.p, v.n, CIRCLE_GENERATION_MAX) && number > 0;
        n->generation = (unsigned)number;
        break;
    case USER:
        if (n->kind == NOTICE_CIRCLE && span_is(v, "-"))
            return ERR_OK;
        good = read_name(v, n->user, sizeof n->user, false);
        break;
    case KEY:
        return read_key(v, &n->key);
    case MEMBERS:
        break;
    }
    return good ? ERR_OK : ERR_DATA;
}

/* The kind stands first, for it says what may follow. */
static enum err read_body(struct notice *n, const char *body, size_t len)
{
    struct text t;
    struct field f;
    unsigned version, seen = 0, licence_seen = 0;
    enum err e = text_open(&t, "notice", &version, body, len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        enum member m = KIND;
        while (m < MEMBERS && !span_is(f.key, keys[m]))
            m++;
        if (!seen && m != KIND)
            return err_set(ERR_DATA, "a notice does not begin with its kind");
        bool ours = m < MEMBERS && (!seen || (kinds[n->kind].members & BIT(m)));
        if (!ours && n->kind == NOTICE_ERASE && licence_read(&n->licence, &licence_seen, &f) == ERR_NOMEM)
            return ERR_NOMEM;
        if (!ours && (m == MEMBERS || open_ended(n->kind)))
            continue;
        if (!ours || (seen & BIT(m)))
            return err_set(ERR_DATA, "a notice's line %u (%s) stands there twice, or is none of its kind", t.line,
                           keys[m]);
        e = read_member(n, m, f.value);
        if (e == ERR_DATA)
            return err_set(e, "a notice's line %u (%s) is malformed", t.line, keys[m]);
        seen |= BIT(m);
    }
    if (e != ERR_END)
        return err_set(e, "a notice is malformed: %s", err_text());
    for (enum member m = KIND; m < MEMBERS; m++)
        if ((kinds[n->kind].members & BIT(m)) && !(seen & BIT(m)))
            return err_set(ERR_DATA, "a notice has no line \"%s: ...\"", keys[m]);
    licence_end(&n->licence, licence_seen);
    return ERR_OK;
}

/* Nothing but signature lines may stand behind the body. */
static enum err split(struct notice *n)
{
    enum err e = sign_split(&n->sig, (const char *)n->text.p, n->text.len);
    if (e)
        return err_set(e, "a notice is malformed: %s", err_text());
    size_t lines = 0;
    for (size_t i = n->sig.body_len; i < n->text.len; i++)
        lines += n->text.p[i] == '\n';
    bool named = lines == n->sig.n;
    for (size_t i = 0; i < n->sig.n && named; i++)
        named = n->sig.sigs[i].who[0] != '\0';
    return named ? ERR_OK : err_set(ERR_DATA, "a notice does not end with signature lines that name their signers");
}

static struct notice *empty(void)
{
    struct notice *n = calloc(1, sizeof *n);
    if (n) {
        n->why = strdup("");
        n->basis = strdup("");
    }
    if (n && n->why && n->basis)
        return n;
    notice_free(n);
    err_set(ERR_NOMEM, "out of memory");
    return NULL;
}

enum err notice_parse(struct notice **out, const char *text, size_t n)
{
    *out = NULL;
    if (n > NOTICE_MAX)
        return err_set(ERR_DATA, "a notice is larger than the %u bytes allowed", NOTICE_MAX);
    struct notice *notice = empty();
    if (!notice)
        return ERR_NOMEM;
    enum err e = buf_add(&notice->text, text, n);
    if (!e)
        e = split(notice);
    if (!e)
        e = read_body(notice, notice->sig.body, notice->sig.body_len);
    if (e)
        notice_free(notice);
    else
        *out = notice;
    return e;
}

static bool by_authority(const struct notice *n, size_t i)
{
    return strcmp(n->sig.sigs[i].who, "authority") == 0;
}

/* Whose signature i is. One name may have had several keys: a replaced
 * laptop's user signs with new ones, and what the old ones signed counts. */
static const struct roster_user *signer(const struct notice *n, size_t i, const struct roster *r)
{
    const char *who = n->sig.sigs[i].who;
    for (size_t k = 0; k < r->n_users; k++)
        if (strcmp(r->users[k].name, who) == 0 && sign_text_check(&n->sig, i, &r->users[k].sign))
            return &r->users[k];
    return NULL;
}

static enum err check_user(const struct notice *n, size_t i, const struct roster_user *u)
{
    const char *who = n->sig.sigs[i].who, *what = kinds[n->kind].name;
    if (!u)
        return err_set(ERR_DENIED, "notice %s: the authority signs no notice of kind %s", n->id, what);
    if (!roster_user_valid(u, n->time))
        return err_set(ERR_DENIED, "notice %s: %s was not in force when it was signed", n->id, who);
    if (kinds[n->kind].roles ? !(u->roles & kinds[n->kind].roles) : !roster_user_in(u, n->circle))
        return err_set(ERR_DENIED, "notice %s: %s may not sign a notice of kind %s", n->id, who, what);
    for (size_t k = 0; k < i; k++)
        if (strcmp(n->sig.sigs[k].who, who) == 0)
            return err_set(ERR_DENIED, "notice %s: %s signed it twice, and two persons must", n->id, who);
    return ERR_OK;
}

enum err notice_check(const struct notice *n, const struct roster *r)
{
    const struct roster_user *signers[SIGN_SIGS_MAX] = {NULL};
    if (strcmp(n->district, r->district) != 0)
        return err_set(ERR_BAD, "notice %s is of another district: %s", n->id, n->district);
    for (size_t i = 0; i < n->sig.n; i++) {
        signers[i] = signer(n, i, r);
        if (by_authority(n, i) ? !sign_text_check(&n->sig, i, &r->authority) : !signers[i])
            return err_set(ERR_BAD, "notice %s: its signature is not by %s of this roster, or its text was changed",
                           n->id, n->sig.sigs[i].who);
    }
    if (n->kind == NOTICE_UNKNOWN)
        return err_set(ERR_DENIED, "notice %s is of a kind that this version does not know: passed on, not obeyed",
                       n->id);
    if (n->kind == NOTICE_CIRCLE)
        return n->sig.n == 1 && by_authority(n, 0)
                   ? ERR_OK
                   : err_set(ERR_DENIED, "notice %s: only the authority may sign a notice of kind circle", n->id);
    for (size_t i = 0; i < n->sig.n; i++) {
        enum err e = check_user(n, i, signers[i]);
        if (e)
            return e;
    }
    if (n->sig.n < kinds[n->kind].signers)
        return err_set(ERR_DENIED, "notice %s: %u persons must sign a notice of kind %s, %zu did", n->id,
                       kinds[n->kind].signers, kinds[n->kind].name, n->sig.n);
    return ERR_OK;
}

static enum err write_members(struct buf *b, const struct notice *n)
{
    char at[CLOCK_TEXT], parts[HASH_HEX], generation[16];
    clock_text(at, n->time);
    hash_hex(parts, &n->parts);
    snprintf(generation, sizeof generation, "%u", n->generation);
    const char *values[MEMBERS] = {
        [KIND] = kinds[n->kind].name,
        [ID] = n->id,
        [DISTRICT] = n->district,
        [TIME] = at,
        [WHY] = n->why ? n->why : "",
        [RECORDING] = n->recording,
        [PARTS] = parts,
        [BASIS] = n->basis ? n->basis : "",
        [CIRCLE] = n->circle,
        [GENERATION] = generation,
        [USER] = n->user[0] ? n->user : "-",
    };
    enum err e = buf_str(b, "feldsher-notice 1\n");
    for (enum member m = KIND; m < KEY && !e; m++)
        if (kinds[n->kind].members & BIT(m))
            e = buf_fmt(b, "%s: %s\n", keys[m], values[m]);
    if (!e && n->kind == NOTICE_ERASE && n->licence)
        e = licence_write(n->licence, b);
    if (e || !(kinds[n->kind].members & BIT(KEY)))
        return e;
    char *b64 = malloc(BYTES_B64(n->key.len));
    if (!b64)
        return err_set(ERR_NOMEM, "out of memory");
    bytes_b64(b64, n->key.p, n->key.len, true);
    e = buf_fmt(b, "%s: %s\n", keys[KEY], b64);
    free(b64);
    return e;
}

void notice_new_id(char out[static NOTICE_ID])
{
    uint8_t raw[(NOTICE_ID - 1) / 2];
    randombytes_buf(raw, sizeof raw);
    bytes_hex(out, raw, sizeof raw);
}

enum err notice_write(struct notice *n)
{
    if (n->kind == NOTICE_UNKNOWN)
        return err_set(ERR_BUG, "cannot write a notice of an unknown kind");
    if (!n->id[0])
        notice_new_id(n->id);
    struct buf text = {.max = NOTICE_MAX};
    struct notice *back = empty();
    enum err e = back ? write_members(&text, n) : ERR_NOMEM;
    /* nothing is signed that could not be read */
    if (!e)
        e = read_body(back, (const char *)text.p, text.len);
    if (!e && !back->licence != !n->licence)
        e = err_set(ERR_DATA, "an erase licence without files, or beyond a ceiling, is none");
    if (!e && (strcmp(back->why, n->why ? n->why : "") != 0 || strcmp(back->basis, n->basis ? n->basis : "") != 0))
        e = err_set(ERR_DATA, "a reason or a legal basis must be one line, and belong to a notice of kind %s",
                    kinds[n->kind].name);
    if (e) {
        buf_free(&text);
        notice_free(back);
        return e;
    }
    buf_free(&n->text);
    n->text = text;
    n->time = back->time;
    notice_free(back);
    n->sig = (struct sign_text){.body = (const char *)n->text.p, .body_len = n->text.len};
    return ERR_OK;
}

enum err notice_sign(struct notice *n, const char *who, const struct sign_secret *k)
{
    for (size_t i = 0; i < n->sig.n; i++)
        if (strcmp(n->sig.sigs[i].who, who) == 0)
            return err_set(ERR_DENIED, "notice %s: %s signed it already; another person must", n->id, who);
    enum err e = sign_add(&n->text, who, k);
    return e ? e : split(n);
}
