#ifndef TUI_LINK_STATE_H
#define TUI_LINK_STATE_H

#include "storage/base/err.h"
#include "storage/trust/roster.h"

#include <jansson.h>
#include <stdbool.h>

/* What feldsher-sync says of itself in DIR/log/sync.status. Says nothing about
 * what the district holds: receipts do. */

/* Its object with "running" added: does that very process still run; null
 * where there is none. */
json_t *link_state_json(const char *dir);
/* A line or two on stdout; nothing where there is none. */
void link_state_print(const char *dir);
/* Where feldsher-sync would look for a hub: the first address of link.conf or of
 * the roster; false: neither names one. What is wrong with link.conf is for
 * `sync --settings` to say. */
#define LINK_STATE_HUB 320
bool link_state_hub(const char *dir, const struct roster *r, char out[static LINK_STATE_HUB]);
/* Either way: json gives {"running":false} where there is none. */
void link_state_say(const char *dir, bool json);
/* Says it at once and again whenever it changes, until nobody listens. */
enum err link_state_follow(const char *dir, bool json) MUST_USE;
/* Ends the one that keeps the link (SIGTERM) and waits until it has.
 * ERR_NOINPUT: none runs; ERR_AGAIN: it takes longer. */
enum err link_state_stop(const char *dir) MUST_USE;

#endif
