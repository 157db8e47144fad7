#include "storage/trust/enrolment.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"
#include "storage/seal/age.h"
#include "storage/seal/compress.h"
#include "storage/seal/passphrase.h"

#include <stdlib.h>
#include <string.h>

#define PIECE 12000u  /* bytes of a longer text in one line, as base64 */
#define CODE_LOGN 12u /* the code itself has 112 bits; stretching adds nothing */

static enum err write_pieces(struct buf *b, const char *key, const struct buf *what)
{
    char b64[BYTES_B64(PIECE)];
    enum err e = ERR_OK;
    for (size_t i = 0; i < what->len && !e; i += PIECE) {
        size_t n = what->len - i < PIECE ? what->len - i : PIECE;
        bytes_b64(b64, what->p + i, n, true);
        e = buf_fmt(b, "%s: %s\n", i ? "more" : key, b64);
    }
    return e;
}

static enum err write_seed(struct buf *b, const char *key, const uint8_t seed[static 32])
{
    char b64[BYTES_B64(32)];
    bytes_b64(b64, seed, 32, true);
    enum err e = buf_fmt(b, "%s: %s\n", key, b64);
    sodium_memzero(b64, sizeof b64);
    return e;
}

static enum err write_user(struct buf *b, const struct user *u)
{
    char key[IDENTITY_TEXT];
    identity_text(key, &u->id);
    enum err e = buf_fmt(b, "user: %s\nuser-identity: %s\n", u->name, key);
    if (!e)
        e = write_seed(b, "user-sign-seed", u->sign.seed);
    for (size_t i = 0; i < u->n_circles && !e; i++) {
        identity_text(key, &u->circles[i].id);
        e = buf_fmt(b, "circle: %s %u %s\n", u->circles[i].name, u->circles[i].generation, key);
    }
    sodium_memzero(key, sizeof key);
    return e;
}

static enum err write_text(struct buf *b, const struct enrolment *e)
{
    char authority[SIGN_PUBLIC_TEXT];
    sign_public_text(authority, &e->authority);
    enum err err = buf_fmt(b, "feldsher-enrolment 1\ndistrict: %s\nauthority: %s\n", e->roster->district, authority);
    if (!err && !e->person_only)
        err = buf_fmt(b, "station: %s\nunit: %s\nkind: %s\n", e->station, e->unit,
                      e->kind == STATION_SUPERVISOR ? "supervisor" : "station");
    if (!err && !e->person_only)
        err = write_seed(b, "chain-seed", e->chain.seed);
    if (!err && !e->person_only)
        err = write_seed(b, "link-seed", e->link.seed);
    if (!err)
        err = write_user(b, e->user);
    for (size_t i = 0; i < e->n_notices && !err; i++)
        err = write_pieces(b, "notice", &e->notices[i]);
    return err ? err : write_pieces(b, "roster", &e->roster->text);
}

enum err enrolment_seal(const struct enrolment *e, const char *code, size_t code_len, struct buf *file)
{
    struct buf text = {.max = ENROLMENT_MAX, .secret = 1}, packed = {.secret = 1};
    enum err err = write_text(&text, e);
    if (!err)
        err = compress_bytes(COMPRESS_BLOB, text.p, text.len, &packed); /* keys: the slow levels gain 1 % */
    if (!err)
        err = age_seal_bytes_pass(code, code_len, CODE_LOGN, packed.p, packed.len, file);
    buf_free(&text);
    buf_free(&packed);
    return err;
}

/* While a text is read. */
struct reading {
    struct enrolment *e;
    char district[NAME_LEN];
    struct buf roster;
    struct buf *open; /* what a line "more" goes on with; NULL: nothing */
};

static bool read_name(struct span v, char *out)
{
    return span_copy(v, out, NAME_LEN) && text_is_name(out, false);
}

static bool read_seed(struct span v, struct sign_secret *k)
{
    uint8_t seed[32];
    size_t n;
    bool good = bytes_unb64(seed, sizeof seed, &n, v.p, v.n, true) && n == sizeof seed;
    if (good)
        sign_from_seed(k, seed);
    sodium_memzero(seed, sizeof seed);
    return good;
}

static bool read_circle(struct span v, struct user *u)
{
    struct span name, generation, key;
    struct user_circle c = {0};
    uint64_t number;
    bool good = span_word(&v, &name) && span_word(&v, &generation) && span_word(&v, &key) && v.n == 0 &&
                span_copy(name, c.name, sizeof c.name) && text_is_name(c.name, true) &&
                bytes_decimal(&number, generation.p, generation.n, CIRCLE_GENERATION_MAX) && number > 0 &&
                identity_parse(&c.id, key.p, key.n) == ERR_OK;
    if (good) {
        c.generation = (unsigned)number;
        user_add_key(u, &c);
    }
    sodium_memzero(&c, sizeof c);
    return good;
}

static bool read_piece(struct span v, struct buf *into)
{
    uint8_t raw[PIECE];
    size_t n;
    return into && bytes_unb64(raw, sizeof raw, &n, v.p, v.n, true) && n > 0 && buf_add(into, raw, n) == ERR_OK;
}

