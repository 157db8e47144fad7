/*
 * Many stations in one process, for a hub under load.
 *
 *     hub_crowd roster CARD FILE N [NUMBER [R]]   a roster of N stations and that hub; station R is revoked
 *     hub_crowd run HOST:PORT N [labels=L] [batch=B] [blobs=K] [size=S] [wait=SECONDS] [from=F]
 *
 * Each station of run brings L labels with a batch of B bytes each, the last
 * with a parts list of K blobs of S bytes, and stays until all have done or
 * SECONDS have passed. Keys and chains are made from the station's number, so
 * that two runs are the same stations; F is the number of the first.
 */
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/trust/roster.h"
#include "storage/vault/parts.h"
#include "sync/limits.h"
#include "sync/link/sock.h"
#include "sync/link/tls.h"
#include "sync/wire/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

struct options {
    uint64_t labels, batch, blobs, size, wait, from;
};

struct station {
    struct sign_secret chain_key, link_key;
    char chain[CHAIN_ID], name[NAME_LEN];
    int fd;
    struct tls *tls;
    struct wire *wire;
    enum { CONNECTING, SHAKING, TALKING, OVER } state;
    struct buf *texts, *batches; /* by label */
    struct buf parts;
    struct hash parts_name, *blobs;
    uint64_t offered, offered_blobs, answered, answered_blobs, bad;
    int64_t *offered_at;
    bool list_offered, batch_offered;
    uint64_t receipt; /* labels that the last receipt holds */
};

static struct options opt = {.wait = 60, .batch = 600, .size = 1u << 20};
static struct station *stations;
static size_t n_stations;
static uint32_t *latencies;
static size_t n_latencies;
static int epoll_fd;
static int64_t now;

static void die(const char *what)
{
    fprintf(stderr, "hub_crowd: %s: %s\n", what, err_text());
    exit(1);
}

static void key_of(struct sign_secret *k, const char *what, uint64_t i)
{
    char text[64];
    int n = snprintf(text, sizeof text, "hub crowd %s %" PRIu64, what, i);
    struct hash h = hash_of(text, (size_t)n);
    sign_from_seed(k, h.b);
}

static void fill(uint8_t *p, size_t n, const void *seed, size_t len)
{
    struct hash h = hash_of(seed, len);
    crypto_stream_chacha20(p, n, (const uint8_t[8]){0}, h.b);
}

/* The same bytes from an offset on. */
static void piece(uint8_t *p, size_t n, uint64_t offset, const void *seed, size_t len)
{
    static uint8_t bytes[WIRE_FRAME_MAX + 128];
    struct hash h = hash_of(seed, len);
    size_t skip = offset % 64;
    memset(bytes, 0, skip + n);
    crypto_stream_chacha20_xor_ic(bytes, bytes, skip + n, (const uint8_t[8]){0}, offset / 64, h.b);
    memcpy(p, bytes + skip, n);
}

static void make_chain(struct station *s, uint64_t i)
{
    struct hash prev = {{0}};
    s->texts = calloc(opt.labels + 1, sizeof *s->texts);
    s->batches = calloc(opt.labels + 1, sizeof *s->batches);
    s->offered_at = calloc(opt.labels + 1, sizeof *s->offered_at);
    s->blobs = calloc(opt.blobs + 1, sizeof *s->blobs);
    uint8_t *bytes = malloc(opt.size + opt.batch);
    if (!s->texts || !s->batches || !s->blobs || !bytes || !s->offered_at || parts_begin(&s->parts))
        die("out of memory");
    for (uint64_t k = 0; k < opt.blobs; k++) {
        uint64_t seed[2] = {i, k};
        fill(bytes, opt.size, seed, sizeof seed);
        s->blobs[k] = hash_of(bytes, opt.size);
        if (parts_blob(&s->parts, &s->blobs[k], opt.size))
            die("parts");
    }
    s->parts_name = hash_of(s->parts.p, s->parts.len);
    for (uint64_t seq = 1; seq <= opt.labels; seq++) {
        struct label l = {.seq = seq, .prev = prev, .roster = 1, .lane = 1, .count = 1, .retain_until = INT64_MAX};
        uint64_t seed[3] = {i, seq, 7};
        fill(bytes, opt.batch, seed, sizeof seed);
        if (buf_add(&s->batches[seq - 1], bytes, opt.batch))
            die("batch");
        memcpy(l.chain, s->chain, sizeof l.chain);
        snprintf(l.to, sizeof l.to, "records/unit-%" PRIu64 " unit/unit-%" PRIu64, i, i);
        strcpy(l.retain_class, "records");
        l.object = l.content = hash_of(bytes, opt.batch);
        l.size = opt.batch;
        l.time = 1765000000000 + (int64_t)seq * 1000;
        if (seq == opt.labels && opt.blobs)
            l.parts = s->parts_name;
        if (label_write(&l, &s->chain_key, &s->texts[seq - 1]))
            die("label");
        prev = hash_of(s->texts[seq - 1].p, s->texts[seq - 1].len);
    }
    free(bytes);
}

