#ifndef SYNC_HUB_SERVE_H
#define SYNC_HUB_SERVE_H

#include "sync/hub/hub.h"

/*
 * Serves a hub's stations over TLS: one thread for all connections, one that
 * waits for the disk. SIGTERM or SIGINT: the commit that runs is finished and
 * answered, everybody is told "later", and it returns; a second signal: at
 * once.
 *
 * hub is open with HUB_KEYS, HUB_ROSTER, HUB_WRITE, HUB_STORE and HUB_NET.
 * listen is HOST:PORT, :PORT, or NULL: the port of the hub's address,
 * everywhere, or 7443. Says "listening on HOST:PORT" on stdout when stations
 * can come.
 */
#define SERVE_PORT 7443u
enum err serve_run(struct hub *hub, const char *listen) MUST_USE;

#endif
