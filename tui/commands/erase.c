#include "tui/commands/groups.h"

#include "tui/lang/lang.h"
#include "tui/spawn.h"

/* feldsher-erase does it, and checks all of it itself. */
static enum err erase(struct call *c)
{
    static const char *const values[] = {"licence", "from", "volume"}, *const switches[] = {"plan", "progress"};
    static const char *const words[] = {"--licence", "--from", "--volume", "--plan", "--progress"};
    const char *argv[SPAWN_ARGS_MAX + 1] = {"feldsher-erase", "-C", c->dir};
    size_t n = 3;
    for (size_t i = 0; i < 3; i++) {
        const char *value = command_option(c, values[i]);
        if (value) {
            argv[n++] = words[i];
            argv[n++] = value;
        }
    }
    for (size_t i = 0; i < 2; i++)
        if (command_has(c, switches[i]))
            argv[n++] = words[3 + i];
    const char *copy;
    for (size_t i = 0; (copy = command_each(c, "copy", i)) != NULL && n + 6 < SPAWN_ARGS_MAX; i++) {
        argv[n++] = "--copy";
        argv[n++] = copy;
    }
    if (c->json)
        argv[n++] = "--json";
    argv[n++] = "--";
    argv[n] = c->args[0];
    return spawn_run(argv, &c->exit_code);
}

static const struct command rows[] = {
    {.name = "erase",
     .args = "CAMERA",
     .min = 1,
     .max = 1,
     .help = N_("erases on a camera what licences name, after reading it once more"),
     .run = erase,
     .spawns = true,
     .options = {{"plan", NULL, N_("says what would go and what not, and why")},
                 {"licence", "ID", N_("that licence alone")},
                 {"copy", "DIR...", N_("a folder with a backup on another disk, where no hub was heard of for weeks")},
                 {"from", "PATH", N_("with --plan: a folder or an image as the camera")},
                 {"volume", "ID", N_("with --from: its volume, where the folder does not tell")},
                 {"progress", NULL, N_("with --json: where it stands, four times a second")}}},
};
const struct command_group group_erase = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
