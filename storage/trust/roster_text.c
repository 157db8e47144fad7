#include "storage/trust/roster.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/minisign.h"
#include "storage/trust/circle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COMMENT "feldsher-roster"

static const struct {
    enum role role;
    const char *name;
} roles[] = {{ROLE_CREW, "crew"}, {ROLE_DOCTOR, "doctor"}, {ROLE_SUPERVISOR, "supervisor"}, {ROLE_ADMIN, "admin"}};

#define N_ROLES (sizeof roles / sizeof roles[0])

/* Exactly n words with one blank between. */
static bool words(struct span v, struct span *w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *blank = memchr(v.p, ' ', v.n);
        size_t len = blank ? (size_t)(blank - v.p) : v.n;
        if (len == 0 || (blank == NULL) != (i + 1 == n))
            return false;
        w[i] = (struct span){v.p, len};
        v.p += len + (blank != NULL);
        v.n -= len + (blank != NULL);
    }
    return true;
}

static bool read_name(struct span v, char *out, size_t cap, bool slash)
{
    return span_copy(v, out, cap) && text_is_name(out, slash);
}

static bool read_key(struct span v, struct sign_public *key)
{
    return sign_public_parse(key, v.p, v.n);
}

static bool read_kind(struct span v, enum station_kind *kind)
{
    *kind = span_is(v, "supervisor") ? STATION_SUPERVISOR : STATION_CREW;
    return *kind == STATION_SUPERVISOR || span_is(v, "station");
}

static bool read_roles(struct span v, unsigned *out)
{
    *out = 0;
    for (const char *p = v.p, *end = v.p + v.n; p <= end;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        struct span one = {p, (size_t)((comma ? comma : end) - p)};
        size_t i = 0;
        while (i < N_ROLES && !span_is(one, roles[i].name))
            i++;
        if (i == N_ROLES || (*out & roles[i].role))
            return false;
        *out |= roles[i].role;
        p += one.n + 1;
    }
    return true;
}

/* A comma-separated list of circles, or "-" for none. */
static bool circle_list(struct span v)
{
    if (span_is(v, "-"))
        return true;
    for (const char *p = v.p, *end = v.p + v.n; p <= end;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        struct span one = {p, (size_t)((comma ? comma : end) - p)};
        char name[CIRCLE_LEN];
        if (!read_name(one, name, sizeof name, true))
            return false;
        p += one.n + 1;
    }
    return true;
}

static enum err malformed(void)
{
    return err_set(ERR_DATA, "it is malformed");
}

static enum err read_district(struct roster *r, struct span v)
{
    return read_name(v, r->district, sizeof r->district, false) ? ERR_OK : malformed();
}

static enum err read_authority(struct roster *r, struct span v)
{
    return read_key(v, &r->authority) ? ERR_OK : malformed();
}

static enum err read_number(struct roster *r, struct span v)
{
    return bytes_decimal(&r->number, v.p, v.n, INT64_MAX) && r->number > 0 ? ERR_OK : malformed();
}

static enum err read_time(struct roster *r, struct span v)
{
    return clock_parse(&r->time, v.p, v.n) ? ERR_OK : malformed();
}

static enum err read_unit(struct roster *r, struct span v)
{
    char name[NAME_LEN];
    return read_name(v, name, sizeof name, false) ? roster_add_unit(r, name) : malformed();
}

static enum err read_circle(struct roster *r, struct span v)
{
    struct span w[3];
    struct roster_circle c;
    uint64_t generation;
    if (!words(v, w, 3) || !read_name(w[0], c.name, sizeof c.name, true) ||
        !bytes_decimal(&generation, w[1].p, w[1].n, CIRCLE_GENERATION_MAX) || generation == 0)
        return malformed();
    c.generation = (unsigned)generation;
    enum err e = recipient_parse(&c.to, w[2].p, w[2].n);
    return e ? e : roster_add_circle(r, &c);
}

static bool hub_words(struct roster_hub *h, struct span v)
{
    struct span w[4];
    if (!words(v, w, 4) || !read_name(w[0], h->name, sizeof h->name, false) || !read_key(w[1], &h->sign) ||
        !read_key(w[2], &h->link) || !span_copy(w[3], h->address, sizeof h->address))
        return false;
    if (span_is(w[3], "-"))
        h->address[0] = '\0';
    return true;
}

