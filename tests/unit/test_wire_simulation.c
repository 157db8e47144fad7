/* Stations and a hub in virtual time: the machines of sync/wire, what a
 * station offers (sync/client/offers), the hub's room and talks over the store
 * in memory; between them links of every speed that freeze, drop and cut at
 * any byte. Nothing here sleeps. A run prints its seed when it fails:
 *
 *     SEED=17 SIMULATIONS=1 build/unit/test_wire_simulation
 *
 * What is checked at every step, and at the end, stands in check_*.
 */

#include "storage/base/bytes.h"
#include "storage/vault/parts.h"
#include "sync/client/offers.h"
#include "sync/hub/talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STATIONS 3u
#define LABELS 40u
#define BLOBS 4u
#define RUNS_DEFAULT 200u
#define FAULTS_END 240000 /* ms: from then on the links are sound and everything must arrive */
#define DAY ((int64_t)1760000000000)

static struct {
    uint64_t state, seed;
    int64_t now;
} world;

/* splitmix64 (Steele, Lea, Flood, 2014) */
static uint64_t any(void)
{
    uint64_t z = world.state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t n)
{
    return any() % n;
}

#define CHECK(cond, ...)                                                                                               \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            print_error("seed %llu at %lld ms: %s: ", (unsigned long long)world.seed, (long long)world.now, #cond);    \
            print_error(__VA_ARGS__);                                                                                  \
            print_error("\n");                                                                                         \
            fail();                                                                                                    \
        }                                                                                                              \
    } while (0)

static void ok(enum err e)
{
    CHECK(e == ERR_OK, "error %d: %s", e, err_text());
}

struct sealed {
    struct hash name;
    struct buf bytes;
    bool told; /* the hub said that it is durable */
};

struct record {
    struct buf text;
    struct sealed batch, parts, blobs[BLOBS];
    size_t n_blobs;
    bool urgent;
    bool told, covered;
    int64_t saved, begun; /* ms; begun 0: not yet */
    uint64_t sent_before; /* bytes of the conversation when it was saved; UINT64_MAX: nobody was connected */
};

/* One way of a link: bytes that are under way. */
struct chunk {
    struct chunk *next;
    int64_t due;
    size_t n;
    uint8_t p[];
};

struct way {
    struct chunk *first, **last;
    int64_t free_at; /* when the narrowest place has sent what was given to it */
    struct buf arrived;
};

struct link {
    struct post *p;
    struct wire *station;
    struct talk *talk;
    struct offers_road *road;
    int64_t next;       /* when it is to be looked at, unless something happened */
    struct way ways[2]; /* up, down */
    int64_t last_receipt;
};

struct post {
    const struct roster_station *me;
    struct sign_secret key;
    struct record records[LABELS];
    size_t n;
    struct hash head;
    struct offers *offers;
    struct link *links[2];
    size_t n_links;
    uint64_t rate; /* bytes a second */
    int64_t delay; /* one way, ms */
    int64_t redial_at;
    bool frozen;
    int64_t toggle_at;
    uint64_t sent, lost, rounds, resent; /* bytes given to links; not acknowledged when cut; conversations */
    uint64_t labels_taken;               /* from other chains */
    int64_t last_receipt;
    struct {
        char chain[CHAIN_ID];
        uint64_t seq;
    } others[STATIONS];
};

static struct {
    struct sign_secret authority, sign, link;
    struct sign_secret keys[STATIONS];
    struct roster *roster;
    struct room_text *text;
    struct room room;
    struct store *store;
    struct post posts[STATIONS];
    size_t n;
    int64_t commit_at; /* the flush under way ends; 0: none */
    bool stirred;      /* a commit gave answers, or a label to others */
} hub;

/* ---- what a station holds ---- */

static bool is(const struct sealed *s, const struct hash *name)
{
    return memcmp(s->name.b, name->b, HASH_LEN) == 0;
}

static struct sealed *sealed_of(struct post *p, const struct hash *name)
{
    for (size_t i = 0; i < p->n; i++) {
        struct record *r = &p->records[i];
        if (is(&r->batch, name))
            return &r->batch;
        if (r->n_blobs && is(&r->parts, name))
            return &r->parts;
        for (size_t k = 0; k < r->n_blobs; k++)
            if (is(&r->blobs[k], name))
                return &r->blobs[k];
    }
    return NULL;
}

