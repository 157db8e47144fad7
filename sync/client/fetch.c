#include "sync/client/fetch.h"

#include "storage/base/lang.h"
#include "storage/vault/intake.h"
#include "storage/vault/object.h"
#include "sync/client/wants.h"
#include "sync/limits.h"

#include <stdlib.h>

struct fetch {
    struct client *c;
    const struct want *w;
    uint64_t taken, missing;
};

static enum err take_blob(void *ctx, const struct hash *name, uint64_t size)
{
    struct fetch *f = ctx;
    struct client *c = f->c;
    char path[80];
    stick_object(path, name);
    if (!stick_has(&c->stick, path, size)) {
        f->missing++;
        return ERR_OK;
    }
    enum err e = intake_space(c->in.station, size);
    if (!e)
        e = client_take_object(c, name, size, true);
    if (!e)
        e = queue_add_object(c->in.station->queue, name, size, QUEUE_OBJ_BLOB, f->w->chain, f->w->seq);
    if (e) {
        f->missing++;
        return client_refuse(c, path, e);
    }
    f->taken++;
    return ERR_OK;
}

static enum err take_parts(struct client *c, const struct want *w)
{
    struct buf text = {.max = PARTS_MAX};
    const char *dir = c->in.station->dir;
    enum err e = object_get(dir, &w->parts, PARTS_MAX, &text);
    if (e == ERR_NOINPUT || e == ERR_BAD) {
        e = client_take_object(c, &w->parts, PARTS_MAX, false);
        if (!e)
            e = object_get(dir, &w->parts, PARTS_MAX, &text);
        if (!e)
            e = queue_add_object(c->in.station->queue, &w->parts, text.len, QUEUE_OBJ_PARTS, w->chain, w->seq);
    }
    buf_free(&text);
    return e;
}

static enum err take_want(struct client *c, const struct want *w)
{
    struct fetch f = {.c = c, .w = w};
    char path[80];
    stick_object(path, &w->parts);
    enum err e = take_parts(c, w);
    if (!e)
        e = wants_missing(&c->in, w, take_blob, &f);
    if (e)
        return e == ERR_NOINPUT ? ERR_OK : client_refuse(c, path, e);
    if (f.missing == 0)
        e = wants_end(&c->in, w);
    if (!e && (f.taken || f.missing == 0))
        wants_tell(&c->in, w, f.taken, f.missing);
    return e;
}

enum err fetch_wanted(struct client *c)
{
    struct want *list;
    size_t n;
    enum err e = wants_load(&c->in, &list, &n);
    for (size_t i = 0; i < n && !e; i++)
        if (list[i].labelled)
            e = take_want(c, &list[i]);
    free(list);
    if (e == ERR_FULL) {
        c->in.full = true;
        tell_line(&c->in.tell, json_pack("{s:s, s:s}", "event", "full", "why", err_text()),
                  _("this station's disk is full: %s; blobs stay on the stick"), err_text());
        e = ERR_OK;
    }
    return e;
}
