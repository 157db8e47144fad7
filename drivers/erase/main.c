#include "drivers/erase/usage.h"
#include "drivers/erase/visit.h"
#include "drivers/stop.h"
#include "storage/base/lang.h"
#include "storage/seal/hash.h"

#include <getopt.h>
#include <stdio.h>

static enum err usage(const char *what)
{
    return manual_usage(&usage_erase, what);
}

static enum err parse(int argc, char **argv, struct visit *v, int *shown)
{
    static const struct option longs[] = {
        {"licence", required_argument, NULL, 'l'}, {"from", required_argument, NULL, 'f'},
        {"volume", required_argument, NULL, 'V'},  {"plan", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},          {"progress", no_argument, NULL, 'p'},
        {"copy", required_argument, NULL, 'c'},    MANUAL_OPTIONS,
    };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "C:", longs, NULL)) != -1;) {
        switch (c) {
        case 'C':
            v->dir = optarg;
            break;
        case 'l':
            v->licence = optarg;
            break;
        case 'f':
            v->from = optarg;
            break;
        case 'V':
            v->volume = optarg;
            break;
        case 'c':
            if (v->n_copies == COPIES_MAX)
                return usage("too many --copy");
            v->copies[v->n_copies++] = optarg;
            break;
        case 'n':
            v->plan = true;
            break;
        case 'j':
            v->json = true;
            break;
        case 'p':
            v->progress = true;
            break;
        default:
            return manual_takes(&usage_erase, c, shown);
        }
    }
    if (optind + 1 != argc || !argv[optind][0])
        return usage("one camera is needed");
    v->camera = argv[optind];
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct visit v = {.dir = ".", .volume = "", .stop = stop_on_signals()};
    bool incomplete = false;
    int shown = -1;
    enum err e = lang_start(NULL);
    if (!e)
        e = parse(argc, argv, &v, &shown);
    if (!e && shown >= 0)
        return shown;
    signal(SIGPIPE, SIG_IGN); /* who listened may go */
    if (!e)
        e = hash_start();
    if (!e)
        e = visit_run(&v, &incomplete);
    if (e)
        return err_report(ERASE, e);
    return incomplete ? 75 : 0;
}
