#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/screens/screens.h"
#include "tui/screens/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the programs of this station did, newest first; lines come as they are
 * written. */
#define LINES 2000

struct log_view {
    struct listing listing;
    json_t *line[LINES]; /* a ring */
    size_t n, next;
    bool stale; /* lines came that the list does not show yet */
    unsigned asked;
};

static const struct table_column columns[] = {
    {FIELD(19, "When"), 19, 0, 0},
    {FIELD(56, "What"), 56, 1, 0},
};
static const struct listing_kind kind = {columns, 2, N_("Nothing was logged yet"), NULL};

#define WHEN 20

/* "2026-11-25 10:00:00", local. */
static void when_text(char out[static WHEN], const char *utc)
{
    int64_t ms;
    struct tm tm;
    time_t t = clock_parse(&ms, utc, strlen(utc)) ? (time_t)(ms / 1000) : 0;
    if (!t || !localtime_r(&t, &tm) || !strftime(out, WHEN, "%Y-%m-%d %H:%M:%S", &tm))
        snprintf(out, WHEN, "%s", utc);
}

/* Without the check at its end, which is for verify. */
static void what_text(char *out, size_t cap, const char *event)
{
    const char *check = strrchr(event, '#');
    snprintf(out, cap, "%s", event);
    if (check && check > event && strlen(check) == 9 && (size_t)(check - event) < cap)
        out[check - event - 1] = '\0';
}

static void fill(struct view *v)
{
    struct log_view *s = v->state;
    enum err e = ERR_OK;
    s->stale = false;
    table_reload(&s->listing.table);
    for (size_t i = 0; i < s->n && !e; i++) {
        const json_t *row = s->line[(s->next + LINES - 1 - i) % LINES];
        char id[TABLE_ID];
        char when[WHEN], what[1024];
        const char *cells[] = {when, what};
        when_text(when, desk_str(row, "time"));
        what_text(what, sizeof what, desk_str(row, "event"));
        snprintf(id, sizeof id, "%p", (const void *)row);
        e = table_add(&s->listing.table, 0, id, LOOK_NORMAL, cells);
    }
    if (e)
        desk_say_error(v->desk, e);
    table_end(&s->listing.table, 0, 0);
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct log_view *s = v->state;
    if (r->end)
        return false;
    json_decref(s->line[s->next]);
    s->line[s->next] = json_deep_copy(r->row);
    s->next = (s->next + 1) % LINES;
    s->n += s->n < LINES;
    s->stale = true;
    return true;
}

static enum err open_log(struct view *v, const void *arg)
{
    static const char *const argv[] = {"log", "--last", "2000", "--follow", NULL};
    struct log_view *s = v->state;
    (void)arg;
    listing_open(v, &kind);
    s->asked = desk_ask(v, take, argv);
    return ERR_OK;
}

/* Once for all lines that came together. */
static void paint(struct view *v, const struct area *a)
{
    struct log_view *s = v->state;
    if (s->stale)
        fill(v);
    listing_paint(v, a);
}

static void act(struct view *v, int what)
{
    const struct log_view *s = v->state;
    const struct table_row *r = table_selected(&s->listing.table);
    if (what == ACT_CHOOSE && r)
        desk_say(v->desk, LOOK_OK, "%s %s", r->cells[0], r->cells[1]);
}

static void close_log(struct view *v)
{
    struct log_view *s = v->state;
    if (s->asked)
        desk_cancel(v, s->asked);
    for (size_t i = 0; i < LINES; i++)
        json_decref(s->line[i]);
    listing_close(v);
}

const struct screen screen_log = {
    .name = "log",
    .title = N_("Log"),
    .about = N_("what the programs of this station did"),
    .size = sizeof(struct log_view),
    .menu = '9',
    .open = open_log,
    .paint = paint,
    .act = act,
    .key = listing_key,
    .close = close_log,
};
