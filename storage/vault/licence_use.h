#ifndef STORAGE_VAULT_LICENCE_USE_H
#define STORAGE_VAULT_LICENCE_USE_H

#include "storage/vault/station.h"

/*
 * Who used which erase licence: it stands in the clear in labels, so that a
 * licence is used once though nobody is logged in.
 */
struct licence_use {
    char licence[NOTICE_ID];
    char chain[CHAIN_ID];
    uint64_t seq; /* of the label */
    int64_t time;
    bool over; /* used up; else begun */
};

/* Every one that an authentic label of any chain here names, in order within
 * its chain. The files are read, not the index: what is asked is whether
 * something was done. ERR_BAD: a chain of ours is damaged, so nobody can tell. */
typedef enum err licence_use_fn(void *ctx, const struct licence_use *u);
enum err licence_use_each(const struct station *s, licence_use_fn *fn, void *ctx) MUST_USE;

/*
 * Without a hub for weeks, verified copies may stand for its receipt, where a
 * licence says so. Silent: the newest receipt over the chain is older than
 * this, or there is none and its first label is. now as of station_now.
 */
#define LICENCE_SILENCE ((int64_t)21 * 86400 * 1000) /* ms */
bool licence_hub_is_silent(const struct station *s, const char *chain, int64_t now);

#endif
