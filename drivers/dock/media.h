#ifndef DRIVERS_DOCK_MEDIA_H
#define DRIVERS_DOCK_MEDIA_H

#include "drivers/dock/reading.h"
#include "drivers/dock/say.h"
#include "drivers/probe/probe.h"

/*
 * What is in a recording: asked of feldsher-probe when all of it has been read.
 * It is answered from memory, and here and there from the camera as long as
 * that is plugged in. Whatever it does, the recording is taken in: then nothing
 * is known of it, and why is said once.
 */
struct media {
    struct probe *probe; /* NULL: nobody can be asked */
    struct say *say;
    int64_t spent; /* ms that were waited in vain */
    bool told;
    /* of the last recording */
    struct probe_facts is; /* of its video; positions and their time of a log beside it, where there is one */
    char path[INTAKE_PATH_MAX + 1];
    struct intake_source poster;
};
#define MEDIA_LOGS_MAX 2u /* beside one recording that are looked into */

/* Before the program limits itself, and before it has anything to hide. Both live as long. */
void media_start(struct media *m, struct say *say, const volatile sig_atomic_t *stop);
void media_stop(struct media *m);
/* Is a sidecar of this path a log of positions? */
bool media_is_log(const char *path, enum probe_kind *kind);
/* A recording and its sidecars. stem: of its path, bytes up to the last dot.
 * Returns the poster, a sidecar to be, until the next look; NULL: none. */
const struct intake_source *media_look(struct media *m, struct reading *const files[], size_t n, size_t stem);

#endif
