#include "sync/client/client.h"

#include "storage/base/clock.h"
#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/vault/object.h"
#include "sync/client/arrivals.h"
#include "sync/client/clearing.h"
#include "sync/client/outbox.h"
#include "sync/client/standing.h"
#include "sync/client/fetch.h"
#include "sync/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum err client_refuse(struct client *c, const char *name, enum err e)
{
    return stick_stops(e) ? e : refuse_item(&c->refuse, name, err_text());
}

static enum err to_object(void *ctx, const uint8_t *bytes, size_t n)
{
    return object_add(ctx, bytes, n);
}

enum err client_take_object(struct client *c, const struct hash *name, uint64_t size, bool exact)
{
    char path[80];
    uint64_t has;
    int fd;
    struct object_writer w;
    if (object_size(c->in.station->dir, name, &has) && (!exact || has == size))
        return ERR_OK;
    stick_object(path, name);
    enum err e = stick_file(&c->stick, path, &fd, &has);
    file_close(&fd);
    if (!e && (exact ? has != size : has > size))
        e = exact ? err_set(ERR_DATA, "it has %" PRIu64 " bytes instead of %" PRIu64, has, size)
                  : err_set(ERR_DATA, "it has %" PRIu64 " bytes instead of at most %" PRIu64, has, size);
    if (!e)
        e = object_begin(&w, c->in.station->dir);
    if (e)
        return e;
    e = stick_stream(&c->stick, path, has, to_object, &w);
    if (!e)
        e = object_commit(&w, name, NULL);
    if (e) {
        object_abort(&w);
        return e;
    }
    c->in.taken.objects++;
    c->in.taken.bytes += has;
    return ERR_OK;
}

/* Job names of what a stick brought that was refused: LABEL/PATH. */
static enum err keep_refused(void *ctx, const char *name, const char *why)
{
    struct client *c = ctx;
    char job[NAME_LEN + 4 * STICK_NAME_MAX];
    snprintf(job, sizeof job, "%s/%s", c->stick.linked ? c->stick.label : "stick", name);
    return queue_set_job(c->in.station->queue, "quarantine", job, why, strlen(why));
}

struct names {
    const char *prefix;
    struct buf list; /* NUL-ended, one behind the other */
};

static enum err add_name(void *ctx, const char *name, const char *text, size_t n)
{
    struct names *all = ctx;
    (void)text;
    (void)n;
    size_t len = strlen(all->prefix);
    if (strncmp(name, all->prefix, len) != 0 || name[len] != '/')
        return ERR_OK;
    return buf_add(&all->list, name, strlen(name) + 1);
}

/* What this stick brought before and is still bad will be listed anew. */
static enum err forget_refused(struct client *c)
{
    struct names all = {.prefix = c->stick.linked ? c->stick.label : "stick"};
    enum err e = queue_each_job(c->in.station->queue, "quarantine", add_name, &all);
    for (size_t i = 0; i < all.list.len && !e; i += strlen((char *)all.list.p + i) + 1)
        e = queue_end_job(c->in.station->queue, "quarantine", (char *)all.list.p + i);
    buf_free(&all.list);
    return e;
}

static enum err take_in(struct client *c)
{
    enum err e = forget_refused(c);
    if (!e)
        e = walk_top(&c->walk);
    if (!e)
        e = arrivals_control(c);
    if (!e)
        e = arrivals_receipts(c, true);
    /* a revoked station hears that it is, and nothing more */
    if (!e && !standing_revoked(&c->in))
        e = arrivals_labels(c);
    if (!e && !standing_revoked(&c->in))
        e = arrivals_receipts(c, false);
    if (!e && !standing_revoked(&c->in))
        e = fetch_wanted(c);
    return e;
}

/* Notes what left with whom, and forgets a stick that came back with news. */
static enum err note_stick(struct client *c, const struct client_options *o, uint64_t sent)
{
    char when[CLOCK_TEXT], text[64];
    const char *due = o->due ? o->due : "-";
    struct buf old = {0};
    enum err e = ERR_OK;
    struct queue *q = c->in.station->queue;
    if (c->in.receipt_news)
        e = queue_end_job(q, "stick", c->stick.label);
    if (!e && sent) {
        const char *blank;
        if (!o->due && queue_job(q, "stick", c->stick.label, &old) == ERR_OK &&
            (blank = strchr((const char *)old.p, ' ')) != NULL)
            due = blank + 1;
        clock_text(when, station_now(c->in.station, &(enum clock_mark){CLOCK_FINE}));
        snprintf(text, sizeof text, "%s %.10s", when, due);
        e = queue_set_job(q, "stick", c->stick.label, text, strlen(text));
    }
    buf_free(&old);
    err_clear();
    return e;
}

