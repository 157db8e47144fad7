#ifndef SYNC_CLIENT_OPTIONS_H
#define SYNC_CLIENT_OPTIONS_H

#include "sync/folder/args.h"

#include <stdint.h>

/* --patience in seconds, or KEEPER_PATIENCE. ERR_USAGE. */
enum err options_patience(const struct args *a, uint64_t *seconds) MUST_USE;
/* Changes link.conf of the station in home where --set says so, then shows
 * what counts. */
enum err options_settings(const struct args *a, const char *home) MUST_USE;

#endif
