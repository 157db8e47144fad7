#include "storage/base/confine.h"
#include "sync/link/dial.h"
#include "tests/unit/link_fixture.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CONNS 40u

/* A hub on loopback that does as much as the test tells it to. */
struct server {
    int l;
    uint16_t port;
    struct sign_secret key;
    struct tls_keys *keys;
    struct {
        int fd;
        struct tls *t;
        enum err e;
    } conns[CONNS];
    size_t n;
};

struct yard {
    struct sign_secret station;
    struct tls_keys *keys;
    struct server a, b;
    struct dial *d;
    struct dial_won won;
};

static struct address at_port(uint16_t port)
{
    char s[32];
    struct address a;
    snprintf(s, sizeof s, "127.0.0.1:%u", port);
    assert_int_equal(address_parse(&a, s), ERR_OK);
    return a;
}

static void server_open(struct server *s)
{
    struct address a = at_port(0);
    int fds[SOCK_LISTENERS];
    size_t n;
    *s = (struct server){.l = -1};
    sign_new(&s->key);
    assert_int_equal(tls_keys_new(&s->keys, TLS_SERVER, &s->key), ERR_OK);
    assert_int_equal(sock_listen(&a, fds, &n), ERR_OK);
    assert_int_equal(n, 1);
    s->l = fds[0];
    s->port = sock_port(s->l);
}

static void server_accept(struct server *s)
{
    struct address from;
    int fd;
    while (sock_accept(s->l, NULL, &fd, &from) == ERR_OK) {
        assert_true(s->n < CONNS);
        s->conns[s->n].fd = fd;
        s->conns[s->n].e = ERR_AGAIN;
        assert_int_equal(tls_new(&s->conns[s->n].t, s->keys, fd, NULL, 0), ERR_OK);
        s->n++;
    }
}

static void server_shake(struct server *s, size_t i)
{
    if (i < s->n && s->conns[i].e == ERR_AGAIN)
        s->conns[i].e = tls_handshake(s->conns[i].t);
}

static void server_close(struct server *s)
{
    for (size_t i = 0; i < s->n; i++) {
        tls_free(s->conns[i].t);
        close(s->conns[i].fd);
    }
    tls_keys_free(s->keys);
    if (s->l >= 0)
        close(s->l);
}

/* Stops listening and keeps the port, so that it refuses. */
static void server_refuse(struct server *s)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    close(s->l);
    s->l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    in.sin_port = htons(s->port);
    setsockopt(s->l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    assert_int_equal(bind(s->l, (struct sockaddr *)&in, sizeof in), 0);
}

/* Its queue is full, so that the kernel drops every SYN: silence. */
static void server_drop(struct server *s, int fill[static 8])
{
    struct address a = at_port(s->port);
    assert_int_equal(listen(s->l, 0), 0);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(sock_connect(&a, NULL, &fill[i]), ERR_OK);
        struct pollfd p = {fill[i], POLLOUT, 0};
        (void)poll(&p, 1, 20);
    }
}

static void yard_new(struct yard *y)
{
    *y = (struct yard){.d = NULL};
    assert_true(sodium_init() >= 0);
    sign_new(&y->station);
    assert_int_equal(tls_keys_new(&y->keys, TLS_CLIENT, &y->station), ERR_OK);
    server_open(&y->a);
    server_open(&y->b);
}

static void yard_free(struct yard *y)
{
    dial_free(y->d);
    server_close(&y->a);
    server_close(&y->b);
    tls_keys_free(y->keys);
}

/* To n of the two servers' addresses, expecting the keys of the first hubs. */
static void yard_dial(struct yard *y, size_t n, size_t hubs, struct resolver *r)
{
    struct address list[2] = {at_port(y->a.port), at_port(y->b.port)};
    struct dial_hub keys[2] = {{"hub-a", y->a.key.pub}, {"hub-b", y->b.key.pub}};
    struct dial_setup s = {.keys = y->keys,
                           .resolver = r,
                           .addresses = list,
                           .n_addresses = n,
                           .hubs = keys,
                           .n_hubs = hubs,
                           .tuning = sock_usual};
    assert_int_equal(dial_new(&y->d, &s), ERR_OK);
}

