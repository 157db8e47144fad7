#ifndef SYNC_CLIENT_ARRIVALS_H
#define SYNC_CLIENT_ARRIVALS_H

#include "sync/client/client.h"

/* What a stick brings. Each item is taken or refused by itself; an error
 * comes back only when going on makes no sense (stick_stops). */

/* roster, if higher and authentic; notices. */
enum err arrivals_control(struct client *c) MUST_USE;
/* Receipts for our own chain (own), or for the others that we hold. */
enum err arrivals_receipts(struct client *c, bool own) MUST_USE;
/* Labels with their batch objects and parts lists: of chains that deliver to
 * this station, and of our own beyond our head (a restored backup). A label
 * of ours that differs from what we hold freezes the station. */
enum err arrivals_labels(struct client *c) MUST_USE;

#endif
