#include "drivers/dock/reading.h"

#include <stdlib.h>
#include <string.h>

#define GRAIN_STEPS 8u      /* bad places in a row before more is given up at once */
#define STEP_MAX (1u << 20) /* bytes that are given up at once, at most */

static void let_go(struct reading *r)
{
    if (r->handle && r->opened == r->on->opened)
        r->on->camera->close(r->handle);
    r->handle = NULL;
}

void reading_close(struct reading *r)
{
    struct reading **at = &r->on->readings;
    let_go(r);
    while (*at && *at != r)
        at = &(*at)->next;
    if (*at)
        *at = r->next;
    free(r->tail);
    free(r->holes);
    kept_end(&r->kept);
    r->tail = NULL;
    r->holes = NULL;
}

/* --- what cannot be read --------------------------------------------------- */

/* Those behind number i that it has reached by now are a part of it. */
static void join_holes(struct reading *r, size_t i)
{
    struct reading_hole *h = &r->holes[i];
    size_t n = i + 1;
    for (; n < r->n_holes && r->holes[n].offset <= h->offset + h->length; n++) {
        uint64_t end = r->holes[n].offset + r->holes[n].length;
        if (end > h->offset + h->length)
            h->length = end - h->offset;
    }
    memmove(h + 1, r->holes + n, (r->n_holes - n) * sizeof *h);
    r->n_holes -= n - i - 1;
}

static enum err add_hole(struct reading *r, uint64_t offset, uint64_t length)
{
    size_t i = 0;
    while (i < r->n_holes && r->holes[i].offset + r->holes[i].length < offset)
        i++;
    if (i < r->n_holes && r->holes[i].offset <= offset) { /* goes on, or is known */
        uint64_t end = offset + length, was = r->holes[i].offset + r->holes[i].length;
        r->holes[i].length = (end > was ? end : was) - r->holes[i].offset;
        join_holes(r, i);
        return ERR_OK;
    }
    if (r->n_holes == READING_HOLES_MAX)
        return err_set(ERR_IO, "it cannot be read at more than %u places; the card is worn out", READING_HOLES_MAX);
    struct reading_hole *all = realloc(r->holes, (r->n_holes + 1) * sizeof *all);
    if (!all)
        return err_set(ERR_NOMEM, "out of memory");
    r->holes = all;
    memmove(all + i + 1, all + i, (r->n_holes++ - i) * sizeof *all);
    all[i] = (struct reading_hole){offset, length};
    join_holes(r, i);
    return ERR_OK;
}

/* What was a hole has been read. */
static enum err close_holes(struct reading *r, uint64_t offset, uint64_t n)
{
    uint64_t end = offset + n;
    for (size_t i = r->n_holes; i-- > 0;) {
        struct reading_hole *h = &r->holes[i], was = *h;
        uint64_t was_end = was.offset + was.length;
        if (n == 0 || was.offset >= end || was_end <= offset)
            continue;
        h->length = was.offset < offset ? offset - was.offset : 0;
        if (h->length == 0)
            memmove(h, h + 1, (--r->n_holes - i) * sizeof *h);
        enum err e = was_end > end ? add_hole(r, end, was_end - end) : ERR_OK;
        if (e)
            return e;
    }
    return ERR_OK;
}

uint64_t reading_missing(const struct reading *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_holes; i++)
        n += r->holes[i].length;
    return n;
}

/* How much is given up at offset: a grain, and more where a row of them was bad. */
static size_t step(const struct reading *r, uint64_t offset, size_t n)
{
    size_t grain = r->on->camera->grain, size = grain - (size_t)(offset % grain);
    for (size_t i = 0; i < r->n_holes; i++) {
        const struct reading_hole *h = &r->holes[i];
        if (h->offset + h->length == offset && h->length >= (uint64_t)GRAIN_STEPS * grain)
            size += (size_t)(h->length < STEP_MAX ? h->length : STEP_MAX) / grain * grain;
    }
    uint64_t left = r->file.size > offset ? r->file.size - offset : 0;
    size = size < n ? size : n;
    return size < left ? size : (size_t)left;
}

static enum err give_up(struct reading *r, uint64_t offset, void *p, size_t n, size_t *got)
{
    size_t size = step(r, offset, n);
    if (size == 0)
        return err_set(ERR_IO, "it cannot be read behind its end");
    enum err e = add_hole(r, offset, size);
    if (e)
        return e;
    memset(p, 0, size);
    *got = size;
    return ERR_OK;
}

/* --- what was away --------------------------------------------------------- */

static enum err remember(struct reading *r, uint64_t offset, const uint8_t *p, size_t n)
{
    if (!r->on->again || n == 0)
        return ERR_OK;
    size_t most = r->file.size < READING_OVERLAP ? (size_t)r->file.size : READING_OVERLAP;
    if (!r->tail && !(r->tail = malloc(most)))
        return err_set(ERR_NOMEM, "out of memory");
    if (offset != r->at)
        r->tail_len = 0;
    if (n >= most) {
        memcpy(r->tail, p + n - most, most);
        r->tail_len = most;
    } else {
        size_t keep = r->tail_len + n > most ? most - n : r->tail_len;
        memmove(r->tail, r->tail + r->tail_len - keep, keep);
        memcpy(r->tail + keep, p, n);
        r->tail_len = keep + n;
    }
    r->at = offset + n;
    return ERR_OK;
}

static bool in_hole(const struct reading *r, uint64_t at)
{
    for (size_t i = 0; i < r->n_holes; i++)
        if (at >= r->holes[i].offset && at - r->holes[i].offset < r->holes[i].length)
            return true;
    return false;
}