static enum err load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    const struct station *s = ctx;
    const struct buf *b = &s->batches[item->seq - 1];
    enum err e = buf_add(text, s->texts[item->seq - 1].p, s->texts[item->seq - 1].len);
    return e || b->len > WIRE_INLINE_MAX ? e : buf_add(batch, b->p, b->len);
}

static enum err read_item(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    const struct station *s = ctx;
    if (item->kind != WIRE_BLOB) {
        const struct buf *b = item->kind == WIRE_PARTS ? &s->parts : &s->batches[item->seq - 1];
        memcpy(p, b->p + offset, n);
        return ERR_OK;
    }
    uint64_t seed[2] = {(uint64_t)(s - stations) + opt.from, item->seq};
    piece(p, n, offset, seed, sizeof seed);
    return ERR_OK;
}

static void answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    struct station *s = ctx;
    (void)kept;
    if (a == WIRE_KEPT)
        return;
    if (a != WIRE_GOOD && a != WIRE_HAVE) {
        if (s->bad++ == 0)
            fprintf(stderr, "%s: kind %d seq %" PRIu64 " answered %d: %s\n", s->name, item->kind, item->seq, (int)a,
                    why);
    }
    if (item->kind == WIRE_LABEL) {
        s->answered++;
        latencies[n_latencies++] = (uint32_t)(now - s->offered_at[item->seq - 1]);
    } else if (item->kind == WIRE_BLOB) {
        s->answered_blobs++;
    }
}

static enum err take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                     const uint8_t *batch, size_t n_batch)
{
    struct station *s = ctx;
    (void)batch;
    (void)n_batch;
    const char *labels = item->kind == WIRE_RECEIPT ? memmem(text, n, "\nlabels: ", 9) : NULL;
    if (labels)
        s->receipt = strtoull(labels + 9, NULL, 10);
    wire_answer(s->wire, id, WIRE_GOOD, 0, "");
    return ERR_OK;
}

static enum err open_item(void *ctx, uint64_t id, const struct wire_item *item, struct partial_range *held, size_t *n)
{
    struct station *s = ctx;
    (void)item;
    (void)held;
    (void)n;
    wire_answer(s->wire, id, WIRE_HAVE, 0, "");
    return ERR_OK;
}

static void ended(void *ctx, enum wire_end why, const char *text)
{
    struct station *s = ctx;
    fprintf(stderr, "%s: the hub ended: %s %s\n", s->name, wire_end_text(why), text);
    s->state = OVER;
}

static void offer(struct station *s, struct wire_item item)
{
    if (wire_offer(s->wire, &item))
        die("offer");
}

static void top_up(struct station *s)
{
    while (s->offered < opt.labels && wire_waiting(s->wire, LANE_BATCH) < 32) {
        struct wire_item item = {.kind = WIRE_LABEL, .lane = LANE_BATCH, .seq = s->offered + 1};
        memcpy(item.chain, s->chain, sizeof item.chain);
        s->offered_at[s->offered] = now;
        const struct buf *b = &s->batches[s->offered++];
        offer(s, item);
        if (b->len > WIRE_INLINE_MAX)
            offer(s, (struct wire_item){.kind = WIRE_BATCH,
                                        .lane = LANE_BATCH,
                                        .seq = item.seq,
                                        .name = hash_of(b->p, b->len),
                                        .size = b->len});
    }
    if (s->offered == opt.labels && opt.blobs && !s->list_offered) {
        s->list_offered = true;
        offer(s, (struct wire_item){
                     .kind = WIRE_PARTS, .lane = LANE_CONTROL, .name = s->parts_name, .size = s->parts.len});
    }
    while (s->list_offered && s->offered_blobs < opt.blobs && wire_waiting(s->wire, LANE_BLOB) < 8) {
        offer(s, (struct wire_item){.kind = WIRE_BLOB,
                                    .lane = LANE_BLOB,
                                    .seq = s->offered_blobs,
                                    .name = s->blobs[s->offered_blobs],
                                    .size = opt.size});
        s->offered_blobs++;
    }
}