static void seal(struct sealed *s, size_t n)
{
    ok(buf_reserve(&s->bytes, n));
    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = any();
        memcpy(s->bytes.p + i, &v, n - i < 8 ? n - i : 8);
    }
    s->bytes.len = n;
    s->name = hash_of(s->bytes.p, n);
}

static size_t some_size(void)
{
    switch (below(8)) {
    case 0:
        return 100000 + below(200000);
    case 1:
    case 2:
        return 17000 + below(30000);
    default:
        return 200 + below(9000);
    }
}

/* A new label of a station, as chain_append makes it. */
static void save(struct post *p, bool urgent)
{
    if (p->n == LABELS)
        return;
    struct record *r = &p->records[p->n];
    struct label l = {.seq = p->n + 1, .prev = p->head, .roster = 1, .time = DAY + world.now / 1000 * 1000, .count = 1};
    memset(r, 0, sizeof *r);
    memcpy(l.chain, p->me->chain, CHAIN_ID);
    snprintf(l.to, sizeof l.to, "records/%s records unit/%s", p->me->unit, p->me->unit);
    snprintf(l.retain_class, sizeof l.retain_class, "records");
    l.retain_until = INT64_MAX;
    seal(&r->batch, below(10) ? 300 + below(2500) : 4000 + below(60000));
    l.object = l.content = r->batch.name;
    l.size = r->batch.bytes.len;
    l.lane = urgent ? LANE_URGENT : LANE_BATCH;
    if (!urgent && below(4) == 0) {
        r->n_blobs = 1 + below(BLOBS);
        ok(parts_begin(&r->parts.bytes));
        for (size_t i = 0; i < r->n_blobs; i++) {
            seal(&r->blobs[i], some_size());
            ok(parts_blob(&r->parts.bytes, &r->blobs[i].name, r->blobs[i].bytes.len));
        }
        l.parts = r->parts.name = hash_of(r->parts.bytes.p, r->parts.bytes.len);
    }
    ok(label_write(&l, &p->key, &r->text));
    r->urgent = urgent;
    r->saved = world.now;
    r->sent_before = UINT64_MAX;
    if (p->n_links == 1) {
        struct wire_status s;
        wire_status(p->links[0]->station, &s);
        r->sent_before = s.met ? s.sent : UINT64_MAX;
    }
    struct label again;
    ok(label_parse(&again, (const char *)r->text.p, r->text.len));
    p->head = label_hash(&again);
    p->n++;
}

static enum err stock_head(void *ctx, uint64_t *seq)
{
    *seq = ((struct post *)ctx)->n;
    return ERR_OK;
}

static enum err stock_label(void *ctx, uint64_t seq, struct buf *text)
{
    const struct record *r = &((struct post *)ctx)->records[seq - 1];
    buf_clear(text);
    return buf_add(text, r->text.p, r->text.len);
}

static bool stock_size(void *ctx, const struct hash *name, uint64_t *size)
{
    const struct sealed *s = sealed_of(ctx, name);
    *size = s ? s->bytes.len : 0;
    return s != NULL;
}

static enum err stock_parts(void *ctx, const struct hash *name, struct buf *text)
{
    const struct sealed *s = sealed_of(ctx, name);
    buf_clear(text);
    return s ? buf_add(text, s->bytes.p, s->bytes.len) : ERR_NOINPUT;
}

static bool stock_flagged(void *ctx, const struct hash *parts)
{
    (void)ctx;
    return parts->b[0] < 40;
}

/* ---- a station's side of a conversation ---- */

static enum err on_hello(void *ctx, const struct wire_hello *h)
{
    struct link *s = ctx;
    return offers_hello(s->road, h);
}