/* Steps once something has happened, at most ms of real time later. */
static enum err step(struct yard *y, int64_t now, int ms)
{
    struct pollfd set[DIAL_FDS];
    size_t n = dial_poll(y->d, set);
    assert_true(n <= DIAL_ATTEMPTS + 2);
    (void)poll(set, n, ms);
    return dial_step(y->d, now, &y->won);
}

/* The local port of the youngest attempt; 0 none. */
static unsigned youngest(const struct dial *d)
{
    struct pollfd set[DIAL_FDS];
    size_t n = dial_poll(d, set);
    return n ? sock_port(set[n - 1].fd) : 0;
}

static size_t open_attempts(const struct dial *d)
{
    struct pollfd set[DIAL_FDS];
    return dial_poll(d, set);
}

static void drop_won(struct yard *y)
{
    tls_free(y->won.tls);
    close(y->won.fd);
}

static void one_that_answers_wins_and_can_be_spoken_with(void **state)
{
    struct yard y;
    uint8_t b[16];
    size_t n;
    enum err e = ERR_AGAIN;
    (void)state;
    yard_new(&y);
    yard_dial(&y, 1, 1, NULL);
    assert_int_equal(dial_next(y.d), INT64_MAX);
    dial_go(y.d, 1000);
    assert_true(dial_next(y.d) <= 1000);
    for (int i = 0; i < 50 && e == ERR_AGAIN; i++) {
        e = step(&y, 1000, 20);
        server_accept(&y.a);
        server_shake(&y.a, 0);
    }
    assert_int_equal(e, ERR_OK);
    assert_int_equal(y.won.hub, 0);
    assert_int_equal(y.won.at.port, y.a.port);
    assert_false(dial_going(y.d));
    assert_int_equal(dial_next(y.d), INT64_MAX);
    assert_int_equal(tls_write(y.won.tls, "hello", 5), ERR_OK);
    struct pollfd p = {y.a.conns[0].fd, POLLIN, 0};
    server_shake(&y.a, 0);
    for (e = ERR_AGAIN; e == ERR_AGAIN && poll(&p, 1, PATIENCE) == 1;)
        e = tls_read(y.a.conns[0].t, b, sizeof b, &n);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(n, 5);
    drop_won(&y);
    yard_free(&y);
}

static void silence_is_dialled_anew_every_300_ms_then_less_and_less(void **state)
{
    struct yard y;
    int fill[8];
    unsigned urgent = 0, later = 0, port = 0;
    int64_t now = 0, begun = 0, gap = 0;
    (void)state;
    yard_new(&y);
    server_drop(&y.a, fill);
    yard_dial(&y, 1, 1, NULL);
    dial_go(y.d, 0);
    while (now < 600000) {
        assert_int_equal(step(&y, now, 0), ERR_AGAIN);
        assert_in_range(open_attempts(y.d), 0, DIAL_ATTEMPTS);
        if (youngest(y.d) && youngest(y.d) != port) {
            if (now < DIAL_URGENT && port)
                assert_in_range(now - begun, DIAL_EVERY * 4 / 5, DIAL_EVERY * 6 / 5);
            gap = now - begun;
            assert_true(gap <= DIAL_PAUSE_MAX * 6 / 5);
            now < DIAL_URGENT ? urgent++ : later++;
            port = youngest(y.d);
            begun = now;
        }
        int64_t next = dial_next(y.d);
        assert_true(next > now);
        now = next;
    }
    print_message("%u attempts in 30 s, %u in the 570 s after, the last pause %lld ms\n", urgent, later,
                  (long long)gap);
    assert_in_range(urgent, 84, 126);
    assert_in_range(later, 13, 30);
    assert_true(gap >= DIAL_PAUSE_MAX * 4 / 5);
    /* a route comes */
    port = youngest(y.d);
    dial_hurry(y.d, now);
    assert_true(dial_next(y.d) <= now + 100);
    assert_int_equal(step(&y, now + 100, 0), ERR_AGAIN);
    assert_int_not_equal(youngest(y.d), port);
    assert_in_range(dial_next(y.d) - now - 100, 0, DIAL_EVERY * 6 / 5);
    for (int i = 0; i < 8; i++)
        close(fill[i]);
    yard_free(&y);
}

