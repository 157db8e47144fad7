#include "storage/trust/authority_inside.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/passphrase.h"
#include "storage/trust/enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More than this comes by sync. */
#define NOTICES_BYTES (16u << 20)

/* What is to be done, once all of it was found possible. */
struct plan {
    unsigned roles;
    struct buf circles;
    bool revoke_station;
    bool revoke_user;
};

static bool station_known(const struct roster *r, const char *name)
{
    for (size_t i = 0; i < r->n_stations; i++)
        if (strcmp(r->stations[i].name, name) == 0)
            return true;
    return false;
}

static enum err check_station(const struct authority *a, const struct enrol *e, struct plan *p)
{
    p->revoke_station = roster_station(a->roster, e->station) != NULL;
    if (!text_is_name(e->station, false))
        return err_set(ERR_DATA, "not a station's name (1 to 63 of a-z, 0-9 and -): %s", e->station);
    if (p->revoke_station && !e->replace)
        return err_set(ERR_CREATE,
                       "a station of that name is enrolled: %s; pick another name, or say that it "
                       "replaces that one",
                       e->station);
    if (e->replace && !station_known(a->roster, e->station))
        return err_set(ERR_NOINPUT, "there is no station of that name to replace: %s", e->station);
    return ERR_OK;
}

static enum err check_user(const struct authority *a, const struct enrol *e, struct plan *p)
{
    if (!e->user || !text_is_name(e->user, false) || strcmp(e->user, "authority") == 0)
        return err_set(ERR_DATA, "not a user's name (1 to 63 of a-z, 0-9 and -): %s", e->user ? e->user : "-");
    const struct roster_user *old = roster_user(a->roster, e->user);
    p->revoke_user = old && !old->revoked;
    if (p->revoke_user && !e->replace)
        return err_set(ERR_CREATE,
                       "a user of that name is in force, and only that person has their keys: %s; pick "
                       "another name, or revoke the user first",
                       e->user);
    p->roles = e->roles;
    if (!p->roles && p->revoke_user)
        p->roles = old->roles;
    if (!p->roles)
        p->roles = e->kind == STATION_SUPERVISOR ? ROLE_SUPERVISOR : ROLE_CREW;
    struct buf by_kind = {0};
    enum err err = buf_fmt(&by_kind, "records/%s", e->unit);
    if (!err && e->kind == STATION_SUPERVISOR)
        err = buf_fmt(&by_kind, ",evidence/%s,records,evidence,staff", e->unit);
    const char *circles = e->circles ? e->circles : p->revoke_user ? old->circles : (const char *)by_kind.p;
    if (!err)
        err = authority_circle_list(a, circles, &p->circles);
    buf_free(&by_kind);
    return err;
}

static enum err add_station(struct authority *a, const struct enrol *e, const struct enrolment *made)
{
    struct roster_station s = {.kind = e->kind, .key = made->chain.pub, .link = made->link.pub};
    strcpy(s.name, e->station);
    strcpy(s.unit, e->unit);
    roster_chain_id(s.chain, &s.key);
    return roster_add_station(a->roster, &s);
}

static enum err carry_out(struct authority *a, const struct enrol *e, const struct plan *p, struct enrolment *made)
{
    enum err err = ERR_OK;
    if (p->revoke_station)
        err = authority_revoke_station(a, e->station, e->last_seq, NULL);
    if (!err && p->revoke_user)
        err = authority_revoke_user(a, e->user);
    sign_new(&made->chain);
    sign_new(&made->link);
    if (!err)
        err = add_station(a, e, made);
    /* after the revocation, so that the keys of the new generations are among the user's */
    if (!err)
        err = authority_add_user(a, e->user, p->roles, (const char *)p->circles.p, authority_now(a), INT64_MAX,
                                 &made->user);
    return err ? err : authority_save(a);
}

struct collecting {
    const struct authority *a;
    struct enrolment *e;
    size_t bytes;
};

static enum err collect(void *collecting, const char *name)
{
    struct collecting *c = collecting;
    struct enrolment *e = c->e;
    struct buf text = {0};
    char path[4096];
    enum err err = authority_path(path, c->a, "notices", name);
    if (!err)
        err = file_read(path, NOTICE_MAX, &text);
    if (err || c->bytes + text.len > NOTICES_BYTES || e->n_notices == NOTICES_MAX) {
        buf_free(&text);
        return err;
    }
    struct buf *p = realloc(e->notices, (e->n_notices + 1) * sizeof *p);
    if (!p) {
        buf_free(&text);
        return err_set(ERR_NOMEM, "out of memory");
    }
    e->notices = p;
    e->notices[e->n_notices++] = text;
    c->bytes += text.len;
    return ERR_OK;
}

static enum err seal(struct authority *a, struct enrolment *made, struct buf *file, struct buf *code)
{
    struct collecting c = {.a = a, .e = made};
    made->authority = a->key.pub;
    enum err err = authority_each_file(a, "notices", collect, &c);
    if (!err)
        err = passphrase_words(code, CODE_WORDS);
    made->roster = a->roster; /* lent */
    if (!err)
        err = enrolment_seal(made, (const char *)code->p, code->len, file);
    made->roster = NULL;
    return err;
}

enum err authority_enrol(struct authority *a, const struct enrol *e, struct buf *file, struct buf *code)
{
    struct plan p = {0};
    struct enrolment *made = sodium_malloc(sizeof *made);
    if (!made)
        return err_set(ERR_NOMEM, "out of locked memory");
    sodium_memzero(made, sizeof *made);
    enum err err = check_station(a, e, &p);
    if (!err)
        err = authority_unit(a, e->unit);
    if (!err)
        err = check_user(a, e, &p);
    if (!err) {
        strcpy(made->station, e->station);
        strcpy(made->unit, e->unit);
        made->kind = e->kind;
        err = carry_out(a, e, &p, made);
    }
    if (!err)
        err = seal(a, made, file, code);
    buf_free(&p.circles);
    enrolment_free(made);
    return err;
}

enum err authority_enrol_user(struct authority *a, const char *name, unsigned roles, const char *circles,
                              struct buf *file, struct buf *code)
{
    struct enrolment *made = sodium_malloc(sizeof *made);
    if (!made)
        return err_set(ERR_NOMEM, "out of locked memory");
    sodium_memzero(made, sizeof *made);
    made->person_only = true;
    enum err err = authority_user(a, name, roles, circles, authority_now(a), INT64_MAX, &made->user);
    if (!err)
        err = authority_save(a);
    if (!err)
        err = seal(a, made, file, code);
    enrolment_free(made);
    return err;
}
