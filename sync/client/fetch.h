#ifndef SYNC_CLIENT_FETCH_H
#define SYNC_CLIENT_FETCH_H

#include "sync/client/client.h"

/* Takes from the stick the blobs of the parts lists that jobs "want" ask for,
 * if a verified label names the list; a job ends when all are here. A full
 * disk is noted in c->in.full, with space left for records, and is no error. */
enum err fetch_wanted(struct client *c) MUST_USE;

#endif
