/*
 * Load on a real `feldsher-hub serve`: thousands of stations in one process,
 * each a TLS connection of its own that speaks the conversation. Their batches
 * and blobs are random bytes (a hub opens nothing), their labels are signed.
 *
 *     hub prepare DIR STATIONS              DIR/hub/hub.card -> DIR/roster
 *     hub load DIR HOST:PORT PID            connects, batches, blobs, urgent notes among blobs; PID: the hub's
 *     hub hostile DIR HOST:PORT PID N       N connections that say nothing, and one station that syncs
 *     hub plain DIR                         the peer: the same bytes as plain files, each made durable
 *
 * From the environment: STATIONS, PER_UNIT, SECONDS_EACH (of the batches),
 * BLOB_STATIONS, BLOBS (a station). Prints a line a figure, and PASS or MISS
 * where there is a budget; exit 1 if one was missed.
 */
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/catalog/retention.h"
#include "storage/seal/hash.h"
#include "storage/trust/roster.h"
#include "storage/vault/label.h"
#include "storage/vault/parts.h"
#include "sync/limits.h"
#include "sync/link/address.h"
#include "sync/link/sock.h"
#include "sync/link/tls.h"
#include "sync/wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH_BYTES 1221u /* what a signed note of 1 KiB comes to when sealed */
#define BLOB_BYTES ((8u << 20) + 2048u)
#define BLOBS_MAX 64u
#define DEPTH 8u   /* labels of a station under way at once */
#define DIALS 128u /* handshakes under way at once */
#define TICK_MS 5  /* how often every conversation's clock is looked at */
#define STALL_MS 60000
#define URGENT_NOTES 100u
#define URGENT_EVERY_MS 100
#define HOSTILE_PATIENCE_MS 5000

enum stage { IDLE, CONNECTING, SHAKING, TALKING, DEAD };

struct note {
    uint64_t seq; /* 0: free */
    int64_t at;   /* us, when it was offered */
    enum lane lane;
    struct buf text, batch;
};

struct post {
    struct load *load;
    unsigned number;
    enum stage stage;
    int fd;
    bool writing; /* EPOLLOUT is asked for */
    struct sign_secret chain_key, link_key;
    char chain[CHAIN_ID];
    struct tls_keys *keys;
    struct tls *tls;
    struct wire *wire;
    uint64_t seq;
    struct hash head;
    struct note notes[DEPTH];
    unsigned open; /* notes without an answer */
    struct buf parts;
    struct hash parts_name, blobs[BLOBS_MAX];
    uint64_t recorded; /* the label that names them */
    unsigned n_blobs, blobs_open;
};

struct samples {
    int64_t *v;
    size_t n, cap;
};

struct load {
    int epoll;
    pid_t hub;
    struct address address;
    struct roster *roster;
    struct post *posts;
    unsigned n;
    size_t talking, dead, met;
    uint64_t good, refused;
    struct samples waits[LANES]; /* us from offer to answer */
    int missed;
};

static uint8_t *content; /* of every blob, but for its first bytes */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
    return now_us() / 1000;
}

static int64_t wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000;
}

static void must(enum err e)
{
    if (e)
        exit(err_report("hub", e));
}

static void *alloc(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p)
        must(err_set(ERR_NOMEM, "out of memory"));
    return p;
}

static unsigned setting(const char *name, unsigned usual)
{
    const char *s = getenv(name);
    return s && atoi(s) > 0 ? (unsigned)atoi(s) : usual;
}

static void sample(struct samples *s, int64_t v)
{
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 4096;
        s->v = realloc(s->v, s->cap * sizeof *s->v);
        if (!s->v)
            must(err_set(ERR_NOMEM, "out of memory"));
    }
    s->v[s->n++] = v;
}

