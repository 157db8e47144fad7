#include "sync/hub/disk.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct disk {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    int fd;
    bool idle; /* of the serving thread alone */
    /* under the lock: */
    disk_job *job;
    void *ctx;
    bool done, stop;
    enum err result;
    char why[1024];
};

static void wake(int fd)
{
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

static void *work(void *ctx)
{
    struct disk *d = ctx;
    pthread_mutex_lock(&d->lock);
    while (!d->stop) {
        if (!d->job) {
            pthread_cond_wait(&d->work, &d->lock);
            continue;
        }
        disk_job *job = d->job;
        void *of = d->ctx;
        pthread_mutex_unlock(&d->lock);
        enum err e = job(of);
        pthread_mutex_lock(&d->lock);
        snprintf(d->why, sizeof d->why, "%s", err_text());
        d->result = e;
        d->job = NULL;
        d->done = true;
        wake(d->fd);
    }
    pthread_mutex_unlock(&d->lock);
    return NULL;
}

enum err disk_start(struct disk **out)
{
    *out = NULL;
    struct disk *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    d->idle = true;
    d->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (d->fd < 0) {
        free(d);
        return err_errno(ERR_IO, "cannot make an event");
    }
    pthread_mutex_init(&d->lock, NULL);
    pthread_cond_init(&d->work, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int bad = pthread_create(&d->thread, NULL, work, d);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (bad) {
        errno = bad;
        close(d->fd);
        free(d);
        return err_errno(ERR_AGAIN, "cannot start a thread");
    }
    *out = d;
    return ERR_OK;
}

void disk_stop(struct disk *d)
{
    if (!d)
        return;
    pthread_mutex_lock(&d->lock);
    d->stop = true;
    pthread_cond_signal(&d->work);
    pthread_mutex_unlock(&d->lock);
    pthread_join(d->thread, NULL);
    pthread_cond_destroy(&d->work);
    pthread_mutex_destroy(&d->lock);
    close(d->fd);
    free(d);
}

int disk_fd(const struct disk *d)
{
    return d->fd;
}

bool disk_idle(const struct disk *d)
{
    return d->idle;
}

void disk_run(struct disk *d, disk_job *job, void *ctx)
{
    d->idle = false;
    pthread_mutex_lock(&d->lock);
    d->job = job;
    d->ctx = ctx;
    d->done = false;
    pthread_cond_signal(&d->work);
    pthread_mutex_unlock(&d->lock);
}

bool disk_done(struct disk *d, enum err *e)
{
    uint64_t n;
    if (read(d->fd, &n, sizeof n) < 0 && errno != EAGAIN && errno != EINTR)
        return false;
    pthread_mutex_lock(&d->lock);
    bool done = d->done;
    d->done = false;
    *e = d->result;
    if (done && d->result)
        *e = err_set(d->result, "%s", d->why);
    pthread_mutex_unlock(&d->lock);
    d->idle = d->idle || done;
    return done;
}