/* What will be put on, so that the progress has an end. */
static enum err expect(struct client *c, struct pulse *pulse)
{
    struct load load;
    struct load_lane all;
    uint64_t sent;
    c->refuse.quiet = true;
    enum err e = load_begin(&load, &c->stick, &c->refuse, true);
    if (!e)
        e = outbox_fill(c, &load, &sent);
    c->refuse.quiet = false;
    load_total(&load, &all);
    pulse_expect(pulse, all.bytes);
    return e;
}

/* Fills the stick; when it is full, makes room of what a receipt covers and
 * fills it again. */
static enum err fill(struct client *c, struct load *load, struct pulse *pulse, uint64_t *sent)
{
    struct load first;
    struct load_lane left;
    uint64_t removed = 0, bytes = 0;
    char size[TELL_SIZE];
    enum err e = load_begin(load, &c->stick, &c->refuse, false);
    load->pulse = pulse;
    if (!e)
        e = outbox_fill(c, load, sent);
    if (e || !load->full)
        return e;
    e = clearing_run(c, &removed, &bytes);
    if (e || removed == 0)
        return e;
    tell_size(size, bytes);
    tell_line(
        &c->in.tell,
        json_pack("{s:s, s:I, s:I}", "event", "cleared", "blobs", (json_int_t)removed, "bytes", (json_int_t)bytes),
        _("room made on the stick: %" PRIu64 " blobs that a receipt covers removed (%s)"), removed, size);
    first = *load;
    load_total(&first, &left);
    pulse_expect(pulse, left.stays_bytes);
    e = load_begin(load, &c->stick, &c->refuse, false);
    load->pulse = pulse;
    if (!e)
        e = outbox_fill(c, load, sent);
    load_merge(load, &first);
    return e;
}

static enum err put_on(struct client *c, const struct client_options *o, struct load *load)
{
    uint64_t sent = 0;
    struct pulse told = {.tell = tell_progress, .ctx = &c->in.tell}, *pulse = o->progress ? &told : NULL;
    enum err e = stick_make(&c->stick, o->label, c->in.station->district);
    if (!e && pulse)
        e = expect(c, pulse);
    if (!e)
        e = fill(c, load, pulse, &sent);
    load->pulse = NULL;
    if (!e)
        e = outbox_have(c);
    if (!e)
        e = stick_sync(&c->stick);
    if (!e)
        e = note_stick(c, o, sent);
    return e;
}

static enum err plan(struct client *c, struct load *load)
{
    uint64_t sent;
    enum err e = load_begin(load, &c->stick, &c->refuse, true);
    return e ? e : outbox_fill(c, load, &sent);
}

static void summary(const struct client *c, const struct load *load)
{
    struct load_lane all;
    char in[TELL_SIZE], out[TELL_SIZE], rest[TELL_SIZE];
    load_total(load, &all);
    load_say(load, &c->in.tell);
    refuse_end(&c->refuse);
    tell_size(in, c->in.taken.bytes);
    tell_size(out, all.bytes);
    tell_size(rest, all.stays_bytes);
    tell_line(&c->in.tell,
              json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "event", "summary", "plan",
                        (int)load->plan, "stick", c->stick.label, "taken_labels", (json_int_t)c->in.taken.labels,
                        "taken_objects", (json_int_t)c->in.taken.objects, "taken_bytes", (json_int_t)c->in.taken.bytes,
                        "taken_receipts", (json_int_t)c->in.taken.receipts, "put", (json_int_t)all.items, "put_bytes",
                        (json_int_t)all.bytes, "there", (json_int_t)all.there, "stays", (json_int_t)all.stays,
                        "stays_bytes", (json_int_t)all.stays_bytes, "refused", (json_int_t)c->refuse.n),
              load->plan
                  ? _("stick %s: took %" PRIu64 " labels, %" PRIu64 " objects (%s), %" PRIu64
                      " receipts; would put %" PRIu64 " items (%s); %" PRIu64 " were there; %" PRIu64
                      " stay (%s); %" PRIu64 " refused")
                  : _("stick %s: took %" PRIu64 " labels, %" PRIu64 " objects (%s), %" PRIu64 " receipts; put %" PRIu64
                      " items (%s); %" PRIu64 " were there; %" PRIu64 " stay (%s); %" PRIu64 " refused"),
              c->stick.linked ? c->stick.label : _("(new)"), c->in.taken.labels, c->in.taken.objects, in,
              c->in.taken.receipts, all.items, out, all.there, all.stays, rest, c->refuse.n);
}