static void begin(struct station *s)
{
    struct wire_start st = {.side = {.ctx = s,
                                     .load = load,
                                     .read = read_item,
                                     .answered = answered,
                                     .take = take,
                                     .open = open_item,
                                     .end = ended},
                            .hello = {.role = WIRE_STATION, .roster = 1, .seq = opt.labels}};
    memcpy(st.hello.chain, s->chain, sizeof s->chain);
    memcpy(st.hello.name, s->name, sizeof s->name);
    if (wire_new(&s->wire, &st, now))
        die("wire");
    s->state = TALKING;
}

static void over(struct station *s, const char *why)
{
    fprintf(stderr, "%s: %s: %s\n", s->name, why, err_text());
    s->state = OVER;
}

static void output(struct station *s)
{
    uint8_t out[16384];
    size_t n;
    if (s->state == SHAKING)
        return;
    enum err e = tls_flush(s->tls);
    for (unsigned i = 0; i < 4 && !e; i++) {
        top_up(s);
        if (wire_out(s->wire, out, sizeof out, now, &n))
            die("wire_out");
        if (!n)
            break;
        e = tls_write(s->tls, out, n);
    }
    if (e && e != ERR_AGAIN)
        over(s, "write");
    struct epoll_event ev = {.events = EPOLLIN | (e == ERR_AGAIN ? EPOLLOUT : 0), .data.ptr = s};
    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, s->fd, &ev);
}

static void input(struct station *s)
{
    uint8_t in[16384];
    size_t n, used;
    enum err e = ERR_OK;
    bool refused;
    if (s->state == CONNECTING) {
        e = sock_connected(s->fd, &refused);
        if (e == ERR_AGAIN)
            return;
        if (e) {
            over(s, "connect");
            return;
        }
        s->state = SHAKING;
    }
    if (s->state == SHAKING) {
        e = tls_handshake(s->tls);
        if (e == ERR_AGAIN) {
            struct epoll_event ev = {.events = tls_wants_write(s->tls) ? EPOLLOUT : EPOLLIN, .data.ptr = s};
            epoll_ctl(epoll_fd, EPOLL_CTL_MOD, s->fd, &ev);
            return;
        }
        if (e) {
            over(s, "handshake");
            return;
        }
        begin(s);
    }
    for (unsigned i = 0; i < 4 && !e && s->state == TALKING; i++) {
        e = tls_read(s->tls, in, sizeof in, &n);
        if (!e && (wire_in(s->wire, in, n, now, &used) || used != n))
            die("wire_in");
    }
    if (e && e != ERR_AGAIN && s->state == TALKING)
        over(s, "read");
}

static int by_size(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void report(int64_t began, int64_t first)
{
    uint64_t labels = 0, blobs = 0, bad = 0, up = 0, receipts = 0;
    for (size_t i = 0; i < n_stations; i++) {
        labels += stations[i].answered;
        blobs += stations[i].answered_blobs;
        bad += stations[i].bad;
        up += stations[i].state == TALKING;
        receipts += stations[i].receipt;
    }
    double s = (double)(now - first) / 1000;
    qsort(latencies, n_latencies, sizeof *latencies, by_size);
    printf("stations %zu, talking %" PRIu64 ", all connected after %.2f s\n", n_stations, up,
           (double)(first - began) / 1000);
    printf("labels %" PRIu64 " in %.2f s: %.0f/s; in receipts %" PRIu64 "; not good %" PRIu64 "\n", labels, s,
           (double)labels / s, receipts, bad);
    printf("blobs %" PRIu64 ": %.1f MB/s\n", blobs, (double)blobs * (double)opt.size / 1e6 / s);
    if (n_latencies)
        printf("offer to answer ms: median %u, p99 %u, max %u\n", latencies[n_latencies / 2],
               latencies[n_latencies * 99 / 100], latencies[n_latencies - 1]);
}

static bool done(void)
{
    for (size_t i = 0; i < n_stations; i++)
        if (stations[i].state != OVER && (stations[i].state != TALKING || stations[i].answered < opt.labels ||
                                          stations[i].answered_blobs < opt.blobs || stations[i].receipt < opt.labels))
            return false;
    return true;
}

static void start(struct station *s, uint64_t i, const struct address *a)
{
    struct tls_keys *keys;
    key_of(&s->chain_key, "chain", i);
    key_of(&s->link_key, "link", i);
    roster_chain_id(s->chain, &s->chain_key.pub);
    snprintf(s->name, sizeof s->name, "station-%" PRIu64, i);
    make_chain(s, i);
    if (tls_keys_new(&keys, TLS_CLIENT, &s->link_key) || sock_connect(a, &sock_usual, &s->fd) ||
        tls_new(&s->tls, keys, s->fd, NULL, 0))
        die("connect");
    struct epoll_event ev = {.events = EPOLLOUT, .data.ptr = s};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, s->fd, &ev);
}

