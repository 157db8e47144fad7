#include "storage/base/bytes.h"
#include "sync/link/sock.h"
#include "tests/unit/link_fixture.h"

#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static void both_know_the_other_by_its_key(void **state)
{
    struct ends x;
    struct sign_public p;
    uint64_t in, out;
    (void)state;
    ends_new(&x);
    ends_open(&x, 0);
    ends_ready(&x);
    tls_peer(x.c, &p);
    assert_true(sign_same(&p, &x.hub.pub));
    tls_peer(x.s, &p);
    assert_true(sign_same(&p, &x.station.pub));
    assert_false(tls_resumed(x.c));
    assert_false(tls_resumed(x.s));
    ends_keep_ticket(&x);
    tls_bytes(x.c, &in, &out);
    print_message("full handshake and ticket: %llu bytes sent, %llu received by the client\n", (unsigned long long)out,
                  (unsigned long long)in);
    assert_in_range(out, 300, 600);
    assert_in_range(in, 500, 1200);
    ends_close(&x);
    ends_free(&x);
}

static void a_resumed_session_still_tells_both_keys(void **state)
{
    struct ends x;
    struct sign_public p;
    uint64_t in, out;
    (void)state;
    ends_new(&x);
    for (int i = 0; i < 3; i++) {
        ends_open(&x, 0);
        ends_ready(&x);
        assert_int_equal(tls_resumed(x.c), i > 0);
        assert_int_equal(tls_resumed(x.s), i > 0);
        tls_peer(x.c, &p);
        assert_true(sign_same(&p, &x.hub.pub));
        tls_peer(x.s, &p);
        assert_true(sign_same(&p, &x.station.pub));
        ends_keep_ticket(&x);
        tls_bytes(x.c, &in, &out);
        if (i == 1)
            print_message("resumed handshake and ticket: %llu sent, %llu received; ticket kept: %zu bytes\n",
                          (unsigned long long)out, (unsigned long long)in, x.ticket.len);
        ends_close(&x);
    }
    ends_free(&x);
}

/* Contenders of one race all show the same ticket. */
static void one_ticket_resumes_two_connections_at_once(void **state)
{
    struct ends x, y;
    (void)state;
    ends_new(&x);
    ends_open(&x, 0);
    ends_ready(&x);
    ends_keep_ticket(&x);
    ends_close(&x);
    ends_open(&x, 0);
    y = x;
    ends_open(&y, 0);
    ends_ready(&y);
    ends_ready(&x);
    assert_true(tls_resumed(x.s));
    assert_true(tls_resumed(y.s));
    ends_close(&x);
    ends_close(&y);
    ends_free(&x);
}

static void a_ticket_of_another_hub_or_of_nonsense_costs_a_whole_handshake_only(void **state)
{
    struct ends x;
    struct sign_secret other;
    struct sign_public p;
    (void)state;
    ends_new(&x);
    ends_open(&x, 0);
    ends_ready(&x);
    ends_keep_ticket(&x);
    ends_close(&x);
    tls_keys_free(x.sk);
    sign_new(&other);
    assert_int_equal(tls_keys_new(&x.sk, TLS_SERVER, &other), ERR_OK);
    ends_open(&x, 0);
    ends_ready(&x);
    assert_false(tls_resumed(x.c));
    tls_peer(x.c, &p);
    assert_true(sign_same(&p, &other.pub));
    ends_keep_ticket(&x);
    ends_close(&x);
    /* every bit of the kept bytes that may have been flipped */
    for (size_t i = 0; i < x.ticket.len; i += 3) {
        enum err c, s;
        x.ticket.p[i] ^= 0x55;
        ends_open(&x, 0);
        ends_shake(&x, &c, &s);
        x.ticket.p[i] ^= 0x55;
        assert_int_not_equal(c, ERR_BUG);
        assert_int_not_equal(s, ERR_BUG);
        if (c == ERR_OK && s == ERR_OK) {
            tls_peer(x.s, &p);
            if (!tls_resumed(x.s))
                assert_true(sign_same(&p, &x.station.pub));
        }
        ends_close(&x);
    }
    ends_free(&x);
}

/* A peer made with GnuTLS, by another recipe than ours. */
struct odd {
    const char *priority;
    const char *alpn;
    unsigned flags;
    bool key;
    bool x509; /* instead of a raw key */
    size_t record_max;
};

