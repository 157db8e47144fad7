#include "storage/vault/chain.h"

#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/catalog/retention.h"
#include "storage/vault/index.h"
#include "storage/vault/object.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_CHUNK (256u << 10)
#define TAIL (4 * (size_t)LABEL_MAX)

enum err chain_path(char out[static 4096], const char *dir, const char *chain)
{
    char name[CHAIN_ID + 32];
    snprintf(name, sizeof name, "chain/%.32s.labels", chain);
    return file_path(out, dir, name);
}

/* Where the chain stands: from the file where its end is sound, else from the
 * index, whose copy of a label is checked like any other. */
struct head {
    uint64_t seq;
    struct hash hash;
    int64_t time;
    uint64_t good_end; /* bytes of the file up to which labels are whole */
    bool torn;         /* behind good_end stands what a power cut left */
    bool damaged;      /* behind good_end, or at the head, stands something else */
    bool open_line;    /* the file does not end with LF */
};

static void head_take(struct head *h, const struct label *l)
{
    h->seq = l->seq;
    h->hash = label_hash(l);
    h->time = l->time;
}

/* Reads the last labels of an open file. */
static enum err head_of_file(struct head *h, int fd, const char *path, const struct sign_public *key)
{
    *h = (struct head){0};
    off_t size = lseek(fd, 0, SEEK_END);
    size_t n = size < (off_t)TAIL ? (size_t)size : TAIL;
    char *tail = malloc(n + 1);
    if (!tail)
        return err_set(ERR_NOMEM, "out of memory");
    uint64_t base = (uint64_t)size - n;
    ssize_t got = pread(fd, tail, n, (off_t)base);
    if (size < 0 || got != (ssize_t)n) {
        free(tail);
        return err_errno(ERR_IO, "cannot read %s", path);
    }
    size_t i = base ? label_skip(tail, n) : 0;
    h->good_end = base + i;
    while (i < n) {
        struct label l;
        enum err e = label_parse(&l, tail + i, n - i);
        if (!e && label_check(&l, key) == ERR_OK) {
            head_take(h, &l);
            h->damaged = false;
            i += l.len;
            h->good_end = base + i;
            continue;
        }
        if (e == ERR_END) {
            h->torn = true;
            break;
        }
        h->damaged = true;
        i += label_skip(tail + i, n - i);
    }
    h->open_line = n && tail[n - 1] != '\n';
    free(tail);
    err_clear();
    return ERR_OK;
}

/* The head to append to. A torn end is cut off; a damaged or shortened file is
 * left as it is, and the chain goes on from the index's copy of its head. */
static enum err head_find(struct station *s, const char *chain, const struct sign_public *key, int fd, const char *path,
                          struct head *h)
{
    struct queue_head known;
    struct buf text = {0};
    struct label l;
    enum err e = head_of_file(h, fd, path, key);
    if (!e)
        e = queue_head(s->queue, chain, &known);
    if (e)
        return e;
    if (!h->damaged && known.seq <= h->seq) {
        if (!h->torn)
            return ERR_OK;
        log_line("chain %s: cut off an unfinished label behind %llu", chain, (unsigned long long)h->seq);
        h->open_line = false;
        if (ftruncate(fd, (off_t)h->good_end) < 0)
            return err_errno(ERR_IO, "cannot cut off the unfinished label of %s", path);
        return file_sync_fd(fd, path);
    }
    e = ERR_NOINPUT;
    if (known.seq >= h->seq && known.seq > 0)
        e = queue_label(s->queue, chain, known.seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e)
        e = label_check(&l, key);
    if (!e) {
        head_take(h, &l);
        log_line("chain %s: its file is damaged, going on behind label %llu", chain, (unsigned long long)h->seq);
    } else {
        e = err_set(ERR_BAD,
                    "the end of chain %s is damaged, nothing was added to it; run `feldsher verify`, and take "
                    "the chain back from a backup or the hub",
                    chain);
    }
    buf_free(&text);
    return e;
}

struct chain_file {
    int lock;
    int fd;
    char path[4096];
    struct head head;
};

