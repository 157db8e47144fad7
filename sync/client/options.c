#include "sync/client/options.h"

#include "sync/client/keeper.h"
#include "sync/client/settings.h"
#include "sync/folder/tell.h"

#include <stdio.h>
#include <stdlib.h>

enum err options_patience(const struct args *a, uint64_t *seconds)
{
    const char *text = args_value(a, "patience", 0);
    char *end;
    *seconds = KEEPER_PATIENCE;
    if (!text)
        return ERR_OK;
    *seconds = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *seconds <= 86400
               ? ERR_OK
               : err_set(ERR_USAGE, "--patience wants seconds, not %s", text);
}

enum err options_settings(const struct args *a, const char *home)
{
    const char *changes[SETTINGS_CHANGES_MAX], *change;
    struct settings s;
    size_t n = 0;
    for (; (change = args_value(a, "set", n)) != NULL; n++) {
        if (n == SETTINGS_CHANGES_MAX)
            return err_set(ERR_USAGE, "at most %u settings are changed at once", SETTINGS_CHANGES_MAX);
        changes[n] = change;
    }
    enum err e = n ? settings_write(home, changes, n) : ERR_OK;
    if (!e)
        e = settings_read(&s, home);
    if (e)
        return e;
    json_t *all = settings_json(&s);
    char *text = all ? json_dumps(all, args_has(a, "json") ? JSON_COMPACT : JSON_INDENT(2)) : NULL;
    if (text)
        puts(text);
    free(text);
    json_decref(all);
    return tell_end();
}
