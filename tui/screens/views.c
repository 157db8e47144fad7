#include "tui/screens/desk_inside.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/screens/ask.h"
#include "tui/screens/screens.h"
#include "tui/screens/view.h"

#include <string.h>

void desk_show(struct desk *d, const struct screen *s, const void *arg)
{
    struct view *v = view_new(d, s);
    if (!v) {
        desk_say(d, LOOK_ALARM, "%s", _("Out of memory: close something and try again"));
        return;
    }
    d->changed = true;
    enum err e = s->open ? s->open(v, arg) : ERR_OK;
    if (e) {
        desk_say_error(d, e);
        desk_close(v);
    }
}

bool desk_show_name(struct desk *d, const char *name, const void *arg)
{
    for (size_t i = 0; screens[i]; i++) {
        if (strcmp(screens[i]->name, name) != 0)
            continue;
        desk_show(d, screens[i], arg);
        return true;
    }
    return false;
}

void desk_close(struct view *v)
{
    for (struct view *on = v->desk->top; on != v; on = on->below)
        on->closing = true;
    v->closing = true;
    v->desk->changed = true;
}

void desk_home(struct desk *d)
{
    for (struct view *v = d->top; v && v->below; v = v->below)
        v->closing = true;
    d->changed = true;
}

void views_sweep(struct desk *d)
{
    bool uncovered = false;
    for (struct view **at = &d->top; *at;) {
        struct view *v = *at;
        if (!v->closing) {
            at = &v->below;
            continue;
        }
        uncovered = uncovered || at == &d->top;
        if (v->screen->close)
            v->screen->close(v);
        *at = v->below; /* its close may have said something, and asked for nothing that is still wanted */
        view_free(v);
    }
    if (uncovered && d->top && d->top->screen->news)
        d->top->screen->news(d->top, NULL);
}

void views_close_all(struct desk *d)
{
    for (struct view *v = d->top; v; v = v->below)
        v->closing = true;
    views_sweep(d);
}

void desk_paint(struct view *v)
{
    v->desk->changed = true;
}

void desk_wake(struct view *v, int64_t ms)
{
    v->wake = clock_uptime() + ms;
}

static void ask(struct view *v, desk_answer_fn *fn, struct ask_order o)
{
    o.view = v;
    o.fn = fn;
    desk_show(v->desk, &screen_ask, &o);
}

void desk_ask_yes(struct view *v, desk_answer_fn *fn, const char *text)
{
    ask(v, fn, (struct ask_order){.text = text});
}

void desk_ask_word(struct view *v, desk_answer_fn *fn, const char *text, const char *word)
{
    ask(v, fn, (struct ask_order){.text = text, .word = word});
}

void desk_ask_choice(struct view *v, desk_answer_fn *fn, const char *text, const char *const answers[], size_t n)
{
    ask(v, fn, (struct ask_order){.text = text, .answers = answers, .n = n});
}

static void row_act(struct view *v, int answer)
{
    for (size_t i = 0; i < v->screen->n_keys; i++)
        if (v->screen->keys[i].on_row && answer-- == 0)
            v->screen->act(v, v->screen->keys[i].act);
}

void desk_row_menu(struct view *v)
{
    const char *answers[ASK_ANSWERS], *why[ASK_ANSWERS] = {0};
    size_t n = 0;
    for (size_t i = 0; i < v->screen->n_keys && n < ASK_ANSWERS; i++) {
        const struct key_row *k = &v->screen->keys[i];
        if (!k->on_row)
            continue;
        why[n] = v->screen->refuse ? v->screen->refuse(v, k->act) : NULL;
        answers[n++] = _(k->help);
    }
    ask(v, row_act, (struct ask_order){.text = "", .answers = answers, .why = why, .n = n});
}