static void a_burst_of_events_is_one_attempt(void **state)
{
    struct yard y;
    int fill[8];
    unsigned started = 0, port = 0;
    (void)state;
    yard_new(&y);
    server_drop(&y.a, fill);
    yard_dial(&y, 1, 1, NULL);
    for (int64_t now = 0; now < 100; now += 5) {
        dial_hurry(y.d, now);
        assert_int_equal(step(&y, now, 0), ERR_AGAIN);
        started += youngest(y.d) != port;
        port = youngest(y.d);
    }
    assert_int_equal(started, 1);
    for (int i = 0; i < 8; i++)
        close(fill[i]);
    yard_free(&y);
}

static void a_refusal_is_not_hammered_unless_hurried(void **state)
{
    struct yard y;
    unsigned refusals = 0;
    int64_t now = 0, last = 0, least = 800;
    (void)state;
    yard_new(&y);
    server_refuse(&y.a);
    yard_dial(&y, 1, 1, NULL);
    dial_go(y.d, 0);
    while (now < 600000) {
        /* started, and refused */
        assert_int_equal(step(&y, now, 0), ERR_AGAIN);
        if (open_attempts(y.d))
            assert_int_equal(step(&y, now, PATIENCE), ERR_AGAIN);
        assert_int_equal(open_attempts(y.d), 0);
        assert_non_null(strstr(dial_why(y.d), "efused"));
        refusals++;
        if (now) {
            assert_true(now - last >= least);
            least = least * 2 < 48000 ? least * 2 : 48000;
        }
        last = now;
        now = dial_next(y.d);
        assert_true(now > last && now - last <= 72000);
    }
    print_message("refused %u times in 600 s: %s\n", refusals, dial_why(y.d));
    assert_in_range(refusals, 10, 20);
    dial_hurry(y.d, now);
    assert_true(dial_next(y.d) <= now + 100);
    yard_free(&y);
}

static void a_refusing_address_does_not_hold_up_another(void **state)
{
    struct yard y;
    enum err e = ERR_AGAIN;
    int64_t now = 0;
    (void)state;
    yard_new(&y);
    server_refuse(&y.a);
    yard_dial(&y, 2, 2, NULL);
    dial_go(y.d, 0);
    for (int i = 0; i < 50 && e == ERR_AGAIN; i++) {
        e = step(&y, now, 20);
        server_accept(&y.b);
        server_shake(&y.b, 0);
        if (open_attempts(y.d) == 0 && e == ERR_AGAIN)
            now = dial_next(y.d);
    }
    assert_int_equal(e, ERR_OK);
    assert_int_equal(y.won.hub, 1);
    assert_true(now <= 2 * DIAL_EVERY);
    drop_won(&y);
    yard_free(&y);
}

/* Accepted by its kernel, but nobody is at home. */
static void one_that_accepts_and_says_nothing_is_given_up_and_tried_again(void **state)
{
    struct yard y;
    int64_t now = 0, begun[64];
    unsigned started = 0, port = 0, together = 0;
    (void)state;
    yard_new(&y);
    yard_dial(&y, 1, 1, NULL);
    dial_rtt(y.d, 400);
    dial_go(y.d, 0);
    while (now < 20000) {
        assert_int_equal(step(&y, now, 0), ERR_AGAIN);
        if (youngest(y.d) != port && youngest(y.d)) {
            assert_true(started < 64);
            begun[started++] = now;
            port = youngest(y.d);
            /* until TCP is connected and the hello is out */
            struct pollfd set[DIAL_FDS];
            size_t n = dial_poll(y.d, set);
            assert_int_equal(poll(&set[n - 1], 1, PATIENCE), 1);
            assert_int_equal(dial_step(y.d, now, &y.won), ERR_AGAIN);
        }
        together = open_attempts(y.d) > together ? (unsigned)open_attempts(y.d) : together;
        now = dial_next(y.d);
    }
    /* none is begun beside a handshake of less than 600 ms, and each lives for 3 s */
    for (unsigned i = 1; i < started; i++)
        assert_true(begun[i] - begun[i - 1] >= 600);
    print_message("%u attempts in 20 s, at most %u together: %s\n", started, together, dial_why(y.d));
    assert_in_range(started, 20, 34);
    assert_in_range(together, 4, 6);
    assert_non_null(strstr(dial_why(y.d), "nothing comes"));
    yard_free(&y);
}

