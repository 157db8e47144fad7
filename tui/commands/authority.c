#include "tui/commands/groups.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/passphrase.h"
#include "storage/seal/shares.h"
#include "storage/trust/authority.h"
#include "tui/enrol_list.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct opening {
    struct authority **a;
    const char *dir;
};

static enum err try_open(void *ctx, const char *p, size_t n)
{
    const struct opening *o = ctx;
    return authority_open(o->a, o->dir, p, n);
}

/* The authority of args[0], opened with its passphrase. */
static enum err begin(const struct call *c, struct authority **a)
{
    struct secret *pass;
    *a = NULL;
    enum err e = secret_ask(c->secrets, _("Passphrase of the authority"), &pass);
    if (e)
        return e;
    struct opening o = {a, c->args[0]};
    e = secret_try(pass, try_open, &o);
    secret_free(pass);
    return e;
}

static void say_number(const struct call *c, const struct authority *a, const char *what, const char *name)
{
    const struct roster *r = authority_roster(a);
    if (c->json)
        print_json(json_pack("{s:s,s:s,s:I}", "done", what, "name", name, "roster", (json_int_t)r->number));
    else
        printf(_("%s %s; roster %" PRIu64
                 " goes out with the next contacts: feldsher-hub roster, or the next enrolment\n"),
               _(what), name, r->number);
}

static enum err init(struct call *c)
{
    const char *district;
    struct secret *pass;
    enum err e = command_need(c, "district", &district);
    if (!e)
        e = secret_new(c->secrets, _("New passphrase of the authority"), &pass);
    if (e)
        return e;
    e = authority_init(c->args[0], district, pass->p, pass->len);
    secret_free(pass);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s,s:s}", "done", "founded", "district", district, "folder", c->args[0]));
    else if (!e)
        printf(_("district %s is founded in %s; publish authority.pub, and keep shares of the key on paper:"
                 " feldsher authority split\n"),
               district, c->args[0]);
    return e;
}

static enum err read_enrol(const struct call *c, struct enrol *n)
{
    const char *kind = command_option(c, "kind"), *role = command_option(c, "role"), *last = command_option(c, "last");
    *n = (struct enrol){
        .circles = command_option(c, "circles"), .replace = command_has(c, "replace"), .last_seq = UINT64_MAX};
    enum err e = command_need(c, "station", &n->station);
    if (!e)
        e = command_need(c, "unit", &n->unit);
    if (!e)
        e = words_kind(kind ? kind : "station", &n->kind);
    if (!e && role)
        e = words_roles(role, &n->roles);
    n->user = command_has(c, "user") ? command_option(c, "user") : n->station;
    if (!e && last && !words_number(&n->last_seq, last, INT64_MAX))
        e = err_set(ERR_USAGE, "--last takes a label's number, not %s", last);
    return e;
}

static enum err enrol_one(struct call *c)
{
    struct authority *a = NULL;
    struct buf file = {.secret = 1}, code = {.secret = 1};
    struct enrol n = {0};
    const char *out;
    enum err e = command_need(c, "out", &out);
    if (!e)
        e = read_enrol(c, &n);
    if (!e && file_exists(out))
        e = err_set(ERR_CREATE, "%s is there already; choose another name", out);
    if (!e)
        e = begin(c, &a);
    if (!e)
        e = authority_unit(a, n.unit);
    if (!e)
        e = authority_enrol(a, &n, &file, &code);
    if (!e)
        e = file_create(out, file.p, file.len, 0600);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:I}", "station", n.station, "user", n.user, "file", out, "code",
                             (const char *)code.p, "roster", (json_int_t)authority_roster(a)->number));
    else if (!e)
        printf(_("station %s, user %s: %s\nits code, which goes another way than the file:\n%s\n"), n.station, n.user,
               out, (const char *)code.p);
    buf_free(&file);
    buf_free(&code);
    authority_free(a);
    return e;
}

