#include "tui/commands/groups.h"

#include "tui/lang/lang.h"
#include "tui/spawn.h"

/* feldsher-dock does it: no passphrase, no opening key, no screen. */
static enum err offload(struct call *c)
{
    const char *argv[14] = {"feldsher-dock", "-C", c->dir, "offload"};
    const char *from;
    size_t n = 4;
    enum err e = command_need(c, "from", &from);
    if (e)
        return e;
    argv[n++] = "--from";
    argv[n++] = from;
    if (c->n_args) {
        argv[n++] = "--camera";
        argv[n++] = c->args[0];
    }
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
     .options = {{"from", "PATH", N_("a folder or a mounted card")},
                 {"quiet", NULL, N_("failures and the summary alone")},
                 {"progress", NULL, N_("with --json: where it stands, four times a second")}}},
};
const struct command_group group_offload = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
