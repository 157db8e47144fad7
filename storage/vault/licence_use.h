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

#endif
