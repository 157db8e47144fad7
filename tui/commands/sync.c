#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/records/custody.h"
#include "tui/link_state.h"
#include "tui/lang/lang.h"
#include "tui/session.h"
#include "tui/spawn.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The label that stands on the stick, or a new one for it. */
static enum err stick_name(const char *folder, char out[static NAME_LEN])
{
    char path[4096], id[ENTRY_ID];
    struct buf link = {0};
    struct text t;
    struct field f;
    unsigned version;
    batch_entry_id(id);
    snprintf(out, NAME_LEN, "stick-%.8s", id);
    enum err e = file_path(path, folder, "feldsher/link");
    if (!e)
        e = file_read(path, TEXT_LINE_MAX, &link);
    if (!e)
        e = text_open(&t, "link", &version, (const char *)link.p, link.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK)
        if (span_is(f.key, "stick") && (!span_copy(f.value, out, NAME_LEN) || !text_is_name(out, false)))
            e = err_set(ERR_DATA, "the label of the stick %s is no name", folder);
    buf_free(&link);
    return e == ERR_END || e == ERR_NOINPUT ? ERR_OK : e;
}

/* Who takes the stick along goes into the chain before it leaves. */
static enum err note_courier(struct call *c, const char *folder, const char *courier, const char *due,
                             const char *stick)
{
    struct station *s;
    struct stat st;
    char id[ENTRY_ID];
    if (stat(folder, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(ERR_UNREACHABLE, "there is no folder %s; is the stick plugged in", folder);
    enum err e = session_station(c, STATION_CHAIN_KEY, &s);
    if (!e)
        e = custody_entry(
            s, NULL, NULL, "stick",
            json_pack("{s:s,s:s,s:o}", "stick", stick, "courier", courier, "due", due ? json_string(due) : json_null()),
            id);
    station_close(s);
    return e;
}

#define LINKS_MAX 8

/* They go on as they are. */
static const char *const switches[] = {"--plan", "--once", "--watch", "--settings", "--progress"};
#define SWITCHES (sizeof switches / sizeof switches[0])

/* The one stick among the links, for its courier; ERR_USAGE if there is none. */
static enum err the_stick(struct call *c, const char **folder)
{
    struct stat st;
    const char *link;
    *folder = NULL;
    for (size_t i = 0; (link = command_each(c, "link", i)) != NULL; i++) {
        if (strchr(link, ':') && (stat(link, &st) < 0 || !S_ISDIR(st.st_mode)))
            continue;
        if (*folder)
            return err_set(ERR_USAGE, "a courier takes one stick; name one --link DIR");
        *folder = link;
    }
    return *folder ? ERR_OK : err_set(ERR_USAGE, "a courier takes a stick: --link DIR");
}

static enum err sync_run(struct call *c)
{
    const char *folder = NULL, *link, *set, *courier = command_option(c, "courier"), *due = command_option(c, "due");
    const char *stick = command_option(c, "stick"), *patience = command_option(c, "patience");
    char name[NAME_LEN];
    if (command_has(c, "stop"))
        return link_state_stop(c->dir);
    enum err e = courier || stick || due ? the_stick(c, &folder) : ERR_OK;
    if (!e && courier && folder && !command_has(c, "plan")) {
        if (!stick)
            e = stick_name(folder, name);
        stick = stick ? stick : name;
        if (!e)
            e = note_courier(c, folder, courier, due, stick);
    }
    if (e)
        return e;
    const char *argv[SPAWN_ARGS_MAX + 1] = {"feldsher-sync", "-C", c->dir};
    size_t n = 3;
    for (size_t i = 0; (link = command_each(c, "link", i)) != NULL; i++) {
        if (i == LINKS_MAX)
            return err_set(ERR_USAGE, "at most %d links at once", LINKS_MAX);
        argv[n++] = "--link";
        argv[n++] = link;
    }
    const struct {
        const char *option, *value;
    } valued[] = {{"--stick", stick}, {"--due", due}, {"--patience", patience}};
    for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++)
        if (valued[i].value) {
            argv[n++] = valued[i].option;
            argv[n++] = valued[i].value;
        }
    for (size_t i = 0; (set = command_each(c, "set", i)) != NULL && n + 3 + SWITCHES < SPAWN_ARGS_MAX; i++) {
        argv[n++] = "--set";
        argv[n++] = set;
    }
    for (size_t i = 0; i < SWITCHES; i++)
        if (command_has(c, switches[i] + 2))
            argv[n++] = switches[i];
    if (c->json)
        argv[n++] = "--json";
    return spawn_run(argv, &c->exit_code);
}

static enum err link_run(struct call *c)
{
    if (command_has(c, "follow"))
        return link_state_follow(c->dir, c->json);
    link_state_say(c->dir, c->json);
    return ERR_OK;
}

static const struct command rows[] = {
    {.name = "sync",
     .args = "",
     .help = N_("meets the hub, or a stick on its way to it"),
     .run = sync_run,
     .spawns = true,
     .options =
         {{"link", "HOST:PORT|DIR...",
           N_("the hub, or a stick (any folder that travels); without it the hub of link.conf or of the roster")},
          {"once", NULL, N_("one contact (this is what happens without it, too)")},
          {"watch", NULL, N_("keeps the link up, and meets every stick that is mounted")},
          {"plan", NULL, N_("only says what a contact would carry, how long it takes and what stays")},
          {"patience", "SECONDS", N_("how long one contact tries to reach the hub")},
          {"stick", "NAME", N_("the stick's label")},
          {"due", "DATE", N_("when the stick is expected back, 2026-11-22")},
          {"courier", "NAME", N_("who takes it along; written into the chain first")},
          {"settings", NULL, N_("only shows what link.conf sets")},
          {"set", "KEY: VALUE...", N_("changes link.conf; without a value its default counts again")},
          {"progress", NULL, N_("with --json: how far a stick is, four times a second")},
          {"stop", NULL, N_("ends the feldsher-sync that keeps this station's link")}}},
    {.name = "link",
     .args = "",
     .help = N_("what feldsher-sync is doing: its links, and what it has still to give"),
     .run = link_run,
     .options = {{"follow", NULL, N_("goes on: says it anew when it changes")}}},
};
const struct command_group group_sync = {N_("Sync"), rows, sizeof rows / sizeof rows[0]};
