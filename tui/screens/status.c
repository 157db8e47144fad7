#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/screens/sync.h"
#include "tui/screens/listing.h"
#include "tui/widgets/page.h"
#include "tui/widgets/progress.h"

#include <stdio.h>
#include <string.h>

/* This station in full: what `status` says. */
struct status {
    struct page page;
};

static void add_number(struct page *p, const char *label, json_int_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, n);
    page_pair(p, label, text);
}

static void add_when(struct page *p, const char *label, const char *utc)
{
    char when[LISTING_WHEN];
    listing_when(when, utc);
    if (when[0])
        page_pair(p, label, when);
}

static void add_size(struct page *p, const char *label, json_int_t bytes)
{
    char size[PROGRESS_TEXT];
    progress_size(size, (uint64_t)bytes);
    page_pair(p, label, size);
}

/* Jobs of one kind, a line each. */
static void add_jobs(struct page *p, const json_t *status, const char *kind, const char *title)
{
    const json_t *list = json_object_get(status, kind), *one;
    size_t i;
    if (json_array_size(list) == 0)
        return;
    page_line(p, "%s", "");
    page_title(p, title);
    json_array_foreach(list, i, one)
    {
        page_pair(p, desk_str(one, "name"), desk_str(one, "text"));
    }
}

static void fill(struct view *v)
{
    struct status *s = v->state;
    const json_t *d = v->desk->status, *lanes = json_object_get(d, "unsent_by_lane");
    struct page *p = &s->page;
    size_t top = p->top;
    page_clear(p);
    if (!d)
        return;
    page_title(p, _("Station"));
    page_pair(p, _("Name"), desk_str(d, "station"));
    page_pair(p, _("Unit"), desk_str(d, "unit"));
    page_pair(p, _("District"), desk_str(d, "district"));
    page_pair(p, _("Chain"), desk_str(d, "chain"));
    add_number(p, _("Saves"), desk_int(d, "labels"));
    add_number(p, _("Roster"), desk_int(d, "roster"));
    add_when(p, _("Roster signed"), desk_str(d, "roster_time"));
    page_line(p, "%s", "");
    page_title(p, _("District"));
    page_pair(p, _("Hub"), desk_str(d, "hub")[0] ? desk_str(d, "hub") : "-");
    page_pair(p, _("Its address"), desk_str(d, "hub_address")[0] ? desk_str(d, "hub_address") : "-");
    add_number(p, _("Saves it holds"), desk_int(d, "hub_labels"));
    add_when(p, _("By its receipt of"), desk_str(d, "hub_as_of"));
    add_when(p, _("Silent since"), desk_str(d, "silent_since"));
    for (size_t i = 0; i < json_array_size(lanes); i++)
        add_size(p, sync_lane(i), json_integer_value(json_array_get(lanes, i)));
    page_line(p, "%s", "");
    page_title(p, _("Disk and clock"));
    add_size(p, _("Free"), desk_int(d, "free"));
    if (json_is_integer(json_object_get(d, "days_left")))
        add_number(p, _("Lasts for days"), desk_int(d, "days_left"));
    page_pair(p, _("Clock"), desk_str(d, "clock"));
    if (desk_int(d, "clock_skew"))
        add_number(p, _("Seconds ahead of the hub"), desk_int(d, "clock_skew"));
    add_jobs(p, d, "frozen", _("Frozen"));
    add_jobs(p, d, "restored", _("Restored from a backup, waiting for the hub"));
    add_jobs(p, d, "intake", _("Begun and not finished"));
    add_jobs(p, d, "want", _("Asked for"));
    add_jobs(p, d, "stick", _("Sticks on their way"));
    add_jobs(p, d, "quarantine", _("Refused or set aside"));
    p->top = top;
}

static enum err open_status(struct view *v, const void *arg)
{
    (void)arg;
    desk_refresh(v->desk);
    fill(v);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    if (!event)
        fill(v);
}

static void paint(struct view *v, const struct area *a)
{
    struct status *s = v->state;
    struct area in = area_part(a, 0, 1, a->rows, a->cols - 2);
    page_paint(&s->page, &in);
}

static bool key(struct view *v, const struct key *k)
{
    struct status *s = v->state;
    return page_key(&s->page, k);
}

static void close_status(struct view *v)
{
    struct status *s = v->state;
    page_free(&s->page);
}

const struct screen screen_status = {
    .name = "status",
    .title = N_("Status"),
    .size = sizeof(struct status),
    .open = open_status,
    .paint = paint,
    .key = key,
    .news = news,
    .close = close_status,
};