static enum err on_load(void *ctx, const struct wire_item *item, struct buf *text, struct buf *batch)
{
    struct link *s = ctx;
    struct record *r = &s->p->records[item->seq - 1];
    CHECK(item->kind == WIRE_LABEL && item->seq >= 1 && item->seq <= s->p->n, "an item that was not offered");
    if (!r->begun) {
        struct wire_status st;
        wire_status(s->station, &st);
        r->begun = world.now;
        /* priorities: no more than the frame under way, what is asked of us, and other urgent ones go before it */
        if (r->urgent && r->sent_before <= st.sent && s->p->n_links == 1) {
            uint64_t others = 0;
            for (size_t i = 0; i < s->p->n; i++)
                others += s->p->records[i].urgent ? s->p->records[i].batch.bytes.len + 1000 : 0;
            CHECK(st.sent - r->sent_before <= WIRE_FRAME_MAX + 8192 + others, "an urgent label waited %llu bytes",
                  (unsigned long long)(st.sent - r->sent_before));
        }
    }
    ok(buf_add(text, r->text.p, r->text.len));
    if (r->batch.bytes.len <= WIRE_INLINE_MAX)
        ok(buf_add(batch, r->batch.bytes.p, r->batch.bytes.len));
    return ERR_OK;
}

static enum err on_read(void *ctx, const struct wire_item *item, uint64_t offset, void *p, size_t n)
{
    struct link *s = ctx;
    const struct sealed *o = sealed_of(s->p, &item->name);
    CHECK(o && offset + n <= o->bytes.len, "bytes that are not there");
    if (o)
        memcpy(p, o->bytes.p + offset, n);
    return ERR_OK;
}

/* nothing acknowledged is lost: what was told as durable must be in the store,
 * then and for ever (check_told) */
static void on_answered(void *ctx, const struct wire_item *item, enum wire_answer a, uint64_t kept, const char *why)
{
    struct link *s = ctx;
    (void)kept;
    CHECK(a != WIRE_BAD, "the hub refused kind %d: %s", item->kind, why);
    if ((a == WIRE_GOOD || a == WIRE_HAVE) && item->kind == WIRE_LABEL)
        s->p->records[item->seq - 1].told = true;
    if ((a == WIRE_GOOD || a == WIRE_HAVE) && item->kind != WIRE_LABEL) {
        struct sealed *o = sealed_of(s->p, &item->name);
        if (o)
            o->told = true;
    }
    offers_answered(s->road, item, a, why);
}

static void take_receipt(struct post *p, struct link *l, const uint8_t *text, size_t n)
{
    struct receipt *r;
    ok(receipt_parse(&r, (const char *)text, n));
    ok(receipt_check(r, hub.roster));
    CHECK(strcmp(r->chain, p->me->chain) == 0 && r->labels <= p->n && !r->alarm_seq, "a receipt of something else");
    CHECK(r->time >= l->last_receipt, "a receipt is older than the one before");
    l->last_receipt = r->time;
    if (r->time < p->last_receipt) { /* it came by the slower of two roads */
        receipt_free(r);
        return;
    }
    p->last_receipt = r->time;
    for (uint64_t i = 1; i <= r->labels; i++)
        if (receipt_holds(r, i) && (p->records[i - 1].n_blobs == 0 || receipt_holds_parts(r, i)))
            p->records[i - 1].covered = true;
    ok(offers_receipt(p->offers, r));
    receipt_free(r);
}

static enum err on_take(void *ctx, uint64_t id, const struct wire_item *item, const uint8_t *text, size_t n,
                        const uint8_t *batch, size_t n_batch)
{
    struct link *s = ctx;
    struct wire *w = s->station;
    (void)batch;
    (void)n_batch;
    enum wire_answer a = WIRE_GOOD;
    if (item->kind == WIRE_RECEIPT)
        take_receipt(s->p, s, text, n);
    if (item->kind == WIRE_LABEL) {
        size_t i = 0;
        while (i < STATIONS && s->p->others[i].seq && strcmp(s->p->others[i].chain, item->chain) != 0)
            i++;
        CHECK(i < STATIONS, "labels of more chains than there are");
        memcpy(s->p->others[i].chain, item->chain, CHAIN_ID);
        if (item->seq == s->p->others[i].seq + 1)
            s->p->others[i].seq++;
        else
            a = item->seq <= s->p->others[i].seq ? WIRE_HAVE : WIRE_LATER;
        s->p->labels_taken += a == WIRE_GOOD;
    }
    wire_answer(w, id, a, 0, "");
    return ERR_OK;
}

static enum err on_open(void *ctx, uint64_t id, const struct wire_item *item,
                        struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n)
{
    (void)ctx;
    (void)id;
    (void)item;
    (void)held;
    (void)n;
    return ERR_OK;
}

static enum err on_write(void *ctx, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                         size_t n)
{
    (void)ctx;
    (void)id;
    (void)p;
    CHECK(offset + n <= item->size, "bytes beyond an object");
    return ERR_OK;
}

