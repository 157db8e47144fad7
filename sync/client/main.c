#include "storage/seal/hash.h"
#include "sync/client/client.h"
#include "sync/folder/args.h"

#include <stdio.h>
#include <stdlib.h>

/* -C DIR, $FELDSHER_DIR or ~/.feldsher. */
static enum err station_folder(const struct args *a, char out[static 4096])
{
    const char *dir = args_has(a, "dir") ? args_value(a, "dir", 0) : getenv("FELDSHER_DIR"), *home = getenv("HOME");
    if (!dir && !home)
        return err_set(ERR_USAGE, "no station given: -C DIR");
    int n = dir ? snprintf(out, 4096, "%s", dir) : snprintf(out, 4096, "%s/.feldsher", home);
    return n >= 0 && n < 4096 ? ERR_OK : err_set(ERR_USAGE, "the path of the station is too long");
}

static enum err run(const struct args *a)
{
    char home[4096];
    enum err e = station_folder(a, home);
    struct client_options o = {
        .dir = home,
        .folder = args_value(a, "link", 0),
        .label = args_value(a, "stick", 0),
        .due = args_value(a, "due", 0),
        .plan = args_has(a, "plan"),
        .json = args_has(a, "json"),
    };
    if (o.plan && args_has(a, "once"))
        return err_set(ERR_USAGE, "--plan and --once exclude each other");
    if (!e)
        e = hash_start();
    return e ? e : client_run(&o);
}

static const struct args_option options[] = {
    {"dir", 'C', "DIR", "the station's folder; without it $FELDSHER_DIR, or ~/.feldsher"},
    {"link", 0, "FOLDER", "the stick: a mounted file system, or any folder that travels"},
    {"plan", 0, NULL, "only say what would be put on the stick, what fits and what stays"},
    {"once", 0, NULL, "one contact, then end (this is what happens without it, too)"},
    {"stick", 0, "NAME", "the stick's label: a name of a-z, 0-9, -; a new stick gets one made up"},
    {"due", 0, "DATE", "when the stick is expected back, YYYY-MM-DD"},
    {"json", 0, NULL, "one JSON object a line instead of sentences"},
};

static const struct args_command commands[] = {
    {NULL, "", "dir link! plan once stick due json", "carries sealed objects between this station and a stick", run},
};

static const struct args_program program = {
    .name = "feldsher-sync",
    .summary = "carry a station's sealed evidence to and from a stick",
    .about = "Takes from the stick what is there for this station: roster, notices, receipts, labels and batches\n"
             "delivered to it, blobs that it asked for. Then puts on the stick what no receipt covers yet: labels,\n"
             "batches, parts lists, blobs of flagged recordings, other blobs, in this order, as far as it fits.\n"
             "\n"
             "Only sealed objects move. Every item is checked by its hash or signature; what is wrong is refused by\n"
             "name, listed by `feldsher status`, and holds nothing else up. What is on the stick already is not\n"
             "written again. A stick pulled out half way harms nothing: run it again.\n"
             "\n"
             "The program reads no key but the link key, uses no network, and limits itself to the folder it is\n"
             "given and to the station's objects and index.",
    .exits = "Exit status: 0 done; 64 usage; 66 no station; 69 the folder is not there; 74 input or output\n"
             "failed, or a disk is full; 75 something stays here or was refused; 77 the station is revoked,\n"
             "or the stick belongs to another district.",
    .see = "feldsher(1), feldsher-hub(1)",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .commands = commands,
    .n_commands = 1,
};

int main(int argc, char **argv)
{
    return args_main(&program, argc, argv);
}
