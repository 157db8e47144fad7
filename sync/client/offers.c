#include "sync/client/offers.h"

#include "storage/vault/parts.h"
#include "sync/client/progress.h"
#include "sync/limits.h"

#include <stdlib.h>
#include <string.h>

#define FILL_LOW 16u /* items of a lane that wait in a conversation: below this, more are offered */
#define FILL_HIGH 32u
#define ASK_ABOVE 16384u     /* what is longer is asked about before it goes */
#define PARTS_AGAIN 4096u    /* a parts list up to here goes again whole, so that its blobs may follow at once */
#define PARTS_AT_ONCE 65536u /* a parts list up to here goes without asking, its blobs right behind it */

/* One label of ours that the hub is not known to have whole. */
enum label_state { LABEL_NEW, LABEL_GOING, LABEL_SENT, LABEL_HELD, LABEL_REFUSED };

struct entry {
    uint64_t seq, size;
    struct hash object, parts;
    enum lane lane;
    enum label_state state;
    const struct offers_road *road; /* GOING */
    bool fresh;                     /* the hub had never heard of it when this process met it first */
    bool lacks_batch;               /* the hub says so */
    bool parts_done;                /* list and blobs are there, as far as answers say */
};

struct offers {
    struct offers_stock stock;
    char chain[CHAIN_ID];
    struct entry *v; /* by rising number */
    size_t n, cap;
    uint64_t seen; /* labels of the stock that were looked at */
    bool met;
    uint64_t first_met; /* the hub's last label of our chain at the first hello */
    struct progress objects;
    uint64_t turn; /* grows when what was passed over may be looked at again */
    uint64_t refused;
    struct buf text;
};

/* Where a conversation stands in the blobs of one lane. */
struct cursor {
    uint64_t turn;
    size_t at; /* number of its label, or the next to look at */
    bool open;
    bool all; /* every blob of the list so far is there */
    struct buf text;
    struct parts parts;
};

struct offers_road {
    struct offers *o;
    bool met;
    uint64_t hub_seq;
    uint64_t clear; /* up to this label none stays out: those behind would float */
    size_t n_floats;
    struct wire_span floats[WIRE_FLOATS_MAX];
    struct cursor blobs[2]; /* flagged, others */
};

enum err offers_new(struct offers **out, const struct offers_stock *stock, const char *chain)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_set(ERR_NOMEM, "out of memory");
    (*out)->stock = *stock;
    memcpy((*out)->chain, chain, CHAIN_ID);
    (*out)->chain[CHAIN_ID - 1] = '\0';
    return ERR_OK;
}

void offers_free(struct offers *o)
{
    if (!o)
        return;
    progress_free(&o->objects);
    buf_free(&o->text);
    free(o->v);
    free(o);
}

static struct entry *find(const struct offers *o, uint64_t seq)
{
    size_t low = 0, high = o->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (o->v[mid].seq < seq)
            low = mid + 1;
        else
            high = mid;
    }
    return low < o->n && o->v[low].seq == seq ? &o->v[low] : NULL;
}

/* Reads labels up to the stock's head. */
static enum err look(struct offers *o)
{
    uint64_t head = 0;
    enum err e = o->stock.head(o->stock.ctx, &head);
    while (!e && o->seen < head) {
        struct label l;
        e = o->stock.label(o->stock.ctx, o->seen + 1, &o->text);
        if (!e && (label_parse(&l, (const char *)o->text.p, o->text.len) != ERR_OK || l.seq != o->seen + 1))
            e = err_set(ERR_BAD, "the index queue.db lacks labels of this station; run `feldsher rebuild`");
        if (e)
            return e;
        if (o->n == o->cap) {
            size_t cap = o->cap ? 2 * o->cap : 64;
            struct entry *more = reallocarray(o->v, cap, sizeof *more);
            if (!more)
                return err_set(ERR_NOMEM, "out of memory");
            o->v = more;
            o->cap = cap;
        }
        o->v[o->n++] = (struct entry){
            .seq = l.seq,
            .size = l.size,
            .object = l.object,
            .parts = l.parts,
            .lane = l.lane == LANE_URGENT ? LANE_URGENT : LANE_BATCH,
            .fresh = o->met && l.seq > o->first_met,
            .parts_done = hash_is_zero(&l.parts),
        };
        o->seen = l.seq;
    }
    return e;
}

