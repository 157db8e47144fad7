#include "storage/base/lang.h"
#include "storage/seal/hash.h"
#include "sync/client/client.h"
#include "sync/client/keeper.h"
#include "sync/client/options.h"
#include "sync/client/report.h"
#include "sync/folder/args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* -C DIR, $FELDSHER_DIR or ~/.feldsher. */
static enum err station_folder(const struct args *a, char out[static 4096])
{
    const char *dir = args_has(a, "dir") ? args_value(a, "dir", 0) : getenv("FELDSHER_DIR"), *home = getenv("HOME");
    if (!dir && !home)
        return err_set(ERR_USAGE, "no station given: -C DIR");
    int n = dir ? snprintf(out, 4096, "%s", dir) : snprintf(out, 4096, "%s/.feldsher", home);
    return n >= 0 && n < 4096 ? ERR_OK : err_set(ERR_USAGE, "the path of the station is too long");
}

/* HOST:PORT, unless there is a folder of that name. */
static bool is_network(const char *link)
{
    struct stat st;
    return strchr(link, ':') && (stat(link, &st) < 0 || !S_ISDIR(st.st_mode));
}

static enum err meet_hub(const struct args *a, const char *home, const char *const *links, size_t n)
{
    struct keeper_options o = {
        .dir = home, .links = links, .n_links = n, .watch = args_has(a, "watch"), .json = args_has(a, "json")};
    enum err e = options_patience(a, &o.patience);
    if (e)
        return e;
    return args_has(a, "plan") ? keeper_plan(&o) : keeper_run(&o);
}

static enum err run(const struct args *a)
{
    char home[4096];
    const char *links[REPORT_LINKS_MAX], *link;
    size_t n = 0, folders = 0;
    struct client_options stick = {.dir = home,
                                   .label = args_value(a, "stick", 0),
                                   .due = args_value(a, "due", 0),
                                   .plan = args_has(a, "plan"),
                                   .json = args_has(a, "json"),
                                   .progress = args_has(a, "progress")};
    enum err e = station_folder(a, home), sticks = ERR_OK;
    bool shows = args_has(a, "settings") || args_has(a, "set");
    if (args_has(a, "plan") + args_has(a, "once") + args_has(a, "watch") + shows > 1)
        return err_set(ERR_USAGE, "--plan, --once, --watch and --settings exclude each other");
    if (shows)
        return e ? e : options_settings(a, home);
    for (size_t i = 0; (link = args_value(a, "link", i)) != NULL; i++) {
        if (!is_network(link)) {
            stick.folder = link;
            folders++;
        } else if (n == REPORT_LINKS_MAX) {
            return err_set(ERR_USAGE, "at most %u links at once", REPORT_LINKS_MAX);
        } else {
            links[n++] = link;
        }
    }
    if (!e)
        e = hash_start();
    if (!e && folders == 1 && n == 0 && !args_has(a, "watch"))
        return client_run(&stick);
    for (size_t i = 0; !e && (link = args_value(a, "link", i)) != NULL; i++) {
        stick.folder = link;
        if (!is_network(link) && client_run_apart(&stick) != ERR_OK)
            sticks = ERR_AGAIN;
    }
    if (!e && (n || !folders || args_has(a, "watch")))
        e = meet_hub(a, home, links, n);
    return e ? e : sticks ? err_set(sticks, "a stick did not take or give everything") : ERR_OK;
}

static const struct args_option options[] = {
    {"dir", 'C', "DIR", "the station's folder; without it $FELDSHER_DIR, or ~/.feldsher"},
    {"link", 0, "HOST:PORT|FOLDER",
     "the hub, or a stick (a mounted file system, any folder that travels); may be repeated: "
     "several addresses are several modems, used at once"},
    {"once", 0, NULL, "one contact, then end (this is what happens without it, too)"},
    {"watch", 0, NULL, "keep the link up and carry what is new; meet every stick that is mounted"},
    {"plan", 0, NULL, "only say what a contact would carry, what fits and what stays"},
    {"patience", 0, "SECONDS", "how long one contact tries to reach the hub; without it 20"},
    {"stick", 0, "NAME", "the stick's label: a name of a-z, 0-9, -; a new stick gets one made up"},
    {"due", 0, "DATE", "when the stick is expected back, YYYY-MM-DD"},
    {"settings", 0, NULL, "only show what DIR/link.conf sets, and the defaults"},
    {"set", 0, "KEY: VALUE",
     "change a setting of DIR/link.conf first; without a value its default counts again; hub and hours may have "
     "several values with blanks between; may be repeated"},
    {"progress", 0, NULL, "with --json: how far a stick is, at most four times a second"},
    {"json", 0, NULL, "one JSON object a line instead of sentences"},
};

static const struct args_command commands[] = {
    {NULL, "", "dir link once watch plan patience stick due settings set progress json",
     "carries sealed objects between this station and its hub, or a stick", run},
};

static const struct args_program program = {
    .name = "feldsher-sync",
    .summary = "carry a station's sealed evidence to its hub and back, by network or by stick",
    .about =
        "Speaks TLS with the district's hub: at the address given, or that of DIR/link.conf, or of the roster.\n"
        "Urgent batches go first, then batches, parts lists, blobs of flagged recordings, other blobs. A cut costs\n"
        "what was under way, no more; the program dials again until it comes through. What waits for a stick, for\n"
        "cheaper hours or for an unmetered link is set in DIR/link.conf.\n"
        "\n"
        "A stick is taken in and filled in the same order, as far as it fits. A stick pulled out half way harms\n"
        "nothing: run it again.\n"
        "\n"
        "Only sealed objects move. Every item is checked by its hash or signature; what is wrong is refused by\n"
        "name, listed by `feldsher status`, and holds nothing else up. DIR/log/sync.status says how it goes.\n"
        "\n"
        "The program reads no key but the link key and limits itself to the station's objects and index; for a\n"
        "stick it uses no network.",
    .exits = "Exit status: 0 done, a receipt covers everything; 64 usage; 65 link.conf is wrong; 66 no station, or no\n"
             "hub known; 69 the hub or the folder is not there; 74 input or output failed, or a disk is full;\n"
             "75 something stays here, was put off or refused; 77 the station is revoked, cloned or unknown to the\n"
             "hub, the key there is not the hub's, or the stick belongs to another district.",
    .see = "feldsher(1), feldsher-hub(1)",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .commands = commands,
    .n_commands = 1,
};

int main(int argc, char **argv)
{
    enum err e = lang_start(NULL);
    return e ? err_report(program.name, e) : args_main(&program, argc, argv);
}
