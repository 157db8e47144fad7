#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/seal/passphrase.h"
#include "storage/records/custody.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/spend.h"
#include "tui/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CAMERA_MAX 256u

static bool has_key(const struct buf *names, size_t n, const char *who)
{
    const char *name = (const char *)names->p;
    for (size_t i = 0; i < n; i++, name += strlen(name) + 1)
        if (strcmp(name, who) == 0)
            return true;
    return false;
}

static void show(const struct call *c, const struct roster_user *u, bool here)
{
    char roles[WORDS_ROLES], until[CLOCK_TEXT + 40];
    words_roles_text(roles, u->roles);
    if (u->until != INT64_MAX)
        clock_text(until, u->until);
    else
        snprintf(until, sizeof until, "%s", _("open"));
    if (c->json)
        print_json(json_pack("{s:s,s:s,s:s,s:o,s:o,s:b,s:b}", "user", u->name, "roles", roles, "circles",
                             u->circles ? u->circles : "", "since", print_time(u->since), "until", print_time(u->until),
                             "revoked", u->revoked, "key_here", here));
    else
        printf(_("%-20s %-24s %s  until %s%s%s\n"), u->name, roles, u->circles && u->circles[0] ? u->circles : "-",
               until, u->revoked ? _("  REVOKED") : "", here ? _("  (key here)") : "");
}

static enum err list(struct call *c)
{
    struct station *s;
    struct buf names = {0};
    size_t n = 0;
    enum err e = session_station(c, STATION_READ_ONLY, &s);
    if (e)
        return e;
    e = station_users(s, &names, &n);
    for (size_t i = 0; i < s->roster->n_users && !e; i++)
        show(c, &s->roster->users[i], has_key(&names, n, s->roster->users[i].name) && !s->roster->users[i].revoked);
    buf_free(&names);
    station_close(s);
    return e;
}

/* Whoever is in it by the roster, with commas. */
static enum err members(const struct roster *r, const char *circle, int64_t now, struct buf *out)
{
    enum err e = buf_str(out, "");
    for (size_t i = 0; i < r->n_users && !e; i++) {
        const struct roster_user *u = &r->users[i];
        if (!u->revoked && roster_user_valid(u, now) && roster_user_in(u, circle))
            e = buf_fmt(out, "%s%s", out->len ? ", " : "", u->name);
    }
    return e;
}

static enum err say_circle(const struct call *c, const struct station *s, const struct user *u,
                           const struct roster_circle *circle)
{
    struct buf names = {0};
    enum clock_mark mark;
    bool mine = u && user_has_circle(u, circle->name);
    enum err e = members(s->roster, circle->name, station_now(s, &mark), &names);
    const char *who = names.len ? (const char *)names.p : "";
    if (!e && c->json)
        print_json(json_pack("{s:s,s:i,s:b,s:s}", "circle", circle->name, "generation", (int)circle->generation, "mine",
                             (int)mine, "members", who));
    else if (!e)
        printf("%-24s %3u  %s%s\n", circle->name, circle->generation, who[0] ? who : "-", mine ? _("  (you)") : "");
    buf_free(&names);
    return e;
}

/* Names are sorted, and of one name the newest generation is the last. */
static enum err circles(struct call *c)
{
    struct station *s = NULL;
    struct user *u = NULL;
    enum err e = session_station(c, STATION_READ_ONLY, &s);
    if (!e && (c->unlocked || c->user))
        e = session_unlock(c, s, &u);
    for (size_t i = 0; !e && i < s->roster->n_circles; i++) {
        const struct roster_circle *one = &s->roster->circles[i];
        if (i + 1 == s->roster->n_circles || strcmp(one->name, one[1].name) != 0)
            e = say_circle(c, s, u, one);
    }
    user_free(u);
    station_close(s);
    return e;
}

/* Also of whom the screens have unlocked: a laptop may be left alone. */
static enum err begin_asking(const struct call *c, struct session *s)
{
    struct call again = *c;
    if (c->unlocked && !c->user)
        again.user = c->unlocked->name;
    again.unlocked = NULL;
    return session_begin(&again, 0, false, s);
}