static enum err enrol(struct call *c)
{
    const char *csv = command_option(c, "batch"), *dir = command_option(c, "out");
    struct authority *a = NULL;
    struct enrol_list_report report = {0};
    if (!csv)
        return enrol_one(c);
    enum err e = begin(c, &a);
    if (!e)
        e = enrol_list_run(a, csv, dir ? dir : ".", &report);
    if (!e && c->json)
        print_json(json_pack("{s:I,s:I,s:s}", "enrolled", (json_int_t)report.enrolled, "already",
                             (json_int_t)report.already, "codes", report.codes));
    else if (!e)
        printf(_("%" PRIu64 " stations enrolled, %" PRIu64 " were already; their codes are in %s\n"), report.enrolled,
               report.already, report.codes);
    authority_free(a);
    return e;
}

/* A person more: the file that `feldsher init --enrol` takes on any station, under a code. */
static enum err add_user(const struct call *c, struct authority *a, const char *name, unsigned roles, const char *out)
{
    struct buf file = {0}, code = {.secret = 1};
    const char *circles = command_option(c, "circles");
    enum err e = roles ? ERR_OK : err_set(ERR_USAGE, "a new user needs --role");
    if (!e)
        e = authority_enrol_user(a, name, roles, circles ? circles : "", &file, &code);
    if (!e)
        e = file_create(out, file.p, file.len, 0600);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s,s:s,s:I}", "user", name, "file", out, "code", (const char *)code.p, "roster",
                             (json_int_t)authority_roster(a)->number));
    else if (!e)
        printf(_("user %s: %s, for `feldsher init --enrol` on a station; its code, which goes another way:\n%s\n"),
               name, out, (const char *)code.p);
    buf_free(&file);
    buf_free(&code);
    return e;
}

static enum err change_user(const struct call *c, struct authority *a, const char *name, unsigned roles, int64_t until)
{
    const struct roster_user *old = roster_user(authority_roster(a), name);
    if (!command_has(c, "until"))
        until = old ? old->until : INT64_MAX;
    enum err e = authority_user_change(a, name, roles, command_option(c, "circles"), until);
    if (!e)
        e = authority_save(a);
    if (!e)
        say_number(c, a, "changed", name);
    return e;
}

static enum err user(struct call *c)
{
    struct authority *a = NULL;
    const char *name, *role = command_option(c, "role"), *until = command_option(c, "until");
    const char *out = command_option(c, "out");
    unsigned roles = 0;
    int64_t end = INT64_MAX;
    enum err e = command_need(c, "name", &name);
    if (!e && role)
        e = words_roles(role, &roles);
    if (!e && until)
        e = words_date(until, &end);
    if (!e && out && until)
        e = err_set(ERR_USAGE, "a new user is open-ended; --until changes one afterwards");
    if (!e && out && file_exists(out))
        e = err_set(ERR_CREATE, "%s is there already; choose another name", out);
    if (!e)
        e = begin(c, &a);
    if (!e)
        e = out ? add_user(c, a, name, roles, out) : change_user(c, a, name, roles, end);
    authority_free(a);
    return e;
}

static enum err hub(struct call *c)
{
    struct authority *a = NULL;
    struct buf card = {0};
    const char *path;
    enum err e = command_need(c, "add", &path);
    if (!e)
        e = file_read(path, TEXT_LINE_MAX, &card);
    if (!e)
        e = begin(c, &a);
    if (!e)
        e = authority_hub(a, (const char *)card.p, card.len);
    if (!e)
        e = authority_save(a);
    if (!e)
        say_number(c, a, "added hub of", path);
    buf_free(&card);
    authority_free(a);
    return e;
}

static enum err unit(struct call *c)
{
    struct authority *a = NULL;
    enum err e = begin(c, &a);
    if (!e)
        e = authority_unit(a, c->args[1]);
    if (!e)
        e = authority_save(a);
    if (!e)
        say_number(c, a, "added unit", c->args[1]);
    authority_free(a);
    return e;
}