static int rising(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double percentile(struct samples *s, unsigned percent)
{
    if (!s->n)
        return 0;
    qsort(s->v, s->n, sizeof *s->v, rising);
    size_t i = s->n * percent / 100;
    return (double)s->v[i < s->n ? i : s->n - 1] / 1000;
}

/* The same keys for the same number, in every run. */
static void key_of(struct sign_secret *k, const char *what, unsigned number)
{
    char name[64];
    snprintf(name, sizeof name, "feldsher bench %s %u", what, number);
    struct hash seed = hash_of(name, strlen(name));
    sign_from_seed(k, seed.b);
}

static void unit_of(char out[static NAME_LEN], unsigned number)
{
    snprintf(out, NAME_LEN, "brigade-%u", number / setting("PER_UNIT", 2));
}

static enum err add_circles(struct roster *r, const char *unit)
{
    static const char *const kinds[] = {"records", "evidence"};
    struct identity id;
    identity_new(&id);
    for (size_t i = 0; i < 2; i++) {
        struct roster_circle c = {.generation = 1, .to = id.to};
        snprintf(c.name, sizeof c.name, "%s%s%.60s", kinds[i], *unit ? "/" : "", unit);
        enum err e = roster_add_circle(r, &c);
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err prepare(const char *dir, unsigned n)
{
    char path[4096], unit[NAME_LEN], last[NAME_LEN] = "";
    struct sign_secret authority;
    struct roster *r = alloc(1, sizeof *r);
    struct buf card = {0};
    struct roster_hub hub;
    key_of(&authority, "authority", 0);
    strcpy(r->district, "bench");
    r->authority = authority.pub;
    r->number = 1;
    r->time = wall_ms();
    enum err e = file_path(path, dir, "hub/hub.card");
    if (!e)
        e = file_read(path, 65536, &card);
    if (!e)
        e = roster_hub_read(&hub, (const char *)card.p, card.len);
    if (!e)
        e = roster_add_hub(r, &hub);
    if (!e)
        e = add_circles(r, "");
    for (unsigned i = 0; i < n && !e; i++) {
        struct roster_station s = {.kind = STATION_CREW};
        struct sign_secret chain, link;
        unit_of(unit, i);
        if (strcmp(unit, last) != 0) {
            e = roster_add_unit(r, unit);
            if (!e)
                e = add_circles(r, unit);
            strcpy(last, unit);
        }
        key_of(&chain, "chain", i);
        key_of(&link, "link", i);
        snprintf(s.name, sizeof s.name, "amb-%u", i);
        snprintf(s.unit, sizeof s.unit, "%s", unit);
        s.key = chain.pub;
        s.link = link.pub;
        roster_chain_id(s.chain, &s.key);
        if (!e)
            e = roster_add_station(r, &s);
    }
    if (!e)
        e = roster_sign(r, &authority);
    if (!e)
        e = file_path(path, dir, "roster");
    if (!e)
        e = file_write(path, r->text.p, r->text.len, 0644);
    buf_free(&card);
    roster_free(r);
    return e;
}

/* A figure of /proc/PID/status in KiB, of the hub. */
static long status_kib(const struct load *l, const char *key)
{
    char path[64], line[256];
    long v = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)l->hub);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            v = strtol(line + strlen(key) + 1, NULL, 10);
    if (f)
        fclose(f);
    return v;
}

/* CPU seconds of the hub, all its threads. */
static double hub_cpu(const struct load *l)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, sys = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)l->hub);
    FILE *f = fopen(path, "r");
    if (f && fgets(text, sizeof text, f) && strrchr(text, ')'))
        sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
    if (f)
        fclose(f);
    return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static double own_cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void figure(const char *what, double v, const char *unit)
{
    printf("%-48s %10.1f %s\n", what, v, unit);
    fflush(stdout);
}

static void budget(struct load *l, const char *what, double v, const char *unit, double least, double most)
{
    bool good = v >= least && v <= most;
    printf("%-48s %10.1f %s  budget %s %.0f  %s\n", what, v, unit, least > 0 ? ">=" : "<=", least > 0 ? least : most,
           good ? "PASS" : "MISS");
    fflush(stdout);
    l->missed += !good;
}

static void lose(struct post *p, const char *why)
{
    struct load *l = p->load;
    if (p->stage == DEAD)
        return;
    if (l->dead++ < 3)
        fprintf(stderr, "amb-%u lost its connection: %s\n", p->number, why);
    l->talking -= p->stage == TALKING;
    p->stage = DEAD;
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, p->fd, NULL);
}

