#include "tui/screens/prompt.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/screens/screens.h"
#include "tui/screens/unsaved.h"
#include "tui/widgets/cells.h"

#include <stdio.h>

#define COLUMNS 72
#define TEXT 600
#define TEXT_ROWS 6

struct prompt {
    struct form form;
    struct view *view;
    prompt_fn *done;
    char title[200];
    char text[TEXT];
    bool keeps; /* unsaved is of use */
    struct unsaved unsaved;
    bool waiting;
};

static bool take_draft(struct view *v, const struct opener_reply *r)
{
    struct prompt *p = v->state;
    if (r->row && !form_text(&p->form, "why")[0]) {
        form_set(&p->form, "why", desk_str(r->row, "text"));
        unsaved_found(&p->unsaved, v, r->row);
        desk_paint(v);
    }
    return true;
}

static enum err open_prompt(struct view *v, const void *arg)
{
    const struct prompt_order *o = arg;
    struct prompt *p = v->state;
    p->view = o->view;
    p->done = o->done;
    snprintf(p->title, sizeof p->title, "%s", o->title);
    snprintf(p->text, sizeof p->text, "%s", o->text ? o->text : "");
    enum err e = form_init(&p->form, o->fields, o->n);
    for (size_t i = 0; i < o->n && o->values && !e; i++)
        if (o->values[i])
            form_set(&p->form, o->fields[i].name, o->values[i]);
    p->keeps = !e && o->draft;
    if (p->keeps) {
        unsaved_begin(&p->unsaved, v, o->draft);
        unsaved_find(&p->unsaved, v, take_draft);
    }
    return e;
}

void prompt_open(struct desk *d, const struct prompt_order *o)
{
    desk_show(d, &screen_prompt, o);
}

static void wipe_secrets(struct form *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->fields[i].kind == FORM_SECRET)
            form_wipe(f, f->fields[i].name);
}

/* It has been sent: nothing is kept. */
static void finish(struct view *v)
{
    struct prompt *p = v->state;
    if (p->keeps)
        unsaved_drop(&p->unsaved, v);
    desk_close(v);
}

void prompt_end(struct view *v, bool good)
{
    for (struct view *on = v->desk->top; on; on = on->below) {
        struct prompt *p = on->state;
        if (on->screen != &screen_prompt || on->closing || p->view != v || !p->waiting)
            continue;
        p->waiting = false;
        wipe_secrets(&p->form);
        if (good)
            finish(on);
        return;
    }
}

static void send(struct view *v)
{
    struct prompt *p = v->state;
    const char *problem = form_problem(&p->form);
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
        return;
    }
    enum prompt_next next = p->done(p->view, &p->form);
    p->waiting = next == PROMPT_WAIT;
    if (next == PROMPT_CLOSE)
        finish(v);
}

static bool key(struct view *v, const struct key *k)
{
    struct prompt *p = v->state;
    if (p->waiting)
        return k->code != K_ESC;
    if (k->code == K_ESC && p->keeps)
        unsaved_drop(&p->unsaved, v); /* left on purpose; what a lock or a kill ends is kept */
    enum form_answer answer = form_key(&p->form, k);
    if (answer == FORM_CHANGED && p->keeps)
        unsaved_typed(&p->unsaved, v, clock_uptime());
    if (answer == FORM_DONE)
        send(v);
    return answer != FORM_NOT_MINE;
}

static void tick(struct view *v, int64_t now)
{
    struct prompt *p = v->state;
    if (p->keeps)
        unsaved_tick(&p->unsaved, v, now, form_text(&p->form, "why"));
}

static int text_rows(const char *text, int cols)
{
    char clean[CELLS_BYTES];
    int rows = 0;
    cells_escape(clean, sizeof clean, text);
    const char *s = clean;
    for (size_t next; *s && rows < TEXT_ROWS; s += next, rows++)
        cells_line(s, cols, &next);
    return rows;
}

static void paint(struct view *v, const struct area *a)
{
    struct prompt *p = v->state;
    struct area in;
    int cols = a->cols - 4 < COLUMNS ? a->cols - 4 : COLUMNS;
    int above = p->text[0] ? text_rows(p->text, cols) + 1 : 0;
    term_box(a, form_rows(&p->form) + above + 2, cols, p->title, &in);
    if (above)
        term_wrap(&in, 0, above, LOOK_NORMAL, p->text);
    struct area form = area_part(&in, above, 0, in.rows - above - 1, in.cols);
    form_paint(&p->form, &form);
    if (p->waiting) {
        term_caret(&in, -1, -1);
        term_text(&in, in.rows - 1, 0, 0, LOOK_DIM, _("One moment" CELLS_ELLIPSIS));
    } else {
        term_text(&in, in.rows - 1, 0, 0, LOOK_DIM, _("Enter in the last line: do it.  Esc: leave it"));
    }
}

static void close_prompt(struct view *v)
{
    struct prompt *p = v->state;
    if (p->keeps)
        unsaved_close(&p->unsaved, v, form_text(&p->form, "why"));
    form_free(&p->form);
}

const struct screen screen_prompt = {
    .name = "prompt",
    .title = N_("Question"),
    .size = sizeof(struct prompt),
    .over = true,
    .guard = true,
    .open = open_prompt,
    .paint = paint,
    .key = key,
    .tick = tick,
    .close = close_prompt,
};
