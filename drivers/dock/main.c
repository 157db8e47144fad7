#include "drivers/dock/offload.h"
#include "storage/seal/hash.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define PROGRAM "feldsher-dock"

static volatile sig_atomic_t stop;

static const struct {
    const char *option;
    const char *help;
} options[] = {
    {"-C DIR", "the station's folder (default: the current one)"},
    {"--from PATH", "the camera: a folder or a mounted card"},
    {"--camera SERIAL", "its serial number, where the card does not tell"},
    {"--json", "one JSON object a line"},
    {"--quiet", "print failures and the summary alone"},
    {"--help", "this text"},
    {"--version", "the version"},
    {"--man", "the man page"},
};

static const char about[] =
    "Takes every recording that is on a camera into a station: read once, sealed to the unit's evidence circles, "
    "durable, and entered in the chain. Nobody needs to be logged in. What the station holds already is known and not "
    "stored twice; an interrupted offload goes on where it stopped. The camera is only read.";

static const char lines[] =
    "Prints a line a recording (stored ID PATH SIZE; known PATH; failed PATH: REASON; not taken PATH: WHAT) and a last "
    "line with the totals. A recording is printed as stored once it is in the chain.";

static const char status[] =
    "0 everything is in; 64 usage; 65 PATH is no folder; 66 no such station or PATH; 74 the disk is full or cannot be "
    "written: it says how much is needed; 75 some recordings failed, or it was stopped: run it again; 77 the station "
    "may not append.";

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static int help(void)
{
    printf("usage: " PROGRAM " [-C DIR] offload --from PATH [--camera SERIAL] [--json] [--quiet]\n\n%s\n\n%s\n\n",
           about, lines);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        printf("  %-16s %s\n", options[i].option, options[i].help);
    printf("\nExit status: %s\n", status);
    return 0;
}

static int man(void)
{
    printf(".TH FELDSHER-DOCK 1\n.SH NAME\n" PROGRAM " \\- take recordings from a camera into a station\n"
           ".SH SYNOPSIS\n.B " PROGRAM "\n[\\-C DIR] offload \\-\\-from PATH [\\-\\-camera SERIAL] [\\-\\-json] "
           "[\\-\\-quiet]\n.SH DESCRIPTION\n%s\n.PP\n%s\n.SH OPTIONS\n",
           about, lines);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        printf(".TP\n.B \"%s\"\n%s\n", options[i].option, options[i].help);
    printf(".SH EXIT STATUS\n%s\n.SH SEE ALSO\nfeldsher(1), feldsher-sync(1), feldsher-hub(1)\n", status);
    return 0;
}

static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    a.sa_handler = SIG_IGN; /* a quota answers write with EFBIG instead */
    sigaction(SIGXFSZ, &a, NULL);
}

static enum err usage(const char *what)
{
    return err_set(ERR_USAGE, "%s; see " PROGRAM " --help", what);
}

static enum err parse(int argc, char **argv, struct offload *o, int *shown)
{
    static const struct option longs[] = {
        {"from", required_argument, NULL, 'f'}, {"camera", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},       {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},       {"version", no_argument, NULL, 'v'},
        {"man", no_argument, NULL, 'm'},        {NULL, 0, NULL, 0},
    };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "C:", longs, NULL)) != -1;) {
        switch (c) {
        case 'C':
            o->dir = optarg;
            break;
        case 'f':
            o->from = optarg;
            break;
        case 's':
            o->camera = optarg;
            break;
        case 'j':
            o->json = true;
            break;
        case 'q':
            o->quiet = true;
            break;
        case 'h':
            *shown = help();
            return ERR_OK;
        case 'v':
            *shown = printf("%s %s\n", PROGRAM, FELDSHER_VERSION) < 0;
            return ERR_OK;
        case 'm':
            *shown = man();
            return ERR_OK;
        default:
            return usage("an option is unknown or lacks its value");
        }
    }
    if (optind + 1 != argc || strcmp(argv[optind], "offload") != 0)
        return usage("one command is needed: offload");
    return o->from ? ERR_OK : usage("no camera given: --from PATH");
}

int main(int argc, char **argv)
{
    struct offload o = {.dir = ".", .camera = "", .stop = &stop};
    bool incomplete = false;
    int shown = -1;
    enum err e = parse(argc, argv, &o, &shown);
    if (!e && shown >= 0)
        return shown;
    catch_signals();
    if (!e)
        e = hash_start();
    if (!e)
        e = offload_run(&o, &incomplete);
    if (e)
        return err_report(PROGRAM, e);
    if (stop)
        return err_report(PROGRAM, err_set(ERR_AGAIN, "stopped; run offload again, it goes on where it stopped"));
    return incomplete ? 75 : 0;
}
