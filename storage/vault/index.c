#include "storage/vault/index.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/vault/chain.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rows of a parts list and what it names; frees: drops them instead. */
static enum err index_parts(struct queue *q, const char *dir, const struct label *l, bool own)
{
    struct buf text = {0};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size, here;
    enum err e = object_get(dir, &l->parts, PARTS_MAX, &text);
    if (e == ERR_NOINPUT || e == ERR_BAD) { /* not here (yet), or for verify to name */
        err_clear();
        buf_free(&text);
        return ERR_OK;
    }
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    if (!e)
        e = queue_add_object(q, &l->parts, text.len, QUEUE_OBJ_PARTS, l->chain, l->seq);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        if (mark && own)
            e = queue_add_mark(q, &name, l->seq);
        else if (!mark && object_size(dir, &name, &here))
            e = queue_add_object(q, &name, size, QUEUE_OBJ_BLOB, l->chain, l->seq);
    }
    buf_free(&text);
    if (e == ERR_DATA)
        log_line("parts of label %s %llu malformed", l->chain, (unsigned long long)l->seq);
    return e == ERR_END || e == ERR_DATA ? ERR_OK : e;
}

static enum err drop_parts(struct queue *q, const char *dir, const struct hash *list)
{
    struct buf text = {0};
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size, here;
    enum err e = object_get(dir, list, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK)
        if (!mark && !object_size(dir, &name, &here))
            e = queue_drop_object(q, &name);
    buf_free(&text);
    return e == ERR_END || e == ERR_DATA || e == ERR_NOINPUT || e == ERR_BAD ? ERR_OK : e;
}

enum err index_label(struct queue *q, const char *dir, const struct label *l, uint64_t offset, bool own)
{
    uint64_t size;
    enum err e = queue_add_label(q, l, offset);
    if (!e && object_size(dir, &l->object, &size))
        e = queue_add_object(q, &l->object, l->size, QUEUE_OBJ_BATCH, l->chain, l->seq);
    if (!e && !hash_is_zero(&l->parts))
        e = index_parts(q, dir, l, own);
    if (!e && own && !hash_is_zero(&l->frees))
        e = drop_parts(q, dir, &l->frees);
    return e;
}

struct file_walk {
    struct queue *q;
    const char *dir;
    const struct roster *roster;
    bool own;
    uint64_t base;
    uint64_t passed_over;
    struct pulse *pulse;
};

static enum err index_one(void *ctx, const struct label *l, uint64_t offset, const char *damage)
{
    struct file_walk *w = ctx;
    enum err e = damage ? ERR_DATA : label_authentic(l, w->roster);
    pulse_add(w->pulse, damage ? 0 : l->len);
    if (!e)
        return index_label(w->q, w->dir, l, w->base + offset, w->own);
    if (e == ERR_NOMEM)
        return e;
    err_clear();
    w->passed_over++;
    return ERR_OK;
}

enum err index_file(struct queue *q, const char *dir, const struct roster *r, const char *own, const char *chain,
                    uint64_t offset, struct pulse *pulse)
{
    char path[4096];
    bool torn;
    struct file_walk w = {q, dir, r, strcmp(own, chain) == 0, offset, 0, pulse};
    enum err e = chain_path(path, dir, chain);
    if (!e)
        e = queue_begin(q);
    if (e)
        return e;
    e = chain_read(path, offset, index_one, &w, &torn);
    if (!e)
        e = queue_commit(q);
    if (e)
        queue_rollback(q);
    if (w.passed_over)
        log_line("chain %s: %llu damaged labels not indexed", chain, (unsigned long long)w.passed_over);
    return e;
}

enum err index_each_chain(const char *dir, enum err (*fn)(void *ctx, const char *chain), void *ctx)
{
    static const char suffix[] = ".labels";
    char path[4096], chain[CHAIN_ID];
    enum err e = file_path(path, dir, "chain");
    DIR *d = e ? NULL : opendir(path);
    if (!d)
        return e ? e : errno == ENOENT ? ERR_OK : err_errno(ERR_IO, "cannot read %s", path);
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        uint8_t id[16];
        size_t n = strlen(f->d_name);
        if (n != CHAIN_ID - 1 + sizeof suffix - 1 || strcmp(f->d_name + CHAIN_ID - 1, suffix) != 0 ||
            !bytes_unhex(id, sizeof id, f->d_name, CHAIN_ID - 1))
            continue;
        memcpy(chain, f->d_name, CHAIN_ID - 1);
        chain[CHAIN_ID - 1] = '\0';
        e = fn(ctx, chain);
    }
    closedir(d);
    return e;
}

enum err index_catch_up_chain(struct station *s, const char *chain)
{
    char path[4096];
    uint64_t size = 0, end = 0;
    enum err e = chain_path(path, s->dir, chain);
    if (!e)
        e = queue_end(s->queue, chain, &end);
    if (e || !file_size(path, &size) || size <= end)
        return e;
    return index_file(s->queue, s->dir, s->roster, s->chain, chain, end, NULL);
}

static enum err catch_up(void *ctx, const char *chain)
{
    return index_catch_up_chain(ctx, chain);
}

enum err index_catch_up(struct station *s)
{
    return index_each_chain(s->dir, catch_up, s);
}
