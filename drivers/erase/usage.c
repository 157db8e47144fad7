#include "drivers/erase/usage.h"

static const struct manual_option options[] = {
    {"-C DIR", "the station's folder (default: the current one)"},
    {"--licence ID", "this licence alone; without it, all that name files of the camera"},
    {"--plan", "says what would go and what not, and why; nothing is erased"},
    {"--copy DIR",
     "a folder with a backup, on another disk: where a licence lets copies stand for a hub; up to 3 times"},
    {"--from PATH", "with --plan: a folder or an image as the camera"},
    {"--volume ID", "with --from: the volume, where the folder does not tell"},
    {"--json", "one JSON object a line"},
    {"--progress", "with --json: how far the reading is, at most four times a second"},
    {"--help", "this text"},
    {"--version", "the version"},
    {"--man", "the man page"},
};

static const char about[] =
    "Erases on a camera what erase licences name. Checked before anything goes: who signed the licence, the camera's "
    "serial number and volume, the date, that nobody used it before, that no hold is in force, and that a hub's "
    "receipt "
    "covers the recording; then each file is read whole once more and must be, byte for byte, what was taken in. "
    "Before the first file goes an entry of the chain says so, and behind each what became of it: whenever it is "
    "killed, run it again, it finishes what was begun. No other program can erase on a camera. A camera that offers "
    "no command for it is left alone.";

static const char lines[] = "CAMERA is a serial number, or a port as feldsher cameras shows it. A line a file (erased "
                            "PATH SIZE; gone; left PATH "
                            "SIZE: REASON; failed PATH SIZE: REASON) and a last line with the totals.";

static const char status[] =
    "0 all that is licensed is gone, or the plan was made; 64 usage; 66 no such station, camera or licence, or none "
    "that "
    "may be used; 74 the chain cannot be written; 75 something licensed is still on the camera, or it was stopped: run "
    "it again; 77 the camera offers no way, or the station may not append.";

const struct manual usage_erase = {
    .program = ERASE,
    .title = "FELDSHER-ERASE",
    .brief = "erase on a camera what licences name",
    .usage = "usage: " ERASE " [-C DIR] [--licence ID] [--plan] [--json] CAMERA\n"
             "       " ERASE " [-C DIR] --plan --from PATH [--volume ID] [--json] SERIAL\n",
    .synopsis = "[\\-C DIR] [\\-\\-licence ID] [\\-\\-plan] [\\-\\-json] CAMERA\n",
    .about = about,
    .lines = lines,
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .status = status,
    .see_also = "feldsher(1), feldsher-dock(1)",
};
