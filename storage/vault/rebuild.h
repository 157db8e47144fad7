#ifndef STORAGE_VAULT_REBUILD_H
#define STORAGE_VAULT_REBUILD_H

#include "storage/base/pulse.h"
#include "storage/vault/station.h"

/* queue.db anew from chain, objects and receipts. Jobs of the old one are
 * taken over where it can still be read. The old one is replaced only when
 * the new one is whole; nobody may have it open. pulse counts bytes of labels. */
enum err rebuild_queue(const char *dir, const struct station *s, struct pulse *pulse) MUST_USE;

#endif