static gnutls_session_t odd_session(const struct odd *o, int fd, gnutls_certificate_credentials_t *cred,
                                    const struct sign_secret *k)
{
    gnutls_session_t s;
    uint8_t pub[44] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21};
    uint8_t sec[48] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    memcpy(pub + 12, k->pub.pk, 32);
    memcpy(sec + 16, k->seed, 32);
    gnutls_datum_t p = {pub, sizeof pub}, q = {sec, sizeof sec};
    assert_int_equal(gnutls_init(&s, o->flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), 0);
    assert_int_equal(gnutls_certificate_allocate_credentials(cred), 0);
    if (o->key)
        assert_int_equal(gnutls_certificate_set_rawpk_key_mem(*cred, &p, &q, GNUTLS_X509_FMT_DER, NULL, 0, NULL, 0, 0),
                         0);
    assert_int_equal(gnutls_priority_set_direct(s, o->priority, NULL), 0);
    assert_int_equal(gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, *cred), 0);
    if (o->record_max)
        assert_int_equal(gnutls_record_set_max_recv_size(s, o->record_max), 0);
    if (o->alpn) {
        gnutls_datum_t a = {(unsigned char *)(uintptr_t)o->alpn, (unsigned)strlen(o->alpn)};
        assert_int_equal(gnutls_alpn_set_protocols(s, &a, 1, 0), 0);
    }
    gnutls_transport_set_int(s, fd);
    return s;
}

#define RAW "NORMAL:-VERS-ALL:+VERS-TLS1.3:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK"

struct odd_end {
    gnutls_session_t s;
    gnutls_certificate_credentials_t cred;
};

static void odd_close(struct odd_end *o)
{
    gnutls_deinit(o->s);
    gnutls_certificate_free_credentials(o->cred);
}

/* Our end against an odd one; what ours says. keep: both stay open. */
static enum err against(struct ends *x, const struct odd *o, bool we_serve, struct odd_end *keep)
{
    gnutls_certificate_credentials_t cred;
    struct odd side = *o;
    enum err e = ERR_AGAIN;
    int theirs = GNUTLS_E_AGAIN;
    ends_open(x, 0);
    side.flags |= we_serve ? GNUTLS_CLIENT : GNUTLS_SERVER;
    struct tls *ours = we_serve ? x->s : x->c;
    gnutls_session_t s = odd_session(&side, we_serve ? x->cfd : x->sfd, &cred, we_serve ? &x->station : &x->hub);
    for (int i = 0; i < 50; i++) {
        if (theirs == GNUTLS_E_AGAIN && (theirs = gnutls_handshake(s)) < 0 && theirs != GNUTLS_E_AGAIN)
            (void)gnutls_alert_send_appropriate(s, theirs);
        if (e == ERR_AGAIN)
            e = tls_handshake(ours);
    }
    if (theirs != 0 && theirs != GNUTLS_E_AGAIN && e == ERR_AGAIN) {
        shutdown(we_serve ? x->cfd : x->sfd, SHUT_RDWR);
        e = tls_handshake(ours);
    }
    struct odd_end end = {s, cred};
    if (keep) {
        *keep = end;
        return e;
    }
    odd_close(&end);
    ends_close(x);
    return e;
}

static void a_stranger_by_another_recipe_is_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *what;
        struct odd odd;
    } list[] = {
        {"other ALPN", {RAW, "h2", GNUTLS_ENABLE_RAWPK, true, false, 0}},
        {"no ALPN", {RAW, NULL, GNUTLS_ENABLE_RAWPK, true, false, 0}},
        {"no key", {RAW, "feldsher/1", GNUTLS_ENABLE_RAWPK, false, false, 0}},
        {"TLS 1.2",
         {"NORMAL:-VERS-ALL:+VERS-TLS1.2:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK", "feldsher/1", GNUTLS_ENABLE_RAWPK, true,
          false, 0}},
        {"certificates, not raw keys", {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "feldsher/1", 0, false, false, 0}},
    };
    struct ends x;
    (void)state;
    ends_new(&x);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        for (int serve = 0; serve < 2; serve++) {
            err_clear();
            enum err e = against(&x, &list[i].odd, serve, NULL);
            print_message("%s, we are the %s: %s\n", list[i].what, serve ? "server" : "client", err_text());
            /* a server without a key of its own just hangs up */
            assert_true(e == ERR_DENIED || (e == ERR_UNREACHABLE && !list[i].odd.key && !serve));
            assert_true(strlen(err_text()) > 20);
        }
    struct odd good = {RAW, "feldsher/1", GNUTLS_ENABLE_RAWPK, true, false, 0};
    assert_int_equal(against(&x, &good, true, NULL), ERR_OK);
    ends_free(&x);
}