/* What the receipt covers goes; what it says is missing is to be given again. */
enum err offers_receipt(struct offers *o, const struct receipt *r)
{
    size_t kept = 0;
    enum err e = look(o);
    for (size_t i = 0; i < o->n && !e; i++) {
        struct entry *x = &o->v[i];
        if (x->seq <= r->labels) {
            bool held = receipt_holds(r, x->seq), parts = hash_is_zero(&x->parts) || receipt_holds_parts(r, x->seq);
            if (held && parts)
                continue;
            x->state = LABEL_HELD;
            x->lacks_batch = !held;
            x->parts_done = parts;
        }
        o->v[kept++] = *x;
    }
    if (!e)
        o->n = kept;
    o->turn++;
    return e;
}

enum err offers_begin(struct offers *o, struct offers_road **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_set(ERR_NOMEM, "out of memory");
    (*out)->o = o;
    for (size_t i = 0; i < 2; i++) {
        (*out)->blobs[i].text.max = PARTS_MAX;
        (*out)->blobs[i].turn = o->turn;
    }
    return ERR_OK;
}

static bool floats(const struct offers_road *r, uint64_t seq)
{
    for (size_t i = 0; i < r->n_floats; i++)
        if (seq >= r->floats[i].from && seq <= r->floats[i].to)
            return true;
    return false;
}

enum err offers_hello(struct offers_road *r, const struct wire_hello *h)
{
    struct offers *o = r->o;
    enum err e = look(o);
    r->met = true;
    r->hub_seq = h->seq;
    r->n_floats = h->n_floats;
    memcpy(r->floats, h->floats, sizeof r->floats);
    for (size_t i = 0; i < o->n; i++) {
        struct entry *x = &o->v[i];
        if (x->seq <= h->seq && x->state != LABEL_GOING && x->state != LABEL_REFUSED)
            x->state = LABEL_HELD;
        if (!o->met)
            x->fresh = x->seq > h->seq;
    }
    if (!o->met) {
        o->met = true;
        o->first_met = h->seq;
    }
    o->turn++;
    return e;
}

/* Is it to be offered by r now? What another conversation left without a last
 * word waits for the hub's hello. */
static bool may_go(const struct offers_road *r, const struct hash *name)
{
    const struct progress_of *p = progress_find(&r->o->objects, name);
    return !p || p->state == PROGRESS_SOME;
}

static enum err offer_object(struct offers_road *r, struct wire *w, enum wire_kind kind, enum lane lane,
                             const struct hash *name, uint64_t size, bool ask)
{
    struct progress_of *p;
    enum err e = progress_add(&r->o->objects, name, &p);
    if (e)
        return e;
    if (kind == WIRE_PARTS && size <= PARTS_AGAIN)
        p->sent = 0;
    struct wire_item item = {.kind = kind, .lane = lane, .name = *name, .size = size, .sent = p->sent};
    if (ask && item.sent == 0)
        item.sent = WIRE_ASK;
    e = wire_offer(w, &item);
    if (!e) {
        p->state = PROGRESS_GOING;
        p->owner = r;
    }
    return e;
}

/* May what a label names go: the hub accepts the label before it comes. What
 * a floating label names is not taken yet. */
static bool named(const struct offers_road *r, const struct entry *x)
{
    return x->state == LABEL_HELD || (x->state == LABEL_GOING && x->road == r && x->seq <= r->clear);
}

