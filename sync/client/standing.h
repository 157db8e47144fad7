#ifndef SYNC_CLIENT_STANDING_H
#define SYNC_CLIENT_STANDING_H

#include "storage/vault/receipt.h"
#include "sync/client/taking.h"

/* How this station stands with its district. */

/* Stops appending (job "frozen") and says why. */
enum err standing_freeze(struct taking *t, const char *why) MUST_USE;
/* After everything was taken in: freezes when the roster revokes our chain or
 * a receipt carries an alarm; ends the job "restored" when our chain is as
 * long as a receipt says that was signed after the restore. */
enum err standing_check(struct taking *t) MUST_USE;
bool standing_revoked(const struct taking *t);
/* The receipt that holds most of our chain, checked; NULL: none. The caller
 * frees. */
enum err standing_receipt(const struct taking *t, struct receipt **out) MUST_USE;

#endif
