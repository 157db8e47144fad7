#include "tui/screens/erasable.h"

#include "tui/lang/lang.h"
#include "tui/screens/dock.h"
#include "tui/screens/jobview.h"
#include "tui/screens/screens.h"
#include "tui/widgets/page.h"

#include <stdio.h>
#include <string.h>

#define FILES_MAX 5000 /* rows of a plan that are shown */
#define JOB_ROWS 4

/* What `erase --plan` says of one camera, and what came of the erase. */
struct erasable {
    struct page page;
    struct jobview job;
    char serial[NAME_LEN];
    json_t *plan;
    bool asking, known;
    bool told; /* the end of the erase was taken note of */
};

enum { ACT_AGAIN = ACT_OWN, ACT_ERASE, ACT_STOP };
static const struct key_row keys[] = {
    {K_F5, ACT_AGAIN, FIELD(14, "Again"), N_("looks again at what may be erased"), false},
    {K_F7, ACT_STOP, FIELD(14, "Stop"), N_("stops erasing; what is gone is gone"), false},
    {K_F8, ACT_ERASE, FIELD(14, "Erase"), N_("erases on the camera what a licence names, after reading it once more"),
     false},
};

static json_int_t total(const json_t *rows, const char *member)
{
    json_int_t n = 0;
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row) if (strcmp(desk_str(row, "event"), "summary") == 0) n = desk_int(row, member);
    return n;
}

static void list(struct page *p, const char *title, const json_t *rows, const char *state)
{
    bool any = false;
    size_t i;
    const json_t *row;
    char size[PROGRESS_TEXT];
    json_array_foreach(rows, i, row)
    {
        const char *path = desk_str(row, "path");
        if (strcmp(desk_str(row, "state"), state) != 0)
            continue;
        if (!any) {
            page_line(p, "%s", "");
            page_title(p, title);
        }
        any = true;
        progress_size(size, (uint64_t)desk_int(row, "size"));
        page_line(p, "%s  %s", path[0] ? path : desk_str(row, "recording"), size);
        if (desk_str(row, "why")[0])
            page_line(p, "    %s", desk_str(row, "why"));
    }
}

static void fill_licences(struct page *p, const json_t *rows)
{
    bool any = false;
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(desk_str(row, "event"), "camera") == 0 && !desk_str(row, "how")[0])
            page_line(p, _("This camera cannot erase: %s"), desk_str(row, "why"));
        if (strcmp(desk_str(row, "event"), "licence") != 0)
            continue;
        any = true;
        page_line(p, _("Licence of %s, until %.10s"), desk_str(row, "by"), desk_str(row, "expires"));
        if (desk_str(row, "why")[0])
            page_line(p, "    %s", desk_str(row, "why"));
    }
    if (!any)
        page_line(p, "%s", _("No licence names a file of this camera: nothing may be erased"));
}

static void fill(struct view *v)
{
    struct erasable *s = v->state;
    struct page *p = &s->page;
    const json_t *erased = dock_erased(v->desk, s->serial);
    size_t top = p->top;
    page_clear(p);
    if (erased) {
        list(p, _("Erased on the camera"), erased, "erased");
        list(p, _("Gone already"), erased, "gone");
        list(p, _("Failed"), erased, "failed");
        list(p, _("Left on the camera"), erased, "left");
        page_line(p, "%s", "");
    }
    if (s->known) {
        page_title(p, _("What may be erased"));
        fill_licences(p, s->plan);
        list(p, _("May be erased"), s->plan, "may");
        list(p, _("Has to stay"), s->plan, "left");
        list(p, _("Held by the hub, named by no licence"), s->plan, "held");
        list(p, _("Named by no licence"), s->plan, "unlicensed");
    } else if (s->asking) {
        page_line(p, "%s", _("Looking at what is on the camera"));
    }
    p->top = top;
}

