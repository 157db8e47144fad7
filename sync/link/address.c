#include "sync/link/address.h"

#include "storage/base/bytes.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static enum err wrong(const char *s)
{
    return err_set(ERR_USAGE, "%.300s is no address; write HOST:PORT, as in hub.example:7433 or [2001:db8::7]:7433", s);
}

/* Letters, digits, '.', '-', '_', and for IPv6 ':' and '%': whatever else
 * stands there is a mistake, not a name to ask a name server for. */
static bool host_good(const char *p, size_t n, bool v6)
{
    for (size_t i = 0; i < n; i++) {
        bool plain = (p[i] >= 'a' && p[i] <= 'z') || (p[i] >= 'A' && p[i] <= 'Z') || (p[i] >= '0' && p[i] <= '9') ||
                     p[i] == '.' || p[i] == '-' || p[i] == '_';
        if (!plain && !(v6 && (p[i] == ':' || p[i] == '%')))
            return false;
    }
    return n < ADDRESS_HOST && (n == 0 || p[0] != '-');
}

static void resolve_numeric(struct address *a)
{
    char port[8];
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    snprintf(port, sizeof port, "%u", a->port);
    if (!a->host[0] || getaddrinfo(a->host, port, &hints, &found) != 0)
        return;
    if (found->ai_addrlen <= sizeof a->to) {
        memcpy(&a->to, found->ai_addr, found->ai_addrlen);
        a->n = found->ai_addrlen;
        a->numeric = true;
    }
    freeaddrinfo(found);
}

enum err address_parse(struct address *out, const char *s)
{
    const char *host = s, *colon = strrchr(s, ':');
    uint64_t port;
    *out = (struct address){.port = 0};
    if (!colon || !bytes_decimal(&port, colon + 1, strlen(colon + 1), UINT16_MAX))
        return wrong(s);
    size_t n = (size_t)(colon - host);
    bool v6 = n >= 2 && host[0] == '[' && host[n - 1] == ']';
    if (v6) {
        host++;
        n -= 2;
    }
    if (!host_good(host, n, v6) || (v6 && n == 0))
        return wrong(s);
    memcpy(out->host, host, n);
    out->port = (uint16_t)port;
    resolve_numeric(out);
    return v6 && (!out->numeric || out->to.ss_family != AF_INET6) ? wrong(s) : ERR_OK;
}

void address_text(char out[static ADDRESS_TEXT], const struct address *a)
{
    bool v6 = strchr(a->host, ':') != NULL;
    snprintf(out, ADDRESS_TEXT, "%s%s%s:%u", v6 ? "[" : "", a->host, v6 ? "]" : "", a->port);
}

void address_of(struct address *out, const struct sockaddr_storage *to, socklen_t n)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    *out = (struct address){.numeric = true, .n = n <= sizeof out->to ? n : 0};
    memcpy(&out->to, to, out->n);
    if (to->ss_family == AF_INET && n >= sizeof v4) {
        memcpy(&v4, to, sizeof v4);
        out->port = ntohs(v4.sin_port);
    } else if (to->ss_family == AF_INET6 && n >= sizeof v6) {
        memcpy(&v6, to, sizeof v6);
        out->port = ntohs(v6.sin6_port);
    }
    if (getnameinfo((const struct sockaddr *)to, n, out->host, sizeof out->host, NULL, 0, NI_NUMERICHOST) != 0)
        snprintf(out->host, sizeof out->host, "?");
}
