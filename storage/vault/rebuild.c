#include "storage/vault/rebuild.h"

#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/vault/chain.h"
#include "storage/vault/index.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct rebuild {
    struct queue *q;
    struct queue *old;
    const char *dir;
    const struct station *s;
    const char *kind;
    struct pulse *pulse;
};

static enum err expect_chain(void *ctx, const char *chain)
{
    struct rebuild *r = ctx;
    char path[4096];
    uint64_t size;
    enum err e = chain_path(path, r->dir, chain);
    if (!e && file_size(path, &size))
        pulse_expect(r->pulse, size);
    return e;
}

static enum err one_chain(void *ctx, const char *chain)
{
    struct rebuild *r = ctx;
    return index_file(r->q, r->dir, r->s->roster, r->s->chain, chain, 0, r->pulse);
}

static enum err copy_job(void *ctx, const char *name, const char *text, size_t n)
{
    struct rebuild *r = ctx;
    return queue_set_job(r->q, r->kind, name, text, n);
}

/* Jobs are no part of the chain: what the old index still tells is kept. */
static void copy_jobs(struct rebuild *r)
{
    static const char *const kinds[] = {"intake",   "want",       "flag",  "stick", "frozen",
                                        "restored", "quarantine", "clock", "shift"};
    if (queue_open(&r->old, r->dir, QUEUE_READ) != ERR_OK) {
        log_line("rebuild: the old index cannot be read, its jobs are lost");
        err_clear();
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        r->kind = kinds[i];
        if (queue_each_job(r->old, kinds[i], copy_job, r) != ERR_OK)
            err_clear();
    }
    queue_close(r->old);
}

static enum err receipts(struct rebuild *r)
{
    char folder[4096], path[4096];
    static const char suffix[] = ".receipt";
    struct buf text = {0};
    enum err e = file_path(folder, r->dir, "chain");
    DIR *d = e ? NULL : opendir(folder);
    for (struct dirent *f; d && !e && (f = readdir(d)) != NULL;) {
        size_t n = strlen(f->d_name);
        struct receipt *rec = NULL;
        if (n <= sizeof suffix || strcmp(f->d_name + n - sizeof suffix + 1, suffix) != 0)
            continue;
        e = file_path(path, folder, f->d_name);
        if (!e && file_read(path, RECEIPT_MAX, &text) == ERR_OK &&
            receipt_parse(&rec, (const char *)text.p, text.len) == ERR_OK && receipt_check(rec, r->s->roster) == ERR_OK)
            e = queue_set_receipt(r->q, rec);
        receipt_free(rec);
    }
    if (d)
        closedir(d);
    buf_free(&text);
    return e;
}

enum err rebuild_queue(const char *dir, const struct station *s, struct pulse *pulse)
{
    static const char *const names[] = {"queue.db", "queue.db-journal", "queue.db.sum", "queue.db.lock"};
    char tmp[4096], from[4096], to[4096];
    struct rebuild r = {.dir = dir, .s = s, .pulse = pulse};
    enum err e = file_path(tmp, dir, "rebuild.tmp");
    if (!e)
        e = file_mkdirs(tmp, 0700);
    for (size_t i = 0; i < 4 && !e; i++) {
        e = file_path(from, tmp, names[i]);
        if (!e)
            e = file_remove(from);
    }
    if (!e)
        e = queue_open(&r.q, tmp, QUEUE_WRITE);
    if (e)
        return e;
    copy_jobs(&r);
    e = index_each_chain(dir, expect_chain, &r);
    if (!e)
        e = index_each_chain(dir, one_chain, &r);
    if (!e)
        e = receipts(&r);
    queue_close(r.q);
    /* the old journal must not be played into the new file, so it goes first */
    for (size_t i = 1; i <= 2 && !e; i++) {
        e = file_path(to, dir, names[i]);
        if (!e)
            e = file_remove(to);
    }
    if (!e)
        e = file_path(from, tmp, names[0]);
    if (!e)
        e = file_path(to, dir, names[0]);
    if (!e)
        e = file_rename(from, to);
    for (size_t i = 0; i < 4; i++)
        if (file_path(from, tmp, names[i]) == ERR_OK)
            unlink(from);
    rmdir(tmp);
    if (!e)
        pulse_end(pulse);
    return e;
}