static bool take_row(struct view *v, const struct opener_reply *r)
{
    struct erasable *s = v->state;
    if (r->row && json_array_size(s->plan) < FILES_MAX)
        json_array_append_new(s->plan, json_deep_copy(r->row));
    if (r->end) {
        s->asking = false;
        s->known = json_array_size(s->plan) > 0;
        fill(v);
        desk_paint(v);
    }
    return false;
}

static void ask(struct view *v)
{
    struct erasable *s = v->state;
    const char *const argv[] = {"erase", "--plan", "--", s->serial, NULL};
    if (s->asking)
        return;
    json_decref(s->plan);
    s->plan = json_array();
    s->known = false;
    s->asking = desk_ask(v, take_row, argv) != 0;
    fill(v);
}

static enum err open_erasable(struct view *v, const void *arg)
{
    const struct erasable_order *o = arg;
    struct erasable *s = v->state;
    s->job.name = "erase";
    s->told = true;
    snprintf(s->serial, sizeof s->serial, "%s", o->serial);
    ask(v);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    struct erasable *s = v->state;
    (void)event;
    jobview_news(&s->job, v->desk);
    if (jobview_runs(&s->job, v->desk)) {
        s->told = false;
    } else if (!s->told) {
        s->told = true;
        ask(v);
    }
    fill(v);
}

static void erase(struct view *v, int answer)
{
    const struct erasable *s = v->state;
    if (answer == 1)
        dock_erase(v->desk, s->serial);
}

static void stop(struct view *v, int answer)
{
    if (answer == 1)
        desk_job_cancel(v->desk, "erase");
}

static void ask_erase(struct view *v)
{
    const struct erasable *s = v->state;
    json_int_t n = total(s->plan, "may");
    char text[NAME_LEN + 300];
    snprintf(text, sizeof text,
             ngettext("Erase %lld file on camera %s? It is read once more before; nothing brings it back to the camera",
                      "Erase %lld files on camera %s? Each is read once more before; nothing brings them back to the "
                      "camera",
                      (unsigned long)n),
             (long long)n, s->serial);
    desk_ask_word(v, erase, text, _("erase"));
}

static void act(struct view *v, int what)
{
    if (what == ACT_AGAIN)
        ask(v);
    else if (what == ACT_ERASE)
        ask_erase(v);
    else if (what == ACT_STOP)
        desk_ask_yes(v, stop, _("Stop erasing? What is gone is gone; the licence stays until it expires"));
}

static const char *refuse(struct view *v, int what)
{
    const struct erasable *s = v->state;
    bool runs = jobview_runs(&s->job, v->desk);
    if (what == ACT_STOP)
        return runs ? NULL : _("nothing is being erased");
    if (runs)
        return _("an erase is under way");
    if (s->asking)
        return _("the camera is being looked at");
    if (what == ACT_ERASE && !v->desk->user[0])
        return _("unlock first");
    if (what == ACT_ERASE && total(s->plan, "may") == 0)
        return _("nothing may be erased here");
    return NULL;
}

static void paint(struct view *v, const struct area *a)
{
    struct erasable *s = v->state;
    struct area job = area_part(a, a->rows - JOB_ROWS, 1, JOB_ROWS, a->cols - 2);
    int used = jobview_paint(&s->job, v->desk, &job, 0, _("Reading once more, and erasing"), true);
    struct area in = area_part(a, 0, 1, used ? a->rows - JOB_ROWS : a->rows, a->cols - 2);
    page_paint(&s->page, &in);
}

static bool key(struct view *v, const struct key *k)
{
    struct erasable *s = v->state;
    return page_key(&s->page, k);
}

static void close_erasable(struct view *v)
{
    struct erasable *s = v->state;
    page_free(&s->page);
    json_decref(s->plan);
}

static const char *subtitle(const struct view *v)
{
    const struct erasable *s = v->state;
    return s->serial;
}

const struct screen screen_erasable = {
    .name = "erasable",
    .title = N_("What may be erased"),
    .about = N_("what may be erased on a camera, what not, and why"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct erasable),
    .locked = true,
    .open = open_erasable,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .news = news,
    .close = close_erasable,
    .subtitle = subtitle,
};
