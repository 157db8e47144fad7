#include "tui/lang/lang.h"
#include "tui/screens/jobview.h"
#include "tui/screens/keepers.h"
#include "tui/screens/screens.h"
#include "tui/screens/listing.h"

#include <stdio.h>
#include <string.h>

/* The whole station checked, and its index made anew: long work, and what it
 * found. */
struct check {
    struct listing listing; /* of faults */
    struct jobview job;
};

enum { ACT_START = ACT_OWN, ACT_STOP };
static const struct key_row keys[] = {
    {K_F2, ACT_START, FIELD(14, "Start"), N_("begins"), false},
    {K_F9, ACT_STOP, FIELD(14, "Stop"), N_("ends it; nothing is changed by that"), false},
};

static const struct table_column columns[] = {
    {FIELD(36, "Fault"), 36, 2, 0},
    {FIELD(38, "Why"), 38, 2, 0},
};
static const struct listing_kind kind = {columns, 2, N_("No fault was found"), NULL};

static const json_t *totals(const struct desk_job *job)
{
    return jobview_row(job, "faults");
}

/* What a job that ended had to say about what is bad. */
static void fill(struct view *v)
{
    struct check *s = v->state;
    const struct desk_job *job = jobview_ended(&s->job, v->desk);
    table_reload(&s->listing.table);
    for (size_t i = 0; job && i < json_array_size(job->result); i++) {
        const json_t *row = json_array_get(job->result, i);
        const char *cells[] = {desk_str(row, "bad"), desk_str(row, "why")};
        enum err e = cells[0][0] ? table_add(&s->listing.table, 0, cells[0], LOOK_ALARM, cells) : ERR_OK;
        if (e)
            desk_say_error(v->desk, e);
    }
    table_end(&s->listing.table, 0, 0);
}

static enum err open_check(struct view *v, const void *arg)
{
    struct check *s = v->state;
    (void)arg;
    s->job.name = v->screen->name;
    listing_open(v, &kind);
    jobview_news(&s->job, v->desk);
    fill(v);
    return ERR_OK;
}

static void start_verify(struct view *v)
{
    const char *argv[] = {"verify", "--user", v->desk->user, "--progress", NULL};
    desk_job(v->desk, "verify", argv);
}

static void start_rebuild(struct view *v, int answer)
{
    if (answer == 1)
        keepers_rebuild(v->desk);
}

static void act(struct view *v, int what)
{
    struct check *s = v->state;
    const struct table_row *r = table_selected(&s->listing.table);
    if (what == ACT_STOP)
        desk_job_cancel(v->desk, s->job.name);
    else if (what == ACT_START && strcmp(s->job.name, "verify") == 0)
        start_verify(v);
    else if (what == ACT_START)
        desk_ask_yes(v, start_rebuild,
                     _("Make the index anew? Chain and objects are not touched; the link pauses meanwhile."));
    else if (what == ACT_CHOOSE && r)
        desk_say(v->desk, LOOK_ALARM, "%s: %s", r->cells[0], r->cells[1]);
}

static const char *refuse(struct view *v, int what)
{
    const struct check *s = v->state;
    bool runs = jobview_runs(&s->job, v->desk);
    if (what == ACT_STOP && !runs)
        return _("Nothing runs");
    return what == ACT_START && runs ? _("It runs already") : NULL;
}

static void paint_totals(const struct area *a, const json_t *t)
{
    char size[PROGRESS_TEXT];
    unsigned long faults = (unsigned long)desk_int(t, "faults");
    progress_size(size, (uint64_t)desk_int(t, "bytes"));
    term_textf(a, 0, 0, 0, faults ? LOOK_ALARM : LOOK_OK, ngettext("%lu fault", "%lu faults", faults), faults);
    term_textf(a, 1, 0, 0, LOOK_NORMAL, _("%lld labels and %lld objects (%s) checked"),
               (long long)desk_int(t, "labels"), (long long)desk_int(t, "objects"), size);
    term_textf(a, 2, 0, 0, LOOK_DIM, _("Rightly not here: %lld destroyed under orders, %lld freed, %lld elsewhere"),
               (long long)desk_int(t, "destroyed"), (long long)desk_int(t, "freed"),
               (long long)desk_int(t, "elsewhere"));
}

static void paint_verify(struct view *v, const struct area *a)
{
    struct check *s = v->state;
    const struct desk_job *job = jobview_ended(&s->job, v->desk);
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    if (jobview_runs(&s->job, v->desk)) {
        jobview_paint(&s->job, v->desk, &in, 0, _("Labels, signatures and objects are being checked"), true);
        return;
    }
    if (!job) {
        term_wrap(&in, 0, 4, LOOK_NORMAL,
                  _("F2 begins: every label, its signature, every object and what you can open is checked. On a full "
                    "laptop this takes many minutes; work goes on meanwhile."));
        return;
    }
    if (totals(job))
        paint_totals(&in, totals(job));
    else
        jobview_paint(&s->job, v->desk, &in, 0, "", true);
    struct area list = area_part(a, 5, 0, a->rows - 5, a->cols);
    listing_paint(v, &list);
}

static void paint_rebuild(struct view *v, const struct area *a)
{
    struct check *s = v->state;
    const struct desk_job *job = jobview_ended(&s->job, v->desk);
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    int row = jobview_paint(&s->job, v->desk, &in, 0, _("The index is being made anew"), true);
    if (job && job->exit_code == 0)
        term_text(&in, row, 0, 0, LOOK_OK, _("The index is made anew"));
    else if (!jobview_runs(&s->job, v->desk))
        term_wrap(
            &in, row, 4, LOOK_NORMAL,
            _("F2 makes the index anew from chain and objects, where the doctor or another command asks for it."));
}

static void news(struct view *v, const void *event)
{
    struct check *s = v->state;
    (void)event;
    jobview_news(&s->job, v->desk);
    if (jobview_ended(&s->job, v->desk))
        fill(v);
    desk_paint(v);
}

static void tick(struct view *v, int64_t now)
{
    (void)now;
    desk_paint(v);
}

static bool key(struct view *v, const struct key *k)
{
    struct check *s = v->state;
    return jobview_ended(&s->job, v->desk) && listing_key(v, k);
}

const struct screen screen_verify = {
    .name = "verify",
    .title = N_("Verify the station"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct check),
    .open = open_check,
    .paint = paint_verify,
    .act = act,
    .refuse = refuse,
    .key = key,
    .tick = tick,
    .news = news,
    .close = listing_close,
};

const struct screen screen_rebuild = {
    .name = "rebuild",
    .title = N_("Rebuild the index"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct check),
    .open = open_check,
    .paint = paint_rebuild,
    .act = act,
    .refuse = refuse,
    .tick = tick,
    .news = news,
    .close = listing_close,
};
