#include "tui/screens/dock.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk_inside.h"
#include "tui/screens/plugged_usb.h"
#include "tui/screens/plugged_words.h"
#include "tui/screens/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_AGAIN 5000  /* ms after the looking has ended by itself */
#define DOCK_AGAIN 60000 /* after the dock has ended, or another is at work */
#define ADDED_MAX 6      /* folders typed */

struct dock {
    struct plugged plugged;
    char added[ADDED_MAX][PLUGGED_PATH];
    size_t n_added;
    int64_t due;      /* ms: when to begin looking; 0: it goes on */
    bool look_now;    /* it was ended to begin anew */
    bool cancelled;   /* the offload under way, by the person */
    int64_t dock_due; /* ms: when to begin the dock; 0: it runs */
    json_t *erased;   /* rows of the last erase */
    char erased_on[NAME_LEN];
};

enum err dock_new(struct dock **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_set(ERR_NOMEM, "out of memory for the screens");
    (*out)->due = (*out)->dock_due = 1;
    return ERR_OK;
}

void dock_free(struct dock *k)
{
    if (k) {
        plugged_free(&k->plugged);
        json_decref(k->erased);
    }
    free(k);
}

struct plugged *dock_plugged(struct desk *d)
{
    return &d->dock->plugged;
}

static void changed(struct desk *d)
{
    plugged_status(&d->dock->plugged, d->camera, sizeof d->camera);
    d->changed = true;
}

static void on_look(struct desk *d, const struct desk_job *j, const json_t *row)
{
    struct dock *k = d->dock;
    if (row) {
        plugged_camera_row(&k->plugged, row);
    } else {
        k->due = k->look_now ? 1 : j->ended + LOOK_AGAIN;
        if (!k->look_now && j->error[0] && !k->plugged.surveyed) /* once: until it has worked */
            desk_say(d, LOOK_ALARM, "%s", j->error);
        k->look_now = false;
    }
    changed(d);
}

static void look(struct desk *d)
{
    struct dock *k = d->dock;
    const char *argv[4 + 2 * (DESK_FROM + ADDED_MAX)] = {"cameras", "--watch"};
    size_t n = 2;
    for (size_t i = 0; i < DESK_FROM && d->from[i]; i++) {
        argv[n++] = "--from";
        argv[n++] = d->from[i];
    }
    for (size_t i = 0; i < k->n_added; i++) {
        argv[n++] = "--from";
        argv[n++] = k->added[i];
    }
    k->due = 0;
    struct desk_order o = {.name = "cameras", .argv = argv, .fn = on_look, .watching = true};
    if (!desk_job_order(d, &o))
        k->due = clock_uptime() + LOOK_AGAIN;
}

static void say_result(struct desk *d, bool told, const struct plugged_camera *c);

static void on_dock(struct desk *d, const struct desk_job *j, const json_t *row)
{
    struct dock *k = d->dock;
    if (row) {
        const struct plugged_camera *c = plugged_dock_row(&k->plugged, row, clock_uptime());
        if (c)
            say_result(d, false, c);
    } else {
        /* 75: another one works at this station; else there is no USB that can be used: doctor says why */
        plugged_dock_end(&k->plugged, j->exit_code == 75 && !j->cancelled ? PLUGGED_ANOTHER : PLUGGED_NOBODY);
        k->dock_due = j->ended + DOCK_AGAIN;
    }
    changed(d);
}

/* Takes in by itself what is plugged in to USB, locked or not. */
static void begin_dock(struct desk *d)
{
    static const char *const argv[] = {"dock", "--progress", NULL};
    struct dock *k = d->dock;
    struct desk_order o = {.name = "dock", .argv = argv, .fn = on_dock, .watching = true};
    k->dock_due = 0;
    if (!desk_job_order(d, &o))
        k->dock_due = clock_uptime() + DOCK_AGAIN;
    else
        k->plugged.dock = PLUGGED_OURS;
}

void dock_settle(struct desk *d, int64_t now)
{
    if (d->dock->due && d->dock->due <= now)
        look(d);
    if (d->in->is_station && d->dock->dock_due && d->dock->dock_due <= now)
        begin_dock(d);
}

int64_t dock_due(const struct desk *d)
{
    int64_t due = d->dock->due ? d->dock->due : INT64_MAX, dock = d->dock->dock_due;
    return d->in->is_station && dock && dock < due ? dock : due;
}

void dock_look(struct desk *d)
{
    if (d->dock->due) {
        d->dock->due = 1;
        return;
    }
    d->dock->look_now = true;
    desk_job_cancel(d, "cameras");
}

