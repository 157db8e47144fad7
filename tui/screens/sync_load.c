#include "tui/lang/lang.h"
#include "tui/screens/jobview.h"
#include "tui/screens/media_list.h"
#include "tui/screens/screens.h"
#include "tui/widgets/form.h"

#include <stdio.h>
#include <string.h>

/*
 * A stick is given along: which one of those that are plugged in, who takes
 * it, when it is expected; then it is loaded.
 */
enum step { CHOOSE, NAME, LOAD };

struct load {
    struct listing listing; /* of what is plugged in */
    struct form form;
    struct jobview job;
    enum step step;
};

enum { ACT_AGAIN = ACT_OWN, ACT_FOLDER, ACT_STOP };
static const struct key_row keys[] = {
    {K_F5, ACT_AGAIN, FIELD(14, "Look again"), N_("looks again for what is plugged in"), false},
    {K_F6, ACT_FOLDER, FIELD(14, "Folder"), N_("a folder by its name, instead of what is plugged in"), false},
    {K_F9, ACT_STOP, FIELD(14, "Stop"), N_("ends the loading; what is on the stick stays good"), false},
};

static const struct form_field fields[] = {
    {"folder", FIELD(24, "Folder"), FORM_TEXT, true, N_("where the stick is mounted"), {NULL}},
    {"courier",
     FIELD(24, "Who takes it along"),
     FORM_TEXT,
     true,
     N_("a name; it is written into the records, sealed, before the stick leaves"),
     {NULL}},
    {"due", FIELD(24, "Expected back"), FORM_DATE, false, N_("a day, 2026-11-22; an overdue stick shows"), {NULL}},
};

static enum err open_load(struct view *v, const void *arg)
{
    struct load *s = v->state;
    (void)arg;
    s->job.name = "stick";
    listing_open(v, &media_kind);
    enum err e = form_init(&s->form, fields, sizeof fields / sizeof fields[0]);
    if (jobview_runs(&s->job, v->desk))
        s->step = LOAD;
    else if (!e)
        media_ask(v);
    jobview_news(&s->job, v->desk);
    return e;
}

static void name(struct view *v, const char *folder)
{
    struct load *s = v->state;
    form_set(&s->form, "folder", folder);
    form_go(&s->form, folder[0] ? "courier" : "folder");
    s->step = NAME;
}

static void load(struct view *v)
{
    struct load *s = v->state;
    const char *problem = form_problem(&s->form), *due = form_text(&s->form, "due");
    char day[11];
    snprintf(day, sizeof day, "%.10s", due);
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
        return;
    }
    const char *argv[] = {"sync",
                          "--link",
                          form_text(&s->form, "folder"),
                          "--courier",
                          form_text(&s->form, "courier"),
                          "--progress",
                          due[0] ? "--due" : NULL,
                          day,
                          NULL};
    if (desk_job(v->desk, s->job.name, argv))
        s->step = LOAD;
}

/* What the summary of the contact says. */
static int paint_sum(const struct area *a, const json_t *sum)
{
    char put[PROGRESS_TEXT], stays[PROGRESS_TEXT];
    unsigned long n = (unsigned long)desk_int(sum, "put"), left = (unsigned long)desk_int(sum, "stays");
    unsigned long there = (unsigned long)desk_int(sum, "there"), refused = (unsigned long)desk_int(sum, "refused");
    int row = 0;
    progress_size(put, (uint64_t)desk_int(sum, "put_bytes"));
    progress_size(stays, (uint64_t)desk_int(sum, "stays_bytes"));
    term_textf(a, row++, 0, 0, LOOK_NORMAL, _("Stick %s"), desk_str(sum, "stick"));
    term_textf(a, row++, 0, 0, LOOK_OK, ngettext("%lu item put on it, %s", "%lu items put on it, %s", n), n, put);
    if (there)
        term_textf(a, row++, 0, 0, LOOK_NORMAL,
                   ngettext("%lu item was on it already", "%lu items were on it already", there), there);
    if (left)
        term_textf(a, row++, 0, 0, LOOK_WARN, ngettext("%lu item stays here, %s", "%lu items stay here, %s", left),
                   left, stays);
    if (refused)
        term_textf(a, row++, 0, 0, LOOK_WARN, ngettext("%lu item was refused", "%lu items were refused", refused),
                   refused);
    return row + 1;
}

static void paint_job(struct view *v, const struct area *a)
{
    struct load *s = v->state;
    const struct desk_job *job = jobview_ended(&s->job, v->desk);
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    int row = 0;
    if (job && strcmp(desk_str(job->row, "event"), "summary") == 0)
        row = paint_sum(&in, job->row);
    row += jobview_paint(&s->job, v->desk, &in, row, _("The stick is being loaded; leave it plugged in"), true);
    if (job)
        term_text(&in, row + 1, 0, 0, LOOK_NORMAL,
                  job->exit_code ? _("Esc: back") : _("It may be unplugged now (eject it first). Esc: back"));
}

static void paint(struct view *v, const struct area *a)
{
    struct load *s = v->state;
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    if (s->step == CHOOSE)
        listing_paint(v, a);
    else if (s->step == NAME)
        form_paint(&s->form, &in);
    else
        paint_job(v, a);
}

static bool key(struct view *v, const struct key *k)
{
    struct load *s = v->state;
    if (s->step == LOAD)
        return false;
    if (s->step == CHOOSE)
        return listing_key(v, k);
    if (k->code == K_ESC) {
        s->step = CHOOSE;
        return true;
    }
    enum form_answer answer = form_key(&s->form, k);
    if (answer == FORM_DONE)
        load(v);
    return answer != FORM_NOT_MINE;
}

static void act(struct view *v, int what)
{
    struct load *s = v->state;
    const struct listing *t = v->state;
    const struct table_row *r = table_selected(&t->table);
    if (what == ACT_STOP)
        desk_job_cancel(v->desk, s->job.name);
    else if (s->step != CHOOSE)
        return;
    else if (what == ACT_AGAIN)
        media_ask(v);
    else if (what == ACT_FOLDER)
        name(v, "");
    else if (what == ACT_CHOOSE && r && r->look == LOOK_DIM)
        desk_say(v->desk, LOOK_WARN, "%s: %s", r->cells[0], r->cells[3]);
    else if (what == ACT_CHOOSE && r)
        name(v, r->cells[0]);
}

static const char *refuse(struct view *v, int what)
{
    const struct load *s = v->state;
    if (what == ACT_STOP && !jobview_runs(&s->job, v->desk))
        return _("Nothing is being loaded");
    return NULL;
}

static void news(struct view *v, const void *event)
{
    struct load *s = v->state;
    (void)event;
    jobview_news(&s->job, v->desk);
    desk_paint(v);
}

static void tick(struct view *v, int64_t now)
{
    (void)now;
    desk_paint(v);
}

static void close_load(struct view *v)
{
    struct load *s = v->state;
    form_free(&s->form);
    listing_close(v);
}

const struct screen screen_load = {
    .name = "load",
    .title = N_("Load a stick"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct load),
    .open = open_load,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .tick = tick,
    .news = news,
    .close = close_load,
};