static bool is_same(const struct reading *r, size_t from, const uint8_t *now, size_t n)
{
    uint64_t at = r->at - r->tail_len + from;
    for (size_t i = 0; i < n; i++)
        if (now[i] != r->tail[from + i] && !in_hole(r, at + i))
            return false;
    return true;
}

/* The end of what was read, again. What was a hole may be one or not; a few
 * places may have got bad since. */
static enum err compare(struct reading *r)
{
    const struct camera *c = r->on->camera;
    uint8_t *now = malloc(r->tail_len + 1);
    enum err e = ERR_OK;
    unsigned bad = 0;
    size_t compared = 0;
    if (!now)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t done = 0; done < r->tail_len && !e;) {
        uint64_t at = r->at - r->tail_len + done;
        size_t got = 0, left = r->tail_len - done;
        e = c->read(r->handle, at, now, left, &got);
        if (e == ERR_IO && c->grain && got == 0 && bad++ < GRAIN_STEPS) {
            size_t skip = c->grain - (size_t)(at % c->grain);
            done += skip < left ? skip : left;
            e = ERR_OK;
            continue;
        }
        if (e == ERR_IO && got)
            e = ERR_OK;
        if (!e && (got == 0 || !is_same(r, done, now, got)))
            e = err_set(ERR_BAD, "it is another file than before the camera was pulled out; run offload again");
        compared += got;
        done += got;
    }
    free(now);
    if (e == ERR_IO || (!e && r->tail_len && !compared))
        e = err_set(ERR_BAD, "it cannot be proven to be the file that it was before the camera was pulled out; run "
                             "offload again");
    return e;
}

/* A camera that is gone for good has nothing to open with. */
static enum err open_now(struct reading *r)
{
    struct camera *c = r->on->camera;
    return c->open ? c->open(c->self, &r->file, &r->handle)
                   : err_set(ERR_AGAIN, "the camera is gone; plug it in and run offload again");
}

/* The camera is waited for, unless another file of it has done so already; then
 * the file is opened anew. */
static enum err come_back(struct reading *r)
{
    enum err e = ERR_OK;
    if (r->opened == r->on->opened) {
        for (struct reading *one = r->on->readings; one; one = one->next)
            let_go(one);
        r->waits++;
        e = r->on->again(r->on->ctx);
    }
    r->handle = NULL;
    r->opened = r->on->opened;
    return e ? e : open_now(r);
}

static bool is_away(const struct reading *r)
{
    return r->on->again && !*r->on->stop && (r->opened != r->on->opened || r->on->gone(r->on->ctx));
}

enum err reading_open(struct reading *r, struct reading_camera *on, const struct camera_file *f)
{
    *r = (struct reading){.on = on, .file = *f, .opened = on->opened};
    enum err e = open_now(r);
    while (e == ERR_AGAIN && is_away(r))
        e = come_back(r);
    if (!e) {
        r->next = on->readings;
        on->readings = r;
    }
    return e;
}

static enum err read_on(struct reading *r, uint64_t offset, void *p, size_t n, size_t *got)
{
    enum err e = r->handle && r->opened == r->on->opened
                     ? r->on->camera->read(r->handle, offset, p, n, got)
                     : err_set(ERR_AGAIN, "the camera is gone; plug it in and run offload again");
    while (e == ERR_AGAIN && is_away(r)) {
        *got = 0;
        e = come_back(r);
        if (!e)
            e = compare(r);
        if (!e)
            e = r->on->camera->read(r->handle, offset, p, n, got);
    }
    return e;
}

enum err reading_read(void *reading, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct reading *r = reading;
    *got = 0;
    r->failed = false;
    if (*r->on->stop)
        return err_set(ERR_AGAIN, "stopped; run offload again, it goes on where it stopped");
    enum err e = read_on(r, offset, p, n, got);
    if (*got && (!e || e == ERR_IO)) {
        enum err closed = close_holes(r, offset, *got);
        e = closed ? closed : e;
    }
    if (e == ERR_IO && r->handle && r->on->camera->grain) {
        r->retries++;
        e = *got ? ERR_OK : give_up(r, offset, p, n, got);
    }
    if (!e)
        e = remember(r, offset, p, *got);
    if (!e)
        kept_put(&r->kept, offset, p, *got);
    r->failed = e && e != ERR_NOMEM;
    return e;
}

void reading_keep(struct reading *r)
{
    kept_begin(&r->kept, r->file.size);
}

enum err reading_piece(void *reading, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct reading *r = reading;
    const struct camera *c = r->on->camera;
    *got = kept_get(&r->kept, offset, p, n);
    bool here = !c->in_order && r->handle && r->opened == r->on->opened && !r->no_pieces;
    if (*got == 0 && here && c->read(r->handle, offset, p, n, got) != ERR_OK) {
        err_clear();
        r->no_pieces = true;
        *got = 0;
    }
    return ERR_OK;
}

json_t *reading_facts(const struct reading *r)
{
    const struct camera *c = r->on->camera;
    json_t *holes = json_array(), *o = json_object();
    bool bad = !holes || !o;
    for (size_t i = 0; i < r->n_holes && !bad; i++)
        bad = json_array_append_new(
                  holes, json_pack("[I,I]", (json_int_t)r->holes[i].offset, (json_int_t)r->holes[i].length)) < 0;
    bad = json_object_set_new(o, "holes", holes) < 0 || bad;
    bad = json_object_set_new(o, "retries", json_integer((json_int_t)r->retries)) < 0 || bad;
    if (r->waits)
        bad = json_object_set_new(o, "waits", json_integer((json_int_t)r->waits)) < 0 || bad;
    if (c->file_facts && r->handle && r->opened == r->on->opened)
        bad = json_object_set_new(o, "found", c->file_facts(r->handle)) < 0 || bad;
    if (!bad)
        return o;
    json_decref(o);
    return NULL;
}
