#ifndef SYNC_HUB_IMPORT_H
#define SYNC_HUB_IMPORT_H

#include "sync/folder/walk.h"
#include "sync/hub/store.h"

/*
 * From a stick into the store: labels in order, then their batches and parts
 * lists, then blobs. Each item is accepted or refused by itself:
 *
 *   label      signed by its chain's key (roster), number and prev follow the
 *              head. A number that exists with other bytes, or a prev that is
 *              not our head, is a cloned station: alarm, the chain is frozen,
 *              the other labels are set aside (capped).
 *              Behind a revocation: set aside.
 *   object     needed by an accepted label, of that size, of that hash. The
 *              rest stays on the stick.
 *
 * Nothing is decrypted or decompressed. A station's labels and objects count
 * against its quota.
 */
struct import {
    struct store *store;
    const struct roster *roster;
    const struct stick *stick;
    const struct tell *tell;
    struct refuse *refuse;
    uint64_t quota;
    int64_t now;
    /* results */
    uint64_t labels, objects, bytes, known, aside, alarms;
    uint64_t over_quota; /* items refused for it */
};

/* ERR_OK also when things were refused (refuse->n); other errors (stick_stops)
 * come from the store: what was accepted before stays. */
enum err import_run(struct import *im) MUST_USE;

#endif
