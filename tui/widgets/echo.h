#ifndef TUI_WIDGETS_ECHO_H
#define TUI_WIDGETS_ECHO_H

#include "tui/widgets/key.h"

/*
 * The key that opened a view, coming again because it is held down or lay in
 * the queue behind itself: nobody meant the view by it. Terminals do not say
 * when a key is let go, so: one of the same read always is an echo; and where
 * the view is guarded (a question), the same key within ECHO_FIRST ms of the
 * opening, and after that as long as less than ECHO_REPEAT ms lie between two.
 * Any other key ends it. Pure.
 */
#define ECHO_FIRST 500 /* keyboards begin to repeat after 250 to 500 ms */
#define ECHO_REPEAT 150

struct echo {
    struct key by;
    int64_t until; /* ms */
    unsigned burst;
    bool guard, held;
};

/* A view was opened by key k of read number burst (term_burst). */
void echo_start(struct echo *e, const struct key *k, unsigned burst, int64_t now, bool guard);
bool echo_is(struct echo *e, const struct key *k, unsigned burst, int64_t now);

#endif
