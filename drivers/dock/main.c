#include "drivers/dock/admit.h"
#include "drivers/dock/arguments.h"
#include "drivers/dock/usage.h"
#include "drivers/stop.h"
#include "storage/base/lang.h"
#include "storage/seal/hash.h"

#include <sys/resource.h>

#define BEHIND 5 /* nice(2) */

static enum err run(const struct arguments *a, bool *incomplete)
{
    switch (a->verb) {
    case VERB_MODELS:
        return models_run(&a->models, a->offload.dir, a->offload.json);
    case VERB_CAMERAS:
        return survey_run(&a->survey);
    case VERB_WATCH:
        return watch_run(&a->watch);
    case VERB_ADMIT:
        return admit_run(a->offload.dir, a->offload.camera, a->profile, a->offload.json);
    case VERB_FORGET:
        return admit_forget(a->offload.dir, a->offload.camera, a->offload.json);
    case VERB_OFFLOAD:
        break;
    }
    return offload_run(&a->offload, incomplete);
}

int main(int argc, char **argv)
{
    struct arguments a;
    bool incomplete = false;
    const volatile sig_atomic_t *stop = stop_on_signals();
    enum err e = lang_start(NULL);
    if (!e)
        e = arguments_read(&a, argc, argv, stop);
    if (!e && a.shown >= 0)
        return a.shown;
    setpriority(PRIO_PROCESS, 0, BEHIND); /* whoever types goes first */
    if (!e)
        e = hash_start();
    if (!e)
        e = run(&a, &incomplete);
    if (e)
        return err_report(DOCK, e);
    if (*stop && a.verb == VERB_OFFLOAD)
        return err_report(DOCK, err_set(ERR_AGAIN, "stopped; run offload again, it goes on where it stopped"));
    return incomplete ? 75 : 0;
}