static enum err passphrase(struct call *c)
{
    struct session s;
    struct secret *pass;
    struct buf file = {0};
    char prompt[NAME_LEN + 96], name[NAME_LEN + 16];
    enum err e = begin_asking(c, &s);
    if (e)
        return e;
    snprintf(prompt, sizeof prompt, _("New passphrase of %s"), s.user->name);
    snprintf(name, sizeof name, "keys/%s.age", s.user->name);
    e = secret_new(c->secrets, prompt, &pass);
    if (!e) {
        e = user_seal(s.user, pass->p, pass->len, &file);
        secret_free(pass);
    }
    if (!e)
        e = station_put(s.station, name, file.p, file.len, 0600);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s}", "done", "passphrase", "user", s.user->name));
    else if (!e)
        printf(_("the passphrase of %s is changed on this station; old backups still open with the old one\n"),
               s.user->name);
    buf_free(&file);
    session_end(&s);
    return e;
}

static enum err write_admission(struct session *s, const struct roster_user *who, const struct roster_circle *circle)
{
    struct notice n = {.kind = NOTICE_ADMIT, .generation = circle->generation};
    char id[ENTRY_ID];
    enum clock_mark mark;
    n.time = station_now(s->station, &mark);
    memcpy(n.district, s->station->district, NAME_LEN);
    memcpy(n.circle, circle->name, CIRCLE_LEN);
    memcpy(n.user, who->name, NAME_LEN);
    enum err e = user_circle_file(s->user, circle->name, &who->to, 1, &n.key);
    if (!e)
        e = notice_write(&n);
    if (!e)
        e = notice_sign(&n, s->user->name, &s->user->sign);
    if (!e)
        e = station_take_notice(s->station, (const char *)n.text.p, n.text.len);
    if (!e)
        e = custody_entry(s->station, s->user, NULL, "admit",
                          json_pack("{s:s,s:i,s:s}", "circle", circle->name, "generation", (int)circle->generation,
                                    "user", who->name),
                          id);
    buf_free(&n.key);
    buf_free(&n.text);
    return e;
}

static enum err admit_to(struct session *s, const char *name, const char *into)
{
    enum clock_mark mark;
    const struct roster_user *who = roster_user(s->station->roster, name);
    const struct roster_circle *circle = roster_circle(s->station->roster, into);
    if (!who || who->revoked || !roster_user_valid(who, station_now(s->station, &mark)))
        return err_set(ERR_NOINPUT, "there is no user %s in force; see feldsher users", name);
    if (!circle)
        return err_set(ERR_NOINPUT, "there is no circle %s in the roster", into);
    if (!user_has_circle(s->user, circle->name))
        return err_set(ERR_DENIED, "%s is not in the circle %s; a member admits", s->user->name, circle->name);
    return write_admission(s, who, circle);
}

static enum err admit(struct call *c)
{
    struct session s;
    enum err e = session_begin(c, STATION_CHAIN_KEY, false, &s);
    if (e)
        return e;
    e = admit_to(&s, c->args[0], c->args[1]);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s,s:s}", "done", "admit", "user", c->args[0], "circle", c->args[1]));
    else if (!e)
        printf(_("%s is admitted to %s: at the next unlock here, and elsewhere after a sync\n"), c->args[0],
               c->args[1]);
    session_end(&s);
    return e;
}

static enum err add_job(void *ctx, const char *name, const char *text, size_t n)
{
    (void)text;
    (void)n;
    return json_array_append_new(ctx, json_string(name)) < 0 ? err_set(ERR_NOMEM, "out of memory") : ERR_OK;
}

/* What changes hands: cameras that are not offloaded (as they are named), unsent
 * things and open jobs of the station. */