static enum err read_hub(struct roster *r, struct span v)
{
    struct roster_hub h;
    return hub_words(&h, v) ? roster_add_hub(r, &h) : malformed();
}

static bool station_words(struct roster_station *s, const struct span w[static 5])
{
    if (!read_name(w[0], s->name, sizeof s->name, false) || !read_name(w[1], s->unit, sizeof s->unit, false) ||
        !read_kind(w[2], &s->kind) || !read_key(w[3], &s->key) || !read_key(w[4], &s->link))
        return false;
    roster_chain_id(s->chain, &s->key);
    return true;
}

static enum err read_station(struct roster *r, struct span v)
{
    struct span w[5];
    struct roster_station s = {0};
    return words(v, w, 5) && station_words(&s, w) ? roster_add_station(r, &s) : malformed();
}

static enum err read_revoked_station(struct roster *r, struct span v)
{
    struct span w[8];
    struct roster_station s = {.revoked = true};
    if (!words(v, w, 8) || !station_words(&s, w) || !bytes_decimal(&s.last_seq, w[5].p, w[5].n, UINT64_MAX) ||
        !(span_is(w[6], "-") || hash_unhex(&s.last_hash, w[6].p, w[6].n)) ||
        !clock_parse(&s.revoked_at, w[7].p, w[7].n))
        return malformed();
    return roster_add_station(r, &s);
}

static bool user_name(struct span v, char name[static NAME_LEN])
{
    return read_name(v, name, NAME_LEN, false) && strcmp(name, "authority") != 0;
}

static enum err read_user(struct roster *r, struct span v)
{
    struct span w[7];
    struct roster_user u = {.until = INT64_MAX};
    if (!words(v, w, 7) || !user_name(w[0], u.name) || !read_key(w[1], &u.sign) || !read_roles(w[3], &u.roles) ||
        !clock_parse(&u.since, w[4].p, w[4].n) || !(span_is(w[5], "-") || clock_parse(&u.until, w[5].p, w[5].n)) ||
        !circle_list(w[6]))
        return malformed();
    enum err e = recipient_parse(&u.to, w[2].p, w[2].n);
    if (e)
        return e;
    char circles[TEXT_LINE_MAX];
    if (!span_copy(span_is(w[6], "-") ? (struct span){"", 0} : w[6], circles, sizeof circles))
        return malformed();
    u.circles = circles;
    return roster_add_user(r, &u);
}

static enum err read_revoked_user(struct roster *r, struct span v)
{
    struct span w[3];
    struct roster_user u = {.revoked = true, .since = INT64_MIN, .until = INT64_MAX};
    if (!words(v, w, 3) || !user_name(w[0], u.name) || !read_key(w[1], &u.sign) ||
        !clock_parse(&u.revoked_at, w[2].p, w[2].n))
        return malformed();
    return roster_add_user(r, &u);
}

/* The first four stand once each. */
static const struct {
    const char *key;
    enum err (*read)(struct roster *r, struct span v);
} readers[] = {
    {"district", read_district},
    {"authority", read_authority},
    {"number", read_number},
    {"time", read_time},
    {"unit", read_unit},
    {"circle", read_circle},
    {"hub", read_hub},
    {"station", read_station},
    {"user", read_user},
    {"revoked-station", read_revoked_station},
    {"revoked-user", read_revoked_user},
};

#define ONCE 4u
#define N_READERS (sizeof readers / sizeof readers[0])

static int order_key(const void *a, const void *b)
{
    const struct roster_user *x = a, *y = b;
    int d = memcmp(x->sign.pk, y->sign.pk, sizeof x->sign.pk);
    return d ? d : (x->revoked > y->revoked) - (x->revoked < y->revoked);
}

/* The line of a user who was revoked stays, so that what they signed before
 * can be judged; the two lines of one key become one user here. */