static void a_late_answer_to_the_first_contender_wins(void **state)
{
    struct yard y;
    enum err e = ERR_AGAIN;
    (void)state;
    yard_new(&y);
    yard_dial(&y, 1, 1, NULL);
    dial_go(y.d, 0);
    for (int64_t now = 0; now <= 2500; now += 100) {
        assert_int_equal(step(&y, now, 5), ERR_AGAIN);
        assert_int_equal(dial_step(y.d, now, &y.won), ERR_AGAIN);
        server_accept(&y.a);
    }
    assert_true(y.a.n >= 3);
    assert_true(open_attempts(y.d) >= 3);
    for (int i = 0; i < 20 && e == ERR_AGAIN; i++) {
        server_shake(&y.a, 0);
        e = step(&y, 2600, 20);
    }
    assert_int_equal(e, ERR_OK);
    server_shake(&y.a, 0);
    assert_int_equal(y.a.conns[0].e, ERR_OK);
    /* the others were closed */
    server_accept(&y.a);
    for (size_t i = 1; i < y.a.n; i++) {
        struct pollfd p = {y.a.conns[i].fd, POLLIN, 0};
        enum err s = ERR_AGAIN;
        while (s == ERR_AGAIN && poll(&p, 1, PATIENCE) == 1)
            s = tls_handshake(y.a.conns[i].t);
        assert_int_equal(s, ERR_UNREACHABLE);
    }
    drop_won(&y);
    yard_free(&y);
}

static void hurry_begins_beside_a_handshake_under_way(void **state)
{
    struct yard y;
    (void)state;
    yard_new(&y);
    yard_dial(&y, 1, 1, NULL);
    dial_rtt(y.d, 2000);
    dial_go(y.d, 0);
    assert_int_equal(step(&y, 0, 0), ERR_AGAIN);
    assert_int_equal(step(&y, 0, PATIENCE), ERR_AGAIN);
    assert_int_equal(open_attempts(y.d), 1);
    dial_hurry(y.d, 200);
    assert_int_equal(dial_next(y.d), 200);
    assert_int_equal(step(&y, 200, 0), ERR_AGAIN);
    assert_int_equal(open_attempts(y.d), 2);
    yard_free(&y);
}

static void another_key_is_denied_with_both_keys_named(void **state)
{
    struct yard y;
    enum err e = ERR_AGAIN;
    char want[SIGN_PUBLIC_TEXT], got[SIGN_PUBLIC_TEXT], at[32];
    (void)state;
    yard_new(&y);
    struct address list[1] = {at_port(y.b.port)};
    struct dial_hub keys[1] = {{"hub-a", y.a.key.pub}};
    struct dial_setup s = {.keys = y.keys, .addresses = list, .n_addresses = 1, .hubs = keys, .n_hubs = 1};
    assert_int_equal(dial_new(&y.d, &s), ERR_OK);
    dial_go(y.d, 0);
    for (int i = 0; i < 50 && e == ERR_AGAIN; i++) {
        e = step(&y, 0, 20);
        server_accept(&y.b);
        server_shake(&y.b, 0);
    }
    assert_int_equal(e, ERR_DENIED);
    print_message("%s\n", err_text());
    sign_public_text(want, &y.a.key.pub);
    sign_public_text(got, &y.b.key.pub);
    snprintf(at, sizeof at, "127.0.0.1:%u", y.b.port);
    assert_non_null(strstr(err_text(), want));
    assert_non_null(strstr(err_text(), got));
    assert_non_null(strstr(err_text(), "hub-a"));
    assert_non_null(strstr(err_text(), at));
    assert_string_equal(dial_why(y.d), err_text());
    assert_true(dial_going(y.d));
    assert_in_range(dial_next(y.d), 800, 1200);
    yard_free(&y);
}

