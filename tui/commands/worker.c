#include "tui/commands/groups.h"

#include "tui/lang/lang.h"
#include "tui/opener/serve.h"

/* What the screens start: they talk to it on descriptor 3. */
static enum err opener(struct call *c)
{
    return serve(c->dir, true, 3);
}

static enum err starter(struct call *c)
{
    return serve(c->dir, false, 3);
}

static const struct command rows[] = {
    {.name = "worker", .sub = "opener", .args = "", .help = N_("holds the keys"), .run = opener, .hidden = true},
    {.name = "worker",
     .sub = "starter",
     .args = "",
     .help = N_("starts programs"),
     .run = starter,
     .hidden = true,
     .spawns = true},
};
const struct command_group group_worker = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
