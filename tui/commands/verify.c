#include "tui/commands/groups.h"

#include "storage/records/records.h"
#include "storage/vault/verify.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"

#include <inttypes.h>
#include <stdio.h>

static void say_fault(void *ctx, const char *what, const char *why)
{
    const struct call *c = ctx;
    if (c->json) {
        print_json(json_pack("{s:s,s:s}", "bad", what, "why", why));
        return;
    }
    printf(_("bad: "));
    print_text(what);
    printf(": ");
    print_text(why);
    printf("\n");
}

static void say_totals(const struct call *c, const struct verify_totals *t)
{
    char size[PRINT_SIZE];
    print_size(size, t->bytes);
    if (c->json)
        print_json(json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "labels", (json_int_t)t->labels, "objects",
                             (json_int_t)t->objects, "bytes", (json_int_t)t->bytes, "faults", (json_int_t)t->faults,
                             "torn", (json_int_t)t->torn, "destroyed", (json_int_t)t->destroyed, "freed",
                             (json_int_t)t->freed, "elsewhere", (json_int_t)t->elsewhere, "licences",
                             (json_int_t)t->licences));
    else
        printf(_("%" PRIu64 " labels, %" PRIu64 " objects (%s) checked; %" PRIu64 " faults; not here: %" PRIu64
                 " blobs destroyed under orders, %" PRIu64 " freed, %" PRIu64 " elsewhere\n"),
               t->labels, t->objects, size, t->faults, t->destroyed, t->freed, t->elsewhere);
    if (!c->json && t->licences)
        printf(_("%" PRIu64 " erase licences were used at this station; see feldsher licence list\n"), t->licences);
}

/* NULL: nobody asked how far it is. */
static struct pulse *told(const struct call *c, struct pulse *p)
{
    *p = (struct pulse){.tell = print_progress};
    return c->json && command_has(c, "progress") ? p : NULL;
}

static enum err verify(struct call *c)
{
    struct pulse pulse;
    struct user *u = NULL;
    struct verify_totals t = {0};
    enum err e = ERR_OK;
    if (c->user) { /* batches are opened, too */
        struct station *s;
        e = session_station(c, STATION_READ_ONLY, &s);
        if (!e)
            e = session_unlock(c, s, &u);
        station_close(s);
    }
    if (!e) {
        e = verify_station(c->dir, u, say_fault, c, told(c, &pulse), &t);
        if (!e || e == ERR_BAD)
            say_totals(c, &t);
    }
    user_free(u);
    return e;
}

static enum err rebuild(struct call *c)
{
    struct pulse pulse;
    struct station *s;
    enum err e = session_station(c, 0, &s);
    if (!e)
        e = rebuild_queue(c->dir, s, told(c, &pulse));
    station_close(s);
    if (!e && !c->json)
        printf("%s", _("the index is rebuilt from chain and objects\n"));
    unsigned n = 0;
    if (!e)
        e = records_remove_all(c->dir, &n);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:i}", "done", "rebuilt", "records", (int)n));
    else if (!e && n)
        printf(_("%u indexes of records removed; each is made anew when one of its persons unlocks\n"), n);
    return e;
}

static const struct command rows[] = {
    {.name = "verify",
     .args = "",
     .help = N_("checks the whole station; with --user, what the batches say, too"),
     .run = verify,
     .options = {{"progress", NULL, N_("with --json: how far it is, four times a second")}}},
    {.name = "rebuild",
     .args = "",
     .help = N_("makes the index anew from chain and objects"),
     .run = rebuild,
     .options = {{"progress", NULL, N_("with --json: how far it is, four times a second")}}},
};
const struct command_group group_verify = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
