#include "sync/hub/hub_lock.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 20
#define SAY_MS 3000

struct waiting {
    const struct hub *hub;
    int64_t since, until;
    bool said;
};

static enum err wait_for(struct waiting *w, const char *path, int *fd)
{
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
    enum err e;
    while ((e = file_lock(path, true, false, fd)) == ERR_AGAIN) {
        int64_t now = clock_uptime();
        if (now >= w->until)
            return err_set(ERR_AGAIN, "another program is at work on hub %s and does not give way", w->hub->dir);
        if (!w->said && now - w->since > SAY_MS) {
            fprintf(stderr, "feldsher-hub: waiting for another program that is at work on hub %s\n", w->hub->dir);
            w->said = true;
        }
        nanosleep(&pause, NULL);
    }
    return e;
}

enum err hub_lock_take(struct hub *h, int64_t wait_ms)
{
    char ask[4096], lock[4096];
    int64_t now = clock_uptime();
    struct waiting w = {h, now, now + wait_ms, false};
    enum err e = hub_path(h, ask, "lock.ask");
    if (!e)
        e = hub_path(h, lock, "lock");
    if (e)
        return e;
    e = wait_for(&w, ask, &h->ask);
    /* where nothing can be written there is nobody to ask */
    if (e == ERR_IO && access(h->dir, W_OK) < 0)
        e = ERR_OK;
    if (!e)
        e = wait_for(&w, lock, &h->lock);
    if (e)
        hub_lock_give(h);
    return e;
}

enum err hub_lock_serve(struct hub *h)
{
    char path[4096];
    enum err e = hub_path(h, path, "lock.ask");
    if (!e && h->ask < 0)
        e = file_lock(path, true, false, &h->ask);
    else if (!e && flock(h->ask, LOCK_EX | LOCK_NB) < 0)
        e = err_set(ERR_AGAIN, "another program waits for hub %s", h->dir);
    if (e)
        return e;
    /* nobody can come in between while we ask ourselves */
    e = hub_path(h, path, "lock");
    if (!e)
        e = file_lock(path, true, false, &h->lock);
    flock(h->ask, LOCK_UN);
    return e;
}

bool hub_lock_asked(const struct hub *h)
{
    if (flock(h->ask, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK;
    flock(h->ask, LOCK_UN);
    return false;
}

void hub_lock_give(struct hub *h)
{
    file_close(&h->lock);
    file_close(&h->ask);
}
