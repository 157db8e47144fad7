#ifndef SYNC_CLIENT_SETTINGS_H
#define SYNC_CLIENT_SETTINGS_H

#include "storage/limits.h"
#include "sync/client/budget.h"

/*
 * DIR/link.conf, written by whoever runs the station; every line may be left
 * out, and so may the file:
 *
 *     feldsher-link-conf 1
 *     hub: HOST:PORT               may repeat; without any, the addresses of the roster's hubs
 *     bytes-per-day: N
 *     rate: N                      bytes a second
 *     hours: HH:MM-HH:MM           local time; may repeat
 *     metered: yes|no|ask          ask: NetworkManager is asked
 *     metered-unknown: yes|no      what counts when it does not know
 *     lane N: always|unmetered|hours|never
 */
#define SETTINGS_HUBS_MAX 8u
#define SETTINGS_MAX 65536u

struct settings {
    struct budget budget;
    char hubs[SETTINGS_HUBS_MAX][320];
    size_t n_hubs;
};

/* ERR_DATA with the line, name being the file's. */
enum err settings_parse(struct settings *s, const char *name, const char *text, size_t n) MUST_USE;
/* Of a station's folder; none there: the default. */
enum err settings_read(struct settings *s, const char *dir) MUST_USE;

#endif
