#include "drivers/erase/copies.h"

#include "storage/base/file.h"
#include "storage/vault/label.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define BACKUP "feldsher-backup" /* as tui/backup.h writes it */

enum err copies_medium(const char *path, char out[static 4096])
{
    char name[64], partition[PATH_MAX + 16];
    struct stat st;
    if (stat(path, &st) < 0)
        return err_errno(ERR_NOINPUT, "cannot find %s", path);
    snprintf(name, sizeof name, "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
    if (!realpath(name, out))
        return err_set(ERR_DENIED, "which disk holds %s cannot be told, so it counts as no copy of its own", path);
    snprintf(partition, sizeof partition, "%s/partition", out);
    char *slash = strrchr(out, '/');
    if (slash && stat(partition, &st) == 0)
        *slash = '\0';
    return ERR_OK;
}

enum err copies_apart(const struct copies *c)
{
    char medium[COPIES_MAX + 1][PATH_MAX];
    enum err e = c->n ? c->medium(c->s->dir, medium[0]) : ERR_OK;
    for (size_t i = 0; i < c->n && !e; i++) {
        e = c->medium(c->dir[i], medium[i + 1]);
        for (size_t k = 0; k <= i && !e; k++)
            if (strcmp(medium[k], medium[i + 1]) == 0)
                e = err_set(ERR_DENIED, "%s lies on the same disk as %s; a copy counts on a medium of its own",
                            c->dir[i], k ? c->dir[k - 1] : c->s->dir);
    }
    return e;
}

static enum err look_at_blobs(const char *root, const struct buf *text)
{
    struct parts p;
    struct hash name;
    uint64_t size, here;
    bool mark;
    enum err e = parts_open(&p, (const char *)text->p, text->len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK) {
        if (mark)
            continue;
        e = object_check(root, &name, &here);
        if (!e && here != size)
            e = err_set(ERR_BAD, "a blob has another size than the parts list says");
    }
    return e == ERR_END ? ERR_OK : e;
}

static enum err look_at(const char *root, const struct label *l)
{
    struct buf text = {.max = PARTS_MAX};
    uint64_t size;
    enum err e = object_check(root, &l->object, &size);
    if (!e && size != l->size)
        e = err_set(ERR_BAD, "a batch has another size than its label says");
    if (!e && !hash_is_zero(&l->parts))
        e = object_get(root, &l->parts, PARTS_MAX, &text);
    if (!e && !hash_is_zero(&l->parts))
        e = look_at_blobs(root, &text);
    buf_free(&text);
    return e;
}

static enum err count(const struct copies *c, const struct label *l, unsigned *whole)
{
    char root[4096];
    enum err e = look_at(c->s->dir, l);
    *whole = !e;
    for (size_t i = 0; i < c->n && e != ERR_NOMEM; i++) {
        e = file_path(root, c->dir[i], BACKUP);
        if (!e)
            e = look_at(root, l);
        *whole += !e;
    }
    return e == ERR_NOMEM ? e : ERR_OK;
}

enum err copies_hold(struct copies *c, uint64_t seq, unsigned copies)
{
    struct buf text = {0};
    struct label l;
    unsigned whole = 0;
    if (c->seq == seq && c->held)
        return ERR_OK;
    enum err e = queue_label(c->s->queue, c->s->chain, seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e)
        e = label_authentic(&l, c->s->roster);
    if (!e)
        e = count(c, &l, &whole);
    if (!e && whole < copies)
        e = err_set(ERR_DENIED,
                    "%u whole copies of what label %llu holds were found, %u are needed; feldsher backup DIR "
                    "makes one",
                    whole, (unsigned long long)seq, copies);
    c->seq = seq;
    c->held = !e;
    buf_free(&text);
    return e;
}