static enum err join_revoked(struct roster *r)
{
    size_t kept = 0;
    if (r->n_users > 1)
        qsort(r->users, r->n_users, sizeof r->users[0], order_key);
    for (size_t i = 0; i < r->n_users; i++) {
        struct roster_user *before = kept ? &r->users[kept - 1] : NULL, *u = &r->users[i];
        if (!before || before->revoked || !u->revoked || !sign_same(&before->sign, &u->sign)) {
            struct roster_user moved = *u;
            u->circles = NULL;
            r->users[kept++] = moved;
            continue;
        }
        if (strcmp(before->name, u->name) != 0)
            return err_set(ERR_DATA, "a roster revokes the key of %s under another name: %s", before->name, u->name);
        before->revoked = true;
        before->revoked_at = u->revoked_at;
        free(u->circles);
        u->circles = NULL;
    }
    r->n_users = kept;
    return ERR_OK;
}

static enum err read_body(struct roster *r, const char *body, size_t n)
{
    struct text t;
    struct field f;
    unsigned version, seen = 0;
    enum err e = text_open(&t, "roster", &version, body, n);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        size_t i = 0;
        while (i < N_READERS && !span_is(f.key, readers[i].key))
            i++;
        if (i < ONCE && (seen & 1u << i))
            e = err_set(ERR_DATA, "it stands there twice");
        else if (i < N_READERS)
            e = readers[i].read(r, f.value);
        if (i < ONCE)
            seen |= 1u << i;
        if (e)
            return err_set(e, "a roster's line %u (%.*s): %s", t.line, (int)f.key.n, f.key.p, err_text());
    }
    if (e != ERR_END)
        return err_set(e, "a roster is malformed: %s", err_text());
    for (unsigned i = 0; i < ONCE; i++)
        if (!(seen & 1u << i))
            return err_set(ERR_DATA, "a roster has no line \"%s: ...\"", readers[i].key);
    e = join_revoked(r);
    return e ? e : roster_index(r);
}

/* The key that stands in the text. */
static enum err named_authority(struct sign_public *key, const char *body, size_t n)
{
    struct text t;
    struct field f;
    unsigned version;
    enum err e = text_open(&t, "roster", &version, body, n);
    while (!e && (e = text_next(&t, &f)) == ERR_OK)
        if (span_is(f.key, "authority"))
            return read_key(f.value, key)
                       ? ERR_OK
                       : err_set(ERR_DATA, "a roster's line %u (authority): it is malformed", t.line);
    return err_set(ERR_DATA, "a roster is malformed: %s", e == ERR_END ? "it names no authority" : err_text());
}

/* Behind the body stand one signature line, then one minisign line; this one
 * names the authority's key by its id, which no signature covers. */
static bool two_lines(const struct sign_text *t, const char *end, const struct sign_public *authority)
{
    static const char first[] = "signature: ", second[] = "minisign: ";
    const char *p = t->body + t->body_len;
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    if (t->n != 1 || t->sigs[0].who[0] || !lf || strncmp(p, first, strlen(first)) != 0)
        return false;
    p = lf + 1;
    lf = memchr(p, '\n', (size_t)(end - p));
    if (!lf || lf + 1 != end || strncmp(p, second, strlen(second)) != 0)
        return false;
    p += strlen(second);
    char key[SIGN_PUBLIC_TEXT];
    uint8_t want[42], got[74];
    size_t n, len = strcspn(p, " \n");
    sign_public_text(key, authority);
    return bytes_unb64(want, sizeof want, &n, key, strlen(key), true) &&
           bytes_unb64(got, sizeof got, &n, p, len, true) && n == sizeof got && memcmp(got, "ED", 2) == 0 &&
           memcmp(got + 2, want + 2, 8) == 0;
}

static enum err check_signatures(struct sign_text *t, const char *text, size_t n, const struct sign_public *authority)
{
    struct buf mini = {0};
    struct sign_public named;
    enum err e = sign_split(t, text, n);
    if (e)
        return err_set(e, "a roster is malformed: %s", err_text());
    e = named_authority(&named, t->body, t->body_len);
    if (e)
        return e;
    if (!two_lines(t, text + n, &named))
        return err_set(ERR_DATA, "a roster does not end with its authority's signature line and minisign line");
    if (authority && !sign_same(authority, &named))
        return err_set(ERR_BAD, "a roster is not of this district's authority: it names another key");
    if (!sign_text_check(t, 0, &named))
        return err_set(ERR_BAD, "a roster is not as the authority signed it: its signature does not match");
    e = minisign_extract(text, n, COMMENT, &mini);
    if (!e)
        e = minisign_check((const char *)mini.p, mini.len, &named, t->body, t->body_len, NULL);
    buf_free(&mini);
    return e ? err_set(e, "a roster's minisign line does not match: %s", err_text()) : ERR_OK;
}

