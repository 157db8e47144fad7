#ifndef SYNC_CLIENT_OUTBOX_H
#define SYNC_CLIENT_OUTBOX_H

#include "sync/client/client.h"
#include "sync/folder/load.h"

/* What this station puts on a stick, in this order: roster, notices, labels
 * that no receipt covers, their batches by lane, their parts lists, blobs of
 * flagged recordings, other blobs; within a lane by number. With load->plan
 * set it is only counted. sent: labels of ours on the stick that no receipt
 * covers yet. */
enum err outbox_fill(struct client *c, struct load *load, uint64_t *sent) MUST_USE;
/* The have text, written last. */
enum err outbox_have(struct client *c) MUST_USE;

#endif
