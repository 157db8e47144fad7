#include "tui/widgets/echo.h"

void echo_start(struct echo *e, const struct key *k, unsigned burst, int64_t now, bool guard)
{
    *e = (struct echo){.by = *k, .until = now + ECHO_FIRST, .burst = burst, .guard = guard, .held = true};
}

bool echo_is(struct echo *e, const struct key *k, unsigned burst, int64_t now)
{
    if (!e->held)
        return false;
    bool same = k->code == e->by.code && k->c == e->by.c;
    e->held = same && (burst == e->burst || (e->guard && now < e->until));
    if (e->held && now + ECHO_REPEAT > e->until)
        e->until = now + ECHO_REPEAT;
    return e->held;
}
