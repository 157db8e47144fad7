#ifndef STORAGE_RECORDS_ERASURE_H
#define STORAGE_RECORDS_ERASURE_H

#include "storage/records/recording.h"

/*
 * Erase licences: what a camera may forget, because a hub holds it by its
 * receipt. feldsher-erase (drivers/erase) checks all of it again.
 */
#define ERASURE_DAYS_MAX 90u /* a licence is good for at most so long */

struct erasure_wish {
    const char *serial; /* of the camera */
    const char *volume; /* NULL: each of its volumes */
    unsigned days;
    const char *why;
    unsigned copies; /* not 0: without a hub; so many verified copies will do for what no receipt covers */
};

struct erasure_offer {
    uint64_t licences, recordings, files, bytes; /* licensed */
    uint64_t not_held;                           /* recordings left out: no valid receipt covers them */
    uint64_t on_hold;                            /* recordings left out: what is held stays, on the camera too */
    uint64_t gone;                               /* files left out: an entry says that they are not there any more */
};

/* Signs a licence for each volume of the camera (or more, beyond a ceiling), for
 * all recordings of l that were taken off it, as u: a supervisor. Each becomes a
 * notice and an entry; fn gets it. ERR_DENIED: no supervisor; ERR_NOINPUT: there
 * is nothing to license, the sentence says why; ERR_USAGE. Needs STATION_CHAIN_KEY. */
typedef void erasure_fn(void *ctx, const struct notice *n, const char *volume);
enum err erasure_license(struct station *s, const struct user *u, const struct recording_list *l,
                         const struct erasure_wish *w, erasure_fn *fn, void *ctx, struct erasure_offer *out) MUST_USE;

#endif