static void find_clear(struct offers_road *r)
{
    const struct offers *o = r->o;
    r->clear = UINT64_MAX;
    for (size_t i = 0; i < o->n; i++) {
        const struct entry *x = &o->v[i];
        if (x->state != LABEL_HELD && !(x->state == LABEL_GOING && x->road == r) &&
            !(x->state == LABEL_SENT && r->met && floats(r, x->seq))) {
            r->clear = x->seq - 1;
            return;
        }
    }
}

/* Batches that do not go with their label. */
static enum err fill_batches(struct offers_road *r, struct wire *w)
{
    struct offers *o = r->o;
    enum err e = ERR_OK;
    for (size_t i = 0; i < o->n && !e; i++) {
        const struct entry *x = &o->v[i];
        uint64_t size;
        bool wanted = x->lacks_batch || (x->size > WIRE_INLINE_MAX && named(r, x));
        if (wanted && may_go(r, &x->object) && wire_waiting(w, x->lane) < FILL_HIGH &&
            o->stock.size(o->stock.ctx, &x->object, &size))
            e = offer_object(r, w, WIRE_BATCH, x->lane, &x->object, size, size > ASK_ABOVE && !x->fresh);
    }
    return e;
}

/* Labels of one lane: the oldest first, so that gaps close; before the hub's
 * hello only those that never went out. */
static enum err fill_labels(struct offers_road *r, struct wire *w, enum lane lane)
{
    struct offers *o = r->o;
    enum err e = ERR_OK;
    if (wire_waiting(w, lane) >= FILL_LOW)
        return ERR_OK;
    for (size_t i = 0; i < o->n && !e && wire_waiting(w, lane) < FILL_HIGH; i++) {
        struct entry *x = &o->v[i];
        if (x->lane != lane)
            continue;
        bool goes =
            x->state == LABEL_NEW || (x->state == LABEL_SENT && r->met && x->seq > r->hub_seq && !floats(r, x->seq));
        if (goes) {
            struct wire_item item = {.kind = WIRE_LABEL, .lane = lane, .seq = x->seq};
            memcpy(item.chain, o->chain, CHAIN_ID);
            e = wire_offer(w, &item);
            if (!e) {
                x->state = LABEL_GOING;
                x->road = r;
            }
        }
    }
    return e;
}

static enum err fill_parts(struct offers_road *r, struct wire *w)
{
    struct offers *o = r->o;
    enum err e = ERR_OK;
    if (wire_waiting(w, LANE_CONTROL) >= FILL_LOW)
        return ERR_OK;
    for (size_t i = 0; i < o->n && !e && wire_waiting(w, LANE_CONTROL) < FILL_HIGH; i++) {
        const struct entry *x = &o->v[i];
        uint64_t size;
        if (!x->parts_done && named(r, x) && may_go(r, &x->parts) && o->stock.size(o->stock.ctx, &x->parts, &size))
            e = offer_object(r, w, WIRE_PARTS, LANE_CONTROL, &x->parts, size, size > PARTS_AT_ONCE);
    }
    return e;
}

/* Are a list's blobs worth offering: it is there, or goes before them. */
static bool list_goes(const struct offers_road *r, const struct entry *x)
{
    const struct progress_of *p = progress_find(&r->o->objects, &x->parts);
    uint64_t size;
    if (!p || !named(r, x))
        return false;
    return p->state == PROGRESS_DONE || (p->state == PROGRESS_GOING && p->owner == r && p->sent == 0 &&
                                         r->o->stock.size(r->o->stock.ctx, &x->parts, &size) && size <= PARTS_AT_ONCE);
}

/* Opens the next list of the cursor's lane; *some false: there is none. */
static enum err next_list(struct offers_road *r, struct cursor *c, bool flagged, bool *some)
{
    struct offers *o = r->o;
    *some = false;
    for (; c->at < o->n; c->at++) {
        const struct entry *x = &o->v[c->at];
        if (x->parts_done || !list_goes(r, x) || o->stock.flagged(o->stock.ctx, &x->parts) != flagged)
            continue;
        enum err e = o->stock.parts(o->stock.ctx, &x->parts, &c->text);
        if (!e)
            e = parts_open(&c->parts, (const char *)c->text.p, c->text.len);
        if (e == ERR_NOMEM)
            return e;
        if (e)
            continue; /* that list is for verify to name */
        c->open = c->all = *some = true;
        return ERR_OK;
    }
    return ERR_OK;
}

