#include "tui/screens/frame.h"

#include "storage/base/clock.h"
#include "storage/base/confine.h"
#include "storage/base/lang.h"
#include "tui/screens/bars.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/screens_conf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TICK 250       /* ms, while a job runs */
#define SUSPENDED 2000 /* ms that the clocks differ by after a suspension */
#define BODY_ROW 2     /* below the status and the title */

struct frame {
    struct desk desk;
    int minute; /* timerfd: the clock's next minute; cancelled when the clock was set or the machine slept */
    int64_t slept;
};

static int64_t now_of(clockid_t id)
{
    struct timespec t;
    return clock_gettime(id, &t) == 0 ? (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 : 0;
}

/* Milliseconds that this machine slept since it was started. */
static int64_t slept(void)
{
    return now_of(CLOCK_BOOTTIME) - now_of(CLOCK_MONOTONIC);
}

static void set_minute(int fd)
{
    struct itimerspec next = {.it_value.tv_sec = (time(NULL) / 60 + 1) * 60};
    if (fd >= 0)
        timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &next, NULL);
}

static void paint(struct frame *f)
{
    struct desk *d = &f->desk;
    struct area all = term_area();
    d->changed = false;
    if (term_is_small()) {
        term_too_small();
        term_show();
        return;
    }
    struct view *stack[32], *base = d->top;
    size_t n = 0;
    while (base->screen->over && base->below && n < 32) {
        stack[n++] = base;
        base = base->below;
    }
    int said = bars_message_rows(d, all.cols), foot = bars_keys_rows(d->top, all.cols);
    struct area status = area_part(&all, 0, 0, 1, all.cols), title = area_part(&all, 1, 0, 1, all.cols);
    struct area body = area_part(&all, BODY_ROW, 0, all.rows - BODY_ROW - foot - 1, all.cols);
    struct area keys = area_part(&all, all.rows - foot, 0, foot, all.cols);
    struct area message = area_part(&all, all.rows - foot - said, 0, said, all.cols);
    term_clear(&all);
    term_caret(&all, -1, -1);
    base->screen->paint(base, &body);
    while (n-- > 0)
        stack[n]->screen->paint(stack[n], &body);
    bars_status(d, &status);
    bars_title(base, &title);
    bars_keys(d->top, &keys);
    if (said)
        bars_message(d, &message);
    term_show();
}

static void frame_act(struct view *v, int act)
{
    struct desk *d = v->desk;
    const struct screen *s = v->screen;
    switch (act) {
    case ACT_NONE: /* a key of nobody's */
        break;
    case ACT_HELP:
        if (s != &screen_help)
            desk_show(d, &screen_help, s);
        break;
    case ACT_MENU:
        if (s != &screen_menu)
            desk_show(d, &screen_menu, NULL);
        break;
    case ACT_LOCK:
        desk_lock(d);
        break;
    case ACT_BACK:
        if (v->below)
            desk_close(v);
        else
            desk_show(d, &screen_menu, NULL);
        break;
    default:
        if (s->act)
            s->act(v, act);
    }
}

static void own_act(struct view *v, int act)
{
    const char *why = v->screen->refuse ? v->screen->refuse(v, act) : NULL;
    if (why)
        desk_say(v->desk, LOOK_WARN, "%s", why);
    else if (v->screen->act)
        v->screen->act(v, act);
}

static void press(struct frame *f, const struct key *k)
{
    struct desk *d = &f->desk;
    struct view *v = d->top;
    int64_t now = clock_uptime();
    bool echo = echo_is(&v->echo, k, term_burst(), now);
    d->key = *k;
    d->burst = term_burst();
    d->touched = now;
    if (echo || k->code == K_NONE)
        return;
    if (k->code == K_SUSPEND) {
        term_suspend();
        d->changed = true;
        return;
    }
    if (term_is_small())
        return;
    d->message[0] = '\0';
    d->changed = true;
    int common = k->code == K_ESC || k->code == K_ENTER ? ACT_NONE : keys_act(keys_common[0].rows, keys_common[0].n, k);
    int own = common ? ACT_NONE : keys_act(v->screen->keys, v->screen->n_keys, k);
    if (common)
        frame_act(v, common);
    else if (own)
        own_act(v, own);
    else if (!v->screen->key || !v->screen->key(v, k))
        frame_act(v, k->code == K_CHAR && k->c == '?' ? ACT_HELP
                     : k->code == K_CHAR              ? ACT_NONE
                                                      : keys_act(keys_common[0].rows, keys_common[0].n, k));
}

