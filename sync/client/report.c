#include "sync/client/report.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/lang.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATUS_MAX 65536u

/* When this process began, in ticks since boot: with the pid it names the
 * process for good (proc(5), field 22). */
static uint64_t start_time(void)
{
    char line[4096];
    uint64_t start = 0;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
    file_close(&fd);
    if (n > 0) {
        line[n] = '\0';
        char *p = strrchr(line, ')'); /* the name may hold anything */
        for (int field = 2; p && field < 22; field++)
            p = strchr(p + 1, ' ');
        start = p ? strtoull(p, NULL, 10) : 0;
    }
    return start;
}

enum err reporter_open(struct reporter *r, const char *dir, const struct tell *tell)
{
    memset(r, 0, sizeof *r);
    r->tell = tell;
    r->terminal = !tell->json && isatty(STDOUT_FILENO);
    r->start = start_time();
    json_object_seed(0); /* from /dev/urandom, out of reach once the program has limited itself */
    return file_path(r->path, dir, "log/sync.status");
}

static json_t *time_json(int64_t ms)
{
    char text[CLOCK_TEXT];
    if (!ms)
        return json_null();
    clock_text(text, ms);
    return json_string(text);
}

static json_t *links_json(const struct report *s)
{
    static const char *const states[] = {"dialling", "connected", "pausing"};
    json_t *all = json_array();
    for (size_t i = 0; i < s->n_links; i++) {
        const struct report_link *l = &s->links[i];
        json_array_append_new(all, json_pack("{s:s,s:s,s:s*,s:o,s:I,s:I,s:I,s:I,s:s}", "to", l->to, "state",
                                             s->ended ? "ended" : states[l->state], "hub", l->hub[0] ? l->hub : NULL,
                                             "since", time_json(l->since), "rate", (json_int_t)l->rate, "rtt",
                                             (json_int_t)l->rtt, "sent", (json_int_t)l->sent, "received",
                                             (json_int_t)l->received, "error", l->error));
    }
    return all;
}

static json_t *lanes_json(const struct report *s)
{
    json_t *all = json_array();
    for (size_t i = 0; i < LANES; i++)
        json_array_append_new(all, json_pack("{s:I,s:I,s:s*}", "items", (json_int_t)s->left.items[i], "bytes",
                                             (json_int_t)s->left.bytes[i], "withheld", s->withheld[i]));
    return all;
}

static json_t *report_json(const struct reporter *r, const struct report *s)
{
    return json_pack("{s:i,s:I,s:b,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I}", "pid", (int)getpid(), "start",
                     (json_int_t)r->start, "ended", (int)s->ended, "links", links_json(s), "left", lanes_json(s),
                     "refused", (json_int_t)s->left.refused, "given", (json_int_t)s->given, "taken_labels",
                     (json_int_t)s->taken_labels, "taken_objects", (json_int_t)s->taken_objects, "taken_bytes",
                     (json_int_t)s->taken_bytes, "head", (json_int_t)s->head, "receipt_labels",
                     (json_int_t)s->receipt_labels, "receipt_time", time_json(s->receipt_time), "used_today",
                     (json_int_t)s->used);
}

/* Replaced at once for readers; not durable, since nobody needs it after a
 * power cut. */
static void put(const struct reporter *r, const char *text, size_t n)
{
    char aside[4096 + 8];
    snprintf(aside, sizeof aside, "%s.tmp", r->path);
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    bool whole = write(fd, text, n) == (ssize_t)n;
    if (close(fd) != 0 || !whole || rename(aside, r->path) != 0)
        unlink(aside);
}

void reporter_time(char out[static 32], uint64_t seconds)
{
    if (seconds < 100)
        snprintf(out, 32, _("%u s"), (unsigned)seconds);
    else if (seconds < 6000)
        snprintf(out, 32, _("%u min"), (unsigned)((seconds + 59) / 60));
    else if (seconds < 360000)
        snprintf(out, 32, _("%u h"), (unsigned)((seconds + 3599) / 3600));
    else
        snprintf(out, 32, _("%u days"), (unsigned)((seconds + 86399) / 86400 % 100000));
}