static void rewind_cursor(struct cursor *c, uint64_t turn)
{
    c->open = false;
    c->at = 0;
    c->turn = turn;
    buf_free(&c->text);
    c->text.max = PARTS_MAX;
}

static enum err one_blob(struct offers_road *r, struct wire *w, struct cursor *c, enum lane lane,
                         const struct hash *name, uint64_t size)
{
    const struct progress_of *p = progress_find(&r->o->objects, name);
    uint64_t has;
    if (p && p->state == PROGRESS_DONE)
        return ERR_OK;
    if (!r->o->stock.size(r->o->stock.ctx, name, &has) || has != size)
        return ERR_OK; /* destroyed, freed, or for verify to name */
    c->all = false;
    if (!may_go(r, name))
        return ERR_OK;
    return offer_object(r, w, WIRE_BLOB, lane, name, size, size > ASK_ABOVE && !r->o->v[c->at].fresh);
}

static enum err fill_blobs(struct offers_road *r, struct wire *w, enum lane lane)
{
    struct offers *o = r->o;
    struct cursor *c = &r->blobs[lane == LANE_FLAGGED ? 0 : 1];
    struct hash name;
    uint64_t size;
    bool mark, some = true;
    enum err e = ERR_OK;
    if (wire_waiting(w, lane) >= FILL_LOW)
        return ERR_OK;
    if (c->turn != o->turn)
        rewind_cursor(c, o->turn);
    while (!e && wire_waiting(w, lane) < FILL_HIGH) {
        if (!c->open)
            e = next_list(r, c, lane == LANE_FLAGGED, &some);
        if (e || !some)
            break;
        e = parts_next(&c->parts, &mark, &name, &size);
        if (!e && !mark)
            e = one_blob(r, w, c, lane, &name, size);
        if (e == ERR_END || e == ERR_DATA) {
            o->v[c->at].parts_done = c->all && progress_find(&o->objects, &o->v[c->at].parts) &&
                                     progress_find(&o->objects, &o->v[c->at].parts)->state == PROGRESS_DONE;
            c->open = false;
            c->at++;
            e = ERR_OK;
        }
    }
    return e;
}

enum err offers_fill(struct offers_road *r, struct wire *w)
{
    enum err e = look(r->o);
    if (!e)
        e = fill_labels(r, w, LANE_URGENT);
    if (!e)
        e = fill_labels(r, w, LANE_BATCH);
    if (!e)
        find_clear(r);
    if (!e)
        e = fill_batches(r, w);
    if (!e)
        e = fill_parts(r, w);
    if (!e)
        e = fill_blobs(r, w, LANE_FLAGGED);
    if (!e)
        e = fill_blobs(r, w, LANE_BLOB);
    return e == ERR_AGAIN ? ERR_OK : e;
}

void offers_again(struct offers *o)
{
    for (size_t i = 0; i < o->objects.cap; i++)
        if (o->objects.v[i].state == PROGRESS_LATER)
            o->objects.v[i].state = PROGRESS_SOME;
    o->turn++;
}

static void label_answered(struct offers *o, const struct wire_item *item, enum wire_answer a)
{
    struct entry *x = find(o, item->seq);
    if (!x)
        return;
    if (a == WIRE_GOOD || a == WIRE_HAVE) {
        x->state = LABEL_HELD;
        if (!x->parts_done || x->size > WIRE_INLINE_MAX)
            offers_again(o); /* what it names was refused while it floated */
    } else if (a == WIRE_BAD) {
        x->state = LABEL_REFUSED;
        o->refused++;
    } else if (a == WIRE_LATER) {
        x->state = LABEL_SENT; /* with the next hello */
    }
}

