#ifndef SYNC_HUB_HUB_KEY_H
#define SYNC_HUB_HUB_KEY_H

#include "sync/hub/hub.h"

/* feldsher-key 1: seed and public key of a hub, mode 0600. */
enum err hub_key_write(const struct hub *h, const char *name, const struct sign_secret *k) MUST_USE;
/* In locked memory; freed with sodium_free. ERR_BAD: damaged. */
enum err hub_key_read(const struct hub *h, const char *name, struct sign_secret **out) MUST_USE;

#endif
