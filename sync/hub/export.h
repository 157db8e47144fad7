#ifndef SYNC_HUB_EXPORT_H
#define SYNC_HUB_EXPORT_H

#include "sync/folder/load.h"
#include "sync/folder/walk.h"
#include "sync/hub/hub.h"

/*
 * From the store onto a stick, for every station whose have text stands on it
 * (signed with its link key) and for those named: roster, notices, receipts,
 * confirmations; labels that it lacks, of its own chain and of chains with a
 * label delivered to it; then batches of the labels delivered, their parts
 * lists, and the blobs of parts lists that it wants. A have text only ever
 * makes us send what its station may have.
 */
struct export
{
    struct hub *hub;
    struct stick *stick;
    struct load *load;
    struct walk *walk;
    uint64_t targets; /* stations served */
    uint64_t absent;  /* blobs asked for that this hub does not hold yet */
};

/* names: stations named on the command line. ERR_NOINPUT: the roster knows
 * none of that name. */
enum err export_run(struct export *x, const char *const *names, size_t n) MUST_USE;

#endif
