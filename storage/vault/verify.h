#ifndef STORAGE_VAULT_VERIFY_H
#define STORAGE_VAULT_VERIFY_H

#include "storage/base/pulse.h"
#include "storage/vault/rebuild.h"
#include "storage/vault/station.h"

/* The whole station: settings and keys by sums, roster, notices, every label,
 * its gapless order, every object, receipts, the index, the logs. fn is
 * called for each fault: what (a path under the folder, or "chain CHAIN label
 * N") and why. Changes nothing. ERR_BAD if there was any fault. With u (not
 * NULL) batches are opened too: content hashes, entries, authors. pulse counts
 * bytes of objects. */
struct verify_totals {
    uint64_t labels, objects, bytes, faults, torn;
    uint64_t destroyed, freed, elsewhere; /* blobs that are rightly not here */
    uint64_t licences;                    /* to erase, that this station used */
};
typedef void verify_fn(void *ctx, const char *what, const char *why);
enum err verify_station(const char *dir, const struct user *u, verify_fn *fn, void *ctx, struct pulse *pulse,
                        struct verify_totals *t) MUST_USE;

#endif
