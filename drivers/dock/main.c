#include "drivers/dock/models.h"
#include "drivers/dock/offload.h"
#include "drivers/dock/survey.h"
#include "drivers/dock/usage.h"
#include "storage/base/lang.h"
#include "storage/seal/hash.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define BEHIND 5 /* nice(2) */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
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

enum verb { OFFLOAD, CAMERAS, MODELS };

static enum err usage(const char *what)
{
    return err_set(ERR_USAGE, "%s; see feldsher-dock --help", _(what));
}

static enum err parse(int argc, char **argv, struct offload *o, struct survey *w, struct models *m, enum verb *verb,
                      int *shown)
{
    static const struct option longs[] = {
        {"from", required_argument, NULL, 'f'}, {"camera", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},       {"quiet", no_argument, NULL, 'q'},
        {"progress", no_argument, NULL, 'p'},   {"watch", no_argument, NULL, 'w'},
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
            if (w->n_from == SURVEY_FROM_MAX)
                return usage("too many --from");
            w->from[w->n_from++] = optarg;
            break;
        case 'p':
            o->progress = true;
            break;
        case 'w':
            w->watch = true;
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
            *shown = usage_help();
            return ERR_OK;
        case 'v':
            *shown = printf("%s %s\n", DOCK, FELDSHER_VERSION) < 0;
            return ERR_OK;
        case 'm':
            *shown = usage_man();
            return ERR_OK;
        default:
            return usage("an option is unknown or lacks its value");
        }
    }
    w->json = o->json;
    *verb = models_take(m, argc - optind, argv + optind)                 ? MODELS
            : optind + 1 == argc && strcmp(argv[optind], "cameras") == 0 ? CAMERAS
                                                                         : OFFLOAD;
    if (*verb != OFFLOAD)
        return ERR_OK;
    if (optind + 1 != argc || strcmp(argv[optind], "offload") != 0)
        return usage("one command is needed: offload, cameras, profiles, check FILE");
    return o->from ? ERR_OK : usage("no camera given: --from PATH");
}

int main(int argc, char **argv)
{
    struct offload o = {.dir = ".", .camera = "", .stop = &stop};
    struct survey w = {.stop = &stop};
    struct models m = {0};
    enum verb verb = OFFLOAD;
    bool incomplete = false;
    int shown = -1;
    enum err e = lang_start(NULL);
    if (!e)
        e = parse(argc, argv, &o, &w, &m, &verb, &shown);
    if (!e && shown >= 0)
        return shown;
    catch_signals();
    setpriority(PRIO_PROCESS, 0, BEHIND); /* whoever types goes first */
    if (!e)
        e = hash_start();
    if (!e)
        e = verb == MODELS    ? models_run(&m, o.dir, o.json)
            : verb == CAMERAS ? survey_run(&w)
                              : offload_run(&o, &incomplete);
    if (e)
        return err_report(DOCK, e);
    if (stop && verb == OFFLOAD)
        return err_report(DOCK, err_set(ERR_AGAIN, "stopped; run offload again, it goes on where it stopped"));
    return incomplete ? 75 : 0;
}