static enum err on_done(void *ctx, uint64_t id, const struct wire_item *item)
{
    struct link *s = ctx;
    (void)item;
    wire_answer(s->station, id, WIRE_GOOD, 0, "");
    return ERR_OK;
}

/* ---- links ---- */

static void way_clear(struct way *w)
{
    while (w->first) {
        struct chunk *c = w->first;
        w->first = c->next;
        free(c);
    }
    w->last = &w->first;
    buf_free(&w->arrived);
    w->free_at = world.now;
}

static void connect_one(struct post *p)
{
    struct link *l = calloc(1, sizeof *l);
    struct wire_head heads[STATIONS];
    CHECK(l != NULL, "out of memory");
    if (!l)
        return;
    l->p = p;
    way_clear(&l->ways[0]);
    way_clear(&l->ways[1]);
    ok(offers_begin(p->offers, &l->road));
    struct wire_start start = {.side = {.ctx = l,
                                        .hello = on_hello,
                                        .load = on_load,
                                        .read = on_read,
                                        .answered = on_answered,
                                        .take = on_take,
                                        .open = on_open,
                                        .write = on_write,
                                        .done = on_done}};
    start.hello.role = WIRE_STATION;
    memcpy(start.hello.chain, p->me->chain, CHAIN_ID);
    memcpy(start.hello.name, p->me->name, NAME_LEN);
    start.hello.roster = 1;
    start.hello.clock = DAY + world.now;
    start.hello.seq = p->n;
    start.hello.head = p->head;
    size_t n = 0;
    for (size_t i = 0; i < STATIONS; i++)
        if (p->others[i].seq && bytes_unhex(heads[n].chain, 8, p->others[i].chain, 16))
            heads[n++].seq = p->others[i].seq;
    start.heads = heads;
    start.n_heads = n;
    if (below(2)) {
        start.rate = p->rate;
        start.rtt = (uint64_t)p->delay * 2;
    }
    ok(wire_new(&l->station, &start, world.now));
    hub.room.now = world.now;
    hub.room.wall = DAY + world.now;
    ok(talk_new(&l->talk, &hub.room, p->me, 0, 0));
    p->links[p->n_links++] = l;
    p->rounds++;
}

static void station_leaves(struct post *p, struct link *l)
{
    struct wire_status s;
    if (!l->station)
        return;
    wire_status(l->station, &s);
    p->sent += s.sent;
    p->lost += s.flying + WIRE_FRAME_MAX / 4;
    offers_end(l->road, l->station);
    wire_free(l->station);
    l->station = NULL;
    l->road = NULL;
}

static void cut(struct post *p, size_t k)
{
    struct link *l = p->links[k];
    station_leaves(p, l);
    talk_free(l->talk);
    way_clear(&l->ways[0]);
    way_clear(&l->ways[1]);
    free(l);
    p->links[k] = p->links[--p->n_links];
    p->redial_at = world.now + 2 * p->delay + (int64_t)below(3000);
}

/* What the transport takes now goes onto a way. */
static bool send_some(struct post *p, struct link *l, size_t i)
{
    struct way *way = &l->ways[i];
    struct wire *w = i == 0 ? l->station : talk_wire(l->talk);
    uint8_t bytes[2048];
    size_t n, cap = p->rate / 50 < sizeof bytes ? p->rate / 50 + 64 : sizeof bytes;
    /* little may stand unsent, as with TCP_NOTSENT_LOWAT */
    if (way->free_at > world.now + 40)
        return false;
    if (i == 0)
        ok(offers_fill(l->road, w));
    else
        ok(talk_fill(l->talk));
    ok(wire_out(w, bytes, cap < sizeof bytes ? cap : sizeof bytes, world.now, &n));
    if (!n)
        return false;
    struct chunk *c = malloc(sizeof *c + n);
    CHECK(c != NULL, "out of memory");
    if (!c)
        return false;
    int64_t from = way->free_at > world.now ? way->free_at : world.now;
    way->free_at = from + (int64_t)(n * 1000 / p->rate);
    *c = (struct chunk){.due = way->free_at + p->delay, .n = n};
    memcpy(c->p, bytes, n);
    *way->last = c;
    way->last = &c->next;
    return true;
}

