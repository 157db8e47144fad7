#include "drivers/probe/inside/usage.h"

static const struct manual_option options[] = {
    {"--fd N", "the socket to whoever has the file; feldsher-dock starts this program with it"},
    {"--help", "this text"},
    {"--version", "the version"},
    {"--man", "the man page"},
};

static const char about[] =
    "Says what is in one file of a camera: container, codecs, duration, times, positions, and a small picture. "
    "feldsher-dock starts it for each file and hands it the bytes that it asks for over a socket; nobody else does.";

static const char lines[] =
    "The file may be hostile: before its first byte is read, the program gives up everything but that socket, a "
    "bounded amount of memory and of time. Whatever else it tries ends it.";

const struct manual usage_probe = {
    .program = PROBE,
    .title = "FELDSHER-PROBE",
    .brief = "say what is in a camera's file",
    .usage = "usage: " PROBE " --fd N video|nmea|gpx\n",
    .synopsis = "\\-\\-fd N video|nmea|gpx\n",
    .about = about,
    .lines = lines,
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .status = "0 all is said; 64 usage; 74 it cannot limit itself. SIGSYS: it tried what it may not; SIGXCPU: it took "
              "too long.",
    .see_also = "feldsher-dock(1)",
};