static void a_peer_that_wants_short_records_is_cut_not_half_served(void **state)
{
    struct odd small = {RAW, "feldsher/1", GNUTLS_ENABLE_RAWPK, true, false, 512};
    struct ends x;
    struct odd_end o;
    static uint8_t b[TLS_RECORD_MAX];
    (void)state;
    ends_new(&x);
    assert_int_equal(against(&x, &small, true, &o), ERR_OK);
    assert_int_equal(tls_write(x.s, b, 400), ERR_OK);
    assert_int_equal(tls_write(x.s, b, sizeof b), ERR_UNREACHABLE);
    assert_int_equal(tls_write(x.s, b, 10), ERR_UNREACHABLE);
    odd_close(&o);
    ends_close(&x);
    ends_free(&x);
}

static void a_peer_that_changes_keys_all_the_time_is_served(void **state)
{
    struct odd good = {RAW, "feldsher/1", GNUTLS_ENABLE_RAWPK, true, false, 0};
    struct ends x;
    struct odd_end o;
    uint8_t b[2000];
    size_t n;
    (void)state;
    ends_new(&x);
    assert_int_equal(against(&x, &good, true, &o), ERR_OK);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(gnutls_session_key_update(o.s, GNUTLS_KU_PEER), 0);
        assert_int_equal(gnutls_record_send(o.s, "abc", 3), 3);
        assert_int_equal(tls_read(x.s, b, sizeof b, &n), ERR_OK);
        assert_int_equal(n, 3);
        assert_int_equal(tls_write(x.s, b, sizeof b), ERR_OK);
        ssize_t got;
        do
            got = gnutls_record_recv(o.s, b, sizeof b);
        while (got == GNUTLS_E_AGAIN);
        assert_int_equal(got, sizeof b);
    }
    odd_close(&o);
    ends_close(&x);
    ends_free(&x);
}

/* Records without data, new keys without end: no call takes long, and what
 * comes behind them arrives, or the connection ends. */
static void a_peer_that_says_nothing_at_length_holds_up_nobody(void **state)
{
    struct odd good = {RAW, "feldsher/1", GNUTLS_ENABLE_RAWPK, true, false, 0};
    struct ends x;
    struct odd_end o;
    uint8_t b[100];
    size_t n;
    (void)state;
    ends_new(&x);
    for (int keys = 0; keys < 2; keys++) {
        enum err e = ERR_AGAIN;
        unsigned calls = 0;
        assert_int_equal(against(&x, &good, true, &o), ERR_OK);
        for (int i = 0; i < 200; i++) {
            if (keys)
                assert_int_equal(gnutls_session_key_update(o.s, 0), 0);
            else
                assert_int_equal(gnutls_record_send2(o.s, "", 0, 1, 0), 0);
        }
        assert_int_equal(gnutls_record_send(o.s, "abc", 3), 3);
        for (; calls < 1000 && e == ERR_AGAIN; calls++)
            e = tls_read(x.s, b, sizeof b, &n);
        print_message("200 %s: %u calls, then %d: %s\n", keys ? "new keys" : "empty records", calls, e,
                      e ? err_text() : "data");
        assert_true(e == ERR_UNREACHABLE || (e == ERR_OK && n == 3 && memcmp(b, "abc", 3) == 0));
        assert_true(keys || calls > 5);
        odd_close(&o);
        ends_close(&x);
    }
    ends_free(&x);
}

static void garbage_is_refused_by_both_sides(void **state)
{
    struct ends x;
    uint8_t b[1024];
    (void)state;
    ends_new(&x);
    for (uint8_t i = 0; i < 200; i++) {
        uint8_t seed[randombytes_SEEDBYTES] = {i};
        randombytes_buf_deterministic(b, sizeof b, seed);
        if (i % 3 == 1)
            memcpy(b, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11); /* begins like a ClientHello */
        if (i % 3 == 2)
            memcpy(b, "GET / HTTP/1.1\r\n", 16);
        for (int serve = 0; serve < 2; serve++) {
            ends_open(&x, 0);
            int from = serve ? x.cfd : x.sfd;
            struct tls *t = serve ? x.s : x.c;
            assert_int_equal(write(from, b, sizeof b), (ssize_t)sizeof b);
            enum err e = ERR_AGAIN;
            for (int k = 0; k < 20 && e == ERR_AGAIN; k++)
                e = tls_handshake(t);
            if (e == ERR_AGAIN) {
                shutdown(from, SHUT_WR);
                e = tls_handshake(t);
            }
            assert_true(e == ERR_DENIED || e == ERR_UNREACHABLE);
            assert_int_equal(tls_handshake(t), ERR_UNREACHABLE); /* once refused is for ever */
            ends_close(&x);
        }
    }
    ends_free(&x);
}

