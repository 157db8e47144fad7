#ifndef TUI_LINK_STATE_H
#define TUI_LINK_STATE_H

#include <jansson.h>

/* What feldsher-sync says of itself in DIR/log/sync.status. Says nothing about
 * what the district holds: receipts do. */

/* Its object with "running" added: does that very process still run; null
 * where there is none. */
json_t *link_state_json(const char *dir);
/* A line or two on stdout; nothing where there is none. */
void link_state_print(const char *dir);

#endif
