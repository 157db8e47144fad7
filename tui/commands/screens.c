#include "tui/commands/groups.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"
#include "tui/keys.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/frame.h"

#include <string.h>

#define IDLE_MAX 86400

static enum err screens(struct call *c)
{
    const char *from[DESK_FROM + 1] = {0}, *path, *idle = command_option(c, "idle");
    struct frame_options o = {.dir = c->dir, .from = from, .lang = c->lang};
    uint64_t seconds;
    for (size_t i = 0; (path = command_each(c, "from", i)) != NULL; i++) {
        if (i == DESK_FROM)
            return err_set(ERR_USAGE, "--from is given more than %d times", DESK_FROM);
        if (!text_is_utf8(path, strlen(path)))
            return err_set(ERR_USAGE,
                           "a folder given with --from has a name that is not UTF-8, which the screens cannot "
                           "pass on; take it in with feldsher offload --from");
        from[i] = path;
    }
    if (idle) {
        if (!bytes_decimal(&seconds, idle, strlen(idle), IDLE_MAX) || seconds == 0)
            return err_set(ERR_USAGE, "--idle takes seconds from 1 to %d, not %s", IDLE_MAX, idle);
        o.idle = (int)seconds;
    }
    return frame_run(&o);
}

static enum err keys(struct call *c)
{
    (void)c;
    keys_markdown();
    return ERR_OK;
}

static const struct command rows[] = {
    {.name = "screens",
     .args = "",
     .help = N_("the screens, as without a command"),
     .run = screens,
     .spawns = true,
     .options = {{"from", "PATH...", N_("a folder that counts as a camera")},
                 {"idle", "SECONDS",
                  N_("without a key, before they lock themselves; else as feldsher settings says")}}},
    {.name = "keys", .args = "", .help = N_("the keys of the screens, as tables in Markdown"), .run = keys},
};
const struct command_group group_screens = {N_("The screens"), rows, sizeof rows / sizeof rows[0]};
