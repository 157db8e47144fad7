#ifndef SYNC_CLIENT_SETTINGS_H
#define SYNC_CLIENT_SETTINGS_H

#include "storage/base/buf.h"
#include "storage/limits.h"
#include "sync/client/budget.h"

#include <jansson.h>

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
#define SETTINGS_CHANGES_MAX 16u /* in one command line */

struct settings {
    struct budget budget;
    char hubs[SETTINGS_HUBS_MAX][320];
    size_t n_hubs;
};

/* ERR_DATA with the line, name being the file's. */
enum err settings_parse(struct settings *s, const char *name, const char *text, size_t n) MUST_USE;
/* The file's text with settings changed. Each change is "KEY: VALUE", where hub
 * and hours may have several values with blanks between; without a value the
 * default counts again. A key's lines are replaced where its first one stood;
 * all others stay as they are. text NULL: there is no file. */
enum err settings_change(const char *text, size_t n, const char *const changes[], size_t n_changes,
                         struct buf *out) MUST_USE;
/* Changes DIR/link.conf, durably. What settings_parse refuses is not written. */
enum err settings_write(const char *dir, const char *const changes[], size_t n) MUST_USE;
/* {"hubs":[],"bytes_per_day":N,"rate":N,"hours":["22:00-06:00"],
 * "metered":"ask","metered_unknown":"no","lanes":["always",...]} */
json_t *settings_json(const struct settings *s);

/* Of a station's folder; none there: the default. */
enum err settings_read(struct settings *s, const char *dir) MUST_USE;

#endif
