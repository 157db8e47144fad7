#ifndef SYNC_CLIENT_CLEARING_H
#define SYNC_CLIENT_CLEARING_H

#include "sync/client/client.h"

/* Makes room on a full stick: removes from it blobs of our own recordings
 * that a receipt covers with all their blobs, except those that a have text
 * on the stick still asks for. Nothing of this station's folder is touched.
 * removed counts them. */
enum err clearing_run(struct client *c, uint64_t *removed, uint64_t *bytes) MUST_USE;

#endif
