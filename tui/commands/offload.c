#include "tui/commands/groups.h"

#include "tui/lang/lang.h"
#include "tui/spawn.h"

/* feldsher-dock does it: no passphrase, no opening key, no screen. */
static enum err offload(struct call *c)
{
    const char *argv[16] = {"feldsher-dock", "-C", c->dir, "offload"};
    const char *from = command_option(c, "from");
    size_t n = 4;
    if (from) {
        argv[n++] = "--from";
        argv[n++] = from;
    }
    if (c->json)
        argv[n++] = "--json";
    if (command_has(c, "quiet"))
        argv[n++] = "--quiet";
    if (command_has(c, "progress"))
        argv[n++] = "--progress";
    if (command_has(c, "no-wait"))
        argv[n++] = "--no-wait";
    if (c->n_args) {
        argv[n++] = from ? "--camera" : "--";
        argv[n++] = c->args[0];
    }
    return spawn_run(argv, &c->exit_code);
}

static enum err dock(struct call *c)
{
    const char *argv[8] = {"feldsher-dock", "-C", c->dir, "watch"};
    size_t n = 4;
    if (c->json)
        argv[n++] = "--json";
    if (command_has(c, "quiet"))
        argv[n++] = "--quiet";
    if (command_has(c, "progress"))
        argv[n++] = "--progress";
    return spawn_run(argv, &c->exit_code);
}

static const struct command rows[] = {
    {.name = "offload",
     .args = "[CAMERA]",
     .max = 1,
     .help = N_("takes in a camera's recordings; nobody needs to be logged in"),
     .run = offload,
     .spawns = true,
     .options = {{"from", "PATH", N_("a folder, a mounted card, or an image of one; else a device on USB")},
                 {"quiet", NULL, N_("failures and the summary alone")},
                 {"no-wait", NULL, N_("a camera that is pulled out is not waited for")},
                 {"progress", NULL, N_("with --json: where it stands, four times a second")}}},
    {.name = "dock",
     .args = "",
     .help = N_("takes in every camera as it is plugged in, until it is stopped; nobody needs to be logged in"),
     .run = dock,
     .spawns = true,
     .options = {{"quiet", NULL, N_("failures and the summary alone")},
                 {"progress", NULL, N_("with --json: where it stands, four times a second")}}},
};
const struct command_group group_offload = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