static bool read_notice(struct reading *r, struct span v)
{
    struct enrolment *e = r->e;
    if (e->n_notices >= NOTICES_MAX)
        return false;
    if ((e->n_notices & (e->n_notices - 1)) == 0) { /* grows to powers of two */
        struct buf *p = realloc(e->notices, (e->n_notices ? 2 * e->n_notices : 1) * sizeof *p);
        if (!p)
            return false;
        e->notices = p;
    }
    r->open = &e->notices[e->n_notices++];
    *r->open = (struct buf){.max = NOTICE_MAX};
    return read_piece(v, r->open);
}

static bool read_field(struct reading *r, const struct field *f)
{
    struct enrolment *e = r->e;
    struct span v = f->value;
    if (span_is(f->key, "more"))
        return read_piece(v, r->open);
    r->open = NULL;
    if (span_is(f->key, "station"))
        return read_name(v, e->station);
    if (span_is(f->key, "unit"))
        return read_name(v, e->unit);
    if (span_is(f->key, "kind")) {
        e->kind = span_is(v, "supervisor") ? STATION_SUPERVISOR : STATION_CREW;
        return e->kind == STATION_SUPERVISOR || span_is(v, "station");
    }
    if (span_is(f->key, "district"))
        return read_name(v, r->district);
    if (span_is(f->key, "authority"))
        return sign_public_parse(&e->authority, v.p, v.n);
    if (span_is(f->key, "chain-seed"))
        return read_seed(v, &e->chain);
    if (span_is(f->key, "link-seed"))
        return read_seed(v, &e->link);
    if (span_is(f->key, "user")) {
        char name[NAME_LEN];
        return !e->user && read_name(v, name) && user_new(&e->user, name) == ERR_OK;
    }
    if (span_is(f->key, "user-identity"))
        return e->user && identity_parse(&e->user->id, v.p, v.n) == ERR_OK;
    if (span_is(f->key, "user-sign-seed"))
        return e->user && read_seed(v, &e->user->sign);
    if (span_is(f->key, "circle"))
        return e->user && read_circle(v, e->user);
    if (span_is(f->key, "notice"))
        return read_notice(r, v);
    if (span_is(f->key, "roster")) {
        r->open = &r->roster;
        return r->roster.len == 0 && read_piece(v, r->open);
    }
    return true;
}

/* The roster must know the station and the user by the keys that came. */
static bool fits(const struct reading *r)
{
    const struct enrolment *e = r->e;
    if (strcmp(r->district, e->roster->district) != 0 || !e->user)
        return false;
    const struct roster_user *u = roster_user(e->roster, e->user->name);
    if (!u || u->revoked || !sign_same(&u->sign, &e->user->sign.pub) ||
        memcmp(u->to.pk, e->user->id.to.pk, sizeof u->to.pk) != 0)
        return false;
    if (e->person_only)
        return true;
    const struct roster_station *s = roster_station(e->roster, e->station);
    return s && strcmp(s->unit, e->unit) == 0 && s->kind == e->kind && sign_same(&s->key, &e->chain.pub) &&
           sign_same(&s->link, &e->link.pub);
}

static bool read_text(struct enrolment *e, const struct buf *text)
{
    struct reading r = {.e = e, .roster = {.max = ROSTER_MAX}};
    struct text t;
    struct field f;
    unsigned version;
    enum err err = text_open(&t, "enrolment", &version, (const char *)text->p, text->len);
    while (!err && (err = text_next(&t, &f)) == ERR_OK)
        if (!read_field(&r, &f))
            err = ERR_DATA;
    e->person_only = e->station[0] == '\0';
    bool good = err == ERR_END &&
                roster_parse(&e->roster, (const char *)r.roster.p, r.roster.len, &e->authority) == ERR_OK && fits(&r);
    buf_free(&r.roster);
    return good;
}

enum err enrolment_open(struct enrolment **out, const void *file, size_t n, const char *code, size_t code_len)
{
    struct buf typed = {.secret = 1}, packed = {.max = ENROLMENT_MAX, .secret = 1};
    struct buf text = {.max = ENROLMENT_MAX, .secret = 1};
    *out = NULL;
    struct enrolment *e = sodium_malloc(sizeof *e);
    if (!e)
        return err_set(ERR_NOMEM, "out of locked memory");
    sodium_memzero(e, sizeof *e);
    enum err err = n <= ENROLMENT_MAX ? passphrase_code(&typed, code, code_len) : ERR_DENIED;
    if (!err)
        err = age_open_bytes_pass((const char *)typed.p, typed.len, file, n, &packed);
    if (!err)
        err = decompress_bytes(packed.p, packed.len, ENROLMENT_MAX, &text);
    if (!err && !read_text(e, &text))
        err = ERR_DENIED;
    buf_free(&typed);
    buf_free(&packed);
    buf_free(&text);
    if (!err) {
        *out = e;
        return ERR_OK;
    }
    enrolment_free(e);
    return err == ERR_NOMEM ? err
                            : err_set(ERR_DENIED, "cannot open the enrolment file: the code is wrong, or the file was "
                                                  "used already or is damaged; ask the authority for a new one");
}

void enrolment_free(struct enrolment *e)
{
    if (!e)
        return;
    user_free(e->user);
    roster_free(e->roster);
    for (size_t i = 0; i < e->n_notices; i++)
        buf_free(&e->notices[i]);
    free(e->notices);
    sodium_free(e);
}