enum err roster_parse(struct roster **out, const char *text, size_t n, const struct sign_public *authority)
{
    *out = NULL;
    if (n > ROSTER_MAX)
        return err_set(ERR_DATA, "a roster is larger than the %u bytes allowed", ROSTER_MAX);
    struct roster *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(ERR_NOMEM, "out of memory");
    struct sign_text t = {0};
    enum err e = buf_add(&r->text, text, n);
    if (!e)
        e = check_signatures(&t, (const char *)r->text.p, n, authority);
    if (!e)
        e = read_body(r, t.body, t.body_len);
    if (e)
        roster_free(r);
    else
        *out = r;
    return e;
}

enum err roster_read(struct roster **out, const char *path, const struct sign_public *authority)
{
    struct buf text = {0};
    *out = NULL;
    enum err e = file_read(path, ROSTER_MAX, &text);
    if (!e) {
        e = roster_parse(out, (const char *)text.p, text.len, authority);
        if (e)
            e = err_set(e, "%s: %s", path, err_text());
    }
    buf_free(&text);
    return e;
}

static enum err write_stations(struct buf *b, const struct roster *r, bool revoked)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_stations && !e; i++) {
        const struct roster_station *s = &r->stations[i];
        char key[SIGN_PUBLIC_TEXT], link[SIGN_PUBLIC_TEXT], hash[HASH_HEX], at[CLOCK_TEXT];
        if (s->revoked != revoked)
            continue;
        sign_public_text(key, &s->key);
        sign_public_text(link, &s->link);
        hash_hex(hash, &s->last_hash);
        clock_text(at, s->revoked_at);
        e = buf_fmt(b, "%sstation: %s %s %s %s %s", revoked ? "revoked-" : "", s->name, s->unit,
                    s->kind == STATION_SUPERVISOR ? "supervisor" : "station", key, link);
        if (!e && revoked)
            e = buf_fmt(b, " %" PRIu64 " %s %s", s->last_seq, hash_is_zero(&s->last_hash) ? "-" : hash, at);
        if (!e)
            e = buf_str(b, "\n");
    }
    return e;
}

static enum err write_user(struct buf *b, const struct roster_user *u)
{
    char key[SIGN_PUBLIC_TEXT], to[RECIPIENT_TEXT], since[CLOCK_TEXT], until[CLOCK_TEXT] = "-";
    sign_public_text(key, &u->sign);
    recipient_text(to, &u->to);
    clock_text(since, u->since);
    if (u->until != INT64_MAX)
        clock_text(until, u->until);
    enum err e = buf_fmt(b, "user: %s %s %s", u->name, key, to);
    const char *between = " ";
    for (size_t i = 0; i < N_ROLES && !e; i++)
        if (u->roles & roles[i].role) {
            e = buf_fmt(b, "%s%s", between, roles[i].name);
            between = ",";
        }
    return e ? e : buf_fmt(b, " %s %s %s\n", since, until, u->circles && u->circles[0] ? u->circles : "-");
}

static enum err write_users(struct buf *b, const struct roster *r)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_users && !e; i++)
        if (r->users[i].roles || !r->users[i].revoked)
            e = write_user(b, &r->users[i]);
    return e;
}

static enum err write_revoked_users(struct buf *b, const struct roster *r)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_users && !e; i++) {
        const struct roster_user *u = &r->users[i];
        char key[SIGN_PUBLIC_TEXT], at[CLOCK_TEXT];
        if (!u->revoked)
            continue;
        sign_public_text(key, &u->sign);
        clock_text(at, u->revoked_at);
        e = buf_fmt(b, "revoked-user: %s %s %s\n", u->name, key, at);
    }
    return e;
}

