#include "drivers/dock/usage.h"

static const struct manual_option options[] = {
    {"-C DIR", "the station's folder (default: the current one)"},
    {"CAMERA", "a device on USB, by its serial number or port; without it the only camera there is"},
    {"--from PATH", "in its place a folder, a mounted card, or a raw image of one"},
    {"--camera SERIAL", "its serial number, where the card does not tell"},
    {"--no-wait", "a camera that is pulled out is not waited for: exit 75"},
    {"--port PORT", "in CAMERA's place, as watch calls it: what is plugged in there, if it is a camera of itself"},
    {"--profile NAME", "of admit: the model that it is"},
    {"--json", "one JSON object a line"},
    {"--quiet", "print failures and the summary alone"},
    {"--progress", "with --json: where it stands, at most four times a second"},
    {"--watch", "of cameras: goes on, and says anew what is plugged in when that changes"},
    {"--help", "this text"},
    {"--version", "the version"},
    {"--man", "the man page"},
};

static const char about[] =
    "Takes every recording that is on a camera into a station: read once, sealed to the unit's evidence circles, "
    "durable, and entered in the chain. Nobody needs to be logged in. What the station holds already is known and not "
    "stored twice; an interrupted offload goes on where it stopped. The camera is only read, but for its clock. "
    "watch takes in every camera as it is plugged in, several at once.";

static const char lines[] =
    "Prints a line a recording (stored ID PATH SIZE; known PATH; failed PATH: REASON; not taken PATH: WHAT) and a last "
    "line with the totals. A recording is printed as stored once it is in the chain.";

static const char status[] =
    "0 everything is in; 64 usage; 65 PATH is no folder; 66 no such station or PATH; 74 the disk is full or cannot be "
    "written: it says how much is needed; 75 some recordings failed, or it was stopped: run it again; 77 the station "
    "may not append.";

const struct manual usage_dock = {
    .program = DOCK,
    .title = "FELDSHER-DOCK",
    .brief = "take recordings from a camera into a station",
    .usage =
        "usage: " DOCK " [-C DIR] offload [CAMERA | --from PATH [--camera SERIAL]] [--no-wait] [--json] [--quiet]\n"
        "       " DOCK " [-C DIR] watch [--json] [--quiet]\n"
        "       " DOCK " [-C DIR] cameras [--from PATH]... [--watch] [--json]\n"
        "       " DOCK " [-C DIR] admit CAMERA [--profile NAME]\n"
        "       " DOCK " [-C DIR] forget SERIAL\n"
        "       " DOCK " [-C DIR] profiles [--json]\n"
        "       " DOCK " check FILE\n",
    .synopsis =
        "[\\-C DIR] offload [CAMERA | \\-\\-from PATH [\\-\\-camera SERIAL]] [\\-\\-no\\-wait] [\\-\\-json] "
        "[\\-\\-quiet]\n.br\n.B " DOCK "\n[\\-C DIR] watch [\\-\\-json] [\\-\\-quiet]\n.br\n.B " DOCK
        "\n[\\-C DIR] admit CAMERA [\\-\\-profile NAME]\n.br\n.B " DOCK "\n[\\-C DIR] forget SERIAL\n.br\n.B " DOCK
        "\n[\\-C DIR] cameras [\\-\\-from PATH]... [\\-\\-watch] [\\-\\-json]\n.br\n.B " DOCK
        "\n[\\-C DIR] profiles [\\-\\-json]\n.br\n.B " DOCK "\ncheck FILE\n",
    .about = about,
    .lines = lines,
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .status = status,
    .see_also = "feldsher(1), feldsher-sync(1), feldsher-hub(1)",
};