static struct note *note_of(struct post *p, uint64_t seq)
{
    for (unsigned i = 0; i < DEPTH; i++)
        if (p->notes[i].seq == seq)
            return &p->notes[i];
    return NULL;
}

static enum err on_hello(void *ctx, const struct wire_hello *h)
{
    struct post *p = ctx;
    (void)h;
    p->load->met++;
    return ERR_OK;
}

static void on_end(void *ctx, enum wire_end why, const char *text)
{
    (void)text;
    lose(ctx, wire_end_text(why));
}

static enum err on_load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    struct post *p = ctx;
    struct note *n = note_of(p, item->seq);
    if (!n)
        return err_set(ERR_BUG, "a label that was not offered");
    enum err e = buf_add(text, n->text.p, n->text.len);
    return e ? e : buf_add(batch, n->batch.p, n->batch.len);
}

static void blob_head(uint8_t out[static 16], const struct post *p, unsigned i)
{
    memset(out, 0, 16);
    memcpy(out, &p->number, sizeof p->number);
    memcpy(out + 8, &i, sizeof i);
    memcpy(out + 12, &p->recorded, 4);
}

static enum err on_read(void *ctx, const struct wire_item *item, uint64_t offset, void *out, size_t n)
{
    struct post *p = ctx;
    uint8_t head[16];
    unsigned i = 0;
    if (item->kind == WIRE_PARTS) {
        memcpy(out, p->parts.p + offset, n);
        return ERR_OK;
    }
    while (i < p->n_blobs && !hash_same(&p->blobs[i], &item->name))
        i++;
    if (i == p->n_blobs)
        return err_set(ERR_BUG, "a blob that was not offered");
    memcpy(out, content + offset, n);
    blob_head(head, p, i);
    if (offset < sizeof head)
        memcpy(out, head + offset, n < sizeof head - offset ? n : sizeof head - (size_t)offset);
    return ERR_OK;
}

static void on_answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    struct post *p = ctx;
    struct load *l = p->load;
    (void)kept;
    if (a == WIRE_KEPT)
        return;
    if (a != WIRE_GOOD && a != WIRE_HAVE && l->refused++ < 3)
        fprintf(stderr, "amb-%u: item of kind %d is answered %d: %s\n", p->number, item->kind, a, why);
    if (item->kind == WIRE_LABEL) {
        struct note *n = note_of(p, item->seq);
        if (!n)
            return;
        sample(&l->waits[n->lane], now_us() - n->at);
        n->seq = 0;
        p->open--;
        l->good += a == WIRE_GOOD || a == WIRE_HAVE;
    } else if (item->kind == WIRE_BLOB) {
        p->blobs_open--;
    }
}

/* Receipts, and labels of the unit's other stations. */
static enum err on_take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                        const uint8_t *batch, size_t n_batch)
{
    struct post *p = ctx;
    (void)item, (void)text, (void)n, (void)batch, (void)n_batch;
    wire_answer(p->wire, id, WIRE_GOOD, 0, NULL);
    return ERR_OK;
}

static enum err on_open(void *ctx, uint64_t id, const struct wire_item *item,
                        struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    struct post *p = ctx;
    (void)item, (void)held, (void)n;
    wire_answer(p->wire, id, WIRE_HAVE, 0, NULL);
    return ERR_OK;
}

static void watch(struct post *p, bool writing)
{
    struct epoll_event e = {.events = EPOLLIN | (writing ? EPOLLOUT : 0u), .data.ptr = p};
    if (p->writing != writing && p->stage != DEAD) {
        p->writing = writing;
        epoll_ctl(p->load->epoll, EPOLL_CTL_MOD, p->fd, &e);
    }
}

static void speak(struct post *p)
{
    static uint8_t bytes[TLS_RECORD_MAX];
    while (p->stage == TALKING) {
        size_t n;
        enum err e = tls_wants_write(p->tls) ? tls_flush(p->tls) : ERR_OK;
        if (!e) {
            e = wire_out(p->wire, bytes, sizeof bytes, now_ms(), &n);
            if (!e && n == 0)
                break;
            if (!e)
                e = tls_write(p->tls, bytes, n);
        }
        if (e == ERR_AGAIN)
            break;
        if (e)
            lose(p, err_text());
    }
    watch(p, p->stage == TALKING && tls_wants_write(p->tls));
}

