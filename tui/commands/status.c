#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "tui/lang/lang.h"
#include "tui/carriers.h"
#include "tui/link_state.h"
#include "tui/print.h"
#include "tui/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY ((int64_t)86400 * 1000)
#define RATE_DAYS 14

struct tally {
    const struct station *s;
    const struct receipt *receipt; /* the one that holds most of our chain; NULL */
    int64_t now;
    uint64_t labels;
    uint64_t unsent[LANES]; /* bytes no receipt covers */
    uint64_t items[LANES];  /* labels, parts lists, blobs */
    uint64_t recent;        /* bytes of the last RATE_DAYS */
    int64_t first;          /* time of the first label among them */
    uint64_t silent_since;  /* first label without a receipt; 0: none */
    int64_t silent_time;
};

/* Bytes of the blobs of a parts list. Its text is checked by its name. */
static uint64_t parts_bytes(const struct station *s, const struct hash *name, uint64_t *blobs)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    struct hash blob;
    uint64_t size, bytes = 0;
    bool mark;
    *blobs = 0;
    enum err e = object_get(s->dir, name, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &blob, &size)) == ERR_OK) {
        bytes += mark ? 0 : size;
        *blobs += !mark;
    }
    bytes += text.len;
    buf_free(&text);
    return bytes;
}

static enum lane blob_lane(const struct station *s, const struct hash *parts)
{
    char name[HASH_HEX];
    struct buf text = {0};
    hash_hex(name, parts);
    enum lane lane = queue_job(s->queue, "flag", name, &text) == ERR_OK ? LANE_FLAGGED : LANE_BLOB;
    buf_free(&text);
    return lane;
}

static enum err count_label(void *ctx, const struct label *l)
{
    struct tally *t = ctx;
    bool covered = t->receipt && receipt_holds(t->receipt, l->seq);
    bool parts_covered = t->receipt && receipt_holds_parts(t->receipt, l->seq);
    bool is_recent = l->time > t->now - RATE_DAYS * DAY;
    bool has_parts = !hash_is_zero(&l->parts);
    uint64_t blobs = 0;
    uint64_t bytes = has_parts && (is_recent || !parts_covered) ? parts_bytes(t->s, &l->parts, &blobs) : 0;
    t->labels++;
    if (!covered) {
        enum lane lane = l->lane < LANES ? (enum lane)l->lane : LANE_BATCH;
        t->unsent[lane] += l->size + l->len;
        t->items[lane]++;
        if (!t->silent_since) {
            t->silent_since = l->seq;
            t->silent_time = l->time;
        }
    }
    if (has_parts && !parts_covered) {
        enum lane lane = blob_lane(t->s, &l->parts);
        t->unsent[lane] += bytes;
        t->items[lane] += blobs;
    }
    if (is_recent) {
        t->recent += bytes + l->size;
        if (!t->first)
            t->first = l->time;
    }
    return ERR_OK;
}

static enum err own_receipt(const struct station *s, struct receipt **out)
{
    struct buf text = {.max = RECEIPT_MAX};
    *out = NULL;
    enum err e = queue_receipt(s->queue, s->chain, &text);
    if (!e)
        e = receipt_parse(out, (const char *)text.p, text.len);
    if (!e && receipt_check(*out, s->roster) != ERR_OK) {
        receipt_free(*out);
        *out = NULL;
    }
    buf_free(&text);
    return e == ERR_NOMEM ? e : ERR_OK;
}

struct jobs {
    const struct call *c;
    const char *kind;
    int64_t now;
    json_t *list; /* with --json */
};

/* A stick's text is "LEFT DUE"; DUE is a day or -. */
static bool is_overdue(const char *text, int64_t now)
{
    const char *due = strchr(text, ' ');
    return due && carriers_overdue(due + 1, now);
}

/* An intake's text (storage/vault/blobs.h) names every blob: a line of it says enough. */
static size_t sum_up(char *out, size_t cap, const char *text, size_t n)
{
    const char *end = text + n, *time = strstr(text, "\ntime: ");
    unsigned blobs = 0;
    for (const char *p = text; n && (p = memmem(p, (size_t)(end - p), "\nblob: ", 7)) != NULL; p += 7)
        blobs++;
    int len = time ? (int)strcspn(time + 7, "\n") : 0;
    int used = snprintf(out, cap, "%.*s, %u blobs", len, time ? time + 7 : "", blobs);
    return used < 0 ? 0 : (size_t)used < cap ? (size_t)used : cap - 1;
}