static void the_right_hub_wins_though_another_address_shows_a_wrong_key(void **state)
{
    struct yard y;
    enum err e = ERR_AGAIN;
    unsigned denied = 0;
    int64_t now = 0;
    (void)state;
    yard_new(&y);
    yard_dial(&y, 2, 1, NULL); /* expects the key of a at both */
    tls_keys_free(y.a.keys);   /* and it is at b that it is */
    assert_int_equal(tls_keys_new(&y.a.keys, TLS_SERVER, &y.b.key), ERR_OK);
    tls_keys_free(y.b.keys);
    assert_int_equal(tls_keys_new(&y.b.keys, TLS_SERVER, &y.a.key), ERR_OK);
    dial_go(y.d, 0);
    for (int i = 0; i < 100 && e != ERR_OK; i++) {
        e = step(&y, now, 20);
        assert_true(e == ERR_OK || e == ERR_AGAIN || e == ERR_DENIED);
        denied += e == ERR_DENIED;
        server_accept(&y.a);
        server_accept(&y.b);
        server_shake(&y.a, 0);
        server_shake(&y.b, 0);
        if (open_attempts(y.d) == 0 && e != ERR_OK)
            now = dial_next(y.d);
    }
    assert_int_equal(e, ERR_OK);
    assert_int_equal(denied, 1);
    assert_int_equal(y.won.at.port, y.b.port);
    drop_won(&y);
    yard_free(&y);
}

