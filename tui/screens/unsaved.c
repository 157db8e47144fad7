#include "tui/screens/unsaved.h"

#include "storage/base/clock.h"

#include <stdio.h>

void unsaved_begin(struct unsaved *k, const struct view *v, const char *name)
{
    *k = (struct unsaved){0};
    snprintf(k->user, sizeof k->user, "%s", v->desk->user);
    if (v->desk->user[0])
        snprintf(k->name, sizeof k->name, "%s", name);
    else
        snprintf(k->name, sizeof k->name, "%.40s-%llx", name, (unsigned long long)clock_wall());
}

void unsaved_find(struct unsaved *k, struct view *v, desk_fn *fn)
{
    const char *const argv[] = {"draft", "show", k->name, NULL};
    if (v->desk->user[0] == '\0')
        return;
    k->written = true; /* it may be there */
    desk_ask(v, fn, argv);
}

void unsaved_found(struct unsaved *k, struct view *v, const json_t *row)
{
    const char *const argv[] = {"draft", "adopt", k->name, NULL};
    if (json_is_true(json_object_get(row, "anonymous")))
        desk_ask(v, NULL, argv);
}

static void write_now(struct unsaved *k, struct view *v, int64_t now, const char *text)
{
    const char *const save[] = {"draft", "save", k->name, text, k->user[0] ? k->user : NULL, NULL};
    const char *const drop[] = {"draft", "drop", k->name, NULL};
    k->changed = false;
    k->at = now;
    if (text[0])
        desk_ask(v, NULL, save);
    else if (k->written)
        desk_ask(v, NULL, drop);
    k->written = text[0] != '\0';
}

void unsaved_tick(struct unsaved *k, struct view *v, int64_t now, const char *text)
{
    if (!k->changed || k->over)
        return;
    if (now - k->at >= UNSAVED_PAUSE)
        write_now(k, v, now, text);
    else
        desk_wake(v, k->at + UNSAVED_PAUSE - now); /* a job's call */
}

void unsaved_typed(struct unsaved *k, struct view *v, int64_t now)
{
    if (!k->changed && !k->at)
        k->at = now; /* the first letters are not worth a file of their own */
    k->changed = true;
    desk_wake(v, k->at + UNSAVED_PAUSE - now);
}

void unsaved_close(struct unsaved *k, struct view *v, const char *text)
{
    if (k->changed && !k->over)
        write_now(k, v, clock_uptime(), text);
}

void unsaved_drop(struct unsaved *k, struct view *v)
{
    k->over = true;
    k->changed = false;
    if (k->written || v->desk->user[0])
        write_now(k, v, clock_uptime(), "");
}