static enum err show_job(void *ctx, const char *name, const char *text, size_t n)
{
    struct jobs *j = ctx;
    char sum[128];
    if (n && strcmp(j->kind, "intake") == 0) {
        n = sum_up(sum, sizeof sum, text, n);
        text = sum;
    }
    bool overdue = strcmp(j->kind, "stick") == 0 && n && is_overdue(text, j->now);
    if (j->c->json) {
        json_t *row = json_pack("{s:s,s:s%}", "name", name, "text", n ? text : "", n);
        if (row && overdue)
            json_object_set_new(row, "overdue", json_true());
        json_array_append_new(j->list, row ? row : json_null());
        return ERR_OK;
    }
    print_padded(_(j->kind), 11);
    print_text(name);
    /* a line for each, whatever the text */
    for (const char *p = text; n && p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
        char line[512];
        size_t len = strcspn(p, "\n");
        len = len < sizeof line ? len : sizeof line - 1;
        memcpy(line, p, len);
        line[len] = '\0';
        printf(p == text ? ": " : ", ");
        print_text(line);
    }
    printf("%s\n", overdue ? _("  OVERDUE") : "");
    return ERR_OK;
}

static const char *const kinds[] = {FIELD(10, "stick"),  FIELD(10, "want"),     FIELD(10, "intake"),
                                    FIELD(10, "frozen"), FIELD(10, "restored"), FIELD(10, "quarantine")};
#define KINDS (sizeof kinds / sizeof kinds[0])

static enum err show_jobs(struct jobs *j, const struct station *s, json_t *all)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < KINDS && !e; i++) {
        j->kind = kinds[i];
        j->list = j->c->json ? json_array() : NULL;
        e = queue_each_job(s->queue, kinds[i], show_job, j);
        if (j->list)
            json_object_set_new(all, kinds[i], j->list);
    }
    return e;
}

/* By how much this clock is ahead of the hub's, in seconds, as feldsher-sync
 * found it and thought worth a word; 0: it did not. */
static int64_t clock_skew(const struct station *s)
{
    struct buf text = {0};
    int64_t seconds = 0;
    if (queue_job(s->queue, "clock", "hub", &text) == ERR_OK)
        seconds = strtoll((const char *)text.p, NULL, 10);
    buf_free(&text);
    return seconds;
}

static void say_skew(int64_t seconds)
{
    int64_t off = seconds < 0 ? -seconds : seconds;
    if (off >= 172800)
        printf(_("clock      differs from the hub's by %" PRId64 " days"), off / 86400);
    else if (off >= 7200)
        printf(_("clock      differs from the hub's by %" PRId64 " h %" PRId64 " min"), off / 3600, off / 60 % 60);
    else if (off)
        printf(_("clock      differs from the hub's by %" PRId64 " min"), off / 60);
    if (off)
        printf("%s\n", seconds < 0 ? _(", it is behind; one of the two is wrong")
                                   : _(", it is ahead; one of the two is wrong"));
}

/* How long the free space lasts at the rate of the last days; -1: not known. */
static int64_t days_left(const struct tally *t, uint64_t space)
{
    int64_t span = t->first ? t->now - t->first : 0;
    if (span < DAY || t->recent == 0)
        return -1;
    double a_day = (double)t->recent / ((double)span / (double)DAY);
    double days = (double)space / a_day;
    return days > 36500 ? 36500 : (int64_t)days;
}

static json_t *to_json(const struct tally *t, const struct station *s, uint64_t space)
{
    json_t *lanes = json_array(), *items = json_array();
    int64_t days = days_left(t, space);
    for (size_t i = 0; i < LANES; i++) {
        json_array_append_new(lanes, json_integer((json_int_t)t->unsent[i]));
        json_array_append_new(items, json_integer((json_int_t)t->items[i]));
    }
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:I,s:s,s:I,s:o,s:o,s:o,s:o,s:I,s:I,s:o,s:I,s:o}", "station", s->name, "unit", s->unit,
        "kind", s->kind == STATION_SUPERVISOR ? "supervisor" : "station", "district", s->district, "roster",
        (json_int_t)s->roster->number, "chain", s->chain, "labels", (json_int_t)t->labels, "unsent_by_lane", lanes,
        "unsent_items_by_lane", items, "hub", t->receipt ? json_string(t->receipt->hub) : json_null(), "hub_as_of",
        t->receipt ? print_time(t->receipt->time) : json_null(), "hub_labels",
        (json_int_t)(t->receipt ? t->receipt->labels : 0), "unsent_from_label", (json_int_t)t->silent_since,
        "silent_since", t->silent_since ? print_time(t->silent_time) : json_null(), "free", (json_int_t)space,
        "days_left", days < 0 ? json_null() : json_integer(days));
}

struct chains {
    const struct station *s;
    json_t *list;
};

