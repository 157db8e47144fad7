#include "sync/client/arrivals.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/vault/object.h"
#include "sync/folder/labels.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_hex(const char *s, size_t bytes)
{
    uint8_t b[16];
    return bytes_unhex(b, bytes, s, strlen(s));
}

static enum err take_roster(struct client *c)
{
    struct buf text = {.max = ROSTER_MAX};
    enum err e = stick_read(&c->stick, "roster", ROSTER_MAX, &text);
    if (!e)
        e = taking_roster(&c->in, (const char *)text.p, text.len);
    buf_free(&text);
    return !e || e == ERR_NOINPUT || e == ERR_AGAIN ? ERR_OK : client_refuse(c, "roster", e);
}

static enum err take_notice(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct client *c = ctx;
    char known[4096];
    struct buf text = {.max = NOTICE_MAX};
    (void)size;
    if (strlen(name) != NOTICE_ID - 1 || !is_hex(name, 10))
        return refuse_item(&c->refuse, path, "its name is no notice's number");
    enum err e = file_path(known, c->in.station->dir, path); /* it has the same place there */
    if (e || file_exists(known))
        return e;
    e = stick_read(&c->stick, path, NOTICE_MAX, &text);
    if (!e)
        e = taking_notice(&c->in, (const char *)text.p, text.len);
    buf_free(&text);
    return e ? client_refuse(c, path, e) : ERR_OK;
}

enum err arrivals_control(struct client *c)
{
    enum err e = take_roster(c);
    return e ? e : walk_folder(&c->walk, "notices", WALK_FILE, take_notice, c);
}

static enum err take_receipt(struct client *c, const char *path, const char *chain, const char *hub)
{
    struct buf text = {.max = RECEIPT_MAX};
    enum err e = stick_read(&c->stick, path, RECEIPT_MAX, &text);
    if (!e)
        e = taking_receipt(&c->in, (const char *)text.p, text.len, chain, hub);
    buf_free(&text);
    /* one that says less than ours is an old stick, no fault */
    return !e || e == ERR_NOINPUT || e == ERR_AGAIN ? ERR_OK : client_refuse(c, path, e);
}

static enum err other_receipt(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct client *c = ctx;
    struct queue_head head;
    char chain[CHAIN_ID];
    (void)size;
    if (strlen(name) <= CHAIN_ID || name[CHAIN_ID - 1] != '.')
        return refuse_item(&c->refuse, path, "its name is not that of a receipt");
    memcpy(chain, name, CHAIN_ID - 1);
    chain[CHAIN_ID - 1] = '\0';
    if (!is_hex(chain, 16) || !roster_hub(c->in.station->roster, name + CHAIN_ID))
        return refuse_item(&c->refuse, path, "no chain, or no hub of the roster, has such a name");
    if (strcmp(chain, c->in.station->chain) == 0)
        return ERR_OK;
    enum err e = queue_head(c->in.station->queue, chain, &head);
    return e || head.seq == 0 ? e : take_receipt(c, path, chain, name + CHAIN_ID);
}

enum err arrivals_receipts(struct client *c, bool own)
{
    if (!own)
        return walk_folder(&c->walk, "receipts", WALK_FILE, other_receipt, c);
    const struct roster *r = c->in.station->roster;
    enum err e = ERR_OK;
    for (size_t i = 0; i < r->n_hubs && !e; i++) {
        char path[STICK_NAME_MAX];
        snprintf(path, sizeof path, "receipts/%s.%s", c->in.station->chain, r->hubs[i].name);
        e = take_receipt(c, path, c->in.station->chain, r->hubs[i].name);
    }
    return e;
}

/* One chain of the stick while it is read. */
struct incoming {
    struct client *c;
    bool own;
    bool stopped; /* the reason was said */
    uint64_t head;
    uint64_t upto; /* last label that is delivered here */
    bool taken;
};

static enum err find_delivered(void *ctx, const struct label *l, const char *file)
{
    struct incoming *in = ctx;
    (void)file;
    if (l->seq > in->head && l->seq > in->upto && taking_delivered(&in->c->in, l))
        in->upto = l->seq;
    return ERR_OK;
}

/* A label of ours on a stick must be the one we hold. */
static enum err compare_own(struct incoming *in, const struct label *l, const char *file)
{
    enum err e = taking_compare(&in->c->in, l);
    bool said = in->stopped;
    if (e != ERR_BAD)
        return e;
    in->stopped = true;
    return said ? ERR_OK : client_refuse(in->c, file, e);
}

/* The objects of a label that is for us: its batch must come with it, its
 * parts list may come later. */
static enum err take_objects(struct incoming *in, const struct label *l)
{
    enum err e = client_take_object(in->c, &l->object, l->size, true);
    if (e == ERR_NOINPUT)
        return err_set(ERR_NOINPUT, "the batch of label %" PRIu64 " is not on the stick; it and those behind it wait",
                       l->seq);
    if (e || hash_is_zero(&l->parts))
        return e;
    e = client_take_object(in->c, &l->parts, PARTS_MAX, false);
    if (!e || e == ERR_NOINPUT)
        return ERR_OK;
    char path[80];
    stick_object(path, &l->parts);
    return client_refuse(in->c, path, e);
}

static enum err take_label(void *ctx, const struct label *l, const char *file)
{
    struct incoming *in = ctx;
    struct client *c = in->c;
    if (l->seq <= in->head)
        return in->own ? compare_own(in, l, file) : ERR_OK;
    if (l->seq > in->upto)
        return ERR_END;
    if (l->seq > in->head + 1 && in->stopped)
        return ERR_OK; /* why those before it did not come was said */
    enum err e = ERR_OK;
    if (l->seq != in->head + 1)
        e = err_set(ERR_DATA, "labels %" PRIu64 " to %" PRIu64 " are missing before it", in->head + 1, l->seq - 1);
    if (!e)
        e = label_authentic(l, c->in.station->roster);
    if (!e && taking_delivered(&c->in, l))
        e = take_objects(in, l);
    if (!e)
        e = taking_label(&c->in, l);
    if (e == ERR_OK || e == ERR_AGAIN) {
        in->taken = in->taken || e == ERR_OK;
        in->head = l->seq;
        in->stopped = false;
        return ERR_OK;
    }
    /* another file may hold a good one of that number: go on */
    in->stopped = true;
    return client_refuse(c, file, e);
}

static enum err take_chain(void *ctx, const char *path, const char *name, uint64_t size)
{
    struct client *c = ctx;
    const struct station *s = c->in.station;
    struct queue_head head;
    struct incoming in = {.c = c, .own = strcmp(name, s->chain) == 0};
    (void)size;
    if (strlen(name) != CHAIN_ID - 1 || !roster_chain(s->roster, name))
        return refuse_item(&c->refuse, path, "the roster knows no such chain");
    enum err e = queue_head(s->queue, name, &head);
    in.head = head.seq;
    if (!e && in.own)
        in.upto = UINT64_MAX;
    else if (!e)
        e = labels_each(&c->walk, name, find_delivered, &in);
    if (!e && in.upto > in.head)
        e = labels_each(&c->walk, name, take_label, &in);
    if (!e && in.taken)
        taking_tell_labels(&c->in, name, head.seq + 1, in.head);
    return e;
}

enum err arrivals_labels(struct client *c)
{
    return walk_folder(&c->walk, "labels", WALK_FOLDER, take_chain, c);
}
