#include "tui/screens/view.h"

#include "storage/base/clock.h"
#include "tui/screens/desk_inside.h"

#include <stdlib.h>

void view_free(struct view *v)
{
    desk_forget(v);
    free(v->state);
    free(v);
}

struct view *view_new(struct desk *d, const struct screen *s)
{
    struct view *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->state = calloc(1, s->size ? s->size : 1);
    if (!v->state) {
        free(v);
        return NULL;
    }
    v->screen = s;
    v->desk = d;
    v->below = d->top;
    echo_start(&v->echo, &d->key, d->burst, clock_uptime(), s->guard);
    d->top = v;
    return v;
}