void offers_answered(struct offers_road *r, const struct wire_item *item, enum wire_answer a, const char *why)
{
    static const enum progress_state states[] = {[WIRE_GOOD] = PROGRESS_DONE,
                                                 [WIRE_HAVE] = PROGRESS_DONE,
                                                 [WIRE_LATER] = PROGRESS_LATER,
                                                 [WIRE_BAD] = PROGRESS_BAD};
    struct offers *o = r->o;
    (void)why;
    if (a == WIRE_KEPT)
        return;
    if (item->kind == WIRE_LABEL) {
        label_answered(o, item, a);
        return;
    }
    struct progress_of *p = progress_find(&o->objects, &item->name);
    if (!p || p->owner != r)
        return;
    p->state = states[a];
    p->owner = NULL;
    p->sent = 0;
    o->refused += a == WIRE_BAD;
    if (item->kind == WIRE_PARTS && p->state == PROGRESS_DONE)
        offers_again(o); /* its blobs are named now */
}

static void leave(void *ctx, const struct wire_item *item, bool begun)
{
    const struct offers_road *r = ctx;
    struct progress_of *p = progress_find(&r->o->objects, &item->name);
    struct entry *x = item->kind == WIRE_LABEL ? find(r->o, item->seq) : NULL;
    if (x && x->state == LABEL_GOING && x->road == r)
        x->state = begun ? LABEL_SENT : LABEL_NEW;
    if (item->kind != WIRE_LABEL && p && p->owner == r && begun && item->sent != WIRE_ASK)
        p->sent = item->sent;
}

void offers_end(struct offers_road *r, const struct wire *w)
{
    if (!r)
        return;
    struct offers *o = r->o;
    if (w)
        wire_each(w, leave, r);
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].state == LABEL_GOING && o->v[i].road == r)
            o->v[i].state = LABEL_SENT;
    for (size_t i = 0; i < o->objects.cap; i++)
        if (o->objects.v[i].state == PROGRESS_GOING && o->objects.v[i].owner == r) {
            o->objects.v[i].state = PROGRESS_SOME;
            o->objects.v[i].owner = NULL;
        }
    o->turn++;
    buf_free(&r->blobs[0].text);
    buf_free(&r->blobs[1].text);
    free(r);
}

static void count(struct offers_left *left, enum lane lane, uint64_t bytes)
{
    left->items[lane]++;
    left->bytes[lane] += bytes;
}

static enum err count_blobs(struct offers *o, const struct entry *x, struct offers_left *left)
{
    enum lane lane = o->stock.flagged(o->stock.ctx, &x->parts) ? LANE_FLAGGED : LANE_BLOB;
    struct buf text = {.max = PARTS_MAX};
    struct parts parts;
    struct hash name;
    uint64_t size, has;
    bool mark;
    enum err e = o->stock.parts(o->stock.ctx, &x->parts, &text);
    if (!e)
        e = parts_open(&parts, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&parts, &mark, &name, &size)) == ERR_OK) {
        const struct progress_of *p = progress_find(&o->objects, &name);
        if (!mark && (!p || p->state != PROGRESS_DONE) && o->stock.size(o->stock.ctx, &name, &has))
            count(left, lane, size);
    }
    buf_free(&text);
    return e == ERR_NOMEM ? e : ERR_OK;
}

enum err offers_count(struct offers *o, struct offers_left *left)
{
    *left = (struct offers_left){.refused = o->refused};
    enum err e = look(o);
    for (size_t i = 0; i < o->n && !e; i++) {
        const struct entry *x = &o->v[i];
        const struct progress_of *p = progress_find(&o->objects, &x->parts);
        uint64_t size = 0;
        if (x->state != LABEL_HELD || x->lacks_batch)
            count(left, x->lane, x->size);
        if (x->parts_done)
            continue;
        if ((!p || p->state != PROGRESS_DONE) && o->stock.size(o->stock.ctx, &x->parts, &size))
            count(left, LANE_CONTROL, size);
        e = count_blobs(o, x, left);
    }
    return e;
}
