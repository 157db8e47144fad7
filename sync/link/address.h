#ifndef SYNC_LINK_ADDRESS_H
#define SYNC_LINK_ADDRESS_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Where a hub is: "hub.example:7433", "192.0.2.7:7433", "[2001:db8::7]:7433",
 * and, to listen on, ":7433" (every address of this machine).
 */
#define ADDRESS_HOST 256u /* a host's name with NUL (RFC 1035: 253) */
#define ADDRESS_TEXT 320u /* any of the forms with NUL */

struct address {
    char host[ADDRESS_HOST]; /* "" to listen everywhere */
    uint16_t port;           /* 0 only to listen: the kernel chooses */
    bool numeric;            /* to is valid; else the host is to be resolved first */
    socklen_t n;
    struct sockaddr_storage to;
};

/* ERR_USAGE with what is wrong and what it should look like. */
enum err address_parse(struct address *out, const char *s) MUST_USE;
/* The text form of what was parsed. */
void address_text(char out[static ADDRESS_TEXT], const struct address *a);
/* The same for the numeric address of a peer. */
void address_of(struct address *out, const struct sockaddr_storage *to, socklen_t n);

#endif