static void a_web_server_is_denied_with_a_sentence(void **state)
{
    struct yard y;
    enum err e = ERR_AGAIN;
    (void)state;
    yard_new(&y);
    yard_dial(&y, 1, 1, NULL);
    dial_go(y.d, 0);
    for (int i = 0; i < 50 && e == ERR_AGAIN; i++) {
        static const char said[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
        e = step(&y, 0, 20);
        server_accept(&y.a);
        if (y.a.n && y.a.conns[0].e == ERR_AGAIN) {
            assert_true(write(y.a.conns[0].fd, said, sizeof said - 1) > 0);
            y.a.conns[0].e = ERR_OK;
        }
    }
    assert_int_equal(e, ERR_DENIED);
    print_message("%s\n", err_text());
    assert_true(dial_going(y.d));
    yard_free(&y);
}

static void a_ticket_resumes_the_next_contact(void **state)
{
    struct yard y;
    struct buf ticket = {.p = NULL};
    (void)state;
    yard_new(&y);
    yard_dial(&y, 1, 1, NULL);
    for (size_t round = 0; round < 2; round++) {
        enum err e = ERR_AGAIN;
        uint8_t b[8];
        size_t n;
        dial_go(y.d, (int64_t)round * 1000);
        for (int i = 0; i < 50 && e == ERR_AGAIN; i++) {
            e = step(&y, (int64_t)round * 1000, 20);
            server_accept(&y.a);
            server_shake(&y.a, round);
        }
        assert_int_equal(e, ERR_OK);
        assert_int_equal(tls_resumed(y.won.tls), round == 1);
        struct pollfd p = {y.won.fd, POLLIN, 0}, q = {y.a.conns[round].fd, POLLIN, 0};
        while (y.a.conns[round].e == ERR_AGAIN && poll(&q, 1, PATIENCE) == 1)
            server_shake(&y.a, round);
        while (!round && tls_ticket(y.won.tls, &ticket) != ERR_OK) {
            assert_int_equal(poll(&p, 1, PATIENCE), 1);
            assert_int_equal(tls_read(y.won.tls, b, sizeof b, &n), ERR_AGAIN);
        }
        assert_int_equal(dial_ticket(y.d, ticket.p, ticket.len), ERR_OK);
        drop_won(&y);
    }
    buf_free(&ticket);
    yard_free(&y);
}

static void stopping_closes_all_and_going_begins_anew(void **state)
{
    struct yard y;
    (void)state;
    yard_new(&y);
    yard_dial(&y, 1, 1, NULL);
    dial_go(y.d, 0);
    assert_int_equal(step(&y, 0, 0), ERR_AGAIN);
    assert_int_equal(open_attempts(y.d), 1);
    dial_stop(y.d);
    assert_int_equal(open_attempts(y.d), 0);
    assert_int_equal(step(&y, 100000, 0), ERR_AGAIN);
    assert_int_equal(open_attempts(y.d), 0);
    dial_go(y.d, 200000);
    assert_int_equal(step(&y, 200000, 0), ERR_AGAIN);
    assert_int_equal(open_attempts(y.d), 1);
    yard_free(&y);
}

static void a_name_is_looked_up_beside_the_loop(void **state)
{
    struct yard y;
    struct resolver *r;
    struct address list[2];
    char text[64];
    enum err e = ERR_AGAIN;
    int64_t now = 0;
    (void)state;
    yard_new(&y);
    assert_int_equal(resolver_start(&r), ERR_OK);
    snprintf(text, sizeof text, "localhost:%u", y.a.port);
    assert_int_equal(address_parse(&list[0], "no-such-name.invalid:7433"), ERR_OK);
    assert_int_equal(address_parse(&list[1], text), ERR_OK);
    assert_false(list[1].numeric);
    struct dial_hub keys[1] = {{"hub-a", y.a.key.pub}};
    struct dial_setup s = {.keys = y.keys, .addresses = list, .n_addresses = 2, .hubs = keys, .n_hubs = 1};
    assert_int_equal(dial_new(&y.d, &s), ERR_USAGE); /* nobody to ask */
    s.resolver = r;
    assert_int_equal(dial_new(&y.d, &s), ERR_OK);
    dial_go(y.d, 0);
    for (int i = 0; i < 200 && e == ERR_AGAIN; i++) {
        e = step(&y, now, 1000);
        server_accept(&y.a);
        for (size_t k = 0; k < y.a.n; k++)
            server_shake(&y.a, k);
        if (open_attempts(y.d) == 0 && e == ERR_AGAIN)
            now = dial_next(y.d);
    }
    assert_int_equal(e, ERR_OK);
    assert_int_equal(y.won.hub, 0);
    drop_won(&y);
    dial_free(y.d);
    /* alone: it says what is wrong, asks again with pauses, and holds up nothing */
    s.n_addresses = 1;
    assert_int_equal(dial_new(&y.d, &s), ERR_OK);
    dial_go(y.d, 0);
    assert_int_equal(step(&y, 0, 0), ERR_AGAIN);
    assert_int_equal(open_attempts(y.d), 1); /* the question */
    assert_int_equal(step(&y, 0, 60000), ERR_AGAIN);
    assert_string_equal(dial_why(y.d), "no-such-name.invalid:7433: the name was not found");
    assert_in_range(dial_next(y.d), 800, 1200);
    dial_hurry(y.d, 10);
    assert_int_equal(dial_next(y.d), 10);
    assert_int_equal(step(&y, 10, 0), ERR_AGAIN); /* asks, and is left unanswered */
    yard_free(&y);
    resolver_free(r);
}

/* The whole of a station's side, limited as feldsher-sync is: 0 when it has won. */
static int dial_limited(struct yard *y, const char *name)
{
    struct resolver *r;
    struct address at;
    struct dial_hub hub = {"hub-a", y->a.key.pub};
    if (resolver_start(&r) || confine_self(NULL, 0, CONFINE_NET) || address_parse(&at, name))
        return 1;
    struct dial_setup s = {.keys = y->keys,
                           .resolver = r,
                           .addresses = &at,
                           .n_addresses = 1,
                           .hubs = &hub,
                           .n_hubs = 1,
                           .tuning = sock_usual};
    if (dial_new(&y->d, &s))
        return 2;
    enum err e = ERR_AGAIN;
    int64_t now = 0;
    dial_go(y->d, now);
    for (int i = 0; i < 100 && e == ERR_AGAIN; i++) {
        e = step(y, now, 1000);
        if (!open_attempts(y->d) && e == ERR_AGAIN)
            now = dial_next(y->d);
    }
    dial_free(y->d);
    resolver_free(r);
    return e ? 3 : 0;
}

static void a_name_is_found_though_the_program_may_read_nothing(void **state)
{
    struct yard y;
    char name[64];
    int status, done = 0;
    (void)state;
    yard_new(&y);
    snprintf(name, sizeof name, "localhost:%u", y.a.port);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(dial_limited(&y, name));
    }
    while ((done = waitpid(pid, &status, WNOHANG)) == 0) {
        struct pollfd set[CONNS + 1] = {{y.a.l, POLLIN, 0}};
        nfds_t n = 1;
        for (size_t i = 0; i < y.a.n; i++)
            if (y.a.conns[i].e == ERR_AGAIN)
                set[n++] = (struct pollfd){y.a.conns[i].fd, POLLIN, 0};
        (void)poll(set, n, 10);
        server_accept(&y.a);
        for (size_t i = 0; i < y.a.n; i++)
            server_shake(&y.a, i);
    }
    assert_int_equal(done, pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    yard_free(&y);
}

/* No route at all, as with the modem unplugged. */
static void without_a_route_it_waits_for_one(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct yard y = {.d = NULL};
        struct address list[1];
        struct dial_hub hub = {.name = "hub-a"};
        if (unshare(CLONE_NEWNET) < 0)
            _exit(77);
        sign_new(&y.station);
        if (tls_keys_new(&y.keys, TLS_CLIENT, &y.station) || address_parse(&list[0], "192.0.2.1:7433"))
            _exit(1);
        struct dial_setup s = {.keys = y.keys, .addresses = list, .n_addresses = 1, .hubs = &hub, .n_hubs = 1};
        if (dial_new(&y.d, &s))
            _exit(2);
        dial_go(y.d, 0);
        unsigned tries = 0;
        for (int64_t now = 0; now < 30000; now = dial_next(y.d), tries++)
            if (dial_step(y.d, now, &y.won) != ERR_AGAIN || open_attempts(y.d))
                _exit(3);
        if (!strstr(dial_why(y.d), "unreachable") || tries > 40 || tries < 24)
            _exit(4);
        dial_hurry(y.d, 30000);
        int code = dial_next(y.d) > 30100 ? 5 : 0;
        dial_free(y.d);
        tls_keys_free(y.keys);
        _exit(code);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void addresses_are_read_and_written(void **state)
{
    static const struct {
        const char *in, *out;
        bool numeric;
    } good[] = {
        {"hub.example:7433", "hub.example:7433", false},
        {"192.0.2.7:1", "192.0.2.7:1", true},
        {"[2001:db8::7]:65535", "[2001:db8::7]:65535", true},
        {"[::1]:443", "[::1]:443", true},
        {":7433", ":7433", false},
        {"a:0", "a:0", false},
    };
    static const char *const bad[] = {
        "",      "hub",       "hub:",       "hub:x",         "hub:65536",   "hub:-1", "hub:07433",
        "[::1]", "[::1]7433", "[hub]:7433", "[]:7433",       "::1:80",      "a b:1",  "hub.example/:1",
        "-x:1",  "a\n:1",     "[::1:7433",  "2001:db8::7:1", "[1.2.3.4]:1",
    };
    char text[ADDRESS_TEXT], tall[400];
    struct address a;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(address_parse(&a, good[i].in), ERR_OK);
        assert_int_equal(a.numeric, good[i].numeric);
        address_text(text, &a);
        assert_string_equal(text, good[i].out);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(address_parse(&a, bad[i]), ERR_USAGE);
    memset(tall, 'a', sizeof tall);
    strcpy(tall + sizeof tall - 3, ":1");
    assert_int_equal(address_parse(&a, tall), ERR_USAGE);
}

static void a_hub_listens_on_both_kinds_of_address(void **state)
{
    struct address any, from, one;
    int fds[SOCK_LISTENERS], more[SOCK_LISTENERS], fd, taken;
    size_t n, m;
    char text[64];
    (void)state;
    assert_int_equal(address_parse(&any, ":0"), ERR_OK);
    assert_int_equal(sock_listen(&any, fds, &n), ERR_OK);
    assert_true(n >= 1);
    uint16_t port = sock_port(fds[0]);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sock_port(fds[i]), port);
        snprintf(text, sizeof text, i + 1 < n ? "[::1]:%u" : "127.0.0.1:%u", port);
        assert_int_equal(address_parse(&one, text), ERR_OK);
        if (sock_connect(&one, &sock_usual, &fd) != ERR_OK)
            continue; /* a machine without IPv6 on loopback */
        struct pollfd p = {fds[i], POLLIN, 0};
        assert_int_equal(poll(&p, 1, PATIENCE), 1);
        assert_int_equal(sock_accept(fds[i], &sock_usual, &taken, &from), ERR_OK);
        assert_true(from.numeric && from.port);
        assert_int_equal(sock_accept(fds[i], NULL, &(int){0}, &from), ERR_AGAIN);
        close(taken);
        close(fd);
    }
    /* taken */
    snprintf(text, sizeof text, ":%u", port);
    assert_int_equal(address_parse(&any, text), ERR_OK);
    assert_int_equal(sock_listen(&any, more, &m), ERR_CREATE);
    assert_int_equal(m, 0);
    assert_int_equal(address_parse(&any, "hub.example:1"), ERR_OK);
    assert_int_equal(sock_listen(&any, more, &m), ERR_USAGE);
    assert_int_equal(address_parse(&any, "192.0.2.77:1"), ERR_OK);
    assert_int_equal(sock_listen(&any, more, &m), ERR_CREATE);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof value;
    return getsockopt(fd, level, name, &value, &n) == 0 ? value : -1;
}

