#include "tui/play/mpv.h"
#include "storage/base/lang.h"
#include "tui/play/player.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define PROGRAM "feldsher-play"

static const struct {
    const char *option, *help;
} options[] = {
    {"--fd N", "the socket to the opener; feldsher recordings play starts this program with it"},
    {"--title TEXT", "of the window"},
    {"--start PLACE", "where to begin: seconds, 1:30 or 50%"},
    {"--vo NAME", "where to show it, as libmpv calls it: gpu, x11, drm, tct (letters), null (nowhere)"},
    {"--report", "print what was played as a JSON object"},
    {"--help", "this text"},
    {"--version", "the version"},
    {"--man", "the man page"},
};

static const char about[] =
    "Shows one recording, in a window, on the bare screen or in letters in the terminal. It holds no key, reaches no "
    "network, opens and writes no file: each piece is asked of the program that holds the key, by a socket, and kept "
    "in "
    "memory alone. A person starts it by: feldsher recordings play ID --why WHY. It uses libmpv: apt-get install "
    "libmpv2.";

static const char status[] =
    "0 played, or ended by the person; 64 usage; 65 no video that can be played; 66 a part is not on the station; 1 a "
    "part is damaged; 69 libmpv, or anything that shows a video, is not there; 74 input or output failed; 75 the "
    "opener "
    "has ended.";

static int help(void)
{
    printf("usage: " PROGRAM " --fd N [--title TEXT] [--start PLACE]\n\n%s\n\n", about);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        printf("  %-16s %s\n", options[i].option, options[i].help);
    printf("\nKeys:\n\n");
    for (size_t i = 0; i < player_n_keys; i++)
        if (player_keys[i].shown)
            printf("  %-16s %s\n", player_keys[i].shown, player_keys[i].help);
    printf("\nExit status: %s\n", status);
    return 0;
}

static int man(void)
{
    printf(".TH FELDSHER-PLAY 1\n.SH NAME\n" PROGRAM " \\- show one recording without its key\n"
           ".SH SYNOPSIS\n.B " PROGRAM "\n\\-\\-fd N [\\-\\-title TEXT] [\\-\\-start PLACE]\n.SH DESCRIPTION\n%s\n"
           ".SH OPTIONS\n",
           about);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        printf(".TP\n.B \"%s\"\n%s\n", options[i].option, options[i].help);
    printf(".SH KEYS\n");
    for (size_t i = 0; i < player_n_keys; i++)
        if (player_keys[i].shown)
            printf(".TP\n.B \"%s\"\n%s\n", player_keys[i].shown, player_keys[i].help);
    printf(".SH EXIT STATUS\n%s\n.SH SEE ALSO\nfeldsher(1)\n", status);
    return 0;
}

static enum err usage(const char *what)
{
    return err_set(ERR_USAGE, "%s; see feldsher-play --help", _(what));
}

/* A stream socket, whatever the number says. */
static enum err opener(const char *text, int *fd)
{
    char *end;
    long n = strtol(text, &end, 10);
    int type;
    socklen_t len = sizeof type;
    if (text[0] < '0' || text[0] > '9' || *end || n < 3 || n > 1023 ||
        getsockopt((int)n, SOL_SOCKET, SO_TYPE, &type, &len) < 0 || type != SOCK_STREAM)
        return usage("--fd wants the number of a socket to the opener");
    *fd = (int)n;
    return ERR_OK;
}

static enum err parse(int argc, char **argv, struct player_options *o, int *shown)
{
    static const struct option longs[] = {
        {"fd", required_argument, NULL, 'f'},
        {"title", required_argument, NULL, 't'},
        {"start", required_argument, NULL, 's'},
        {"vo", required_argument, NULL, 'o'},
        {"report", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {"man", no_argument, NULL, 'm'},
        {NULL, 0, NULL, 0},
    };
    enum err e = ERR_OK;
    opterr = 0;
    for (int c; !e && (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        switch (c) {
        case 'f':
            e = opener(optarg, &o->fd);
            break;
        case 't':
            o->title = optarg;
            break;
        case 's':
            o->start = optarg;
            break;
        case 'o':
            o->video = optarg;
            break;
        case 'r':
            o->report = true;
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
    if (!e && optind != argc)
        e = usage("it takes options alone");
    return e || o->fd >= 0 ? e : usage("it is started by feldsher recordings play; --fd is missing");
}

int main(int argc, char **argv)
{
    struct player_options o = {.fd = -1, .library = MPV_LIBRARY};
    int shown = -1;
    signal(SIGPIPE, SIG_IGN);
    enum err e = lang_start(NULL);
    if (!e)
        e = parse(argc, argv, &o, &shown);
    if (!e && shown >= 0)
        return shown;
    if (!e)
        e = player_run(&o);
    return e ? err_report(PROGRAM, e) : 0;
}
