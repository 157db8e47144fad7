#ifndef SYNC_CLIENT_KEEPER_H
#define SYNC_CLIENT_KEEPER_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A station's side of the network: keeps one link, or several at once, to its
 * hub. */
struct keeper_options {
    const char *dir;
    const char *const *links; /* HOST:PORT, each a link of its own (a modem); none: link.conf, or the roster */
    size_t n_links;
    bool watch;        /* for ever, and sticks that are mounted too; else one contact */
    uint64_t patience; /* seconds that one contact tries to reach the hub */
    bool json;
};

/* One contact: ERR_OK a receipt covers all; ERR_AGAIN something is left, was
 * put off or refused; ERR_UNREACHABLE; ERR_DENIED revoked, cloned, unknown, or
 * another key. watch: until SIGTERM, which is ERR_OK. Limits this process for
 * good. */
enum err keeper_run(const struct keeper_options *o) MUST_USE;

/* What a contact would carry, how long it would take, what stays and why;
 * without network. ERR_AGAIN: something would stay. */
enum err keeper_plan(const struct keeper_options *o) MUST_USE;

#define KEEPER_PATIENCE 20

#endif