/* Records that carry nothing new, one after another. */
static void a_handshake_that_never_ends_is_ended(void **state)
{
    static const uint8_t ccs[6] = {20, 3, 3, 0, 1, 1}; /* compatible: to be passed over */
    struct ends x;
    (void)state;
    ends_new(&x);
    for (int serve = 0; serve < 2; serve++) {
        enum err e = ERR_AGAIN;
        int i;
        ends_open(&x, 0);
        if (serve) {
            assert_int_equal(tls_handshake(x.c), ERR_AGAIN);
            assert_int_equal(tls_handshake(x.s), ERR_AGAIN);
        }
        for (i = 0; i < 10000 && e == ERR_AGAIN; i++) {
            if (write(serve ? x.cfd : x.sfd, ccs, sizeof ccs) < 0)
                break;
            e = tls_handshake(serve ? x.s : x.c);
        }
        assert_int_equal(e, ERR_DENIED);
        assert_true((unsigned)i * sizeof ccs <= TLS_HANDSHAKE_MAX + sizeof ccs);
        ends_close(&x);
    }
    ends_free(&x);
}

static void half_a_handshake_and_silence_costs_no_wait(void **state)
{
    struct ends x;
    struct timespec a, b;
    (void)state;
    ends_new(&x);
    ends_open(&x, 0);
    assert_int_equal(tls_handshake(x.c), ERR_AGAIN);
    assert_false(tls_wants_write(x.c));
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(tls_handshake(x.s), ERR_AGAIN);
        assert_false(tls_wants_write(x.s));
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    assert_true(b.tv_sec - a.tv_sec < 3);
    ends_close(&x);
    ends_free(&x);
}

/* Carries bytes from one end to the other by hand, at most n in all. */
struct carrier {
    struct ends x;
    int c, s; /* our ends of what are two pairs */
    size_t left;
};

static void carrier_open(struct carrier *k, size_t left)
{
    int pair[2];
    ends_open(&k->x, 0);
    /* between the two sockets of ends_open: two more, so that bytes can be cut */
    tls_free(k->x.c);
    close(k->x.cfd);
    k->s = dup(k->x.sfd);
    close(k->s);
    tls_free(k->x.s);
    close(k->x.sfd);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    k->x.cfd = pair[0];
    k->c = pair[1];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    k->x.sfd = pair[0];
    k->s = pair[1];
    assert_int_equal(tls_new(&k->x.c, k->x.ck, k->x.cfd, k->x.ticket.p, k->x.ticket.len), ERR_OK);
    assert_int_equal(tls_new(&k->x.s, k->x.sk, k->x.sfd, NULL, 0), ERR_OK);
    k->left = left;
}

static void carry(struct carrier *k, int from, int to)
{
    uint8_t b[4096];
    ssize_t n = k->left ? read(from, b, k->left < sizeof b ? k->left : sizeof b) : 0;
    if (n <= 0)
        return;
    assert_int_equal(write(to, b, (size_t)n), n);
    k->left -= (size_t)n;
}

