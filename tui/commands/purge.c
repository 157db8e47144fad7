#include "tui/commands/groups.h"

#include "storage/records/custody.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DAY ((int64_t)86400 * 1000)

static enum err purge(struct call *c)
{
    struct session s;
    struct custody_purged done;
    const char *older = command_option(c, "older");
    uint64_t days = 0;
    enum clock_mark mark;
    if (older && !words_number(&days, older, 36500))
        return err_set(ERR_USAGE, "--older takes a number of days, not %s", older);
    enum err e = session_begin(c, STATION_CHAIN_KEY, true, &s);
    if (e)
        return e;
    int64_t before = older ? station_now(s.station, &mark) - (int64_t)days * DAY : INT64_MAX;
    e = custody_purge(s.station, s.user, s.list, before, &done);
    if (c->json) {
        print_json(json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "freed", (json_int_t)done.freed, "destroyed",
                             (json_int_t)done.destroyed, "bytes", (json_int_t)done.bytes, "held", (json_int_t)done.held,
                             "kept", (json_int_t)done.kept, "failed", (json_int_t)done.failed));
    } else {
        char size[PRINT_SIZE];
        print_size(size, done.bytes);
        printf(_("%" PRIu64 " recordings removed that the hub holds, %" PRIu64 " under orders: %s freed; %" PRIu64
                 " stay by a hold, %" PRIu64 " because no receipt covers them or they are too young\n"),
               done.freed, done.destroyed, size, done.held, done.kept);
    }
    if (!e && done.failed)
        e = err_set(ERR_BAD,
                    "%" PRIu64 " recordings could not be removed: their parts lists are missing or damaged; run "
                    "feldsher verify",
                    done.failed);
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "purge",
     .args = "",
     .help = N_("makes room: removes blobs that a receipt covers or an order names"),
     .run = purge,
     .options = {{"older", "DAYS", N_("only recordings taken in before that")}}},
};
const struct command_group group_purge = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