static enum err add_chain(void *ctx, const char *chain, const struct queue_head *head)
{
    struct chains *c = ctx;
    const struct roster_station *of = roster_chain(c->s->roster, chain);
    if (strcmp(chain, c->s->chain) != 0)
        json_array_append_new(c->list, json_pack("{s:s,s:s,s:s,s:b,s:I,s:o}", "chain", chain, "station",
                                                 of ? of->name : "", "unit", of ? of->unit : "", "revoked",
                                                 of && of->revoked, "head", (json_int_t)head->seq, "last",
                                                 head->time ? print_time(head->time) : json_null()));
    return ERR_OK;
}

/* The other stations' chains that are here; who took this station over last. */
static enum err add_more(json_t *all, const struct station *s, enum clock_mark mark)
{
    struct chains chains = {s, json_array()};
    struct buf shift = {0};
    json_t *last = json_null();
    enum err e = queue_each_chain(s->queue, add_chain, &chains);
    if (!e && queue_job(s->queue, "shift", "last", &shift) == ERR_OK) {
        const char *user = (const char *)shift.p, *since = strchr(user, ' ');
        if (since && strlen(since) == CLOCK_TEXT)
            last = json_pack("{s:s%,s:s}", "user", user, (size_t)(since - user), "since", since + 1);
    }
    err_clear();
    json_object_set_new(all, "roster_time", print_time(s->roster->time));
    json_object_set_new(all, "clock", json_string(clock_mark_text(mark)));
    json_object_set_new(all, "chains", chains.list);
    json_object_set_new(all, "shift", last);
    buf_free(&shift);
    return e;
}

static void to_text(const struct tally *t, const struct station *s, uint64_t space)
{
    static const char *const lane[] = {N_("urgent"), N_("batches"), N_("control"), N_("flagged"), N_("video")};
    char size[PRINT_SIZE], when[CLOCK_TEXT];
    int64_t days = days_left(t, space);
    printf(_("station    %s (%s), unit %s, district %s\nroster     %" PRIu64 "\nchain      %s, %" PRIu64 " labels\n"),
           s->name, s->kind == STATION_SUPERVISOR ? _("supervisor") : _("crew"), s->unit, s->district,
           s->roster->number, s->chain, t->labels);
    if (t->receipt) {
        clock_text(when, t->receipt->time);
        printf(_("held       %" PRIu64 " labels by hub %s as of %s\n"), t->receipt->labels, t->receipt->hub, when);
    } else {
        printf(_("held       nothing by a hub yet: there is no receipt\n"));
    }
    if (t->silent_since) {
        clock_text(when, t->silent_time);
        printf(_("silent     since %s: no receipt for label %" PRIu64 " and later\n"), when, t->silent_since);
    }
    for (size_t i = 0; i < LANES; i++) {
        print_size(size, t->unsent[i]);
        if (t->unsent[i])
            printf(_("unsent     %s of lane %zu (%s)\n"), size, i, _(lane[i]));
    }
    print_size(size, space);
    printf(_("free       %s"), size);
    if (days >= 0)
        printf(_(", about %" PRId64 " days at the present rate"), days);
    printf("\n");
}

static enum err status(struct call *c)
{
    struct station *s;
    struct receipt *r = NULL;
    enum clock_mark mark;
    uint64_t space = 0;
    enum err e = session_station(c, 0, &s);
    if (e)
        return e;
    struct tally t = {.s = s, .now = station_now(s, &mark)};
    struct jobs jobs = {.c = c, .now = t.now};
    e = own_receipt(s, &r);
    t.receipt = r;
    if (!e)
        e = queue_each_label(s->queue, s->chain, 1, count_label, &t);
    if (!e)
        e = file_free_space(s->dir, &space);
    json_t *all = !e && c->json ? to_json(&t, s, space) : NULL;
    if (!e && !c->json) {
        to_text(&t, s, space);
        link_state_print(s->dir);
        say_skew(clock_skew(s));
    }
    if (all) {
        json_object_set_new(all, "link", link_state_json(s->dir));
        char hub[LINK_STATE_HUB];
        bool known = link_state_hub(s->dir, s->roster, hub);
        json_object_set_new(all, "hub_address", known ? json_string(hub) : json_null());
        json_object_set_new(all, "clock_skew", json_integer(clock_skew(s)));
        e = add_more(all, s, mark);
    }
    if (!e)
        e = show_jobs(&jobs, s, all);
    if (!e && c->json)
        print_json(json_incref(all));
    else if (!e && mark != CLOCK_FINE)
        printf("%s\n", mark == CLOCK_BEHIND ? _("clock      behind what signed things say; set it")
                                            : _("clock      far ahead of what signed things say; set it"));
    json_decref(all);
    receipt_free(r);
    station_close(s);
    return e;
}

static const struct command rows[] = {
    {.name = "status",
     .args = "",
     .help = N_("what is held where, what waits, how long the disk lasts"),
     .run = status},
};
const struct command_group group_status = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