static void a_connection_cut_at_any_byte_says_so_on_both_sides(void **state)
{
    struct carrier k;
    size_t whole = 0;
    (void)state;
    ends_new(&k.x);
    for (int resumed = 0; resumed < 2; resumed++) {
        for (size_t at = 0; at < 4000; at += 7) {
            uint8_t b[64];
            size_t n;
            carrier_open(&k, at);
            enum err c = ERR_AGAIN, s = ERR_AGAIN;
            bool sent = false;
            for (int i = 0; i < 12; i++) {
                if (c == ERR_AGAIN)
                    c = tls_handshake(k.x.c);
                if (s == ERR_AGAIN)
                    s = tls_handshake(k.x.s);
                if (c == ERR_OK && s == ERR_OK && !sent) {
                    assert_int_equal(tls_write(k.x.c, "from the station", 16), ERR_OK);
                    sent = true;
                }
                carry(&k, k.c, k.s);
                carry(&k, k.s, k.c);
            }
            bool through = k.left > 0;
            close(k.c);
            close(k.s);
            if (c == ERR_AGAIN)
                c = tls_handshake(k.x.c);
            if (s == ERR_AGAIN)
                s = tls_handshake(k.x.s);
            if (c == ERR_OK) {
                c = tls_read(k.x.c, b, sizeof b, &n);
                assert_int_equal(n, 0);
            }
            if (s == ERR_OK && tls_read(k.x.s, b, sizeof b, &n) == ERR_OK) {
                assert_int_equal(n, 16);
                assert_memory_equal(b, "from the station", 16);
                whole++;
            }
            if (c != ERR_UNREACHABLE)
                print_message("cut at %zu: %d %s\n", at, c, err_text());
            assert_int_equal(c, ERR_UNREACHABLE);
            assert_int_equal(tls_read(k.x.s, b, sizeof b, &n), ERR_UNREACHABLE);
            assert_int_not_equal(tls_write(k.x.s, b, sizeof b), ERR_OK);
            tls_bye(k.x.s);
            if (!resumed && through && !k.x.ticket.len) {
                /* for the second round, from a connection of its own */
                struct ends y = k.x;
                ends_open(&y, 0);
                ends_ready(&y);
                ends_keep_ticket(&y);
                ends_close(&y);
                k.x.ticket = y.ticket;
                at = 4000;
            }
            ends_close(&k.x);
        }
    }
    assert_true(whole > 10);
    ends_free(&k.x);
}

static void a_flipped_bit_is_never_read_as_data(void **state)
{
    struct ends x;
    uint8_t wire[256], b[64];
    size_t n;
    (void)state;
    ends_new(&x);
    for (size_t bit = 0; bit < 38 * 8; bit++) {
        ends_open(&x, 0);
        ends_ready(&x);
        ends_keep_ticket(&x);
        buf_clear(&x.ticket);
        assert_int_equal(tls_write(x.c, "from the station", 16), ERR_OK);
        ssize_t got = read(x.sfd, wire, sizeof wire);
        assert_int_equal(got, 5 + 16 + 1 + 16);
        wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(write(x.cfd, wire, (size_t)got), got);
        shutdown(x.cfd, SHUT_WR);
        enum err e = tls_read(x.s, b, sizeof b, &n);
        /* of the record's head only its length counts (RFC 8446, 5.1 and 5.2) */
        if (bit / 8 < 3 && e == ERR_OK)
            assert_true(n == 16 && memcmp(b, "from the station", 16) == 0);
        else
            assert_int_equal(e, ERR_UNREACHABLE);
        ends_close(&x);
    }
    ends_free(&x);
}

static void both_close_in_order(void **state)
{
    struct ends x;
    uint8_t b[16];
    size_t n;
    (void)state;
    ends_new(&x);
    ends_open(&x, 0);
    ends_ready(&x);
    assert_int_equal(tls_write(x.s, "last", 4), ERR_OK);
    tls_bye(x.s);
    assert_int_equal(tls_read(x.c, b, sizeof b, &n), ERR_OK);
    assert_int_equal(n, 4);
    assert_int_equal(tls_read(x.c, b, sizeof b, &n), ERR_END);
    tls_bye(x.c);
    assert_int_equal(tls_read(x.s, b, sizeof b, &n), ERR_END);
    ends_close(&x);
    ends_free(&x);
}

/* One direction of a stream whose bytes tell where they belong. */
struct flow {
    struct tls *from, *to;
    uint64_t sent, got, size;
    size_t piece;
    unsigned stuck;
};

static uint8_t byte_at(uint64_t i)
{
    return (uint8_t)(i * 2654435761u >> 13);
}

static void flow_step(struct flow *f)
{
    static uint8_t b[TLS_RECORD_MAX];
    size_t n;
    if (tls_wants_write(f->from)) {
        f->stuck++;
        enum err e = tls_flush(f->from);
        assert_true(e == ERR_OK || e == ERR_AGAIN);
    } else if (f->sent < f->size) {
        size_t m = f->size - f->sent < f->piece ? (size_t)(f->size - f->sent) : f->piece;
        for (size_t i = 0; i < m; i++)
            b[i] = byte_at(f->sent + i);
        enum err e = tls_write(f->from, b, m);
        assert_true(e == ERR_OK || (e == ERR_AGAIN && tls_wants_write(f->from)));
        memset(b, 0xee, m); /* taken is taken */
        f->sent += m;
        f->piece = f->piece * 7 % TLS_RECORD_MAX + 1;
    }
    enum err e = tls_read(f->to, b, f->sent % 5000 + 1, &n);
    assert_true(e == ERR_OK || e == ERR_AGAIN);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(b[i], byte_at(f->got + i));
    f->got += n;
}