static void listen_to(struct post *p)
{
    static uint8_t bytes[TLS_RECORD_MAX];
    size_t n, used;
    while (p->stage == TALKING) {
        enum err e = tls_read(p->tls, bytes, sizeof bytes, &n);
        if (!e)
            e = wire_in(p->wire, bytes, n, now_ms(), &used);
        if (e == ERR_AGAIN)
            break;
        if (e)
            lose(p, e == ERR_END ? "the hub has closed it" : err_text());
    }
}

static void offer_label(struct post *p, const struct note *n)
{
    struct wire_item item = {.kind = WIRE_LABEL, .lane = n->lane, .seq = n->seq};
    memcpy(item.chain, p->chain, sizeof p->chain);
    must(wire_offer(p->wire, &item));
}

static void begin_talk(struct post *p)
{
    struct sign_public peer;
    struct wire_start s = {
        .side = {.ctx = p,
                 .hello = on_hello,
                 .end = on_end,
                 .load = on_load,
                 .read = on_read,
                 .answered = on_answered,
                 .take = on_take,
                 .open = on_open},
        .hello = {.role = WIRE_STATION, .roster = p->load->roster->number, .clock = wall_ms()},
    };
    tls_peer(p->tls, &peer);
    if (!sign_same(&peer, &p->load->roster->hubs[0].link)) {
        lose(p, "that is not our hub");
        return;
    }
    snprintf(s.hello.name, sizeof s.hello.name, "amb-%u", p->number);
    memcpy(s.hello.chain, p->chain, sizeof p->chain);
    wire_notices_digest(s.hello.notices, NULL, 0);
    s.hello.seq = p->seq;
    s.hello.head = p->head;
    must(wire_new(&p->wire, &s, now_ms()));
    p->stage = TALKING;
    p->load->talking++;
    /* what an earlier connection has left without an answer */
    for (uint64_t seq = p->seq < DEPTH ? 1 : p->seq - DEPTH + 1; seq <= p->seq; seq++) {
        const struct note *n = note_of(p, seq);
        if (n)
            offer_label(p, n);
    }
}

static void on_event(struct post *p)
{
    bool refused;
    if (p->stage == CONNECTING) {
        enum err e = sock_connected(p->fd, &refused);
        if (e == ERR_AGAIN)
            return;
        if (!e)
            e = tls_new(&p->tls, p->keys, p->fd, NULL, 0);
        if (e) {
            lose(p, err_text());
            return;
        }
        p->stage = SHAKING;
    }
    if (p->stage == SHAKING) {
        enum err e = tls_handshake(p->tls);
        if (e == ERR_AGAIN) {
            watch(p, tls_wants_write(p->tls));
            return;
        }
        if (e) {
            lose(p, err_text());
            return;
        }
        begin_talk(p);
    }
    listen_to(p);
    speak(p);
}

static void hang_up(struct post *p)
{
    wire_free(p->wire);
    tls_free(p->tls);
    close(p->fd);
    p->wire = NULL;
    p->tls = NULL;
    p->fd = -1;
    p->stage = IDLE;
}

static void dial(struct post *p)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT, .data.ptr = p};
    must(sock_connect(&p->load->address, NULL, &p->fd));
    p->stage = CONNECTING;
    p->writing = true;
    if (epoll_ctl(p->load->epoll, EPOLL_CTL_ADD, p->fd, &e) < 0)
        must(err_errno(ERR_BUG, "epoll"));
}

/* One turn of the loop: what happened, and what the clocks say. */
static void turn(struct load *l)
{
    static int64_t last;
    struct epoll_event events[256];
    int n = epoll_wait(l->epoll, events, 256, TICK_MS);
    for (int i = 0; i < n; i++)
        on_event(events[i].data.ptr);
    int64_t t = now_ms();
    if (t < last + TICK_MS)
        return;
    last = t;
    for (unsigned i = 0; i < l->n; i++)
        if (l->posts[i].stage == TALKING && wire_next(l->posts[i].wire, t) <= t)
            speak(&l->posts[i]);
}

