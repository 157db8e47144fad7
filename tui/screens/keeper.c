#include "tui/screens/keeper.h"

#include "storage/base/clock.h"

#include <stdio.h>

void keeper_begin(struct keeper *k, const char *name)
{
    *k = (struct keeper){0};
    snprintf(k->name, sizeof k->name, "%s", name);
}

void keeper_find(struct keeper *k, struct view *v, desk_fn *fn)
{
    const char *const argv[] = {"draft", "show", k->name, NULL};
    if (v->desk->user[0] == '\0')
        return;
    k->written = true; /* it may be there */
    desk_ask(v, fn, argv);
}

static void write_now(struct keeper *k, struct view *v, int64_t now, const char *text)
{
    const char *const save[] = {"draft", "save", k->name, text, NULL};
    const char *const drop[] = {"draft", "drop", k->name, NULL};
    k->changed = false;
    k->at = now;
    if (text[0])
        desk_ask(v, NULL, save);
    else if (k->written)
        desk_ask(v, NULL, drop);
    k->written = text[0] != '\0';
}

void keeper_tick(struct keeper *k, struct view *v, int64_t now, const char *text)
{
    if (k->changed && !k->over && (!k->at || now - k->at >= KEEPER_PAUSE))
        write_now(k, v, now, text);
}

void keeper_typed(struct keeper *k, struct view *v, int64_t now, const char *text)
{
    if (!k->changed && !k->at)
        k->at = now; /* the first letters are not worth a file of their own */
    k->changed = true;
    keeper_tick(k, v, now, text);
}

void keeper_close(struct keeper *k, struct view *v, const char *text)
{
    if (k->changed && !k->over)
        write_now(k, v, clock_uptime(), text);
}

void keeper_drop(struct keeper *k, struct view *v)
{
    k->over = true;
    k->changed = false;
    if (k->written || v->desk->user[0])
        write_now(k, v, clock_uptime(), "");
}
