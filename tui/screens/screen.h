#ifndef TUI_SCREENS_SCREEN_H
#define TUI_SCREENS_SCREEN_H

#include "storage/base/err.h"
#include "tui/keys.h"
#include "tui/widgets/echo.h"
#include "tui/widgets/term.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A screen is this struct of callbacks; the frame knows none by name. Its file
 * defines one and screens.c names it. A view is a screen that is open.
 */
struct desk;
struct view;

struct screen {
    const char *name;  /* "recordings": of the log, of the tests, of desk_show_name */
    const char *title; /* N_() */
    const char *about; /* N_(), one line, for menu and help */
    const struct key_row *keys;
    size_t n_keys;
    size_t size;    /* bytes of its state (view->state), given zeroed */
    char menu;      /* '1' to '9': its digit in the menu; 0: not there */
    unsigned roles; /* enum role: who sees it in the menu; 0: everybody */
    bool locked;    /* may be open while nobody is unlocked (emergency note); else locking closes it */
    bool over;      /* stands over the one below, which is painted first */
    bool guard;     /* the key that opened it is passed over while it is held down */

    /* All but open and paint may be NULL. arg is what desk_show was given and
     * lives until open returns. An error closes the view and is said. */
    enum err (*open)(struct view *v, const void *arg);
    /* All of itself into a, which is blank. No waiting, no asking. */
    void (*paint)(struct view *v, const struct area *a);
    /* One of its rows of keys, or ACT_CHOOSE. */
    void (*act)(struct view *v, int act);
    /* Why a row's action cannot be now (translated; shown in the menu and said
     * when it is tried); NULL: it can. */
    const char *(*refuse)(struct view *v, int act);
    /* A key that no row binds: for its widget. Not taken: ACT_BACK on Esc,
     * ACT_CHOOSE on Enter. */
    bool (*key)(struct view *v, const struct key *k);
    /* Of the topmost: four times a second while a job runs. Of any: when what
     * desk_wake said is over. */
    void (*tick)(struct view *v, int64_t now);
    /* Something of the desk changed: who is unlocked, status, a job, the
     * language, what stood upon the view has gone; or an event of the opener
     * came (else NULL). */
    void (*news)(struct view *v, const void *event);
    /* Before it goes, also when the screens are locked: keep a draft; and
     * after an open that failed. Requests without fn are still sent, those
     * with one forgotten; jobs go on. */
    void (*close)(struct view *v);
    /* Behind the title: which recording, which person; or NULL. */
    const char *(*subtitle)(const struct view *v);
};

struct view {
    const struct screen *screen;
    struct desk *desk;
    void *state;
    struct view *below;
    struct echo echo; /* of the key that opened it */
    int64_t wake;     /* clock_uptime() of desk_wake; 0: none */
    bool closing;
};

#endif