/* A label whose batch is random, behind the last one of its station. */
static void offer_note(struct post *p, enum lane lane, const struct hash *parts)
{
    struct note *n = note_of(p, 0);
    struct label label = {
        .seq = p->seq + 1, .roster = 1, .lane = lane, .size = BATCH_BYTES, .time = wall_ms(), .count = 1};
    char unit[NAME_LEN];
    uint8_t batch[BATCH_BYTES];
    if (!n || p->stage != TALKING)
        return;
    randombytes_buf(batch, sizeof batch);
    unit_of(unit, p->number);
    memcpy(label.chain, p->chain, sizeof p->chain);
    label.prev = p->head;
    label.object = hash_of(batch, sizeof batch);
    label.content = hash_of(batch, sizeof batch / 2);
    if (parts)
        label.parts = *parts;
    snprintf(label.to, sizeof label.to, "records/%s records unit/%s", unit, unit);
    strcpy(label.retain_class, parts ? "evidence" : "records");
    label.retain_until = retention_until(label.retain_class, label.time);
    buf_clear(&n->text);
    buf_clear(&n->batch);
    must(label_write(&label, &p->chain_key, &n->text));
    must(buf_add(&n->batch, batch, sizeof batch));
    p->head = hash_of(n->text.p, n->text.len);
    p->seq = n->seq = label.seq;
    n->at = now_us();
    n->lane = lane;
    p->open++;
    offer_label(p, n);
}

/* A recording of n blobs: label, parts list, blobs. Hashing stands before the
 * clock: make_recording, then offer_recording. */
static void make_recording(struct post *p, unsigned n)
{
    uint8_t head[16];
    buf_clear(&p->parts);
    must(parts_begin(&p->parts));
    p->n_blobs = n;
    p->recorded = p->seq + 1;
    for (unsigned i = 0; i < n; i++) {
        struct hash_state h;
        blob_head(head, p, i);
        hash_init(&h);
        hash_add(&h, head, sizeof head);
        hash_add(&h, content + sizeof head, BLOB_BYTES - sizeof head);
        p->blobs[i] = hash_end(&h);
        must(parts_blob(&p->parts, &p->blobs[i], BLOB_BYTES));
    }
    p->parts_name = hash_of(p->parts.p, p->parts.len);
}

static void offer_recording(struct post *p)
{
    struct wire_item list = {.kind = WIRE_PARTS, .lane = LANE_CONTROL, .name = p->parts_name, .size = p->parts.len};
    offer_note(p, LANE_BATCH, &p->parts_name);
    must(wire_offer(p->wire, &list));
    for (unsigned i = 0; i < p->n_blobs; i++) {
        struct wire_item blob = {.kind = WIRE_BLOB, .lane = LANE_BLOB, .name = p->blobs[i], .size = BLOB_BYTES};
        must(wire_offer(p->wire, &blob));
        p->blobs_open++;
    }
    speak(p);
}

/* With n stations of the roster from first on; UINT_MAX: its last one. */
static void load_open(struct load *l, const char *dir, const char *address, const char *pid, unsigned first, unsigned n)
{
    char path[4096];
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    signal(SIGPIPE, SIG_IGN);
    l->hub = (pid_t)atoi(pid);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    must(address_parse(&l->address, address));
    must(file_path(path, dir, "roster"));
    must(roster_read(&l->roster, path, NULL));
    unsigned all = (unsigned)l->roster->n_stations;
    first = first < all ? first : all - 1;
    l->n = n < all - first ? n : all - first;
    l->posts = alloc(l->n, sizeof *l->posts);
    for (unsigned i = 0; i < l->n; i++) {
        struct post *p = &l->posts[i];
        p->load = l;
        p->number = first + i;
        key_of(&p->chain_key, "chain", p->number);
        key_of(&p->link_key, "link", p->number);
        roster_chain_id(p->chain, &p->chain_key.pub);
        must(tls_keys_new(&p->keys, TLS_CLIENT, &p->link_key));
    }
}