static void take_keys(struct frame *f)
{
    struct key k;
    while (!f->desk.ending && term_key(&k)) {
        press(f, &k);
        desk_settle(&f->desk, clock_uptime());
    }
}

/* The machine slept: whoever opens the lid unlocks. */
static void look_at_clocks(struct frame *f)
{
    int64_t now = slept();
    if (now > f->slept + SUSPENDED)
        desk_lock(&f->desk);
    f->slept = now;
    if (f->desk.user[0] && clock_uptime() >= f->desk.touched + f->desk.idle)
        desk_lock(&f->desk);
}

static int patience(const struct frame *f, int64_t now)
{
    int64_t until = desk_due(&f->desk);
    if (term_is_waiting())
        until = now + KEY_WAIT;
    if (desk_is_busy(&f->desk) && now + TICK < until)
        until = now + TICK;
    if (f->desk.user[0] && f->desk.touched + f->desk.idle < until)
        until = f->desk.touched + f->desk.idle;
    if (until == INT64_MAX)
        return -1;
    return until <= now ? 0 : until - now > 3600000 ? 3600000 : (int)(until - now);
}

static void tick(struct frame *f)
{
    struct view *v = f->desk.top;
    if (v && desk_is_busy(&f->desk) && v->screen->tick)
        v->screen->tick(v, clock_uptime());
}

enum { KEYBOARD, SIGNALS, OPENER, STARTER, MINUTE, POLLED };

static void wait(struct frame *f)
{
    struct pollfd p[POLLED];
    int fds[2];
    term_fds(fds);
    p[KEYBOARD] = (struct pollfd){.fd = term_is_lent() ? -1 : fds[0], .events = POLLIN};
    p[SIGNALS] = (struct pollfd){.fd = fds[1], .events = POLLIN};
    opener_fds(f->desk.opener, fds);
    p[OPENER] = (struct pollfd){.fd = fds[0], .events = POLLIN};
    p[STARTER] = (struct pollfd){.fd = fds[1], .events = POLLIN};
    p[MINUTE] = (struct pollfd){.fd = f->minute, .events = POLLIN};
    int n = poll(p, POLLED, patience(f, clock_uptime()));
    if (n < 0 && errno != EINTR)
        desk_end(&f->desk);
    if (n < 0)
        memset(p, 0, sizeof p);
    if (p[MINUTE].revents) {
        uint64_t times;
        ssize_t got = read(f->minute, &times, sizeof times); /* or ECANCELED */
        (void)got;
        set_minute(f->minute);
        f->desk.changed = true;
    }
    look_at_clocks(f); /* in front of the keys: the first one of the morning unlocks nothing */
    if (p[OPENER].revents || p[STARTER].revents)
        opener_read(f->desk.opener);
    if (p[KEYBOARD].revents || p[SIGNALS].revents || term_is_waiting()) {
        unsigned events = term_read();
        if (events & TERM_CLOSED)
            desk_end(&f->desk);
        if (events)
            f->desk.changed = true;
        take_keys(f);
    }
}

static enum err run(struct frame *f)
{
    static const struct confine_path all = {"/", CONFINE_READ};
    enum err e = confine_self(&all, 1, CONFINE_NO_NET);
    while (!e && !f->desk.ending) {
        desk_settle(&f->desk, clock_uptime());
        if (f->desk.changed && !term_is_lent())
            paint(f);
        wait(f);
        tick(f);
    }
    return e;
}

/* As the station is set, where the command line says nothing else. */
static void set_up(struct desk *d, const struct frame_options *o)
{
    struct screens_conf conf;
    enum err e = screens_conf_read(o->dir, &conf);
    d->idle = (o->idle ? o->idle : conf.idle_minutes * 60) * (int64_t)1000;
    if (e)
        desk_say_error(d, e);
    if (!o->lang && conf.language[0] && lang_start(conf.language) != ERR_OK)
        err_clear();
}

enum err frame_run(const struct frame_options *o)
{
    struct frame f = {.minute = -1};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return term_start(); /* says so, before anything is started */
    enum err e = desk_start(&f.desk, o->dir);
    for (size_t i = 0; i < DESK_FROM && o->from[i]; i++)
        f.desk.from[i] = o->from[i];
    set_up(&f.desk, o);
    f.slept = slept();
    f.minute = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    set_minute(f.minute);
    if (!e)
        e = term_start();
    if (!e) {
        f.desk.changed = true;
        e = run(&f);
    }
    desk_stop(&f.desk);
    term_stop();
    if (f.minute >= 0)
        close(f.minute);
    return e;
}
