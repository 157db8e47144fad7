#include "drivers/dock/watch.h"

#include "drivers/dock/choose.h"
#include "drivers/dock/halt.h"
#include "drivers/dock/models.h"
#include "drivers/dock/sight.h"
#include "storage/base/file.h"
#include "storage/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEVICES_MAX 64u
#define LOOK_AGAIN 1000 /* ms: the end of a process is noticed then, and who was admitted */

/* A device that was looked at, as long as it is plugged in or at work. */
struct device {
    struct usb_seen seen;
    enum choice is;
    pid_t pid; /* of who takes it in; 0: nobody */
    bool here;
    bool awaited; /* came while somebody waited for one like it */
};

struct dock {
    const struct watch *w;
    struct usb_bus *bus;
    struct profiles *profiles;
    struct device v[DEVICES_MAX];
    size_t n;
    struct admitted admitted;
    struct admitted_stamp stamp; /* of the list that was read last */
};

static bool same_device(const struct usb_seen *a, const struct usb_seen *b)
{
    return a->serial[0] && a->vendor_id == b->vendor_id && a->product_id == b->product_id &&
           strcmp(a->serial, b->serial) == 0;
}

/* In the new process: takes the camera in. As a program of its own: nothing of
 * libusb's state, whose threads did not come along, is left in it. */
static void be_offload(const struct dock *d, const struct usb_seen *seen)
{
    const char *argv[12] = {"feldsher-dock", "-C", d->w->dir, "offload", "--port", seen->port};
    size_t n = 6;
    if (d->w->json)
        argv[n++] = "--json";
    if (d->w->quiet)
        argv[n++] = "--quiet";
    if (d->w->progress)
        argv[n++] = "--progress";
    execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(err_report("feldsher-dock", err_errno(ERR_IO, "cannot start another process")));
}

static enum err start(struct dock *d, struct device *v)
{
    fflush(stdout);
    halt_take(d->w->dir, v->seen.port); /* an order that came too late for another one */
    pid_t pid = fork();
    if (pid == 0)
        be_offload(d, &v->seen);
    if (pid < 0)
        return err_errno(ERR_AGAIN, "cannot start another process for the camera at port %s", v->seen.port);
    v->pid = pid;
    log_line("a camera was plugged in: taken in by process %ld", (long)pid);
    return ERR_OK;
}

/* Is it what a process at work waits for, whose device has gone: the same
 * camera again, or the disk that a recorder came back as? */
static bool may_await(const struct device *v, const struct usb_seen *seen)
{
    return v->pid && !v->here && (same_device(&v->seen, seen) || strcmp(v->seen.port, seen->port) == 0);
}

static bool is_awaited(const struct dock *d, const struct usb_seen *seen)
{
    for (size_t i = 0; i < d->n; i++)
        if (may_await(&d->v[i], seen))
            return true;
    return false;
}

static bool is_camera(enum choice c)
{
    return c == CHOICE_ADMITTED || c == CHOICE_AUTOMATIC;
}

/* Something new: taken in, or told why not. */
static enum err meet(struct dock *d, const struct usb_seen *seen)
{
    const struct profile *model;
    enum choice c = choose(d->profiles, &d->admitted, seen, &model);
    if (d->n == DEVICES_MAX)
        return ERR_OK;
    struct device *v = &d->v[d->n++];
    *v = (struct device){*seen, c, 0, true, is_camera(c) && is_awaited(d, seen)};
    sight_say(seen, c, model, d->w->json, d->w->quiet);
    return is_camera(c) && !v->awaited ? start(d, v) : ERR_OK;
}

/* Something known, by another list: one that was admitted meanwhile is taken in. */
static enum err judge(struct dock *d, struct device *v)
{
    const struct profile *model;
    enum choice before = v->is;
    v->is = choose(d->profiles, &d->admitted, &v->seen, &model);
    if (v->is == before || v->pid || v->awaited)
        return ERR_OK;
    sight_say(&v->seen, v->is, model, d->w->json, d->w->quiet);
    return is_camera(v->is) && !is_camera(before) ? start(d, v) : ERR_OK;
}

static struct device *find(struct dock *d, uint64_t arrival)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].seen.arrival == arrival)
            return &d->v[i];
    return NULL;
}

static bool list_changed(const struct dock *d)
{
    struct admitted_stamp now;
    admitted_stamp(d->w->dir, &now);
    return memcmp(&now, &d->stamp, sizeof now) != 0;
}

