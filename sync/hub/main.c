#include "storage/seal/hash.h"
#include "sync/hub/verbs.h"

static const struct args_option options[] = {
    {"name", 0, "NAME", "the hub's name in the roster; without it, \"hub\""},
    {"address", 0, "HOST:PORT", "where stations will reach it"},
    {"station", 0, "NAME", "put things on the stick for this station too; may be repeated"},
    {"as-of", 0, "DATE", "treat this as today, YYYY-MM-DD"},
    {"listen", 0, "HOST:PORT", "where to listen; without it, everywhere, on the port of the hub's address, or 7443"},
    {"json", 0, NULL, "one JSON object a line instead of sentences"},
};

static const struct args_command commands[] = {
    {"init", "DIR", "name address json", "make a hub: its keys, and DIR/hub.card for the authority", verb_init},
    {"roster", "DIR FILE", "json", "take a roster; the first one pins the district's authority", verb_roster},
    {"notice", "DIR FILE...", "json", "take signed orders: holds, releases, destruction", verb_notice},
    {"import", "DIR FOLDER", "json", "take in what stations put on a stick, and sign receipts", verb_import},
    {"export", "DIR FOLDER", "station json", "put on a stick what its stations lack, receipts first", verb_export},
    {"serve", "DIR", "listen", "converse with stations over TLS until SIGTERM", verb_serve},
    {"stations", "DIR", "json", "every station of the roster: labels held, last word, what is missing", verb_stations},
    {"status", "DIR", "json", "totals, alarms, free space", verb_status},
    {"verify", "DIR", "json", "check every signature, label, object and receipt", verb_verify},
    {"expire", "DIR", "as-of json", "remove blobs whose retention ended, carry out destruction orders", verb_expire},
};

static const struct args_program program = {
    .name = "feldsher-hub",
    .summary = "keep a district's sealed evidence and sign for it",
    .about = "Holds what stations seal: labels, batches, blobs. It opens nothing: it has no key to. Every label is\n"
             "checked against the roster that the district's authority signed, every object against its hash.\n"
             "What is wrong is refused by name and holds nothing else up.\n"
             "\n"
             "A receipt says that labels and objects are on this hub's disk, durably. Stations purge only what a\n"
             "receipt covers.\n"
             "\n"
             "Two different labels with one number mean a cloned station: its chain is frozen, both are kept, its\n"
             "receipts carry the alarm.\n"
             "\n"
             "DIR/hub.conf holds the name and the quota of a station in bytes (quota: 214748364800).",
    .exits = "Exit status: 0 done; 1 verify found faults; 64 usage; 65 bad input data; 66 no such hub, station or\n"
             "file; 69 the folder is not there; 73 DIR holds something already; 74 input or output failed, or the\n"
             "disk is full; 75 something was refused or does not fit; 77 not permitted.",
    .see = "feldsher(1), feldsher-sync(1)",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .commands = commands,
    .n_commands = sizeof commands / sizeof commands[0],
};

int main(int argc, char **argv)
{
    if (hash_start() != ERR_OK)
        return err_report(program.name, ERR_BUG);
    return args_main(&program, argc, argv);
}
