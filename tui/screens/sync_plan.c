#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/screens/sync.h"
#include "tui/widgets/page.h"
#include "tui/widgets/progress.h"

#include <stdio.h>
#include <string.h>

/* What a contact would carry, how long it takes, and what stays. */
struct plan {
    struct page page;
};

static void add_lane(struct page *p, const json_t *row)
{
    char size[PROGRESS_TEXT], time[PROGRESS_TEXT], text[512];
    const char *stays = desk_str(row, "stays");
    unsigned long n = (unsigned long)desk_int(row, "items");
    progress_size(size, (uint64_t)desk_int(row, "bytes"));
    progress_time(time, desk_int(row, "seconds"));
    if (stays[0])
        snprintf(text, sizeof text, ngettext("%lu item, %s; stays: %s", "%lu items, %s; stays: %s", n), n, size, stays);
    else if (json_is_integer(json_object_get(row, "seconds")))
        snprintf(text, sizeof text, ngettext("%lu item, %s; takes %s", "%lu items, %s; takes %s", n), n, size, time);
    else
        snprintf(text, sizeof text, ngettext("%lu item, %s", "%lu items, %s", n), n, size);
    page_pair(p, sync_lane((size_t)desk_int(row, "lane")), text);
}

static void add_sum(struct page *p, const json_t *row)
{
    char size[PROGRESS_TEXT], rate[PROGRESS_TEXT], time[PROGRESS_TEXT];
    uint64_t bytes = (uint64_t)desk_int(row, "bytes"), speed = (uint64_t)desk_int(row, "rate");
    progress_size(size, bytes);
    progress_size(rate, speed);
    page_line(p, "%s", "");
    page_pair(p, _("All of it"), size);
    page_pair(p, _("Speed of the last contact"), speed ? rate : _("not known yet"));
    if (speed) {
        progress_time(time, (int64_t)(bytes / speed));
        page_pair(p, _("Takes about"), time);
    }
    progress_size(size, (uint64_t)desk_int(row, "used_today"));
    page_pair(p, _("Used today"), size);
    if (json_is_integer(json_object_get(row, "left_today"))) {
        progress_size(size, (uint64_t)desk_int(row, "left_today"));
        page_pair(p, _("Left of this day's bytes"), size);
    }
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct plan *s = v->state;
    const char *event = desk_str(r->row, "event");
    if (r->end)
        return r->exit_code == 75; /* something stays: the rows say what */
    if (strcmp(event, "plan") == 0)
        add_lane(&s->page, r->row);
    else if (strcmp(event, "planned") == 0)
        add_sum(&s->page, r->row);
    return true;
}

static enum err open_plan(struct view *v, const void *arg)
{
    static const char *const argv[] = {"sync", "--plan", NULL};
    struct plan *s = v->state;
    (void)arg;
    page_title(&s->page, _("A contact with the hub now would carry"));
    desk_ask(v, take, argv);
    return ERR_OK;
}

static void paint(struct view *v, const struct area *a)
{
    struct plan *s = v->state;
    struct area in = area_part(a, 0, 1, a->rows, a->cols - 2);
    page_paint(&s->page, &in);
}

static bool key(struct view *v, const struct key *k)
{
    struct plan *s = v->state;
    return page_key(&s->page, k);
}

static void close_plan(struct view *v)
{
    struct plan *s = v->state;
    page_free(&s->page);
}

const struct screen screen_plan = {
    .name = "plan",
    .title = N_("What a contact would do"),
    .size = sizeof(struct plan),
    .locked = true,
    .open = open_plan,
    .paint = paint,
    .key = key,
    .close = close_plan,
};