static enum err revoke(struct call *c)
{
    struct authority *a = NULL;
    const char *station = command_option(c, "station"), *name = command_option(c, "user"),
               *last = command_option(c, "last");
    uint64_t seq = UINT64_MAX;
    if (!station == !name)
        return err_set(ERR_USAGE, "revoke either --station NAME or --user NAME");
    if (last && !words_number(&seq, last, INT64_MAX))
        return err_set(ERR_USAGE, "--last takes a label's number, not %s", last);
    enum err e = begin(c, &a);
    if (!e)
        e = station ? authority_revoke_station(a, station, seq, NULL) : authority_revoke_user(a, name);
    if (!e)
        e = authority_save(a);
    if (!e)
        say_number(c, a, "revoked", station ? station : name);
    authority_free(a);
    return e;
}

static void show_roster(const struct roster *r)
{
    print_json(json_pack("{s:s,s:I,s:o,s:I,s:I,s:I}", "district", r->district, "number", (json_int_t)r->number, "time",
                         print_time(r->time), "stations", (json_int_t)r->n_stations, "users", (json_int_t)r->n_users,
                         "hubs", (json_int_t)r->n_hubs));
    for (size_t i = 0; i < r->n_stations; i++)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:b}", "station", r->stations[i].name, "unit", r->stations[i].unit,
                             "kind", r->stations[i].kind == STATION_SUPERVISOR ? "supervisor" : "station", "chain",
                             r->stations[i].chain, "revoked", r->stations[i].revoked));
    for (size_t i = 0; i < r->n_users; i++) {
        char roles[WORDS_ROLES];
        words_roles_text(roles, r->users[i].roles);
        print_json(json_pack("{s:s,s:s,s:s,s:o,s:o,s:b}", "user", r->users[i].name, "roles", roles, "circles",
                             r->users[i].circles ? r->users[i].circles : "", "since", print_time(r->users[i].since),
                             "until", print_time(r->users[i].until), "revoked", r->users[i].revoked));
    }
}

static enum err roster(struct call *c)
{
    char path[4096];
    struct roster *r = NULL;
    const char *out = command_option(c, "out");
    enum err e = file_path(path, c->args[0], "roster");
    if (!e)
        e = roster_read(&r, path, NULL);
    if (!e && out)
        e = file_write(out, r->text.p, r->text.len, 0644);
    else if (!e && c->json)
        show_roster(r);
    else if (!e)
        printf("%s", (const char *)r->text.p); /* parsed: no control character in it */
    roster_free(r);
    return e;
}

static enum err split(struct call *c)
{
    struct authority *a = NULL;
    struct share *shares = sodium_allocarray(SHARES_N, sizeof *shares);
    const char *dir = "";
    char path[4096], name[32];
    if (!shares)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = command_need(c, "out", &dir);
    if (!e)
        e = begin(c, &a);
    if (!e)
        e = file_mkdirs(dir, 0700);
    if (!e)
        e = authority_split(a, shares);
    for (size_t i = 0; i < SHARES_N && !e; i++) {
        struct buf paper = {.secret = 1};
        snprintf(name, sizeof name, "share.%03u", shares[i].number);
        e = file_path(path, dir, name);
        if (!e)
            e = file_create(path, shares[i].b, SHARES_LEN, 0600);
        snprintf(name, sizeof name, "share-%03u.txt", shares[i].number);
        if (!e)
            e = file_path(path, dir, name);
        if (!e)
            e = shares_paper(&paper, authority_roster(a)->district, &shares[i]);
        if (!e)
            e = file_create(path, paper.p, paper.len, 0600);
        if (!e && c->json)
            print_json(json_pack("{s:i,s:s}", "share", (int)shares[i].number, "paper", path));
        else if (!e)
            printf(_("share %u: %s, to print and keep apart; any two of the three give the key back\n"),
                   shares[i].number, path);
        buf_free(&paper);
    }
    sodium_free(shares);
    authority_free(a);
    return e;
}

/* A share from paper text, or raw as FILE.NNN. */
static enum err read_share(const char *path, struct share *out)
{
    struct buf b = {.secret = 1};
    const char *dot = strrchr(path, '.');
    uint64_t number = 0;
    while (dot && dot[1] == '0')
        dot++;
    if (dot && !bytes_decimal(&number, dot + 1, strlen(dot + 1), 255))
        number = 0;
    enum err e = file_read(path, TEXT_LINE_MAX, &b);
    if (!e)
        e = shares_read(out, (uint8_t)number, b.p, b.len);
    buf_free(&b);
    return e;
}

