#include "sync/link/tls.h"

#include "storage/base/lang.h"
#include "sync/limits.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PRIORITY                                                                                                       \
    "NONE:+VERS-TLS1.3:+MAC-ALL:+GROUP-X25519:+SIGN-EDDSA-ED25519:+AES-128-GCM:+CHACHA20-POLY1305:"                    \
    "+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK"
#define ALPN "feldsher/1"
#define GUARD 16u     /* bytes in front of a kept ticket */
#define EMPTY_MAX 16u /* records without data that are read in one call */

/* RFC 8410: an Ed25519 key in DER is one of these and 32 bytes. */
static const uint8_t spki[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t pkcs8[16] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                  0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

struct tls_keys {
    enum tls_side side;
    gnutls_certificate_credentials_t cred;
    gnutls_priority_t priority;
    gnutls_datum_t ticket_key; /* server */
    uint8_t guard[crypto_generichash_KEYBYTES];
};

enum phase { SHAKING, TICKETING, OPEN, BROKEN };

struct tls {
    gnutls_session_t s;
    const struct tls_keys *keys;
    int fd;
    enum phase phase;
    bool pending; /* a record is not wholly out */
    bool dry;     /* nothing was left to read, when it was read last */
    bool cut;     /* the socket has ended, in order or not */
    bool flooded; /* more came than a handshake needs */
    uint64_t in, out;
    struct sign_public peer;
};

static enum err no_memory_or_bug(int code, const char *what)
{
    return code == GNUTLS_E_MEMORY_ERROR ? err_set(ERR_NOMEM, "out of memory")
                                         : err_set(ERR_BUG, "%s: %s", _(what), gnutls_strerror(code));
}

static int set_key(gnutls_certificate_credentials_t cred, const struct sign_secret *link)
{
    uint8_t pub[sizeof spki + 32], sec[sizeof pkcs8 + 32];
    memcpy(pub, spki, sizeof spki);
    memcpy(pub + sizeof spki, link->pub.pk, 32);
    memcpy(sec, pkcs8, sizeof pkcs8);
    memcpy(sec + sizeof pkcs8, link->seed, 32);
    gnutls_datum_t p = {pub, sizeof pub}, s = {sec, sizeof sec};
    int bad = gnutls_certificate_set_rawpk_key_mem(cred, &p, &s, GNUTLS_X509_FMT_DER, NULL,
                                                   GNUTLS_KEY_DIGITAL_SIGNATURE, NULL, 0, 0);
    sodium_memzero(sec, sizeof sec);
    return bad < 0 ? bad : 0;
}

enum err tls_keys_new(struct tls_keys **out, enum tls_side side, const struct sign_secret *link)
{
    struct tls_keys *k = calloc(1, sizeof *k);
    *out = NULL;
    if (!k)
        return err_set(ERR_NOMEM, "out of memory");
    k->side = side;
    randombytes_buf(k->guard, sizeof k->guard);
    int bad = gnutls_certificate_allocate_credentials(&k->cred);
    if (!bad)
        bad = set_key(k->cred, link);
    if (!bad)
        bad = gnutls_priority_init2(&k->priority, PRIORITY, NULL, 0);
    if (!bad && side == TLS_SERVER)
        bad = gnutls_session_ticket_key_generate(&k->ticket_key);
    if (bad) {
        tls_keys_free(k);
        return no_memory_or_bug(bad, "cannot prepare TLS");
    }
    *out = k;
    return ERR_OK;
}

void tls_keys_free(struct tls_keys *k)
{
    if (!k)
        return;
    if (k->ticket_key.data)
        gnutls_memset(k->ticket_key.data, 0, k->ticket_key.size);
    gnutls_free(k->ticket_key.data);
    if (k->priority)
        gnutls_priority_deinit(k->priority);
    if (k->cred)
        gnutls_certificate_free_credentials(k->cred);
    free(k);
}

static ssize_t pull(gnutls_transport_ptr_t ctx, void *p, size_t n)
{
    struct tls *t = ctx;
    if (t->phase == SHAKING && t->in + n > TLS_HANDSHAKE_MAX) {
        t->flooded = true;
        gnutls_transport_set_errno(t->s, EPROTO);
        return -1;
    }
    ssize_t got = recv(t->fd, p, n, MSG_DONTWAIT);
    t->dry = got < 0 && errno != EINTR;
    t->cut = got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
    if (got < 0)
        gnutls_transport_set_errno(t->s, errno);
    else
        t->in += (uint64_t)got;
    return got;
}

static ssize_t push(gnutls_transport_ptr_t ctx, const giovec_t *iov, int n)
{
    struct tls *t = ctx;
    struct iovec v[16];
    int m = n < 16 ? n : 16; /* the rest comes again: a short write is in order */
    for (int i = 0; i < m; i++)
        v[i] = (struct iovec){iov[i].iov_base, iov[i].iov_len};
    struct msghdr msg = {.msg_iov = v, .msg_iovlen = (size_t)m};
    ssize_t sent = sendmsg(t->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        gnutls_transport_set_errno(t->s, errno);
    else
        t->out += (uint64_t)sent;
    return sent;
}

static int set_up(struct tls *t, const struct tls_keys *k)
{
    const gnutls_datum_t alpn = {(unsigned char *)(uintptr_t)ALPN, sizeof ALPN - 1};
    gnutls_handshake_set_max_packet_length(t->s, TLS_MESSAGE_MAX);
    int bad = gnutls_priority_set(t->s, k->priority);
    if (!bad)
        bad = gnutls_credentials_set(t->s, GNUTLS_CRD_CERTIFICATE, k->cred);
    if (!bad)
        bad = gnutls_alpn_set_protocols(t->s, &alpn, 1, GNUTLS_ALPN_MANDATORY);
    if (!bad && k->side == TLS_SERVER) {
        gnutls_certificate_server_set_request(t->s, GNUTLS_CERT_REQUIRE);
        gnutls_db_set_cache_expiration(t->s, TLS_TICKET_LIFETIME);
        bad = gnutls_session_ticket_enable_server(t->s, &k->ticket_key);
    }
    gnutls_transport_set_ptr(t->s, t);
    gnutls_transport_set_pull_function(t->s, pull);
    gnutls_transport_set_vec_push_function(t->s, push);
    return bad;
}

/* GnuTLS trusts what it is told to resume, and crashes on other bytes: so what
 * it gave carries a code of ours in front. */
static void guard(uint8_t out[static GUARD], const struct tls_keys *k, const uint8_t *p, size_t n)
{
    crypto_generichash(out, GUARD, p, n, k->guard, sizeof k->guard);
}

static bool ticket_good(const struct tls_keys *k, const uint8_t *p, size_t n)
{
    uint8_t code[GUARD];
    if (n <= GUARD || n > TLS_TICKET_MAX)
        return false;
    guard(code, k, p + GUARD, n - GUARD);
    return sodium_memcmp(code, p, GUARD) == 0;
}

enum err tls_new(struct tls **out, struct tls_keys *k, int fd, const void *ticket, size_t n)
{
    struct tls *t = calloc(1, sizeof *t);
    unsigned flags = GNUTLS_NONBLOCK | GNUTLS_ENABLE_RAWPK | GNUTLS_NO_SIGNAL |
                     (k->side == TLS_SERVER ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT);
    *out = NULL;
    if (!t)
        return err_set(ERR_NOMEM, "out of memory");
    t->fd = fd;
    t->keys = k;
    int bad = gnutls_init(&t->s, flags);
    if (!bad)
        bad = set_up(t, k);
    if (bad) {
        tls_free(t);
        return no_memory_or_bug(bad, "cannot begin TLS");
    }
    /* one that is of no use (any more) costs a whole handshake, nothing else */
    if (k->side == TLS_CLIENT && ticket_good(k, ticket, n))
        (void)gnutls_session_set_data(t->s, (const uint8_t *)ticket + GUARD, n - GUARD);
    *out = t;
    return ERR_OK;
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    if (t->s)
        gnutls_deinit(t->s);
    free(t);
}

static bool again(int code)
{
    return code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED;
}

/* The end of a connection that was open. */
static enum err broken(struct tls *t, int code)
{
    t->phase = BROKEN;
    if (code == GNUTLS_E_MEMORY_ERROR)
        return err_set(ERR_NOMEM, "out of memory");
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
        return err_set(ERR_UNREACHABLE, "the other side ended the connection: %s",
                       gnutls_alert_get_name(gnutls_alert_get(t->s)));
    return err_set(ERR_UNREACHABLE, "the connection was cut: %s", gnutls_strerror(code));
}

static enum err refused(struct tls *t, int code)
{
    if (code == GNUTLS_E_MEMORY_ERROR || code == GNUTLS_E_PUSH_ERROR || t->cut)
        return broken(t, code);
    t->phase = BROKEN;
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        /* 80 is what a server says that is out of something, not that it does not want us */
        gnutls_alert_description_t alert = gnutls_alert_get(t->s);
        return err_set(alert == GNUTLS_A_INTERNAL_ERROR ? ERR_UNREACHABLE : ERR_DENIED,
                       "the other side refuses the connection: %s", gnutls_alert_get_name(alert));
    }
    (void)gnutls_alert_send_appropriate(t->s, code);
    return err_set(ERR_DENIED, "the other side does not speak feldsher's protocol: %s",
                   t->flooded ? _("it sends more than a handshake needs") : gnutls_strerror(code));
}

/* What GnuTLS has been told to insist on, looked at once more: a resumed
 * session comes by another path through it than a new one. */
static enum err check_peer(struct tls *t)
{
    gnutls_datum_t alpn = {NULL, 0};
    unsigned n = 0;
    bool ours = gnutls_protocol_get_version(t->s) == GNUTLS_TLS1_3 &&
                gnutls_alpn_get_selected_protocol(t->s, &alpn) == 0 && alpn.size == sizeof ALPN - 1 &&
                memcmp(alpn.data, ALPN, sizeof ALPN - 1) == 0;
    const gnutls_datum_t *cert = gnutls_certificate_get_peers(t->s, &n);
    if (ours && cert && n >= 1 && gnutls_certificate_type_get2(t->s, GNUTLS_CTYPE_PEERS) == GNUTLS_CRT_RAWPK &&
        cert->size == sizeof spki + 32 && memcmp(cert->data, spki, sizeof spki) == 0) {
        memcpy(t->peer.pk, cert->data + sizeof spki, 32);
        return ERR_OK;
    }
    t->phase = BROKEN;
    (void)gnutls_alert_send(t->s, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
    return err_set(ERR_DENIED, "the other side does not speak feldsher's protocol: no Ed25519 key came");
}

enum err tls_handshake(struct tls *t)
{
    int code;
    if (t->phase == SHAKING) {
        do
            code = gnutls_handshake(t->s);
        while (code == GNUTLS_E_INTERRUPTED);
        if (again(code))
            return ERR_AGAIN;
        if (code < 0)
            return refused(t, code);
        enum err e = check_peer(t);
        if (e)
            return e;
        t->phase = t->keys->side == TLS_SERVER ? TICKETING : OPEN;
    }
    if (t->phase == TICKETING) {
        code = gnutls_session_ticket_send(t->s, 1, 0);
        if (again(code))
            return ERR_AGAIN;
        if (code < 0)
            return refused(t, code);
        t->phase = OPEN;
    }
    return t->phase == OPEN ? ERR_OK : err_set(ERR_UNREACHABLE, "the connection was cut");
}

bool tls_wants_write(const struct tls *t)
{
    return t->phase == OPEN ? t->pending : t->phase != BROKEN && gnutls_record_get_direction(t->s) == 1;
}

bool tls_resumed(const struct tls *t)
{
    return gnutls_session_is_resumed(t->s) != 0;
}

void tls_peer(const struct tls *t, struct sign_public *out)
{
    assert(t->phase == OPEN || t->phase == BROKEN);
    *out = t->peer;
}

enum err tls_read(struct tls *t, void *p, size_t cap, size_t *n)
{
    *n = 0;
    if (t->phase != OPEN)
        return err_set(ERR_UNREACHABLE, "the connection was cut");
    for (unsigned i = 0; i < EMPTY_MAX; i++) {
        ssize_t got = gnutls_record_recv(t->s, p, cap);
        if (got > 0) {
            *n = (size_t)got;
            return ERR_OK;
        }
        if (got == 0)
            return ERR_END;
        /* it also says AGAIN behind a ticket or new keys, with more to be read */
        if (got == GNUTLS_E_AGAIN && t->dry)
            return ERR_AGAIN;
        if (!again((int)got))
            return broken(t, (int)got);
    }
    return ERR_AGAIN; /* the socket can still be read: others have their turn first */
}

enum err tls_write(struct tls *t, const void *p, size_t n)
{
    assert(!t->pending && n > 0 && n <= TLS_RECORD_MAX);
    if (t->phase != OPEN)
        return err_set(ERR_UNREACHABLE, "the connection was cut");
    ssize_t sent = gnutls_record_send(t->s, p, n);
    if (sent < 0 && again((int)sent)) {
        t->pending = true;
        return tls_flush(t);
    }
    if (sent < 0)
        return broken(t, (int)sent);
    if ((size_t)sent != n) {
        /* RFC 8449 lets a peer ask for shorter records; ours never does */
        t->phase = BROKEN;
        return err_set(ERR_UNREACHABLE, "the other side takes only short records");
    }
    return ERR_OK;
}

enum err tls_flush(struct tls *t)
{
    while (t->pending) {
        if (t->phase != OPEN)
            return err_set(ERR_UNREACHABLE, "the connection was cut");
        ssize_t sent = gnutls_record_send(t->s, NULL, 0);
        if (sent == GNUTLS_E_AGAIN)
            return ERR_AGAIN;
        if (sent < 0 && sent != GNUTLS_E_INTERRUPTED)
            return broken(t, (int)sent);
        t->pending = sent < 0;
    }
    return ERR_OK;
}

void tls_bytes(const struct tls *t, uint64_t *in, uint64_t *out)
{
    *in = t->in;
    *out = t->out;
}

void tls_bye(struct tls *t)
{
    if (t->phase == OPEN)
        (void)gnutls_bye(t->s, GNUTLS_SHUT_WR);
}

enum err tls_ticket(struct tls *t, struct buf *out)
{
    gnutls_datum_t d = {NULL, 0};
    buf_clear(out);
    if (t->keys->side != TLS_CLIENT || t->phase != OPEN ||
        !(gnutls_session_get_flags(t->s) & GNUTLS_SFLAGS_SESSION_TICKET))
        return ERR_NOINPUT;
    int bad = gnutls_session_get_data2(t->s, &d);
    if (bad)
        return no_memory_or_bug(bad, "cannot keep the session");
    uint8_t code[GUARD];
    guard(code, t->keys, d.data, d.size);
    enum err e = d.size + GUARD <= TLS_TICKET_MAX ? buf_add(out, code, GUARD) : ERR_NOINPUT;
    if (!e)
        e = buf_add(out, d.data, d.size);
    gnutls_memset(d.data, 0, d.size);
    gnutls_free(d.data);
    return e;
}