bool dock_add(struct desk *d, const char *path)
{
    struct dock *k = d->dock;
    if (k->n_added == ADDED_MAX || strlen(path) >= PLUGGED_PATH)
        return false;
    strcpy(k->added[k->n_added++], path);
    dock_look(d);
    return true;
}

static void say_result(struct desk *d, bool told, const struct plugged_camera *c)
{
    char text[PLUGGED_TEXT];
    enum look look = c->state == PLUGGED_STOPPED ? LOOK_ALARM : c->failed ? LOOK_WARN : LOOK_OK;
    plugged_result(&d->dock->plugged, c, text, sizeof text);
    if (d->top && d->top->screen == &screen_cameras) {
        if (told)
            d->message[0] = '\0'; /* it stands there, with the counts */
        return;
    }
    desk_say(d, d->dock->cancelled ? LOOK_WARN : look, "%s: %s", c->name, text);
}

static void next(struct desk *d);

static void on_offload(struct desk *d, const struct desk_job *j, const json_t *row)
{
    struct dock *k = d->dock;
    struct plugged_camera *c = plugged_taken(&k->plugged);
    if (!c)
        return;
    if (row) {
        plugged_offload_row(c, row, clock_uptime());
        changed(d);
        return;
    }
    /* the station's disk, the station's right: the next fares no better; a device is denied, too, that is locked */
    bool ours = j->exit_code == 74 || (j->exit_code == 77 && c->kind == PLUGGED_CARD);
    plugged_offload_end(&k->plugged, c, j->exit_code, j->error, k->cancelled);
    say_result(d, j->error[0] != '\0', c);
    k->cancelled = false;
    if (ours)
        plugged_wait_no_more(&k->plugged);
    next(d);
    changed(d);
}

static void next(struct desk *d)
{
    struct dock *k = d->dock;
    const struct desk_job *j = desk_job_find(d, "offload");
    if (j && j->running)
        return;
    struct plugged_camera *c = plugged_take(&k->plugged);
    if (!c)
        return;
    const char *argv[8] = {"offload", "--progress"};
    size_t n = 2;
    if (c->kind == PLUGGED_CARD) {
        argv[n++] = "--from";
        argv[n++] = c->path;
    }
    argv[n++] = "--";
    argv[n] = c->kind == PLUGGED_USB ? c->port : c->serial[0] ? c->serial : NULL;
    struct desk_order o = {.name = "offload", .about = c->name, .argv = argv, .fn = on_offload};
    if (!desk_job_order(d, &o))
        plugged_offload_end(&k->plugged, c, 75, d->message, false);
}

bool dock_offload(struct desk *d, struct plugged_camera *c)
{
    bool waits = plugged_wait(&d->dock->plugged, c);
    if (waits)
        next(d);
    changed(d);
    return waits;
}

size_t dock_offload_all(struct desk *d)
{
    struct plugged *p = &d->dock->plugged;
    size_t n = 0;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (plugged_is_for_all(&p->c[i]) && plugged_wait(p, &p->c[i]))
            n++;
    next(d);
    changed(d);
    return n;
}

void dock_stop(struct desk *d, bool all)
{
    struct dock *k = d->dock;
    if (all)
        plugged_wait_no_more(&k->plugged);
    if (plugged_taken(&k->plugged)) {
        k->cancelled = true;
        desk_job_cancel(d, "offload");
    }
    changed(d);
}

static void on_erase(struct desk *d, const struct desk_job *j, const json_t *row)
{
    struct dock *k = d->dock;
    const char *event = desk_str(row, "event");
    (void)j;
    if ((strcmp(event, "file") == 0 || strcmp(event, "summary") == 0) && json_array_size(k->erased) < PLUGGED_FAULTS)
        json_array_append_new(k->erased, json_deep_copy(row));
    d->changed = true;
}

bool dock_erase(struct desk *d, const char *serial)
{
    struct dock *k = d->dock;
    const char *argv[] = {"erase", "--progress", "--", serial, NULL};
    struct desk_order o = {.name = "erase", .about = serial, .argv = argv, .fn = on_erase};
    const struct desk_job *j = desk_job_find(d, "erase");
    if (j && j->running)
        return desk_job_order(d, &o); /* which says so */
    json_decref(k->erased);
    k->erased = json_array();
    snprintf(k->erased_on, sizeof k->erased_on, "%s", serial);
    return desk_job_order(d, &o);
}

const json_t *dock_erased(const struct desk *d, const char *serial)
{
    return strcmp(d->dock->erased_on, serial) == 0 ? d->dock->erased : NULL;
}