static enum err join(struct call *c)
{
    struct share *shares = sodium_allocarray(2, sizeof *shares);
    struct buf text = {0};
    struct secret *pass = NULL;
    const char *dir = "", *path = "";
    if (!shares)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = command_need(c, "out", &dir);
    if (!e)
        e = command_need(c, "roster", &path);
    for (int i = 0; i < 2 && !e; i++)
        e = read_share(c->args[i], &shares[i]);
    if (!e)
        e = file_read(path, ROSTER_MAX, &text);
    if (!e)
        e = secret_new(c->secrets, _("New passphrase of the authority"), &pass);
    if (!e)
        e = authority_join(dir, &shares[0], &shares[1], (const char *)text.p, text.len, pass->p, pass->len);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s}", "done", "joined", "folder", dir));
    else if (!e)
        printf(_("the authority is whole again in %s\n"), dir);
    secret_free(pass);
    buf_free(&text);
    sodium_free(shares);
    return e;
}

static const struct command rows[] = {
    {.name = "authority",
     .sub = "init",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("founds a district"),
     .run = init,
     .options = {{"district", "NAME", N_("its name: a-z, 0-9, -")}}},
    {.name = "authority",
     .sub = "enrol",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("writes the file that makes a laptop a station, or many"),
     .run = enrol,
     .options = {{"station", "NAME", N_("its name")},
                 {"unit", "NAME", N_("brigade, department or post; made if new")},
                 {"kind", "KIND", N_("station or supervisor")},
                 {"user", "NAME", N_("its first user (else the station's name)")},
                 {"role", "ROLES", N_("crew, doctor, supervisor, admin (with commas)")},
                 {"circles", "CIRCLES", N_("what the user may open (else by kind)")},
                 {"replace", NULL, N_("the old laptop of that name is revoked")},
                 {"last", "N", N_("with --replace: the last label of the old one that counts")},
                 {"out", "FILE", N_("the enrolment file; with --batch, the folder")},
                 {"batch", "CSV", N_("station,unit,kind,user,role a line; codes go to codes.csv")}}},
    {.name = "authority",
     .sub = "user",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("changes a user; with --out, adds one"),
     .run = user,
     .options = {{"name", "NAME", N_("who")},
                 {"role", "ROLES", N_("new roles")},
                 {"circles", "CIRCLES", N_("new circles")},
                 {"until", "DATE", N_("last day, or - for open")},
                 {"out", "FILE", N_("a new user's enrolment file, for feldsher init on a station")}}},
    {.name = "authority",
     .sub = "unit",
     .args = "DIR UNIT",
     .min = 2,
     .max = 2,
     .help = N_("adds a unit and its circles"),
     .run = unit},
    {.name = "authority",
     .sub = "hub",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("adds a hub"),
     .run = hub,
     .options = {{"add", "FILE", N_("the card that feldsher-hub init wrote")}}},
    {.name = "authority",
     .sub = "revoke",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("takes a station's or a person's keys out of force"),
     .run = revoke,
     .options = {{"station", "NAME", N_("a station")},
                 {"last", "N", N_("its last label that counts")},
                 {"user", "NAME", N_("a user")}}},
    {.name = "authority",
     .sub = "roster",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("prints the roster in force"),
     .run = roster,
     .options = {{"out", "FILE", N_("writes it there instead")}}},
    {.name = "authority",
     .sub = "split",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("three shares of the key for paper; two give it back"),
     .run = split,
     .options = {{"out", "DIR", N_("where to")}}},
    {.name = "authority",
     .sub = "join",
     .args = "SHARE SHARE",
     .min = 2,
     .max = 2,
     .help = N_("the authority from two shares"),
     .run = join,
     .options = {{"out", "DIR", N_("the new folder")},
                 {"roster", "FILE", N_("the newest roster that a station or hub has")}}},
};
const struct command_group group_authority = {N_("The district's authority, kept off the stations"), rows,
                                              sizeof rows / sizeof rows[0]};