static int run(const char *where, uint64_t n)
{
    struct epoll_event ev[256];
    struct address a;
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
        l.rlim_cur = l.rlim_max;
        setrlimit(RLIMIT_NOFILE, &l);
    }
    if (address_parse(&a, where))
        die("address");
    stations = calloc(n, sizeof *stations);
    latencies = calloc(n * opt.labels + 1, sizeof *latencies);
    epoll_fd = epoll_create1(0);
    if (!stations || !latencies || epoll_fd < 0)
        die("out of memory");
    int64_t began = clock_uptime(), first = 0;
    now = began;
    for (uint64_t k = 0; k < n; k++) {
        start(&stations[k], k + opt.from, &a);
        n_stations++;
    }
    began = clock_uptime();
    while (now - began < (int64_t)opt.wait * 1000 && (!opt.labels || !done())) {
        int m = epoll_wait(epoll_fd, ev, 256, 10);
        now = clock_uptime();
        for (int i = 0; i < m; i++) {
            struct station *s = ev[i].data.ptr;
            if (s->state != OVER)
                input(s);
            if (s->state == TALKING)
                output(s);
        }
        bool all = true;
        for (size_t i = 0; i < n_stations; i++) {
            struct station *s = &stations[i];
            all = all && s->state >= TALKING;
            if (s->state == TALKING && wire_next(s->wire, now) <= now)
                output(s);
        }
        if (all && !first)
            first = now;
    }
    report(began, first ? first : now);
    return 0;
}

static int roster(const char *card, const char *file, uint64_t n, uint64_t number, uint64_t revoked)
{
    struct roster *r = calloc(1, sizeof *r);
    struct sign_secret authority;
    struct roster_hub hub;
    struct buf text = {0};
    key_of(&authority, "authority", 0);
    if (!r || file_read(card, 65536, &text) || roster_hub_read(&hub, (const char *)text.p, text.len))
        die(card);
    strcpy(r->district, "crowd");
    r->authority = authority.pub;
    r->number = number;
    r->time = 1760000000000;
    for (uint64_t i = 0; i < n; i++) {
        struct roster_station s = {.kind = STATION_CREW};
        struct sign_secret chain, link;
        key_of(&chain, "chain", i);
        key_of(&link, "link", i);
        s.key = chain.pub;
        s.link = link.pub;
        roster_chain_id(s.chain, &s.key);
        s.revoked = i == revoked;
        s.last_seq = s.revoked ? 1 : 0;
        s.revoked_at = s.revoked ? r->time : 0;
        snprintf(s.name, sizeof s.name, "station-%" PRIu64, i);
        snprintf(s.unit, sizeof s.unit, "unit-%" PRIu64, i);
        if (roster_add_unit(r, s.unit) || roster_add_station(r, &s))
            die("roster");
    }
    if (roster_add_hub(r, &hub) || roster_sign(r, &authority) || file_write(file, r->text.p, r->text.len, 0644))
        die("roster");
    return 0;
}

int main(int argc, char **argv)
{
    if (hash_start())
        die("libsodium");
    if (argc >= 5 && strcmp(argv[1], "roster") == 0)
        return roster(argv[2], argv[3], strtoull(argv[4], NULL, 10), argc > 5 ? strtoull(argv[5], NULL, 10) : 1,
                      argc > 6 ? strtoull(argv[6], NULL, 10) : UINT64_MAX);
    for (int i = 4; i < argc; i++) {
        static const char *const names[] = {"labels=", "batch=", "blobs=", "size=", "wait=", "from="};
        uint64_t *to[] = {&opt.labels, &opt.batch, &opt.blobs, &opt.size, &opt.wait, &opt.from};
        for (unsigned k = 0; k < 6; k++)
            if (strncmp(argv[i], names[k], strlen(names[k])) == 0)
                *to[k] = strtoull(argv[i] + strlen(names[k]), NULL, 10);
    }
    if (argc >= 4 && strcmp(argv[1], "run") == 0)
        return run(argv[2], strtoull(argv[3], NULL, 10));
    fprintf(stderr, "usage: hub_crowd roster CARD FILE N | run HOST:PORT N [NAME=VALUE]...\n");
    return 64;
}