static enum err chain_open(struct station *s, const char *chain, const struct sign_public *key, struct chain_file *f)
{
    char lock[4096], name[CHAIN_ID + 32];
    f->fd = f->lock = -1;
    snprintf(name, sizeof name, "chain/%.32s.lock", chain);
    enum err e = chain_path(f->path, s->dir, chain);
    if (!e)
        e = file_path(lock, s->dir, name);
    if (!e)
        e = file_lock(lock, true, true, &f->lock);
    if (e)
        return e;
    bool fresh = !file_exists(f->path);
    f->fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (f->fd < 0)
        e = err_errno(ERR_IO, "cannot open %s", f->path);
    if (!e && fresh) {
        char folder[4096];
        e = file_path(folder, s->dir, "chain");
        if (!e)
            e = file_sync_dir(folder);
    }
    if (!e)
        e = index_catch_up_chain(s, chain);
    if (!e)
        e = head_find(s, chain, key, f->fd, f->path, &f->head);
    return e;
}

static void chain_close(struct chain_file *f)
{
    file_close(&f->fd);
    file_close(&f->lock);
}

/* The commit: the label is the chain's from the moment fdatasync returns. */
static enum err chain_commit(struct chain_file *f, const char *text, size_t n, uint64_t *offset)
{
    off_t end = lseek(f->fd, 0, SEEK_END);
    enum err e = end < 0 ? err_errno(ERR_IO, "cannot append to %s", f->path) : ERR_OK;
    if (!e && f->head.open_line) {
        e = file_write_fd(f->fd, "\n", 1, f->path);
        end++;
    }
    if (!e)
        e = file_write_fd(f->fd, text, n, f->path);
    if (!e && fdatasync(f->fd) < 0)
        e = err_errno(ERR_IO, "cannot make %s durable", f->path);
    if (e && end >= 0 && ftruncate(f->fd, end) < 0)
        log_line("chain: an unfinished label could not be cut off");
    *offset = (uint64_t)end;
    return e;
}

static enum err chain_index(struct station *s, const struct label *l, uint64_t offset, const char *hlc)
{
    enum err e = queue_begin(s->queue);
    if (e)
        return e;
    e = index_label(s->queue, s->dir, l, offset, strcmp(l->chain, s->chain) == 0);
    if (!e && hlc)
        e = queue_set_job(s->queue, "clock", "hlc", hlc, strlen(hlc));
    if (!e)
        e = queue_commit(s->queue);
    if (e)
        queue_rollback(s->queue);
    return e;
}

/* Reasons why this station may not append now. */
static enum err may_append(struct station *s)
{
    struct buf text = {0};
    struct receipt *r = NULL;
    enum err e = ERR_OK;
    const struct roster_station *me = roster_chain(s->roster, s->chain);
    if (!s->key)
        return err_set(ERR_BUG, "this program may not append to the chain");
    if (!me || me->revoked)
        return err_set(ERR_DENIED,
                       "this station is revoked by roster %llu, it may not append any more; ask the "
                       "administrator to enrol it anew",
                       (unsigned long long)s->roster->number);
    if (queue_job(s->queue, "frozen", s->chain, &text) == ERR_OK)
        e = err_set(ERR_DENIED,
                    "this station is frozen: %s; nothing was added, ask a supervisor to have it enrolled "
                    "anew",
                    (const char *)text.p);
    else if (queue_job(s->queue, "restored", s->chain, &text) == ERR_OK)
        e = err_set(ERR_DENIED, "this station was restored from a backup and has not met its hub since; sync first, so "
                                "that what it recorded after the backup is not contradicted");
    else if (queue_receipt(s->queue, s->chain, &text) == ERR_OK &&
             receipt_parse(&r, (const char *)text.p, text.len) == ERR_OK && r->alarm_seq &&
             receipt_check(r, s->roster) == ERR_OK)
        e = err_set(ERR_DENIED,
                    "this station is frozen: the hub holds two different labels %llu of it, it was cloned; "
                    "nothing was added, ask a supervisor to have it enrolled anew",
                    (unsigned long long)r->alarm_seq);
    receipt_free(r);
    buf_free(&text);
    return e;
}

static struct hlc hlc_last(struct station *s, int64_t head_time)
{
    struct buf text = {0};
    long long ms;
    struct hlc last = {head_time, 0};
    unsigned count;
    if (queue_job(s->queue, "clock", "hlc", &text) == ERR_OK &&
        sscanf((const char *)text.p, "%lld.%u", &ms, &count) == 2 && ms >= head_time &&
        ms < head_time + 1000) /* the label has whole seconds; the row no more say than the rest of one */
        last = (struct hlc){ms, count};
    buf_free(&text);
    return last;
}

/* The latest that other stations' labels said, as far as it is to be followed. */
static struct hlc hlc_seen(struct station *s)
{
    struct buf text = {0};
    long long ms = 0;
    if (queue_job(s->queue, "clock", "seen", &text) != ERR_OK || sscanf((const char *)text.p, "%lld", &ms) != 1)
        ms = 0;
    buf_free(&text);
    return (struct hlc){ms, 0};
}