struct phase {
    int64_t at;
    double own, hub;
};

static struct phase phase_begin(const struct load *l)
{
    return (struct phase){now_us(), own_cpu(), hub_cpu(l)};
}

static double phase_end(const struct load *l, const struct phase *p)
{
    double took = (double)(now_us() - p->at) / 1e6;
    printf("%-48s %10.1f s; CPU: the hub %.1f s, the stations %.1f s\n", "", took, hub_cpu(l) - p->hub,
           own_cpu() - p->own);
    return took;
}

static void connect_all(struct load *l)
{
    unsigned next = 0;
    long before = status_kib(l, "VmRSS");
    struct phase ph = phase_begin(l);
    int64_t end = now_ms() + STALL_MS;
    while (l->met + l->dead < l->n && now_ms() < end) {
        while (next < l->n && next < l->met + l->dead + DIALS)
            dial(&l->posts[next++]);
        turn(l);
    }
    budget(l, "stations connected", (double)l->talking, "", (double)l->n, (double)l->n);
    double took = phase_end(l, &ph);
    figure("handshakes and hellos", (double)l->met / took, "/s");
    figure("the hub's memory (VmRSS)", (double)status_kib(l, "VmRSS") / 1024, "MiB");
    if (l->talking)
        figure("... for each connection", (double)(status_kib(l, "VmRSS") - before) / (double)l->talking, "KiB");
}

static bool any_open(const struct load *l)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->posts[i].stage == TALKING && (l->posts[i].open || l->posts[i].blobs_open))
            return true;
    return false;
}

/* Until nothing is unanswered. */
static void settle(struct load *l)
{
    int64_t end = now_ms() + STALL_MS;
    while (any_open(l) && now_ms() < end)
        turn(l);
    if (any_open(l)) {
        printf("not everything was answered within %d s\n", STALL_MS / 1000);
        l->missed++;
    }
}

static void batches(struct load *l, unsigned seconds)
{
    uint64_t before = l->good;
    struct phase ph = phase_begin(l);
    int64_t end = now_ms() + (int64_t)seconds * 1000;
    l->waits[LANE_BATCH].n = 0;
    while (now_ms() < end) {
        for (unsigned i = 0; i < l->n; i++) {
            struct post *p = &l->posts[i];
            if (p->stage != TALKING || p->open > DEPTH / 2)
                continue;
            while (p->open < DEPTH)
                offer_note(p, LANE_BATCH, NULL);
            speak(p);
        }
        turn(l);
    }
    settle(l);
    double took = (double)(now_us() - ph.at) / 1e6;
    budget(l, "durable batches", (double)(l->good - before) / took, "/s", 1000, 1e12);
    phase_end(l, &ph);
    figure("... all at once: offered to answered, median", percentile(&l->waits[LANE_BATCH], 50), "ms");
    figure("... 99 of 100", percentile(&l->waits[LANE_BATCH], 99), "ms");
}

/* At the pace of the budget, whoever's turn it is: how long one waits then. */
static void paced(struct load *l, unsigned seconds)
{
    int64_t start = now_us();
    uint64_t sent = 0, most = (uint64_t)seconds * 1000;
    struct phase ph = phase_begin(l);
    l->waits[LANE_BATCH].n = 0;
    while (sent < most && now_us() - start < 2 * (int64_t)most * 1000) {
        for (uint64_t due = (uint64_t)(now_us() - start) / 1000; sent < due && sent < most; sent++) {
            struct post *p = &l->posts[sent % l->n];
            offer_note(p, LANE_BATCH, NULL);
            speak(p);
        }
        turn(l);
    }
    settle(l);
    figure("at 1,000 batches/s: offered to answered, median", percentile(&l->waits[LANE_BATCH], 50), "ms");
    figure("... 99 of 100", percentile(&l->waits[LANE_BATCH], 99), "ms");
    phase_end(l, &ph);
}

/* Blobs of some stations; with urgent, a note in lane 0 now and then, by turns
 * from a station that sends blobs and from one that does not. */
