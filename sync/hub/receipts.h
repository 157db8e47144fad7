#ifndef SYNC_HUB_RECEIPTS_H
#define SYNC_HUB_RECEIPTS_H

#include "storage/vault/receipt.h"
#include "sync/hub/hub.h"

/* The hub's signed word about each chain; kept in DIR/receipts/CHAIN. */

/* A receipt of what the store holds of a chain now. It ends before the first
 * missing number that does not fit (RECEIPT_MISSING_MAX). The caller frees. */
enum err receipts_make(struct store *s, const char *chain, const char *hub, const struct sign_secret *key, int64_t now,
                       struct receipt **out) MUST_USE;
/* Writes those of all chains that changed since their last one; n counts. */
enum err receipts_renew(struct hub *h, uint64_t *n) MUST_USE;
/* A new one with the time now, kept; text is replaced. Of a chain never heard
 * of it says that nothing is held. ERR_NOINPUT: our file of it is damaged. */
enum err receipts_fresh(struct hub *h, const char *chain, struct buf *text) MUST_USE;
/* The one that is kept. ERR_NOINPUT: none, or a torn one: a server does not
 * wait for the disk with them. */
enum err receipts_read(const struct hub *h, const char *chain, struct buf *text) MUST_USE;

#endif
