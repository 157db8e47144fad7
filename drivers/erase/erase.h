#ifndef DRIVERS_ERASE_ERASE_H
#define DRIVERS_ERASE_ERASE_H

#include "drivers/erase/deleter.h"
#include "drivers/erase/permit.h"
#include "drivers/erase/outcome.h"

#include <signal.h>

/*
 * The erase itself, over any camera and any deleter: a file goes when a
 * licence names it, the station's folder allows it (permit.h), and its bytes,
 * read whole once more, are the licensed ones. README.md says what stands in
 * the chain at which step.
 */
struct erase {
    struct station *s;
    struct permit *permit;
    const struct camera *camera;
    const char *serial, *volume;
    const struct deleter *deleter;
    struct outcome *outcome;
    const volatile sig_atomic_t *stop;
};

/* What would go and what not, and why; reads no file whole, writes nothing. */
enum err erase_plan(const struct erase *e) MUST_USE;
/* incomplete: something licensed is still on the camera and could go later.
 * ERR_AGAIN: the camera is gone, or we were stopped: run it again; ERR_DENIED:
 * the camera offers no way; ERR_NOINPUT: no licence may be used. */
enum err erase_run(const struct erase *e, bool *incomplete) MUST_USE;

#endif
