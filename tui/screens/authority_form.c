#include "tui/lang/lang.h"
#include "tui/screens/authority.h"
#include "tui/screens/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One decree of the authority: its form, then what came out. A code is shown
 * until this screen is left, and never again. */
struct decree_view {
    const struct decree *decree;
    struct form form;
    char folder[AUTHORITY_FOLDER];
    struct view *list;
    json_t *result;
    bool sent, done;
};

static void prefill(struct decree_view *s, const struct authority_order *o)
{
    bool station = o->kind == DECREE_REPLACE;
    if (station) {
        form_set(&s->form, "station", o->name);
        form_set(&s->form, "unit", o->unit);
        form_choose(&s->form, "kind", strcmp(o->circles, "supervisor") == 0);
        return;
    }
    form_set(&s->form, "name", o->name);
    if (o->kind == DECREE_CHANGE) {
        form_set(&s->form, "role", o->unit);
        form_set(&s->form, "circles", o->circles);
    }
}

static enum err open_decree(struct view *v, const void *arg)
{
    const struct authority_order *o = arg;
    struct decree_view *s = v->state;
    s->decree = &decrees[o->kind];
    s->list = o->list;
    snprintf(s->folder, sizeof s->folder, "%s", o->folder);
    enum err e = form_init(&s->form, s->decree->fields, s->decree->n);
    if (!e && o->name)
        prefill(s, o);
    return e;
}

static bool founds(const struct decree_view *s)
{
    return s->decree == &decrees[DECREE_FOUND] || s->decree == &decrees[DECREE_JOIN];
}

static bool answered(struct view *v, const struct opener_reply *r)
{
    struct decree_view *s = v->state;
    if (!r->end) {
        if (!s->result)
            s->result = json_array();
        json_array_append_new(s->result, json_deep_copy(r->row));
        return true;
    }
    s->sent = false;
    s->done = r->exit_code == 0;
    if (decree_secret(s->decree, &s->form))
        form_wipe(&s->form, "pass");
    if (s->done)
        authority_again(s->list, !founds(s)                            ? NULL
                                 : s->decree == &decrees[DECREE_FOUND] ? form_text(&s->form, "folder")
                                                                       : form_text(&s->form, "out"));
    desk_paint(v);
    return false;
}

static void send(struct view *v)
{
    struct decree_view *s = v->state;
    const char *words[DECREE_WORDS], *problem = decree_problem(s->decree, &s->form);
    const struct secret *secret = decree_secret(s->decree, &s->form);
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
        return;
    }
    decree_words(s->decree, &s->form, founds(s) ? NULL : s->folder, words);
    json_decref(s->result);
    s->result = NULL;
    s->sent = desk_ask_secret(v, answered, words, &secret, secret ? 1 : 0) != 0;
}

/* What came out: the code in large, files by name. */
static void paint_result(const struct decree_view *s, const struct area *a)
{
    int row = 0;
    size_t i;
    const json_t *one;
    term_text(a, row++, 0, 0, LOOK_OK, _("Done"));
    json_array_foreach(s->result, i, one)
    {
        const char *file = desk_str(one, "file"), *paper = desk_str(one, "paper"), *code = desk_str(one, "code");
        if (file[0])
            term_textf(a, row++, 0, 0, LOOK_NORMAL, _("Enrolment file: %s"), file);
        if (paper[0])
            term_textf(a, row++, 0, 0, LOOK_NORMAL, _("A share, to print and keep apart: %s"), paper);
        if (code[0]) {
            row++;
            row += term_wrap(a, row, 3, LOOK_NORMAL,
                             _("Its code, shown this once. Write it down; it goes another way than the file:"));
            term_text(a, row + 1, 4, 0, LOOK_WARN, code);
            row += 3;
        }
        if (desk_int(one, "roster"))
            row += term_wrap(a, row, 3, LOOK_DIM,
                             _("The roster has a new number: take it to the hub, by file or by the next enrolment"));
    }
    term_text(a, row + 1, 0, 0, LOOK_NORMAL, _("Esc: back"));
}

static void paint(struct view *v, const struct area *a)
{
    struct decree_view *s = v->state;
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    if (s->done) {
        paint_result(s, &in);
        return;
    }
    form_paint(&s->form, &in);
    if (s->sent)
        term_text(&in, in.rows - 2, 0, 0, LOOK_DIM, _("Signing; this takes about a second"));
}

static bool key(struct view *v, const struct key *k)
{
    struct decree_view *s = v->state;
    if (s->done || s->sent)
        return false;
    enum form_answer answer = form_key(&s->form, k);
    if (answer == FORM_DONE)
        send(v);
    return answer != FORM_NOT_MINE;
}

static const char *subtitle(const struct view *v)
{
    const struct decree_view *s = v->state;
    return _(s->decree->title);
}

static void close_decree(struct view *v)
{
    struct decree_view *s = v->state;
    form_free(&s->form);
    json_decref(s->result);
}

const struct screen screen_decree = {
    .name = "decree",
    .title = N_("The district's authority"),
    .size = sizeof(struct decree_view),
    .open = open_decree,
    .paint = paint,
    .key = key,
    .subtitle = subtitle,
    .close = close_decree,
};
