#include "drivers/dock/arguments.h"

#include "drivers/dock/usage.h"
#include "storage/base/lang.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static enum err usage(const char *what)
{
    return err_set(ERR_USAGE, "%s; see feldsher-dock --help", _(what));
}

static enum err option(struct arguments *a, int c)
{
    struct offload *o = &a->offload;
    switch (c) {
    case 'C':
        o->dir = optarg;
        return ERR_OK;
    case 'f':
        o->from = optarg;
        if (a->survey.n_from == SURVEY_FROM_MAX)
            return usage("too many --from");
        a->survey.from[a->survey.n_from++] = optarg;
        return ERR_OK;
    case 's':
        o->camera = optarg;
        return ERR_OK;
    case 'o':
        o->port = optarg;
        return ERR_OK;
    case 'P':
        a->profile = optarg;
        return ERR_OK;
    case 'j':
        o->json = true;
        return ERR_OK;
    case 'q':
        o->quiet = true;
        return ERR_OK;
    case 'p':
        o->progress = true;
        return ERR_OK;
    case 'n':
        o->no_wait = true;
        return ERR_OK;
    case 'w':
        a->survey.watch = true;
        return ERR_OK;
    case 'h':
        a->shown = manual_help(&usage_dock);
        return ERR_OK;
    case 'v':
        a->shown = printf("%s %s\n", DOCK, FELDSHER_VERSION) < 0;
        return ERR_OK;
    case 'm':
        a->shown = manual_page(&usage_dock);
        return ERR_OK;
    default:
        return usage("an option is unknown or lacks its value");
    }
}

/* The command and the camera that some of them name. */
static enum err command(struct arguments *a, int n, char **words)
{
    static const struct {
        const char *name;
        enum verb verb;
        int least, most; /* words behind it */
    } verbs[] = {
        {"offload", VERB_OFFLOAD, 0, 1}, {"watch", VERB_WATCH, 0, 0},   {"cameras", VERB_CAMERAS, 0, 0},
        {"admit", VERB_ADMIT, 1, 1},     {"forget", VERB_FORGET, 1, 1},
    };
    if (models_take(&a->models, n, words)) {
        a->verb = VERB_MODELS;
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (n < 1 || strcmp(words[0], verbs[i].name) != 0)
            continue;
        if (n - 1 < verbs[i].least || n - 1 > verbs[i].most)
            break;
        a->verb = verbs[i].verb;
        if (n == 2)
            a->offload.camera = words[1];
        return ERR_OK;
    }
    return usage("one command is needed: offload, watch, cameras, admit, forget, profiles, check FILE");
}

enum err arguments_read(struct arguments *a, int argc, char **argv, const volatile sig_atomic_t *stop)
{
    static const struct option longs[] = {
        {"from", required_argument, NULL, 'f'},
        {"camera", required_argument, NULL, 's'},
        {"profile", required_argument, NULL, 'P'},
        {"json", no_argument, NULL, 'j'},
        {"quiet", no_argument, NULL, 'q'},
        {"progress", no_argument, NULL, 'p'},
        {"no-wait", no_argument, NULL, 'n'},
        {"watch", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {"man", no_argument, NULL, 'm'},
        {"port", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0},
    };
    *a = (struct arguments){.offload = {.dir = ".", .camera = "", .stop = stop}, .shown = -1};
    opterr = 0;
    enum err e = ERR_OK;
    for (int c; !e && a->shown < 0 && (c = getopt_long(argc, argv, "C:", longs, NULL)) != -1;)
        e = option(a, c);
    if (e || a->shown >= 0)
        return e;
    e = command(a, argc - optind, argv + optind);
    a->survey.dir = a->offload.dir;
    a->survey.json = a->offload.json;
    a->survey.stop = stop;
    a->watch = (struct watch){.dir = a->offload.dir,
                              .json = a->offload.json,
                              .quiet = a->offload.quiet,
                              .progress = a->offload.progress,
                              .stop = stop};
    return e;
}