static enum err check_due(const char *due)
{
    char text[CLOCK_TEXT];
    int64_t ms;
    if (!due)
        return ERR_OK;
    int n = snprintf(text, sizeof text, "%sT00:00:00Z", due);
    if (n != CLOCK_TEXT - 1 || !clock_parse(&ms, text, CLOCK_TEXT - 1))
        return err_set(ERR_USAGE, "--due wants a date like 2026-11-29, not %s", due);
    return ERR_OK;
}

static enum err contact(struct client *c, const struct client_options *o)
{
    struct load load = {0};
    enum err e = ERR_OK;
    if (c->stick.linked && strcmp(c->stick.district, c->in.station->district) != 0)
        return err_set(ERR_DENIED, "the stick %s belongs to district %s, not to %s; take another one", c->stick.label,
                       c->stick.district, c->in.station->district);
    if (o->plan) {
        e = plan(c, &load);
    } else {
        e = take_in(c);
        if (!e)
            e = standing_check(&c->in);
        if (!e)
            e = put_on(c, o, &load);
    }
    if (e)
        return e;
    struct load_lane all;
    load_total(&load, &all);
    summary(c, &load);
    log_line("stick: took %" PRIu64 " labels %" PRIu64 " objects, put %" PRIu64 ", stay %" PRIu64 ", refused %" PRIu64,
             c->in.taken.labels, c->in.taken.objects, all.items, all.stays, c->refuse.n);
    e = tell_end();
    if (!e && standing_revoked(&c->in))
        e = err_set(ERR_DENIED, "this station is revoked by roster %" PRIu64 "; ask the administrator to enrol it anew",
                    c->in.station->roster->number);
    else if (!e && c->in.full)
        e = err_set(ERR_FULL, "this station's disk is full, blobs that it asked for stay on the stick");
    else if (!e && all.stays && o->plan)
        e = err_set(ERR_AGAIN, "%" PRIu64 " items would not fit; take a larger stick, or bring this one twice",
                    all.stays);
    else if (!e && all.stays)
        e = err_set(ERR_AGAIN, "the stick is full, %" PRIu64 " items stay here; bring it twice, or a larger one",
                    all.stays);
    else if (!e && c->refuse.n)
        e = err_set(ERR_AGAIN, "%" PRIu64 " items were refused; everything else is done", c->refuse.n);
    return e;
}

enum err client_run(const struct client_options *o)
{
    char path[4096];
    int lock = -1;
    struct client c = {.in.tell = {.json = o->json}, .stick = {.fd = -1}};
    c.refuse = (struct refuse){.tell = &c.in.tell, .keep = o->plan ? NULL : keep_refused, .ctx = &c};
    c.walk = (struct walk){.stick = &c.stick, .refuse = &c.refuse, .left = STICK_ENTRIES_MAX};
    enum err e = check_due(o->due);
    if (!e && o->label && !text_is_name(o->label, false))
        e = err_set(ERR_USAGE, "a stick's label is 1 to 63 of a-z, 0-9, -: not %s", o->label);
    if (!e)
        e = station_open(&c.in.station, o->dir, STATION_LINK_KEY | (o->plan ? STATION_READ_ONLY : 0));
    if (!e && !c.in.station->queue)
        e = err_set(ERR_BAD, "the index queue.db is damaged; run `feldsher rebuild`");
    if (!e && !o->plan)
        e = log_open(o->dir, "feldsher-sync");
    if (!e)
        e = file_path(path, o->dir, "log/stick.lock");
    if (!e && !o->plan)
        e = file_lock(path, true, false, &lock);
    if (!e)
        e = stick_open(&c.stick, o->folder);
    if (!e) {
        const struct confine_path further[] = {{o->folder, CONFINE_WRITE}};
        e = station_confine(c.in.station, further, 1, CONFINE_NO_NET);
    }
    if (!e)
        e = contact(&c, o);
    stick_close(&c.stick);
    file_close(&lock);
    station_close(c.in.station);
    log_close();
    return e;
}

enum err client_run_apart(const struct client_options *o)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return err_errno(ERR_IO, "cannot start a process");
    if (pid == 0) {
        int code = err_report("feldsher-sync", client_run(o));
        fflush(NULL);
        _exit(code);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(ERR_IO, "cannot wait for the contact with %s", o->folder);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? ERR_OK
               : err_set(ERR_AGAIN, "the contact with %s did not do everything", o->folder);
}