static bool receive_some(struct post *p, struct link *l, size_t i)
{
    struct way *way = &l->ways[i];
    struct wire *w = i == 0 ? talk_wire(l->talk) : l->station;
    size_t used = 0;
    bool some = false;
    while (!p->frozen && way->first && way->first->due <= world.now) {
        struct chunk *c = way->first;
        way->first = c->next;
        if (!way->first)
            way->last = &way->first;
        ok(buf_add(&way->arrived, c->p, c->n));
        free(c);
        some = true;
    }
    if (!some && !(i == 0 && talk_paused(l->talk)))
        return false;
    ok(wire_in(w, way->arrived.p, way->arrived.len, world.now, &used));
    memmove(way->arrived.p, way->arrived.p + used, way->arrived.len - used);
    way->arrived.len -= used;
    return used > 0;
}

/* ---- invariants ---- */

static void check_flight(const struct post *p, const struct link *l)
{
    struct wire_status s;
    wire_status(l->station, &s);
    CHECK(s.unanswered <= WIRE_UNANSWERED_MAX, "%zu unanswered", s.unanswered);
    /* bytes bounded: never more under way than twice what the link holds, and a second of it */
    uint64_t holds = p->rate * (uint64_t)(2 * p->delay + 200) / 1000;
    uint64_t most = 3 * holds + (p->rate < WIRE_WINDOW_MIN ? p->rate : WIRE_WINDOW_MIN) + WIRE_WINDOW_FIRST +
                    WIRE_FRAME_MAX / 4 + 20000;
    CHECK(s.flying <= most, "%llu fly, the link holds %llu", (unsigned long long)s.flying, (unsigned long long)holds);
    CHECK(hub.room.counts.floating <= STATIONS * WIRE_FLOATING_MAX, "too many float");
}

/* What the hub said is durable is there, byte for byte. */
static void check_told(struct post *p, bool all)
{
    struct buf text = {0};
    for (size_t i = 0; i < p->n; i++) {
        struct record *r = &p->records[i];
        uint64_t size;
        if (r->told || r->covered || all) {
            ok(hub.store->label(hub.store, p->me->chain, i + 1, &text));
            CHECK(text.len == r->text.len && memcmp(text.p, r->text.p, text.len) == 0, "label %zu is another one",
                  i + 1);
        }
        if (r->covered || r->batch.told || all)
            CHECK(hub.store->size(hub.store, &r->batch.name, &size) && size == r->batch.bytes.len, "batch %zu", i + 1);
        for (size_t k = 0; k < r->n_blobs; k++)
            if (r->blobs[k].told || r->covered || all) {
                buf_clear(&text);
                ok(hub.store->get(hub.store, &r->blobs[k].name, buf_sink, &text));
                CHECK(text.len == r->blobs[k].bytes.len && memcmp(text.p, r->blobs[k].bytes.p, text.len) == 0, "blob");
            }
    }
    buf_free(&text);
}

static uint64_t sealed_bytes(const struct post *p)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct record *r = &p->records[i];
        sum += r->text.len / 2 + r->batch.bytes.len + r->parts.bytes.len;
        for (size_t k = 0; k < r->n_blobs; k++)
            sum += r->blobs[k].bytes.len;
    }
    return sum;
}

/* nothing twice: what went out is what there was, what was under way at a cut,
 * and a little for each conversation and item */
static void check_economy(const struct post *p)
{
    uint64_t items = 0;
    for (size_t i = 0; i < p->n; i++)
        items += 2 + p->records[i].n_blobs;
    uint64_t most =
        sealed_bytes(p) * 102 / 100 + p->lost + p->resent + (p->rounds + 2) * (600 + 60 * items) + items * 200;
    CHECK(p->sent <= most, "%llu bytes went out for %llu sealed, %llu under way at %llu cuts",
          (unsigned long long)p->sent, (unsigned long long)sealed_bytes(p), (unsigned long long)p->lost,
          (unsigned long long)p->rounds);
}

/* ---- time ---- */

static enum err no_roster(void *ctx, const void *text, size_t n)
{
    (void)ctx;
    (void)text;
    (void)n;
    return ERR_AGAIN;
}

