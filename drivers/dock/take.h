#ifndef DRIVERS_DOCK_TAKE_H
#define DRIVERS_DOCK_TAKE_H

#include "drivers/dock/list.h"
#include "drivers/dock/media.h"
#include "drivers/dock/reading.h"
#include "drivers/dock/say.h"
#include "drivers/profiles/profile.h"
#include "storage/vault/intake.h"

/*
 * Takes everything that is on an open camera into the station: each recording
 * with its sidecars, what is held already told, what fails told and passed over.
 */
struct take;

/* A file of a recording while it is open. */
struct group_file {
    struct take *take;
    size_t file; /* of the list */
    struct reading reading;
};

struct take {
    /* given */
    struct station *s;
    struct reading_camera on;
    struct intake_camera described; /* texts live as long */
    const struct profile *model;    /* NULL: every file is a recording */
    struct say say;                 /* begun */
    struct media media;             /* begun */
    /* Further members of a recording's entry: a new object. May be NULL. */
    json_t *(*about)(struct take *t, const struct group_file *recording);
    void *ctx;
    /* its own */
    struct intake *in;
    struct list list;
    struct waiting *waiting;
    size_t n_waiting, cap_waiting;
    uint64_t done; /* bytes of the recordings before the present one */
    uint64_t at;   /* number of the present one */
    unsigned silent;
    bool is_relisting;
};

/* What failed is counted in say. Errors stop it: the station's own, or the
 * camera is gone for good. */
enum err take_run(struct take *t) MUST_USE;

#endif