static enum err handover_data(const struct call *c, struct station *s, const char *from, const char *to, json_t **out)
{
    static const char *const kinds[] = {"intake", "want", N_("stick")};
    struct queue_counts n;
    json_t *jobs = json_object(), *cameras = json_array();
    const char *camera;
    enum err e = queue_counts(s->queue, s->chain, &n);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && !e; i++) {
        json_t *list = json_array();
        e = queue_each_job(s->queue, kinds[i], add_job, list);
        json_object_set_new(jobs, kinds[i], list);
    }
    for (size_t i = 0; (camera = command_each(c, "camera", i)) != NULL && !e; i++) {
        json_t *one = json_pack("{s:s}", "camera", camera);
        if (!one || strlen(camera) > CAMERA_MAX)
            e = err_set(ERR_USAGE, "a camera's name is text of at most %u bytes", CAMERA_MAX);
        if (json_array_append_new(cameras, one) < 0 && !e)
            e = err_set(ERR_NOMEM, "out of memory");
    }
    *out =
        e ? NULL
          : json_pack("{s:s,s:s,s:O,s:{s:I,s:I},s:O}", "from", from, "to", to, "cameras", cameras, "unsent", "labels",
                      (json_int_t)n.own_unreceipted, "bytes", (json_int_t)n.own_bytes_unreceipted, "jobs", jobs);
    json_decref(jobs);
    json_decref(cameras);
    return e || *out ? e : err_set(ERR_NOMEM, "out of memory");
}

/* A hint for the screens: whose shift it is. The entries say it. */
static void note_shift(const struct station *s, const char *who)
{
    char text[NAME_LEN + 1 + CLOCK_TEXT], when[CLOCK_TEXT];
    enum clock_mark mark;
    clock_text(when, station_now(s, &mark));
    snprintf(text, sizeof text, "%s %s", who, when);
    if (queue_set_job(s->queue, "shift", "last", text, strlen(text)) != ERR_OK)
        err_clear();
}

/* Both are here: the giver's entry, then the taker's. */
static enum err hand_over(const struct call *c, struct session *s, const struct user *taker)
{
    json_t *data;
    char id[ENTRY_ID], accepted[ENTRY_ID];
    enum err e = handover_data(c, s->station, s->user->name, taker->name, &data);
    size_t cameras = e ? 0 : json_array_size(json_object_get(data, "cameras"));
    if (!e)
        e = custody_entry(s->station, s->user, NULL, "handover", data, id);
    if (!e)
        e = custody_entry(s->station, taker, NULL, "accepted", json_pack("{s:s}", "handover", id), accepted);
    if (e)
        return e;
    note_shift(s->station, taker->name);
    if (c->json)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:I}", "done", "handover", "from", s->user->name, "to", taker->name,
                             "entry", id, "cameras", (json_int_t)cameras));
    else
        printf(_("%s has handed the station over to %s (entry %s)\n"), s->user->name, taker->name, id);
    return ERR_OK;
}

static enum err handover(struct call *c)
{
    struct session s;
    struct user *taker = NULL;
    struct call second = *c;
    const char *to;
    enum err e = command_need(c, "to", &to);
    if (!e)
        e = session_begin(c, STATION_CHAIN_KEY, false, &s);
    if (e)
        return e;
    second.user = to;
    if (strcmp(to, s.user->name) == 0)
        e = err_set(ERR_USAGE, "a handover is between two persons; --to names the other one");
    if (!e)
        e = session_unlock(&second, s.station, &taker);
    if (!e)
        e = hand_over(c, &s, taker);
    user_free(taker);
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "users",
     .sub = "list",
     .args = "",
     .help = N_("who is who by the roster"),
     .run = list,
     .by_default = true},
    {.name = "circles", .args = "", .help = N_("who can open what; with --user, what you can"), .run = circles},
    {.name = "passphrase",
     .args = "",
     .help = N_("changes yours: the old one and a new one are asked"),
     .run = passphrase},
    {.name = "admit",
     .args = "USER CIRCLE",
     .min = 2,
     .max = 2,
     .help = N_("gives a user the key of a circle that you are in"),
     .run = admit},
    {.name = "handover",
     .args = "",
     .help = N_("one shift to the next: both persons' passphrases are asked"),
     .run = handover,
     .options = {{"to", "USER", N_("who takes over")},
                 {"camera", "NAME...", N_("one that is out, or plugged in and not offloaded")}}},
};
const struct command_group group_users = {N_("People"), rows, sizeof rows / sizeof rows[0]};