static void accepted(void *ctx, const char *chain, uint64_t seq, const char *to, bool urgent)
{
    (void)ctx;
    for (size_t i = 0; i < hub.n; i++)
        for (size_t k = 0; k < hub.posts[i].n_links; k++)
            if (strcmp(hub.posts[i].me->chain, chain) != 0 && roster_delivers(hub.roster, hub.posts[i].me, to))
                ok(talk_label(hub.posts[i].links[k]->talk, chain, seq, urgent));
}

static void changed(void *ctx, const char *chain)
{
    (void)ctx;
    for (size_t i = 0; i < hub.n; i++)
        for (size_t k = 0; k < hub.posts[i].n_links; k++)
            if (strcmp(hub.posts[i].me->chain, chain) == 0)
                talk_changed(hub.posts[i].links[k]->talk);
}

static void commit(void)
{
    struct room *r = &hub.room;
    enum err e = ERR_OK;
    hub.stirred = false;
    if (hub.commit_at && world.now < hub.commit_at)
        return;
    hub.stirred = hub.commit_at || room_due(r) <= world.now;
    if (hub.commit_at) {
        hub.commit_at = 0;
        e = room_commit(r, r->store->flush(r->store));
    } else if (room_due(r) <= world.now) {
        e = room_commit(r, ERR_OK);
    }
    if (e == ERR_AGAIN)
        hub.commit_at = world.now + 1 + (int64_t)below(40); /* how long a disk may take */
    else
        ok(e);
}

static void toggle(struct post *p)
{
    if (world.now < p->toggle_at)
        return;
    if (p->frozen) {
        p->frozen = false;
        for (size_t k = 0; k < p->n_links; k++)
            p->links[k]->next = world.now;
        p->toggle_at = world.now + 1000 + (int64_t)below(40000);
        return;
    }
    p->toggle_at = world.now + 500 + (int64_t)below(30000);
    if (world.now > FAULTS_END) {
        p->toggle_at = INT64_MAX;
        return;
    }
    switch (below(4)) {
    case 0: /* freezes: what is under way waits; whoever awaits something dials anew after a while */
    case 1:
        p->frozen = true;
        break;
    case 2: /* cut in the middle of whatever is under way */
        while (p->n_links)
            cut(p, below(p->n_links));
        p->frozen = below(2);
        break;
    default: /* the program is killed: it forgets what it knew */
        while (p->n_links)
            cut(p, 0);
        offers_free(p->offers);
        const struct offers_stock stock = {p, stock_head, stock_label, stock_size, stock_parts, stock_flagged};
        ok(offers_new(&p->offers, &stock, p->me->chain));
        p->resent += 2 * WIRE_WINDOW_MIN + 2 * p->rate * (uint64_t)(2 * p->delay + 1000) / 1000;
        break;
    }
}

/* The rules of a station's dialling, in short. */
static void dial(struct post *p)
{
    for (size_t k = p->n_links; k-- > 0;) {
        struct wire_status s;
        wire_status(p->links[k]->station, &s);
        if (s.waits_since != INT64_MAX && world.now - s.waits_since > 4 * p->delay + 3000) {
            cut(p, k);
            p->redial_at = world.now;
        }
    }
    if (p->frozen || world.now < p->redial_at || p->n_links == 2 || (p->n_links == 1 && below(400)))
        return;
    connect_one(p);
}

/* When a link is to be looked at again by itself. */
static int64_t link_next(const struct post *p, const struct link *l)
{
    int64_t at = world.now + 1000; /* a hub looks after its receipts once a second */
    for (size_t w = 0; w < 2; w++) {
        const struct way *way = &l->ways[w];
        int64_t next = wire_next(w == 0 ? l->station : talk_wire(l->talk), world.now);
        if (way->first && !p->frozen && way->first->due < at)
            at = way->first->due;
        if (way->free_at - 40 > world.now && way->free_at - 40 < at)
            at = way->free_at - 40;
        at = next < at ? next : at;
    }
    return at > world.now ? at : world.now + 1;
}

static void step_post(struct post *p)
{
    toggle(p);
    dial(p);
    bool saved = world.now < FAULTS_END && below(300) == 0;
    if (saved)
        save(p, below(4) == 0);
    for (size_t k = 0; k < p->n_links; k++) {
        bool some = true;
        if (p->links[k]->next > world.now && !hub.stirred && !saved)
            continue;
        for (unsigned turns = 0; some && turns < 64; turns++) {
            some = false;
            for (size_t i = 0; i < 2; i++) {
                some = receive_some(p, p->links[k], i) || some;
                some = send_some(p, p->links[k], i) || some;
            }
        }
        check_flight(p, p->links[k]);
        p->links[k]->next = link_next(p, p->links[k]);
    }
}