static void blobs(struct load *l, unsigned stations, unsigned each, bool urgent)
{
    stations = stations < l->n ? stations : l->n;
    for (unsigned i = 0; i < stations; i++)
        make_recording(&l->posts[i], each);
    l->waits[LANE_URGENT].n = 0;
    struct phase ph = phase_begin(l);
    for (unsigned i = 0; i < stations; i++)
        if (l->posts[i].stage == TALKING)
            offer_recording(&l->posts[i]);
    int64_t end = now_ms() + STALL_MS + (int64_t)stations * each * 200, due = now_ms() + 500;
    unsigned sent = 0;
    while (any_open(l) && now_ms() < end) {
        if (urgent && now_ms() >= due && sent < URGENT_NOTES) {
            struct post *p = &l->posts[sent % 2 ? sent % stations : l->n - 1 - sent % (l->n - stations + 1)];
            offer_note(p, LANE_URGENT, NULL);
            speak(p);
            sent++;
            due = now_ms() + URGENT_EVERY_MS;
        }
        turn(l);
    }
    settle(l);
    double took = (double)(now_us() - ph.at) / 1e6;
    double mb = (double)stations * each * BLOB_BYTES / 1e6;
    if (urgent) {
        figure("urgent notes while blobs come", (double)l->waits[LANE_URGENT].n, "");
        figure("... from offered to answered, median", percentile(&l->waits[LANE_URGENT], 50), "ms");
        figure("... 99 of 100", percentile(&l->waits[LANE_URGENT], 99), "ms");
        figure("... the slowest", percentile(&l->waits[LANE_URGENT], 100), "ms");
        figure("... and blobs beside them", mb / took, "MB/s");
    } else {
        budget(l, "blobs", mb / took, "MB/s", 150, 1e12);
    }
    phase_end(l, &ph);
}

static int load_run(const char *dir, const char *address, const char *pid)
{
    struct load l = {0};
    unsigned stations = setting("BLOB_STATIONS", 32), each = setting("BLOBS", 8);
    load_open(&l, dir, address, pid, 0, setting("STATIONS", 2750));
    connect_all(&l);
    batches(&l, setting("SECONDS_EACH", 20));
    paced(&l, setting("SECONDS_EACH", 20));
    blobs(&l, stations, each < BLOBS_MAX ? each : BLOBS_MAX, false);
    blobs(&l, stations, each < BLOBS_MAX ? each : BLOBS_MAX, true);
    figure("the hub's memory at most (VmHWM)", (double)status_kib(&l, "VmHWM") / 1024, "MiB");
    budget(&l, "connections lost", (double)l.dead, "", 0, 0);
    budget(&l, "items refused", (double)l.refused, "", 0, 0);
    return l.missed ? 1 : 0;
}

/* A connection from another address of this machine, that says nothing. */
static int silent(const struct load *l, unsigned i)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i % 20);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
        (connect(fd, (const struct sockaddr *)&l->address.to, l->address.n) == 0 || errno == EINPROGRESS))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_closed(int fd)
{
    char c;
    ssize_t n = fd < 0 ? 0 : recv(fd, &c, 1, MSG_PEEK);
    return n == 0 || (n < 0 && errno != EAGAIN);
}

