#ifndef SYNC_LINK_TLS_H
#define SYNC_LINK_TLS_H

#include "storage/base/buf.h"
#include "storage/seal/sign.h"

/*
 * TLS 1.3 over a connected, non-blocking TCP socket, both sides known by raw
 * Ed25519 link keys (RFC 7250), ALPN "feldsher/1". Nothing here knows which
 * keys are good: whoever asks compares tls_peer with the roster after every
 * handshake, also a resumed one.
 */
struct tls_keys; /* one a process: link key, priorities, ticket key of a server */
struct tls;      /* one a connection */

enum tls_side { TLS_CLIENT, TLS_SERVER };

/* link is copied. ERR_NOMEM, ERR_BUG. */
enum err tls_keys_new(struct tls_keys **out, enum tls_side side, const struct sign_secret *link) MUST_USE;
void tls_keys_free(struct tls_keys *k);

/* fd stays the caller's; k outlives t. ticket: what tls_ticket gave under the
 * same keys, or n 0; any other is passed over. */
enum err tls_new(struct tls **out, struct tls_keys *k, int fd, const void *ticket, size_t n) MUST_USE;
void tls_free(struct tls *t);

/* ERR_OK done; ERR_AGAIN: when tls_wants_write says so, wait until fd can be
 * written, else read; ERR_UNREACHABLE: cut; ERR_DENIED: it is no feldsher, or
 * keys or protocol do not fit. */
enum err tls_handshake(struct tls *t) MUST_USE;
bool tls_wants_write(const struct tls *t);
bool tls_resumed(const struct tls *t);
/* After the handshake. */
void tls_peer(const struct tls *t, struct sign_public *out);

/* ERR_OK: *n > 0. ERR_AGAIN nothing there; ERR_END closed in order;
 * ERR_UNREACHABLE cut or garbled. */
enum err tls_read(struct tls *t, void *p, size_t cap, size_t *n) MUST_USE;
/* Takes all n (<= 16384) as one record or nothing: ERR_AGAIN: call tls_flush
 * when fd can be written; the bytes are taken, do not give them again. */
enum err tls_write(struct tls *t, const void *p, size_t n) MUST_USE;
/* ERR_OK: nothing is left to write. */
enum err tls_flush(struct tls *t) MUST_USE;
/* Bytes that this connection has taken from its socket and put into it. */
void tls_bytes(const struct tls *t, uint64_t *in, uint64_t *out);
/* Sends close_notify as far as the socket takes it. */
void tls_bye(struct tls *t);
/* Client: what resumes this session; ERR_NOINPUT before the server's ticket
 * came. */
enum err tls_ticket(struct tls *t, struct buf *out) MUST_USE;

#endif