static int64_t next_step(void)
{
    int64_t at = world.now + 250, due = hub.commit_at ? hub.commit_at : room_due(&hub.room);
    at = due < at ? due : at;
    for (size_t i = 0; i < hub.n; i++) {
        struct post *p = &hub.posts[i];
        at = p->toggle_at < at ? p->toggle_at : at;
        if (!p->n_links && !p->frozen && p->redial_at < at)
            at = p->redial_at;
        for (size_t k = 0; k < p->n_links; k++)
            at = p->links[k]->next < at ? p->links[k]->next : at;
    }
    return at > world.now ? at : world.now + 1;
}

static bool all_covered(void)
{
    for (size_t i = 0; i < hub.n; i++)
        for (size_t k = 0; k < hub.posts[i].n; k++)
            if (!hub.posts[i].records[k].covered)
                return false;
    return true;
}

/* For a seed that fails: how a station stands. */
static void show(const struct post *p)
{
    size_t covered = 0, told = 0;
    for (size_t i = 0; i < p->n; i++) {
        covered += p->records[i].covered;
        told += p->records[i].told;
    }
    print_error("%s: %zu labels, %zu told, %zu covered; %llu bytes/s, %lld ms one way, frozen %d\n", p->me->name, p->n,
                told, covered, (unsigned long long)p->rate, (long long)p->delay, p->frozen);
    for (size_t i = 0; i < p->n; i++)
        if (!p->records[i].covered) {
            const struct record *r = &p->records[i];
            uint64_t size;
            print_error("  label %zu: batch told %d, parts told %d here %d, blobs", i + 1, r->batch.told, r->parts.told,
                        hub.store->size(hub.store, &r->parts.name, &size));
            for (size_t k = 0; k < r->n_blobs; k++)
                print_error(" %d/%d", r->blobs[k].told, hub.store->size(hub.store, &r->blobs[k].name, &size));
            print_error("\n");
        }
    for (size_t k = 0; k < p->n_links; k++) {
        struct wire_status s[2];
        wire_status(p->links[k]->station, &s[0]);
        wire_status(talk_wire(p->links[k]->talk), &s[1]);
        for (size_t w = 0; w < 2; w++)
            print_error("  %s met %d quiet %d answered %d unanswered %zu flying %llu rate %llu rtt %llu, paused %d, "
                        "next %lld\n",
                        w ? "hub" : "station", s[w].met, s[w].quiet, s[w].answered, s[w].unanswered,
                        (unsigned long long)s[w].flying, (unsigned long long)s[w].rate, (unsigned long long)s[w].rtt,
                        talk_paused(p->links[k]->talk), (long long)p->links[k]->next);
    }
}

static void found(void)
{
    static const uint64_t rates[] = {1200, 2400, 8000, 32000, 125000, 2500000, 12500000};
    const struct offers_stock none = {NULL, stock_head, stock_label, stock_size, stock_parts, stock_flagged};
    hub.n = 1 + below(STATIONS);
    hub.commit_at = 0;
    ok(store_memory_open(&hub.store, (uint64_t)1 << 34));
    hub.room =
        (struct room){.store = hub.store,
                      .roster = hub.roster,
                      .roster_text = hub.text,
                      .name = "hub-1",
                      .sign = &hub.sign,
                      .quota = (uint64_t)1 << 40,
                      .now = world.now,
                      .wall = DAY,
                      .calls = {.accepted = accepted, .changed = changed, .roster = no_roster, .notice = no_roster}};
    ok(room_open(&hub.room));
    for (size_t i = 0; i < hub.n; i++) {
        struct post *p = &hub.posts[i];
        struct offers_stock stock = none;
        char chain[CHAIN_ID];
        memset(p, 0, sizeof *p);
        roster_chain_id(chain, &hub.keys[i].pub);
        p->me = roster_chain(hub.roster, chain);
        p->key = hub.keys[i];
        p->rate = rates[below(sizeof rates / sizeof rates[0])];
        p->delay = (int64_t)below(750);
        p->toggle_at = (int64_t)below(20000);
        stock.ctx = p;
        ok(offers_new(&p->offers, &stock, p->me->chain));
        for (uint64_t k = below(12); k > 0; k--)
            save(p, below(5) == 0);
    }
}