static void paint(const struct report *s)
{
    const struct report_link *l = &s->links[0];
    uint64_t items = 0, bytes = 0, rate = 0;
    char left[TELL_SIZE], speed[TELL_SIZE], time[32];
    for (size_t i = 0; i < s->n_links; i++) {
        rate += s->links[i].rate;
        if (s->links[i].state == REPORT_CONNECTED)
            l = &s->links[i];
    }
    for (size_t i = 0; i < LANES; i++) {
        items += s->withheld[i] ? 0 : s->left.items[i];
        bytes += s->withheld[i] ? 0 : s->left.bytes[i];
    }
    tell_size(left, bytes);
    tell_size(speed, rate);
    reporter_time(time, rate ? bytes / rate : 0);
    fputs("\r\033[K", stdout);
    if (l->state != REPORT_CONNECTED && (l->error[0] || l->state != REPORT_PAUSING))
        printf("%s: %s", l->to, l->error[0] ? l->error : _("dialling"));
    else if (l->state == REPORT_CONNECTED)
        printf(rate && bytes ? _("%s: %s/s, %" PRIu64 " items (%s) to give, about %s")
                             : _("%s: %s/s, %" PRIu64 " items (%s) to give"),
               l->hub, speed, items, left, time);
    fflush(stdout);
}

void reporter_show(struct reporter *r, const struct report *s, int64_t now, bool force, int64_t *again)
{
    json_t *fact = report_json(r, s);
    char *text = fact ? json_dumps(fact, JSON_COMPACT) : NULL;
    json_decref(fact);
    *again = INT64_MAX;
    size_t n = text ? strlen(text) : 0;
    if (!text || (n == r->last.len && memcmp(text, r->last.p, n) == 0)) {
        free(text);
        return;
    }
    if (now < r->due && !force) {
        *again = r->due;
        free(text);
        return;
    }
    r->due = now + REPORT_EVERY;
    buf_clear(&r->last);
    if (buf_add(&r->last, text, n) != ERR_OK)
        buf_clear(&r->last);
    char when[CLOCK_TEXT], line[STATUS_MAX];
    clock_text(when, clock_wall());
    int len = snprintf(line, sizeof line, "{\"updated\":\"%s\",%s\n", when, text + 1);
    if (len > 0 && (size_t)len < sizeof line)
        put(r, line, (size_t)len);
    free(text);
    if (r->terminal && !s->ended)
        paint(s);
    if (s->given != r->given)
        if (r->tell->json)
            tell_line(
                r->tell,
                json_pack("{s:s,s:I,s:o}", "event", "given", "items", (json_int_t)s->given, "left", lanes_json(s)),
                "%s", "");
    r->given = s->given;
}

void reporter_close(struct reporter *r)
{
    if (r->terminal)
        fputs("\r\033[K", stdout);
    buf_free(&r->last);
}

uint64_t reporter_rate(const char *dir)
{
    char path[4096];
    struct buf text = {.max = STATUS_MAX};
    uint64_t rate = 0;
    if (file_path(path, dir, "log/sync.status") == ERR_OK && file_read(path, STATUS_MAX, &text) == ERR_OK) {
        json_t *all = json_loadb((const char *)text.p, text.len, 0, NULL);
        const json_t *links = json_object_get(all, "links");
        for (size_t i = 0; i < json_array_size(links); i++) {
            const json_t *link = json_array_get(links, i);
            json_int_t v = json_integer_value(json_object_get(link, "rate"));
            rate += v > 0 ? (uint64_t)v : 0;
        }
        json_decref(all);
    }
    buf_free(&text);
    err_clear();
    return rate;
}
