#ifndef SYNC_LINK_SOCK_H
#define SYNC_LINK_SOCK_H

#include "sync/link/address.h"

#include <stddef.h>

/*
 * TCP sockets of ours: non-blocking, close-on-exec, TCP_NODELAY, no
 * keep-alives (the conversation has its own pings).
 */
#define SOCK_LISTENERS 2u /* IPv6 and IPv4 */
#define SOCK_BACKLOG 4096

/* 0: left as the kernel has it. */
struct sock_tuning {
    uint32_t unsent;       /* bytes not yet sent that make the socket not writable (TCP_NOTSENT_LOWAT) */
    uint32_t send_buffer;  /* bytes (SO_SNDBUF); also what may fly, so >= rate x round trip */
    uint32_t user_timeout; /* ms that sent bytes may go unacknowledged before the kernel gives up (TCP_USER_TIMEOUT) */
    uint32_t
        retry_max; /* ms, >= 1000: longest pause between the kernel's retransmissions (TCP_RTO_MAX_MS, Linux 6.15) */
};

/* What suits a bad link: 4 KiB, 256 KiB, 60 s, 4 s. */
extern const struct sock_tuning sock_usual;

/* Settings that this kernel lacks are passed over. May be called again, with
 * other numbers. t NULL: nothing beyond what all sockets of ours have. */
void sock_tune(int fd, const struct sock_tuning *t);

/* Begins to connect. The socket can be written when it is decided.
 * ERR_UNREACHABLE: no route now; ERR_AGAIN: no descriptors or memory. */
enum err sock_connect(const struct address *a, const struct sock_tuning *t, int *fd) MUST_USE;
/* ERR_AGAIN: not decided yet; ERR_OK: connected; ERR_UNREACHABLE, with
 * *refused: nobody listens there (else *refused is false). */
enum err sock_connected(int fd, bool *refused) MUST_USE;
/* Smoothed round trip of a connected socket in ms as the kernel has measured it; 0: not yet. */
uint32_t sock_rtt(int fd);
/* What it still holds unsent or unacknowledged is dropped when fd is closed:
 * a silent connection would go on sending it beside its successor. */
void sock_abandon(int fd);
/* Bytes that a full packet of a connected socket carries now. */
uint32_t sock_segment(int fd);

/* Listens on a (numeric, or host ""). Without host: IPv6 and IPv4, or the one
 * that the machine has. ERR_CREATE: it is taken, or not this machine's. */
enum err sock_listen(const struct address *a, int fds[static SOCK_LISTENERS], size_t *n) MUST_USE;
/* The port that it listens on. */
uint16_t sock_port(int fd);
/* ERR_AGAIN: nobody waits. ERR_FULL: no descriptors or memory left; somebody
 * still waits, so look away from fd until something was closed. */
enum err sock_accept(int listener, const struct sock_tuning *t, int *fd, struct address *from) MUST_USE;

#endif