static void the_settings_reach_the_socket(void **state)
{
    struct server s;
    int fd;
    (void)state;
    server_open(&s);
    struct address a = at_port(s.port);
    assert_int_equal(sock_connect(&a, &sock_usual, &fd), ERR_OK);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 4096);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
    assert_int_equal(option(fd, SOL_SOCKET, SO_SNDBUF), 2 * (256 << 10)); /* socket(7): the kernel doubles it */
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    int retry = option(fd, IPPROTO_TCP, 44);
    assert_true(retry == 4000 || retry == -1); /* a kernel before 6.15 */
    print_message("longest pause between retransmissions: %d ms\n", retry);
    sock_tune(fd, &(struct sock_tuning){.unsent = 16384});
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 16384);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 60000);
    close(fd);
    assert_int_equal(sock_connect(&a, NULL, &fd), ERR_OK);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    close(fd);
    server_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(a_hub_listens_on_both_kinds_of_address),
        cmocka_unit_test(the_settings_reach_the_socket),
        cmocka_unit_test(one_that_answers_wins_and_can_be_spoken_with),
        cmocka_unit_test(silence_is_dialled_anew_every_300_ms_then_less_and_less),
        cmocka_unit_test(a_burst_of_events_is_one_attempt),
        cmocka_unit_test(a_refusal_is_not_hammered_unless_hurried),
        cmocka_unit_test(a_refusing_address_does_not_hold_up_another),
        cmocka_unit_test(one_that_accepts_and_says_nothing_is_given_up_and_tried_again),
        cmocka_unit_test(a_late_answer_to_the_first_contender_wins),
        cmocka_unit_test(hurry_begins_beside_a_handshake_under_way),
        cmocka_unit_test(another_key_is_denied_with_both_keys_named),
        cmocka_unit_test(the_right_hub_wins_though_another_address_shows_a_wrong_key),
        cmocka_unit_test(a_web_server_is_denied_with_a_sentence),
        cmocka_unit_test(a_ticket_resumes_the_next_contact),
        cmocka_unit_test(stopping_closes_all_and_going_begins_anew),
        cmocka_unit_test(a_name_is_looked_up_beside_the_loop),
        cmocka_unit_test(a_name_is_found_though_the_program_may_read_nothing),
        cmocka_unit_test(without_a_route_it_waits_for_one),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