static enum err write_hub(struct buf *b, const struct roster_hub *h)
{
    char key[SIGN_PUBLIC_TEXT], link[SIGN_PUBLIC_TEXT];
    sign_public_text(key, &h->sign);
    sign_public_text(link, &h->link);
    return buf_fmt(b, "hub: %s %s %s %s\n", h->name, key, link, h->address[0] ? h->address : "-");
}

static enum err write_body(struct buf *b, const struct roster *r)
{
    char key[SIGN_PUBLIC_TEXT], to[RECIPIENT_TEXT], at[CLOCK_TEXT];
    sign_public_text(key, &r->authority);
    clock_text(at, r->time);
    enum err e = buf_fmt(b, "feldsher-roster 1\ndistrict: %s\nauthority: %s\nnumber: %" PRIu64 "\ntime: %s\n",
                         r->district, key, r->number, at);
    for (size_t i = 0; i < r->n_units && !e; i++)
        e = buf_fmt(b, "unit: %s\n", r->units[i]);
    for (size_t i = 0; i < r->n_circles && !e; i++) {
        recipient_text(to, &r->circles[i].to);
        e = buf_fmt(b, "circle: %s %u %s\n", r->circles[i].name, r->circles[i].generation, to);
    }
    for (size_t i = 0; i < r->n_hubs && !e; i++)
        e = write_hub(b, &r->hubs[i]);
    if (!e)
        e = write_stations(b, r, false);
    if (!e)
        e = write_users(b, r);
    if (!e)
        e = write_stations(b, r, true);
    return e ? e : write_revoked_users(b, r);
}

enum err roster_hub_write(struct buf *out, const struct roster_hub *h)
{
    enum err e = buf_str(out, "feldsher-hub 1\n");
    return e ? e : write_hub(out, h);
}

enum err roster_hub_read(struct roster_hub *h, const char *text, size_t n)
{
    struct text t;
    struct field f;
    unsigned version, hubs = 0;
    enum err e = text_open(&t, "hub", &version, text, n);
    while (!e && (e = text_next(&t, &f)) == ERR_OK)
        if (span_is(f.key, "hub"))
            hubs += hub_words(h, f.value) ? 1 : 2;
    if (e != ERR_END)
        return err_set(e, "this is not a hub's card: %s", err_text());
    return hubs == 1 ? ERR_OK : err_set(ERR_DATA, "this is not a hub's card: it lacks one line \"hub: ...\"");
}

static int64_t whole_second(int64_t ms)
{
    return ms == INT64_MAX || ms == INT64_MIN ? ms : ms - ((ms % 1000) + 1000) % 1000;
}

/* Texts hold seconds; the members then say the same as the text. */
static void cut_times(struct roster *r)
{
    r->time = whole_second(r->time);
    for (size_t i = 0; i < r->n_stations; i++)
        r->stations[i].revoked_at = whole_second(r->stations[i].revoked_at);
    for (size_t i = 0; i < r->n_users; i++) {
        r->users[i].since = whole_second(r->users[i].since);
        r->users[i].until = whole_second(r->users[i].until);
        r->users[i].revoked_at = whole_second(r->users[i].revoked_at);
    }
}

/* What nobody could read must never be signed: numbers never go back. */
static enum err read_back(const struct roster *r, const struct buf *text)
{
    struct roster *back;
    enum err e = roster_parse(&back, (const char *)text->p, text->len, &r->authority);
    if (e || !back)
        return e;
    if (back->n_units != r->n_units || back->n_circles != r->n_circles || back->n_hubs != r->n_hubs ||
        back->n_stations != r->n_stations || back->n_users != r->n_users)
        e = err_set(ERR_DATA, "a name in the roster holds a line end");
    roster_free(back);
    return e;
}

enum err roster_sign(struct roster *r, const struct sign_secret *authority)
{
    struct buf text = {.max = ROSTER_MAX};
    r->authority = authority->pub;
    cut_times(r);
    enum err e = roster_index(r);
    if (!e)
        e = write_body(&text, r);
    if (!e)
        e = sign_add(&text, NULL, authority);
    if (!e)
        e = minisign_add(&text, COMMENT, authority);
    if (!e)
        e = read_back(r, &text);
    if (e) {
        buf_free(&text);
        return e;
    }
    buf_free(&r->text);
    r->text = text;
    return ERR_OK;
}