static enum err note_seen(struct station *s, int64_t time)
{
    char text[24];
    if (time <= hlc_seen(s).ms || time > clock_wall() + CLOCK_OTHERS_MAX)
        return ERR_OK;
    snprintf(text, sizeof text, "%lld", (long long)time);
    return queue_set_job(s->queue, "clock", "seen", text, strlen(text));
}

static enum err seal_batch(struct station *s, const struct append *a, struct label *l, const struct batch_when *when)
{
    struct recipient to[4];
    const char *names[4];
    size_t n = 0, used = 0;
    const char *unit = a->unit ? a->unit : s->unit;
    struct buf plain = {.secret = 1}, sealed = {0};
    enum err e = roster_recipients(s->roster, unit, a->seal, to, names, &n);
    for (size_t i = 0; i < n && !e; i++)
        used += (size_t)snprintf(l->to + used, sizeof l->to - used, "%s ", names[i]);
    if (!e)
        snprintf(l->to + used, sizeof l->to - used, "unit/%s", unit);
    if (!e)
        e = batch_write(&plain, s->chain, l->seq, a->entries, when, a->author);
    if (!e)
        l->content = hash_of(plain.p, plain.len);
    if (!e)
        e = object_seal(plain.p, plain.len, to, n, &sealed);
    l->size = sealed.len;
    if (!e)
        e = object_put(s->dir, sealed.p, sealed.len, &l->object);
    buf_free(&plain);
    buf_free(&sealed);
    return e;
}

enum err chain_append(struct station *s, const struct append *a, uint64_t *seq)
{
    struct chain_file f;
    struct buf text = {0};
    struct label l = {.retain_until = INT64_MAX};
    struct batch_when when = {.wall = clock_wall()};
    char hlc[48];
    uint64_t offset;
    enum err e = may_append(s);
    if (e)
        return e;
    e = chain_open(s, s->chain, &s->key->pub, &f);
    if (!e) {
        int64_t known = s->roster->time;
        struct hlc last = clock_merge(hlc_last(s, f.head.time), hlc_seen(s), when.wall);
        when.hlc = clock_tick(last, when.wall, known, &when.mark);
        snprintf(l.chain, sizeof l.chain, "%s", s->chain);
        l.seq = f.head.seq + 1;
        l.prev = f.head.hash;
        l.roster = s->roster->number;
        l.lane = a->lane;
        l.time = when.hlc.ms;
        l.count = (uint32_t)json_array_size(a->entries);
        snprintf(l.retain_class, sizeof l.retain_class, "%s", a->retain_class);
        l.retain_until = retention_until(a->retain_class, l.time);
        if (a->parts)
            l.parts = *a->parts;
        if (a->frees)
            l.frees = *a->frees;
        if (a->licence)
            snprintf(l.licence, sizeof l.licence, "%s", a->licence);
        l.licence_over = a->licence_over;
        e = seal_batch(s, a, &l, &when);
    }
    if (!e)
        e = label_write(&l, s->key, &text);
    if (!e)
        e = chain_commit(&f, (const char *)text.p, text.len, &offset);
    if (!e) {
        *seq = l.seq;
        snprintf(hlc, sizeof hlc, "%lld.%u", (long long)when.hlc.ms, when.hlc.count);
        e = label_parse(&l, (const char *)text.p, text.len);
        /* committed: an index that cannot grow catches up later */
        if (!e && chain_index(s, &l, offset, hlc) != ERR_OK) {
            log_line("label %llu not indexed yet", (unsigned long long)*seq);
            err_clear();
        }
    }
    chain_close(&f);
    buf_free(&text);
    return e;
}