/* A list that was spoilt is said once, and does not end what is under way. */
static void read_list(struct dock *d)
{
    struct admitted now;
    if (!list_changed(d))
        return;
    admitted_stamp(d->w->dir, &d->stamp); /* first: what is written meanwhile is seen the next time */
    enum err e = admitted_read(&now, d->w->dir);
    if (e) {
        sight_refused(e, d->w->json);
        return;
    }
    admitted_free(&d->admitted);
    d->admitted = now;
}

static enum err look(struct dock *d)
{
    struct usb_list now;
    read_list(d);
    enum err e = usb_bus_list(d->bus, &now);
    for (size_t i = 0; i < d->n; i++)
        d->v[i].here = false;
    for (size_t i = 0; i < now.n && !e; i++) {
        struct device *v = find(d, now.seen[i].arrival);
        if (v) {
            v->here = true;
            e = judge(d, v);
        }
    }
    for (size_t i = 0; i < now.n && !e; i++)
        if (!find(d, now.seen[i].arrival))
            e = meet(d, &now.seen[i]);
    for (size_t i = d->n; i-- > 0;)
        if (!d->v[i].here && !d->v[i].pid) {
            sight_left(&d->v[i].seen, d->w->json);
            d->v[i] = d->v[--d->n];
        }
    usb_list_free(&now);
    return e;
}

/* What came while it waited was its camera, or is to be taken in for itself. */
static enum err end(struct dock *d, struct device *v, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    enum err e = ERR_OK;
    for (size_t i = 0; i < d->n && !e; i++)
        if (d->v[i].awaited && may_await(v, &d->v[i].seen)) {
            d->v[i].awaited = false;
            if (code && d->v[i].here && !*d->w->stop)
                e = start(d, &d->v[i]);
        }
    v->pid = 0;
    sight_ended(&v->seen, code, d->w->json);
    return e;
}

/* Who has ended; wait: until all have. */
static enum err reap(struct dock *d, bool wait, bool *any)
{
    int status;
    enum err e = ERR_OK;
    for (pid_t pid; (pid = waitpid(-1, &status, wait ? 0 : WNOHANG)) > 0 || (pid < 0 && errno == EINTR);)
        for (size_t i = 0; i < d->n && !e; i++)
            if (pid > 0 && d->v[i].pid == pid) {
                e = end(d, &d->v[i], status);
                *any = true;
            }
    return e;
}

static void stop_some(const struct dock *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].pid && halt_take(d->w->dir, d->v[i].seen.port))
            kill(d->v[i].pid, SIGTERM);
}

static enum err watch(struct dock *d)
{
    bool changed = true;
    enum err e = ERR_OK;
    while (!e && !*d->w->stop) {
        if (changed)
            e = look(d);
        if (!e)
            e = usb_bus_wait(d->bus, LOOK_AGAIN, d->w->stop, &changed);
        if (!e)
            e = reap(d, false, &changed);
        stop_some(d);
        changed = changed || list_changed(d);
    }
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].pid)
            kill(d->v[i].pid, SIGTERM);
    enum err last = reap(d, true, &changed);
    return e ? e : last;
}

enum err watch_run(const struct watch *w)
{
    struct dock *d = calloc(1, sizeof *d);
    char path[4096], tmp[4096];
    int lock = -1;
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    d->w = w;
    enum err e = file_path(tmp, w->dir, "objects/tmp");
    if (!e && !file_exists(tmp))
        e = err_set(ERR_NOINPUT, "there is no station in %s", w->dir);
    if (!e)
        e = halt_lock_path(path, w->dir);
    if (!e)
        e = file_lock(path, true, false, &lock);
    if (e == ERR_AGAIN)
        err_set(e, "another feldsher dock takes cameras in at this station already");
    if (!e && log_open(w->dir, "feldsher-dock") != ERR_OK)
        err_clear(); /* evidence goes before the log */
    if (!e)
        e = profiles_load(&d->profiles, w->dir);
    if (!e)
        models_say_refused(d->profiles, w->json);
    if (!e)
        e = usb_bus_open(&d->bus);
    admitted_stamp(w->dir, &d->stamp);
    if (!e)
        e = admitted_read(&d->admitted, w->dir);
    if (!e)
        e = watch(d);
    admitted_free(&d->admitted);
    usb_bus_close(d->bus);
    profiles_free(d->profiles);
    log_close();
    file_close(&lock);
    free(d);
    return e;
}