static void fold(void)
{
    for (size_t i = 0; i < hub.n; i++) {
        struct post *p = &hub.posts[i];
        while (p->n_links)
            cut(p, 0);
        for (size_t k = 0; k < p->n; k++) {
            struct record *r = &p->records[k];
            buf_free(&r->text);
            buf_free(&r->batch.bytes);
            buf_free(&r->parts.bytes);
            for (size_t b = 0; b < r->n_blobs; b++)
                buf_free(&r->blobs[b].bytes);
        }
        offers_free(p->offers);
    }
    room_close(&hub.room);
    hub.store->close(hub.store);
}

static void simulate(uint64_t seed)
{
    world.state = world.seed = seed;
    world.now = 0;
    found();
    int64_t end = FAULTS_END, looked = 0;
    for (size_t i = 0; i < hub.n; i++) { /* always progress: with sound links all of it arrives in good time */
        const struct post *p = &hub.posts[i];
        int64_t need = (int64_t)((uint64_t)LABELS * 200000 * 1000 / p->rate);
        end = FAULTS_END + need > end ? FAULTS_END + need : end;
    }
    end += 600000;
    while (world.now < end && !(world.now > FAULTS_END + 60000 && all_covered())) {
        hub.room.now = world.now;
        hub.room.wall = DAY + world.now;
        commit();
        for (size_t i = 0; i < hub.n; i++)
            step_post(&hub.posts[i]);
        if (world.now - looked > 20000) {
            looked = world.now;
            for (size_t i = 0; i < hub.n; i++)
                check_told(&hub.posts[i], false);
        }
        world.now = next_step();
    }
    if (!all_covered())
        for (size_t i = 0; i < hub.n; i++)
            show(&hub.posts[i]);
    CHECK(all_covered(), "not everything is covered by a receipt in the end");
    for (size_t i = 0; i < hub.n; i++) {
        struct store_chain c;
        while (hub.posts[i].n_links)
            cut(&hub.posts[i], 0);
        check_told(&hub.posts[i], true);
        ok(hub.store->chain(hub.store, hub.posts[i].me->chain, &c));
        CHECK(c.seq == hub.posts[i].n && c.alarm_seq == 0, "the hub's chain is another one");
        check_economy(&hub.posts[i]);
    }
    fold();
}

static void make_roster(void)
{
    struct roster *r = calloc(1, sizeof *r);
    assert_non_null(r);
    ok(hash_start());
    sign_new(&hub.authority);
    sign_new(&hub.sign);
    sign_new(&hub.link);
    strcpy(r->district, "demo");
    r->authority = hub.authority.pub;
    r->number = 1;
    r->time = DAY;
    ok(roster_add_unit(r, "brigade-1"));
    for (unsigned i = 0; i < STATIONS; i++) {
        struct sign_secret link;
        struct roster_station s = {.kind = i == 2 ? STATION_SUPERVISOR : STATION_CREW, .unit = "brigade-1"};
        sign_new(&hub.keys[i]);
        sign_new(&link);
        snprintf(s.name, sizeof s.name, "amb-%u", i + 1);
        s.key = hub.keys[i].pub;
        s.link = link.pub;
        roster_chain_id(s.chain, &s.key);
        ok(roster_add_station(r, &s));
    }
    struct roster_hub h = {.name = "hub-1", .sign = hub.sign.pub, .link = hub.link.pub};
    ok(roster_add_hub(r, &h));
    ok(roster_sign(r, &hub.authority));
    ok(roster_parse(&hub.roster, (const char *)r->text.p, r->text.len, &hub.authority.pub));
    hub.text = room_text_new(r->text.p, r->text.len);
    assert_non_null(hub.text);
    roster_free(r);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void no_invariant_breaks_on_any_link(void **state)
{
    (void)state;
    uint64_t runs = number("SIMULATIONS", RUNS_DEFAULT), first = number("SEED", 20261125);
    make_roster();
    for (uint64_t i = 0; i < runs; i++)
        simulate(first + i);
    printf("simulations: %llu, seeds from %llu on\n", (unsigned long long)runs, (unsigned long long)first);
    room_text_free(hub.text);
    roster_free(hub.roster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_invariant_breaks_on_any_link)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