enum err chain_take(struct station *s, const char *text, size_t n)
{
    struct label l;
    struct chain_file f = {.fd = -1, .lock = -1};
    struct buf mine = {0};
    uint64_t offset;
    enum err e = label_parse(&l, text, n);
    if (e == ERR_END || (!e && l.len != n))
        e = err_set(ERR_DATA, "a label that arrived is cut short or has more behind it");
    if (!e)
        e = label_authentic(&l, s->roster);
    const struct roster_station *from = e ? NULL : roster_chain(s->roster, l.chain);
    if (from)
        e = chain_open(s, l.chain, &from->key, &f);
    if (!e && l.seq <= f.head.seq) {
        struct label known;
        e = queue_label(s->queue, l.chain, l.seq, &mine);
        if (!e)
            e = label_parse(&known, (const char *)mine.p, mine.len);
        struct hash a = label_hash(&l), b = {{0}};
        if (!e)
            b = label_hash(&known);
        e = e ? err_set(ERR_AGAIN, "label %llu of chain %s is known", (unsigned long long)l.seq, l.chain)
            : hash_same(&a, &b)
                ? err_set(ERR_AGAIN, "label %llu of chain %s is known", (unsigned long long)l.seq, l.chain)
                : err_set(ERR_BAD, "two different labels %llu of chain %s: that station was cloned",
                          (unsigned long long)l.seq, l.chain);
    } else if (!e && (l.seq != f.head.seq + 1 || !hash_same(&l.prev, &f.head.hash))) {
        e = l.seq == f.head.seq + 1 ? err_set(ERR_BAD, "label %llu of chain %s does not follow the one before",
                                              (unsigned long long)l.seq, l.chain)
                                    : err_set(ERR_DATA, "label %llu of chain %s came, but the chain ends at %llu here",
                                              (unsigned long long)l.seq, l.chain, (unsigned long long)f.head.seq);
    }
    if (!e)
        e = chain_commit(&f, l.text, l.len, &offset);
    if (!e && (chain_index(s, &l, offset, NULL) != ERR_OK || note_seen(s, l.time) != ERR_OK))
        err_clear();
    chain_close(&f);
    buf_free(&mine);
    return e;
}

enum err chain_read(const char *path, uint64_t offset, chain_fn *fn, void *ctx, bool *torn)
{
    *torn = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_errno(errno == ENOENT ? ERR_NOINPUT : ERR_IO, "cannot open %s", path);
    char *p = malloc(READ_CHUNK + TAIL);
    if (!p) {
        file_close(&fd);
        return err_set(ERR_NOMEM, "out of memory");
    }
    enum err e = ERR_OK;
    size_t have = 0;
    uint64_t done = 0;
    bool end = false;
    while (!e) {
        while (!end && have < READ_CHUNK + TAIL) {
            ssize_t got = pread(fd, p + have, READ_CHUNK + TAIL - have, (off_t)(offset + done + have));
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0) {
                e = err_errno(ERR_IO, "cannot read %s", path);
                break;
            }
            have += (size_t)got;
            end = got == 0;
        }
        size_t i = 0;
        /* a label that could go on behind the chunk waits for the next round */
        while (!e && i < have && (end || have - i > TAIL)) {
            struct label l;
            e = label_parse(&l, p + i, have - i);
            if (e == ERR_OK) {
                e = fn(ctx, &l, done + i, NULL);
                i += l.len;
            } else if (e == ERR_END && end) {
                *torn = true;
                i = have;
                e = ERR_OK;
            } else {
                e = fn(ctx, NULL, done + i, e == ERR_END ? _("a label without an end") : err_text());
                i += label_skip(p + i, have - i);
            }
        }
        memmove(p, p + i, have - i);
        have -= i;
        done += i;
        if (end && have == 0)
            break;
    }
    free(p);
    file_close(&fd);
    return e;
}

enum err chain_open_batch(const struct station *s, const struct label *l, const struct user *u, struct batch **out,
                          struct buf *plain)
{
    struct identity ids[USER_CIRCLES_MAX + 1];
    size_t n = 0;
    struct buf sealed = {0};
    *out = NULL;
    plain->secret = 1;
    buf_clear(plain);
    enum err e = object_get(s->dir, &l->object, BATCH_SEALED_MAX, &sealed);
    if (!e) {
        user_identities(u, ids, &n);
        e = object_open(sealed.p, sealed.len, ids, n, BATCH_PLAIN_MAX, plain);
    }
    sodium_memzero(ids, sizeof ids);
    buf_free(&sealed);
    if (e)
        return e;
    struct hash h = hash_of(plain->p, plain->len);
    if (!hash_same(&h, &l->content))
        return err_set(ERR_BAD, "batch %llu of chain %s: its plaintext does not match the label",
                       (unsigned long long)l->seq, l->chain);
    e = batch_parse(out, (const char *)plain->p, plain->len);
    if (!e && (strcmp((*out)->chain, l->chain) != 0 || (*out)->seq != l->seq))
        e = err_set(ERR_BAD, "batch %llu of chain %s: it says it is another one", (unsigned long long)l->seq, l->chain);
    if (!e)
        e = batch_author(*out, s->roster);
    if (e) {
        batch_free(*out);
        *out = NULL;
    }
    return e;
}