static void a_megabyte_goes_both_ways_through_a_tiny_buffer(void **state)
{
    struct ends x;
    (void)state;
    ends_new(&x);
    ends_open(&x, 2304);
    ends_ready(&x);
    struct flow up = {x.c, x.s, 0, 0, 1 << 20, 16384, 0}, down = {x.s, x.c, 0, 0, 1 << 20, 1, 0};
    for (int i = 0; i < 1000000 && (up.got < up.size || down.got < down.size); i++) {
        flow_step(&up);
        flow_step(&down);
    }
    assert_int_equal(up.got, up.size);
    assert_int_equal(down.got, down.size);
    assert_true(up.stuck > 100);
    ends_close(&x);
    ends_free(&x);
}

/* A connection whose other side takes nothing more is given up at once. */
static void freeing_a_stuck_connection_does_not_block(void **state)
{
    static uint8_t b[TLS_RECORD_MAX];
    struct ends x;
    enum err e = ERR_OK;
    (void)state;
    ends_new(&x);
    ends_open(&x, 0);
    ends_ready(&x);
    for (int i = 0; i < 1000 && e == ERR_OK; i++)
        e = tls_write(x.c, b, sizeof b);
    assert_int_equal(e, ERR_AGAIN);
    assert_int_equal(tls_flush(x.c), ERR_AGAIN);
    tls_bye(x.c);
    ends_close(&x);
    ends_free(&x);
}

/* openssl, with its own certificate, in front of our server. Its first
 * argument list ends with NULL. Returns what our side says. */