static int hostile(const char *dir, const char *address, const char *pid, unsigned n)
{
    struct load l = {0};
    int *fds = alloc(n, sizeof *fds);
    unsigned again = 0, held = 0, tries = 0;
    load_open(&l, dir, address, pid, UINT_MAX, 1);
    struct phase ph = phase_begin(&l);
    for (unsigned i = 0; i < n; i++) {
        fds[i] = silent(&l, i);
        if (i % 200 == 199)
            usleep(10000);
    }
    int64_t start = now_us(), patience = now_ms() + STALL_MS;
    struct post *p = &l.posts[0];
    /* as a station does: dial anew when it was not let in; and so do they, once each */
    for (unsigned i = 0; l.good < 20 && now_ms() < patience; i = (i + 1) % n) {
        if (p->stage == IDLE || p->stage == DEAD) {
            if (p->stage == DEAD) {
                hang_up(p);
                usleep(100000);
            }
            tries++;
            dial(p);
        }
        turn(&l);
        while (p->stage == TALKING && p->open < DEPTH && p->seq < 20)
            offer_note(p, LANE_BATCH, NULL);
        speak(p);
        if (is_closed(fds[i]) && again < n) {
            if (fds[i] >= 0)
                close(fds[i]);
            fds[i] = silent(&l, i);
            again++;
        }
    }
    double took = (double)(now_us() - start) / 1000;
    for (unsigned i = 0; i < n; i++)
        held += !is_closed(fds[i]);
    figure("connections that say nothing", n, "");
    figure("... of these dialled again, being closed", again, "");
    figure("... still open at the end", held, "");
    figure("the hub's memory (VmRSS)", (double)status_kib(&l, "VmRSS") / 1024, "MiB");
    figure("a station's attempts to connect", tries, "");
    budget(&l, "... and its 20 notes answered after", l.good == 20 ? took : STALL_MS, "ms", 0, HOSTILE_PATIENCE_MS);
    phase_end(&l, &ph);
    return l.missed ? 1 : 0;
}

/* What the disk gives to whoever asks for durability plainly. */
static int plain(const char *dir)
{
    char path[4096];
    unsigned files = setting("BLOB_STATIONS", 32) * setting("BLOBS", 8), small = 2000;
    sqlite3 *db;
    sqlite3_stmt *insert;
    must(file_path(path, dir, "plain"));
    must(file_mkdirs(path, 0700));
    int64_t t = now_us();
    for (unsigned i = 0; i < small; i++) {
        snprintf(path, sizeof path, "%.3000s/plain/%u", dir, i);
        memcpy(content, &i, sizeof i);
        must(file_write(path, content, BATCH_BYTES, 0600));
    }
    figure("plain: durable files of a batch's size", small * 1e6 / (double)(now_us() - t), "/s");
    snprintf(path, sizeof path, "%.3000s/plain/db", dir);
    if (sqlite3_open(path, &db) || sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", 0, 0, 0) ||
        sqlite3_exec(db, "CREATE TABLE t(batch BLOB)", 0, 0, 0) ||
        sqlite3_prepare_v2(db, "INSERT INTO t VALUES(?)", -1, &insert, NULL))
        must(err_set(ERR_BUG, "SQLite: %s", sqlite3_errmsg(db)));
    t = now_us();
    for (unsigned i = 0; i < small; i++) {
        sqlite3_bind_blob(insert, 1, content, BATCH_BYTES, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            must(err_set(ERR_IO, "SQLite: %s", sqlite3_errmsg(db)));
        sqlite3_reset(insert);
    }
    figure("plain: SQLite, a durable transaction each", small * 1e6 / (double)(now_us() - t), "/s");
    sqlite3_finalize(insert);
    sqlite3_close(db);
    t = now_us();
    for (unsigned i = 0; i < files; i++) {
        snprintf(path, sizeof path, "%.3000s/plain/blob-%u", dir, i);
        memcpy(content, &i, sizeof i);
        must(file_write(path, content, BLOB_BYTES, 0600));
    }
    figure("plain: durable files of a blob's size", (double)files * BLOB_BYTES / (double)(now_us() - t), "MB/s");
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    must(hash_start());
    content = alloc(1, BLOB_BYTES);
    randombytes_buf(content, BLOB_BYTES);
    if (strcmp(what, "prepare") == 0 && argc == 4)
        return err_report("hub", prepare(argv[2], (unsigned)atoi(argv[3])));
    if (strcmp(what, "load") == 0 && argc == 5)
        return load_run(argv[2], argv[3], argv[4]);
    if (strcmp(what, "hostile") == 0 && argc == 6 && atoi(argv[5]) > 0)
        return hostile(argv[2], argv[3], argv[4], (unsigned)atoi(argv[5]));
    if (strcmp(what, "plain") == 0 && argc == 3)
        return plain(argv[2]);
    fputs("usage: hub prepare DIR STATIONS | load DIR HOST:PORT PID | hostile DIR HOST:PORT PID N | plain DIR\n",
          stderr);
    return 64;
}
