#include "tui/screens/report.h"

#include "tui/lang/lang.h"
#include "tui/screens/dock.h"
#include "tui/screens/plugged_words.h"
#include "tui/screens/screens.h"
#include "tui/widgets/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct report {
    struct page page;
    char name[PLUGGED_NAME];
};

static void pair(struct page *p, const char *label, uint64_t n)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, n);
    page_pair(p, label, text);
}

/* Those with this result, each with its reason. */
static void list(struct page *p, const char *title, const json_t *faults, const char *result)
{
    bool any = false;
    size_t i;
    const json_t *row;
    json_array_foreach(faults, i, row)
    {
        if (strcmp(desk_str(row, "result"), result) != 0)
            continue;
        if (!any) {
            page_line(p, "%s", "");
            page_title(p, title);
        }
        any = true;
        page_line(p, "%s", desk_str(row, "path"));
        page_line(p, "    %s", desk_str(row, "why"));
    }
}

static enum err open_report(struct view *v, const void *arg)
{
    const struct report_order *o = arg;
    const struct plugged_camera *c = o->camera;
    struct report *r = v->state;
    char text[PLUGGED_TEXT];
    snprintf(r->name, sizeof r->name, "%s", c->name);
    plugged_result(dock_plugged(v->desk), c, text, sizeof text);
    if (text[0])
        page_line(&r->page, "%s\n", text);
    pair(&r->page, _("Stored"), c->stored);
    pair(&r->page, _("Known already"), c->known);
    pair(&r->page, _("Failed"), c->failed);
    pair(&r->page, _("Not taken"), c->not_taken);
    progress_size(text, c->stored_bytes);
    page_pair(&r->page, _("Stored in all"), text);
    list(&r->page, _("Failed: they stay on the camera and are tried again"), c->faults, "failed");
    list(&r->page, _("Not taken: these are no recordings"), c->faults, "not taken");
    return ERR_OK;
}

static void paint(struct view *v, const struct area *a)
{
    struct report *r = v->state;
    struct area in = area_part(a, 0, 1, a->rows, a->cols - 2);
    page_paint(&r->page, &in);
}

static bool key(struct view *v, const struct key *k)
{
    struct report *r = v->state;
    return page_key(&r->page, k);
}

static void close_report(struct view *v)
{
    struct report *r = v->state;
    page_free(&r->page);
}

static const char *subtitle(const struct view *v)
{
    const struct report *r = v->state;
    return r->name;
}

const struct screen screen_report = {
    .name = "report",
    .title = N_("Taken in"),
    .about = N_("what came of a camera's offload, with the reasons"),
    .size = sizeof(struct report),
    .locked = true,
    .open = open_report,
    .paint = paint,
    .key = key,
    .close = close_report,
    .subtitle = subtitle,
};