static enum err openssl_client(struct ends *x, const char *const more[])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    char at[64];
    int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), in[2];
    assert_true(l >= 0 && pipe2(in, O_CLOEXEC) == 0);
    assert_int_equal(bind(l, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(l, 5), 0);
    assert_int_equal(getsockname(l, (struct sockaddr *)&a, &len), 0);
    snprintf(at, sizeof at, "127.0.0.1:%u", ntohs(a.sin_port));
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        const char *argv[16] = {"openssl", "s_client", "-connect", at};
        for (size_t i = 0; i < 11 && more[i]; i++)
            argv[4 + i] = more[i];
        int null = open("/dev/null", O_RDWR);
        dup2(in[0], 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp("openssl", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    struct pollfd p = {l, POLLIN, 0};
    assert_int_equal(poll(&p, 1, PATIENCE), 1);
    int fd = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct tls *t;
    enum err e;
    assert_true(fd >= 0);
    assert_int_equal(tls_new(&t, x->sk, fd, NULL, 0), ERR_OK);
    while ((e = tls_handshake(t)) == ERR_AGAIN) {
        p = (struct pollfd){fd, tls_wants_write(t) ? POLLOUT : POLLIN, 0};
        assert_int_equal(poll(&p, 1, PATIENCE), 1);
    }
    tls_free(t);
    close(fd);
    close(l);
    close(in[0]);
    close(in[1]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 127);
    return e;
}

static void openssl_is_refused_whatever_it_tries(void **state)
{
    static const char *const tries[][8] = {
        {"-alpn", "feldsher/1", "-tls1_3", NULL},
        {"-tls1_3", NULL},
        {"-alpn", "feldsher/1", "-tls1_2", NULL},
        {"-alpn", "h2", NULL},
        {NULL},
    };
    struct ends x;
    (void)state;
    ends_new(&x);
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        assert_int_equal(openssl_client(&x, tries[i]), ERR_DENIED);
        print_message("openssl s_client %s %s: %s\n", tries[i][0] ? tries[i][0] : "", tries[i][0] ? tries[i][1] : "",
                      err_text());
    }
    ends_free(&x);
}

#define GNUTLS_PRIORITY                                                                                                \
    "--priority=NONE:+VERS-TLS1.3:+MAC-ALL:+GROUP-X25519:+SIGN-EDDSA-ED25519:+AES-128-GCM:+CTYPE-SRV-RAWPK:+CTYPE-"    \
    "CLI-RAWPK"

/* A key as two PEM files for another program. */
struct pem {
    char dir[32], pub[64], sec[64], pub_arg[96], sec_arg[96];
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void pem_new(struct pem *p, const struct sign_secret *k)
{
    uint8_t der[48] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
    char b64[BYTES_B64(sizeof der)], text[256];
    strcpy(p->dir, "/tmp/tls-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->pub, sizeof p->pub, "%s/pub", p->dir);
    snprintf(p->sec, sizeof p->sec, "%s/sec", p->dir);
    snprintf(p->pub_arg, sizeof p->pub_arg, "--rawpkfile=%s", p->pub);
    snprintf(p->sec_arg, sizeof p->sec_arg, "--rawpkkeyfile=%s", p->sec);
    memcpy(der + 16, k->seed, 32);
    bytes_b64(b64, der, sizeof der, true);
    snprintf(text, sizeof text, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", b64);
    write_file(p->sec, text);
    sign_public_pem(text, &k->pub);
    write_file(p->pub, text);
}

static void pem_free(const struct pem *p)
{
    unlink(p->pub);
    unlink(p->sec);
    assert_int_equal(rmdir(p->dir), 0);
}

/* Starts a program with pipes to and from it. */
static pid_t start(const char *const argv[], int *to, int *from)
{
    int in[2], out[2];
    assert_true(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(out[1], 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *to = in[1];
    *from = out[0];
    return pid;
}

/* Reads what it says until want is there, or to its end. */
static bool says(int from, char *all, size_t cap, const char *want)
{
    size_t n = strlen(all);
    while (!strstr(all, want)) {
        struct pollfd p = {from, POLLIN, 0};
        if (n == cap - 1 || poll(&p, 1, PATIENCE) != 1)
            return false;
        ssize_t got = read(from, all + n, cap - 1 - n);
        if (got <= 0)
            return false;
        n += (size_t)got;
        all[n] = '\0';
    }
    return true;
}

static enum err wait_shake(struct tls *t, int fd)
{
    enum err e;
    while ((e = tls_handshake(t)) == ERR_AGAIN) {
        struct pollfd p = {fd, tls_wants_write(t) ? POLLOUT : POLLIN, 0};
        assert_int_equal(poll(&p, 1, PATIENCE), 1);
    }
    return e;
}

static size_t wait_read(struct tls *t, int fd, uint8_t *b, size_t cap)
{
    enum err e;
    size_t n;
    while ((e = tls_read(t, b, cap, &n)) == ERR_AGAIN) {
        struct pollfd p = {fd, POLLIN, 0};
        assert_int_equal(poll(&p, 1, PATIENCE), 1);
    }
    assert_int_equal(e, ERR_OK);
    return n;
}

static void gnutls_cli_is_served_and_known_by_its_key(void **state)
{
    struct ends x;
    struct pem pem;
    struct address at, from;
    struct sign_public p;
    int l[SOCK_LISTENERS], to, out, fd, status;
    size_t n;
    char port[16], said[16384] = "";
    uint8_t b[64];
    struct tls *t;
    (void)state;
    ends_new(&x);
    pem_new(&pem, &x.station);
    assert_int_equal(address_parse(&at, "127.0.0.1:0"), ERR_OK);
    assert_int_equal(sock_listen(&at, l, &n), ERR_OK);
    snprintf(port, sizeof port, "%u", sock_port(l[0]));
    const char *argv[] = {
        "gnutls-cli",           "127.0.0.1", "-p", port, pem.pub_arg, pem.sec_arg, GNUTLS_PRIORITY, "--alpn=feldsher/1",
        "--no-ca-verification", NULL};
    pid_t pid = start(argv, &to, &out);
    struct pollfd q = {l[0], POLLIN, 0};
    assert_int_equal(poll(&q, 1, PATIENCE), 1);
    assert_int_equal(sock_accept(l[0], &sock_usual, &fd, &from), ERR_OK);
    assert_int_equal(tls_new(&t, x.sk, fd, NULL, 0), ERR_OK);
    assert_int_equal(wait_shake(t, fd), ERR_OK);
    tls_peer(t, &p);
    assert_true(sign_same(&p, &x.station.pub));
    assert_int_equal(write(to, "from the station\n", 17), 17);
    assert_int_equal(wait_read(t, fd, b, sizeof b), 17);
    assert_memory_equal(b, "from the station\n", 17);
    assert_int_equal(tls_write(t, "from the hub\n", 13), ERR_OK);
    assert_true(says(out, said, sizeof said, "from the hub"));
    tls_bye(t);
    tls_free(t);
    close(fd);
    close(to);
    (void)says(out, said, sizeof said, "never said");
    close(out);
    close(l[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    pem_free(&pem);
    ends_free(&x);
}

static void our_client_speaks_with_gnutls_serv_and_resumes(void **state)
{
    struct ends x;
    struct pem pem;
    struct address at;
    struct sign_public p;
    int l[SOCK_LISTENERS], to, out, fd, status;
    size_t n;
    char port[16], said[32768] = "", mine[SIGN_PEM], ready[64];
    uint8_t b[64];
    struct tls *t;
    (void)state;
    ends_new(&x);
    pem_new(&pem, &x.hub);
    assert_int_equal(address_parse(&at, "127.0.0.1:0"), ERR_OK);
    assert_int_equal(sock_listen(&at, l, &n), ERR_OK);
    snprintf(port, sizeof port, "--port=%u", sock_port(l[0]));
    snprintf(said, sizeof said, "127.0.0.1:%u", sock_port(l[0]));
    assert_int_equal(address_parse(&at, said), ERR_OK);
    close(l[0]); /* a port that was free just now */
    said[0] = '\0';
    const char *argv[] = {"stdbuf",       "-oL",       "gnutls-serv",           port,
                          pem.pub_arg,    pem.sec_arg, GNUTLS_PRIORITY,         "--alpn=feldsher/1",
                          "--alpn-fatal", "--echo",    "--require-client-cert", NULL};
    pid_t pid = start(argv, &to, &out);
    snprintf(ready, sizeof ready, "IPv4 0.0.0.0 port %u...done", at.port);
    assert_true(says(out, said, sizeof said, ready));
    for (int round = 0; round < 2; round++) {
        bool refused;
        assert_int_equal(sock_connect(&at, &sock_usual, &fd), ERR_OK);
        struct pollfd q = {fd, POLLOUT, 0};
        assert_int_equal(poll(&q, 1, PATIENCE), 1);
        assert_int_equal(sock_connected(fd, &refused), ERR_OK);
        assert_int_equal(tls_new(&t, x.ck, fd, x.ticket.p, x.ticket.len), ERR_OK);
        assert_int_equal(wait_shake(t, fd), ERR_OK);
        tls_peer(t, &p);
        assert_true(sign_same(&p, &x.hub.pub));
        assert_int_equal(tls_resumed(t), round);
        assert_int_equal(tls_write(t, "echo this\n", 10), ERR_OK);
        n = wait_read(t, fd, b, sizeof b);
        assert_true(n >= 9);
        assert_memory_equal(b, "echo this", 9);
        assert_int_equal(tls_ticket(t, &x.ticket), ERR_OK);
        tls_bye(t);
        tls_free(t);
        close(fd);
    }
    /* it has seen our key */
    sign_public_pem(mine, &x.station.pub);
    assert_true(says(out, said, sizeof said, mine));
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(to);
    close(out);
    pem_free(&pem);
    ends_free(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_know_the_other_by_its_key),
        cmocka_unit_test(a_resumed_session_still_tells_both_keys),
        cmocka_unit_test(one_ticket_resumes_two_connections_at_once),
        cmocka_unit_test(a_ticket_of_another_hub_or_of_nonsense_costs_a_whole_handshake_only),
        cmocka_unit_test(a_stranger_by_another_recipe_is_refused_with_a_sentence),
        cmocka_unit_test(a_peer_that_wants_short_records_is_cut_not_half_served),
        cmocka_unit_test(a_peer_that_changes_keys_all_the_time_is_served),
        cmocka_unit_test(a_peer_that_says_nothing_at_length_holds_up_nobody),
        cmocka_unit_test(garbage_is_refused_by_both_sides),
        cmocka_unit_test(a_handshake_that_never_ends_is_ended),
        cmocka_unit_test(half_a_handshake_and_silence_costs_no_wait),
        cmocka_unit_test(a_connection_cut_at_any_byte_says_so_on_both_sides),
        cmocka_unit_test(a_flipped_bit_is_never_read_as_data),
        cmocka_unit_test(both_close_in_order),
        cmocka_unit_test(a_megabyte_goes_both_ways_through_a_tiny_buffer),
        cmocka_unit_test(freeing_a_stuck_connection_does_not_block),
        cmocka_unit_test(openssl_is_refused_whatever_it_tries),
        cmocka_unit_test(gnutls_cli_is_served_and_known_by_its_key),
        cmocka_unit_test(our_client_speaks_with_gnutls_serv_and_resumes),
    };
    signal(SIGPIPE, SIG_IGN); /* the tests' own writes; ours must not need it */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
