#include "tui/commands/groups.h"

#include "tui/carriers.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"

#include <stdio.h>
#include <string.h>

static enum err say_carrier(void *ctx, const struct carrier *k)
{
    const struct call *c = ctx;
    char when[CLOCK_TEXT] = "-";
    if (c->json) {
        print_json(json_pack("{s:s,s:o,s:s,s:b,s:s%}", "stick", k->stick, "left", print_time(k->left), "due", k->due,
                             "overdue", (int)k->overdue, "courier", k->courier, strlen(k->courier)));
        return ERR_OK;
    }
    if (k->left != INT64_MIN)
        clock_text(when, k->left);
    printf(_("%-20s left %s, due %s%s, with "), k->stick, when, k->due[0] ? k->due : "-",
           k->overdue ? _(", OVERDUE") : "");
    print_text(k->courier[0] ? k->courier : "-");
    printf("\n");
    return ERR_OK;
}

static enum err sticks(struct call *c)
{
    struct station *s = NULL;
    struct user *u = NULL;
    enum err e = session_station(c, 0, &s);
    if (!e && (c->unlocked || c->user))
        e = session_unlock(c, s, &u);
    if (!e)
        e = carriers_each(s, u, say_carrier, c);
    user_free(u);
    station_close(s);
    return e;
}

static const struct command rows[] = {
    {.name = "sticks",
     .args = "",
     .help = N_("sticks that are on their way; with --user, who has them"),
     .run = sticks},
};
const struct command_group group_sticks = {N_("Sync"), rows, sizeof rows / sizeof rows[0]};
