#include "tui/commands/groups.h"

#include "storage/base/bytes.h"
#include "storage/vault/station.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/screens_conf.h"

#include <stdio.h>
#include <string.h>

static enum err read_options(const struct call *c, struct screens_conf *s, bool *change)
{
    const char *idle = command_option(c, "idle-minutes"), *language = command_option(c, "language");
    uint64_t minutes;
    *change = idle || language;
    if (idle && !bytes_decimal(&minutes, idle, strlen(idle), SCREENS_IDLE_MAX))
        return err_set(ERR_USAGE, "--idle-minutes takes 1 to %d, not %s", SCREENS_IDLE_MAX, idle);
    if (idle)
        s->idle_minutes = (int)minutes;
    if (language && strlen(language) >= sizeof s->language)
        return err_set(ERR_USAGE, "--language takes en, ru or kk, not %s", language);
    if (language)
        memcpy(s->language, language, strlen(language) + 1);
    return ERR_OK;
}

/* Also of a folder that is no station yet: how the first screens look. */
static enum err settings(struct call *c)
{
    struct screens_conf s;
    struct station *station = NULL;
    bool change;
    enum err e = screens_conf_read(c->dir, &s);
    if (e == ERR_DATA && (command_has(c, "idle-minutes") || command_has(c, "language")))
        e = ERR_OK; /* what is wrong in it goes with the change */
    if (!e)
        e = read_options(c, &s, &change);
    if (!e && change)
        e = session_station(c, STATION_READ_ONLY, &station);
    if (!e && change)
        e = screens_conf_write(c->dir, &s);
    station_close(station);
    if (!e && c->json)
        print_json(json_pack("{s:i,s:o}", "idle_minutes", s.idle_minutes, "language",
                             s.language[0] ? json_string(s.language) : json_null()));
    else if (!e)
        printf(_("the screens lock themselves after %d minutes; their language is %s\n"), s.idle_minutes,
               s.language[0] ? s.language : _("the environment's"));
    return e;
}

static const struct command rows[] = {
    {.name = "settings",
     .args = "",
     .help = N_("how the screens of this station are set"),
     .run = settings,
     .options = {{"idle-minutes", "N", N_("without a key for so long, they lock themselves")},
                 {"language", "LANG", N_("en, ru or kk")}}},
};
const struct command_group group_settings = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
