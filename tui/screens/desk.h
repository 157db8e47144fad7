#ifndef TUI_SCREENS_DESK_H
#define TUI_SCREENS_DESK_H

#include "storage/limits.h"
#include "tui/opener/opener.h"
#include "tui/screens/screen.h"
#include "tui/widgets/progress.h"

#include <jansson.h>

/*
 * What the screens share: the opener, who is unlocked, what the station said
 * last about itself, the jobs that run, the views that are open.
 */
#define DESK_MESSAGE 512
#define DESK_JOBS 12
#define DESK_REQUESTS 64
#define DESK_FROM 8 /* --from of the command line */
struct desk_job;
/* Hears each row of a job, and (row NULL) its end, whatever views are open. */
typedef void desk_job_fn(struct desk *d, const struct desk_job *j, const json_t *row);

/* A long command: belongs to the desk, not to a view, and goes on when the
 * view that began it is closed, and while the screens are locked. */
struct desk_job {
    char name[32]; /* "offload", "sync": one of each at a time */
    unsigned id;   /* 0: the place is free */
    bool running;
    bool watching;   /* goes on for ever: desk_watch */
    int64_t started; /* clock_uptime() */
    int64_t ended;
    char about[96];           /* what it is about: which recording */
    char user[NAME_LEN];      /* nobody else hears what came of it; "": it is the station's */
    bool terminal;            /* has it, as long as it runs */
    bool cancelled;           /* by the person */
    desk_job_fn *fn;          /* or NULL */
    struct progress progress; /* by its rows with event "progress": done of bytes, or of total */
    json_t *row;              /* the last that it said */
    json_t *result;           /* all rows with a member other than "event": an array */
    int exit_code;
    char error[DESK_MESSAGE];
};

struct desk {
    struct opener *opener;
    const char *dir;
    const char *from[DESK_FROM + 1]; /* where cameras are looked for besides USB; ends with NULL */
    char user[NAME_LEN];             /* who is unlocked; "": nobody */
    unsigned roles;                  /* of that person: enum role */
    json_t *status;                  /* `status --json`; NULL: not known yet */
    char camera[80];                 /* for the status line, translated; "" for none */
    struct desk_job jobs[DESK_JOBS];
    struct view *top;
    char message[DESK_MESSAGE];
    enum look message_look;
    bool changed; /* something is to be painted */
    bool ending;
    struct dock *dock; /* dock.h */
    struct key key;    /* the last one: what opens a view */
    unsigned burst;
    int64_t touched; /* clock_uptime() of it */
    int64_t idle;    /* ms without a key before the screens lock themselves */
    struct desk_inside *in;
};

/* Opens a view on top; in open errors are said in the message line. arg: as
 * the screen says, lives until this returns. */
void desk_show(struct desk *d, const struct screen *s, const void *arg);
/* By name; false: no such screen. */
bool desk_show_name(struct desk *d, const char *name, const void *arg);
/* Closes v and what stands on it, once its callback has returned. */
void desk_close(struct view *v);
/* Closes all but the home screen. */
void desk_home(struct desk *d);
/* Ends the screens. */
void desk_end(struct desk *d);

/* The message line: one sentence, translated by the caller; until the next key. LOOK_OK, LOOK_WARN, LOOK_ALARM. */
void desk_say(struct desk *d, enum look look, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The sentence of err_text, with what to do. */
void desk_say_error(struct desk *d, enum err e);
/* v wants painting: after any change of what it shows. */
void desk_paint(struct view *v);
/* Calls its tick once, in so many ms. An idle screen needs none. */
void desk_wake(struct view *v, int64_t ms);

/*
 * Asks the opener (tui/opener/opener.h): argv ends with NULL. fn gets each row
 * and the end; when the view is closed first, never. A request that fails and
 * has no fn, or whose fn returns false at the end, has its error said in the
 * message line. Returns the request's id.
 */
typedef bool desk_fn(struct view *v, const struct opener_reply *reply);
unsigned desk_ask(struct view *v, desk_fn *fn, const char *const argv[]);
unsigned desk_ask_secret(struct view *v, desk_fn *fn, const char *const argv[], const struct secret *const secrets[],
                         size_t n);
void desk_cancel(struct view *v, unsigned id);

/* Begins a job; false, and said: one of this name runs, or no place is free. */
bool desk_job(struct desk *d, const char *name, const char *const argv[]);
/* With secrets and a descriptor, as opener_ask. */
bool desk_job_secret(struct desk *d, const char *name, const char *const argv[], const struct secret *const secrets[],
                     size_t n, int fd);
/* The same, with who hears it and what it is about. */
struct desk_order {
    const char *name, *about; /* about: NULL, or copied */
    const char *const *argv;
    const struct secret *const *secrets;
    size_t n;
    desk_job_fn *fn;
    bool watching; /* as desk_watch; its errors are for fn alone */
    bool personal; /* of who is unlocked: kept from everybody else */
    bool terminal; /* it takes the terminal */
};
bool desk_job_order(struct desk *d, const struct desk_order *o);
/* One that ends only when it is cancelled and sleeps meanwhile: nothing is busy because of it. */
bool desk_watch(struct desk *d, const char *name, const char *const argv[]);
/* The one that runs or ended last; NULL: none. */
const struct desk_job *desk_job_find(const struct desk *d, const char *name);
void desk_job_cancel(struct desk *d, const char *name);
bool desk_is_busy(const struct desk *d); /* is a job running? */

/* A question over the screens; fn gets the answer's index (yes: 1), on Esc nothing. text, word: copied. */
typedef void desk_answer_fn(struct view *v, int answer);
void desk_ask_yes(struct view *v, desk_answer_fn *fn, const char *text);
void desk_ask_word(struct view *v, desk_answer_fn *fn, const char *text, const char *word);
void desk_ask_choice(struct view *v, desk_answer_fn *fn, const char *text, const char *const answers[], size_t n);
/* The menu on Enter: the actions on the selected row, by digit. */
void desk_row_menu(struct view *v);

/* Asks `status` again, soon: after something that changed the station. */
void desk_refresh(struct desk *d);
/* Wipes the keys, closes what is not for the locked state, opens unlock. */
void desk_lock(struct desk *d);
/* The unlock screen: this person is unlocked now. */
void desk_unlocked(struct desk *d, const char *user, unsigned roles);

/* The frame's: frees closed views; opens what belongs at the bottom; asks for the status when that is due. */
void desk_settle(struct desk *d, int64_t now);
/* Until when, ms of clock_uptime(), nothing is due; INT64_MAX: nothing is. */
int64_t desk_due(const struct desk *d);
enum err desk_start(struct desk *d, const char *dir) MUST_USE;
void desk_stop(struct desk *d);

/* Members of a row; "" and 0 where they are missing or of another type. */
const char *desk_str(const json_t *row, const char *member);
json_int_t desk_int(const json_t *row, const char *member);

#endif
