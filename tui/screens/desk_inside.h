#ifndef TUI_SCREENS_DESK_INSIDE_H
#define TUI_SCREENS_DESK_INSIDE_H

#include "tui/screens/desk.h"
#include "tui/screens/keepers.h"

/* Between desk.c, desk_jobs.c and views.c. */
struct desk_request {
    unsigned id; /* 0: free */
    struct desk *desk;
    struct view *view;
    desk_fn *fn;
};

struct desk_inside {
    struct desk_request requests[DESK_REQUESTS];
    int64_t status_due, status_at;     /* ms; due 0: is not */
    int64_t status_asked, status_took; /* when, and how long the last one needed */
    unsigned status_id;
    bool is_station; /* the folder is one */
    struct keepers keepers;
};

/* Forgets what v asked. */
void desk_forget(struct view *v);
/* To every view; event NULL: the desk's own news. */
void desk_news(struct desk *d, const json_t *event);
/* The person goes: what came of their jobs is forgotten, what shows a recording ends. */
void desk_jobs_leave(struct desk *d);
/* Frees what is closed. */
void views_sweep(struct desk *d);
void views_close_all(struct desk *d);

#endif
