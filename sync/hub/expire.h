#ifndef SYNC_HUB_EXPIRE_H
#define SYNC_HUB_EXPIRE_H

#include "sync/hub/hub.h"
#include "sync/hub/orders.h"

/*
 * What a hub removes: blobs under a destruction order, and blobs whose
 * retention has ended by the labels that name them. Never what is on hold,
 * never a batch, never a parts list, never on anybody else's word.
 */
struct expire {
    struct store *store;
    const struct orders *orders;
    const struct tell *tell;
    int64_t as_of; /* retention that ended before this, ms */
    int64_t now;
    /* Called once the blobs of an order are gone; may be NULL. */
    enum err (*confirm)(void *ctx, const struct notice *order, uint64_t blobs, uint64_t bytes);
    void *ctx;
    /* results */
    uint64_t lists, blobs, bytes, held, orders_done;
};

enum err expire_run(struct expire *x) MUST_USE;

/* The signed answer to an order: DIR/confirmations/ID, written once. */
enum err expire_confirm(struct hub *h, const struct notice *order, uint64_t blobs, uint64_t bytes) MUST_USE;

#endif
