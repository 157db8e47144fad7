#include "drivers/erase/usage.h"
#include "drivers/erase/visit.h"
#include "drivers/stop.h"
#include "storage/base/lang.h"
#include "storage/seal/hash.h"

#include <getopt.h>
#include <stdio.h>

static enum err usage(const char *what)
{
    return err_set(ERR_USAGE, "%s; see feldsher-erase --help", _(what));
}

static enum err parse(int argc, char **argv, struct visit *v, int *shown)
{
    static const struct option longs[] = {
        {"licence", required_argument, NULL, 'l'},
        {"from", required_argument, NULL, 'f'},
        {"volume", required_argument, NULL, 'V'},
        {"plan", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"progress", no_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {"man", no_argument, NULL, 'm'},
        {"copy", required_argument, NULL, 'c'},
        {NULL, 0, NULL, 0},
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
        case 'h':
            *shown = manual_help(&usage_erase);
            return ERR_OK;
        case 'v':
            *shown = printf("%s %s\n", ERASE, FELDSHER_VERSION) < 0;
            return ERR_OK;
        case 'm':
            *shown = manual_page(&usage_erase);
            return ERR_OK;
        default:
            return usage("an option is unknown or lacks its value");
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
