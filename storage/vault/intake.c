#include "storage/vault/intake.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/log.h"
#include "storage/limits.h"
#include "storage/vault/entry.h"
#include "storage/vault/mark.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "storage/vault/piece.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GATHER_MAX 256u
#define GATHER_TEXT (BATCH_PLAIN_MAX / 2)
#define GATHER_TIME 2000   /* ms */
#define CONTENT_WAIT 10000 /* ms that another camera with the same bytes is waited for */
#define SLACK (1u << 20)   /* labels, parts, index, what the file system rounds up */

struct intake {
    struct station *s;
    const struct intake_camera *camera;
    int lock;
    struct piece_room room;
    struct marks marks;
    struct claims claims; /* of contents that are gathered */
    size_t n_aside;       /* pieces of what is gathered */
    /* gathered, for the next label */
    json_t *entries;
    size_t text; /* bytes of them */
    int64_t since;
    struct buf parts;
    struct hash *contents; /* their content marks */
    size_t n_contents;
    struct blobs *jobs; /* that end with the label */
    size_t n_jobs;
    bool lost; /* it was dropped */
};

static enum err no_memory(void)
{
    return err_set(ERR_NOMEM, "out of memory");
}

enum err intake_space(const struct station *s, uint64_t bytes)
{
    uint64_t there, need = bytes + bytes / 100 + SLACK;
    enum err e = file_free_space(s->dir, &there);
    if (e || there >= need + RESERVE_RECORDS)
        return e;
    there = there > RESERVE_RECORDS ? there - RESERVE_RECORDS : 0;
    return err_set(
        ERR_FULL,
        "the disk of the station is full: %.1f MB are needed, %.1f MB are there for recordings; free space on "
        "it and run offload again, it goes on where it stopped",
        (double)need / 1e6, (double)there / 1e6);
}

/* Removes what programs that no longer run left in objects/tmp: PID.NUMBER. */
static enum err sweep_tmp(const char *root)
{
    char path[OBJECT_PATH];
    enum err e = file_path(path, root, "objects/tmp");
    DIR *d = e ? NULL : opendir(path);
    if (!d)
        return e ? e : err_errno(ERR_IO, "cannot read %s", path);
    for (struct dirent *f; (f = readdir(d)) != NULL;) {
        uint64_t pid;
        size_t n = strcspn(f->d_name, ".");
        if (bytes_decimal(&pid, f->d_name, n, INT32_MAX) && pid && kill((pid_t)pid, 0) < 0 && errno == ESRCH)
            unlinkat(dirfd(d), f->d_name, 0);
    }
    closedir(d);
    return ERR_OK;
}

/* A job that no file will take up: of what a dead one set aside, or of a
 * recording that is in the chain. */
static bool is_over(void *ctx, const struct hash *mark)
{
    struct intake *in = ctx;
    bool over, known;
    uint64_t seq;
    if (aside_is_mark(mark, &over))
        return over;
    if (claims_is_taken(&in->room.jobs, mark))
        return false;
    return marks_know(&in->marks, mark, &known, &seq) == ERR_OK && known;
}

static enum err clear_away(struct intake *in)
{
    enum clock_mark mark;
    enum err e = sweep_tmp(in->s->dir);
    return e ? e : blobs_sweep(in->s->queue, in->s->dir, station_now(in->s, &mark), is_over, in);
}

static void forget_gathered(struct intake *in)
{
    json_array_clear(in->entries);
    buf_clear(&in->parts);
    for (size_t i = 0; i < in->n_jobs; i++)
        blobs_free(&in->jobs[i]);
    free(in->jobs);
    free(in->contents);
    in->jobs = NULL;
    in->contents = NULL;
    in->n_jobs = in->n_contents = in->text = in->n_aside = 0;
    claims_give_all(&in->claims);
}

/* Drops what is gathered. */
static void abandon(struct intake *in)
{
    in->lost = in->lost || json_array_size(in->entries) > 0;
    aside_drop(&in->room.aside);
    forget_gathered(in);
}

/* One intake a camera: two would only read everything twice. */
static enum err lock_camera(struct intake *in)
{
    char path[OBJECT_PATH], folder[OBJECT_PATH], name[16 + HASH_HEX] = ".intake.", hex[HASH_HEX], both[2 * NAME_LEN];
    snprintf(both, sizeof both, "%s/%s", in->camera->serial, in->camera->volume);
    struct hash h = hash_keyed(in->s->mark_key, both, strlen(both));
    hash_hex(hex, &h);
    memcpy(name + 8, hex, 17);
    name[24] = '\0';
    enum err e = file_path(folder, in->s->dir, "objects/tmp");
    if (!e)
        e = file_path(path, folder, name);
    if (!e)
        e = file_lock(path, true, false, &in->lock);
    return e == ERR_AGAIN
               ? err_set(e, "another offload of this camera is at work at this station; wait until it has ended")
               : e;
}

enum err intake_new(struct intake **out, struct station *s, const struct intake_camera *camera,
                    void (*progress)(void *ctx, uint64_t done), void *ctx)
{
    *out = NULL;
    struct intake *in = calloc(1, sizeof *in);
    if (!in)
        return no_memory();
    in->s = in->room.s = s;
    in->camera = camera;
    in->lock = -1;
    in->room.camera = camera->serial[0] ? camera->serial : camera->volume;
    in->room.progress = progress;
    in->room.ctx = ctx;
    marks_init(&in->marks, s);
    aside_init(&in->room.aside, s->queue, s->dir);
    in->entries = json_array();
    claims_init(&in->claims);
    claims_init(&in->room.jobs);
    enum err e = in->entries ? lock_camera(in) : no_memory();
    if (!e)
        e = claims_open(&in->claims, s->dir);
    if (!e)
        e = claims_open(&in->room.jobs, s->dir);
    if (!e)
        e = roster_recipients(s->roster, s->unit, ROSTER_BLOB, in->room.to, NULL, &in->room.n_to);
    if (!e)
        e = compress_new(&in->room.compress[COMPRESS_BLOB], COMPRESS_BLOB, NULL, NULL);
    if (!e)
        e = compress_new(&in->room.compress[COMPRESS_TEXT], COMPRESS_TEXT, NULL, NULL);
    if (!e)
        e = clear_away(in);
    if (e)
        intake_free(in);
    else
        *out = in;
    return e;
}

void intake_free(struct intake *in)
{
    if (!in)
        return;
    abandon(in);
    aside_free(&in->room.aside);
    json_decref(in->entries);
    buf_free(&in->parts);
    buf_free(&in->room.bytes);
    marks_free(&in->marks);
    compress_free(in->room.compress[COMPRESS_BLOB]);
    compress_free(in->room.compress[COMPRESS_TEXT]);
    claims_close(&in->claims);
    claims_close(&in->room.jobs);
    file_close(&in->lock);
    free(in);
}

/* The label is committed: a job that cannot be ended now is swept later. */
static void end_jobs(struct intake *in)
{
    enum err e = queue_begin(in->s->queue);
    for (size_t i = 0; i < in->n_jobs && !e; i++)
        e = blobs_end(&in->jobs[i]);
    if (!e)
        e = aside_end(&in->room.aside);
    if (!e)
        e = queue_commit(in->s->queue);
    if (e) {
        queue_rollback(in->s->queue);
        log_line("jobs of the last label are left for the next start");
        err_clear();
    }
}

enum err intake_flush(struct intake *in)
{
    size_t n = json_array_size(in->entries);
    struct hash parts;
    uint64_t seq;
    if (n == 0)
        return ERR_OK;
    enum err e = aside_put(&in->room.aside, in->parts.p, in->parts.len, &parts);
    if (!e)
        e = aside_commit(&in->room.aside);
    if (!e) {
        struct append a = {
            .entries = in->entries,
            .seal = ROSTER_RECORDING,
            .lane = LANE_BATCH,
            .parts = &parts,
            .retain_class = "evidence",
        };
        e = chain_append(in->s, &a, &seq);
    }
    if (!e) {
        end_jobs(in);
        log_line("label %llu: %zu entries of an offload", (unsigned long long)seq, n);
        forget_gathered(in);
    } else {
        abandon(in);
    }
    return e;
}

/* Adds an entry (taken over, NULL: out of memory), the blobs and the marks of
 * its pieces to what is gathered. */
static enum err gather(struct intake *in, json_t *entry, const struct piece *pieces, size_t n)
{
    enum err e = ERR_OK;
    if (json_array_size(in->entries) == 0) {
        in->since = clock_uptime();
        e = parts_begin(&in->parts);
    }
    if (!e && entry)
        in->text += json_dumpb(entry, NULL, 0, JSON_COMPACT);
    if (json_array_append_new(in->entries, entry) < 0 && !e)
        e = no_memory();
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < pieces[i].blobs.n && !e; k++)
            e = parts_blob(&in->parts, &pieces[i].blobs.v[k].name, pieces[i].blobs.v[k].size);
    for (size_t i = 0; i < n; i++) {
        const struct hash *marks[] = {&pieces[i].fast, &pieces[i].full, &pieces[i].content, &pieces[i].copy};
        for (size_t k = pieces[i].holes ? 1 : 0; k < 4 && !e; k++)
            if (!hash_is_zero(marks[k]))
                e = parts_mark(&in->parts, marks[k]);
    }
    in->n_aside = in->room.aside.blobs.n;
    return e;
}

enum err intake_pause(struct intake *in)
{
    return in->n_aside == in->room.aside.blobs.n ? intake_flush(in) : ERR_OK;
}

/* Remembers what the next flush must know of a piece; takes over its blobs if
 * they have a job. */
static enum err remember(struct intake *in, struct piece *p)
{
    if (!hash_is_zero(&p->content)) {
        struct hash *contents = realloc(in->contents, (in->n_contents + 1) * sizeof *contents);
        if (!contents)
            return no_memory();
        in->contents = contents;
        contents[in->n_contents++] = p->content;
    }
    if (p->blobs.rows) {
        struct blobs *jobs = realloc(in->jobs, (in->n_jobs + 1) * sizeof *jobs);
        if (!jobs)
            return no_memory();
        in->jobs = jobs;
        jobs[in->n_jobs++] = p->blobs;
        p->blobs.v = NULL;
        p->blobs.rows = 0;
    }
    return ERR_OK;
}

static bool gathered_has(const struct intake *in, const struct hash *content)
{
    for (size_t i = 0; i < in->n_contents; i++)
        if (hash_same(&in->contents[i], content))
            return true;
    return false;
}

/* Nobody else may take the same bytes in before ours are in the chain. Who has
 * to wait for another appends what it has gathered first: no two wait for each other. */
static enum err claim_content(struct intake *in, const struct piece *p)
{
    const struct hash *mark = hash_is_zero(&p->content) ? &p->full : &p->content;
    enum err e = claims_take(&in->claims, mark, 0);
    if (e != ERR_AGAIN)
        return e;
    e = intake_flush(in);
    if (!e) {
        e = claims_take(&in->claims, mark, CONTENT_WAIT);
        in->room.camera_failed = e == ERR_AGAIN;
    }
    return e;
}

/* Is a copy held of which no more is missing? */
static enum err know_copy(struct intake *in, const struct piece *p, bool *known)
{
    enum err e = ERR_OK;
    unsigned most = mark_level(p->holes);
    for (unsigned level = 0; p->holes && level <= most && !*known && !e; level++) {
        struct hash mark;
        uint64_t seq;
        e = mark_copy(&mark, in->s->mark_key, &p->ends, level);
        if (!e)
            e = marks_know(&in->marks, &mark, known, &seq);
    }
    return e;
}

/* Is a piece that was read held already, here or under another path? Then a
 * new path or time of it is noted, once, and its blobs are dropped. */
static enum err know_bytes(struct intake *in, struct piece *p, bool *known)
{
    uint64_t seq;
    enum err e = claim_content(in, p);
    if (!e && gathered_has(in, &p->content))
        e = intake_flush(in);
    if (!e)
        e = marks_know(&in->marks, &p->full, known, &seq);
    bool same_path = *known, noted = same_path && p->holes;
    if (!e && !*known && p->source->size)
        e = marks_know(&in->marks, &p->content, known, &seq);
    if (!e && !*known) {
        e = know_copy(in, p, known);
        noted = *known;
    }
    if (e || !*known)
        return e;
    e = piece_drop(p);
    struct piece seen = {.fast = p->fast, .holes = p->holes};
    if (!same_path)
        seen.full = p->full;
    if (!e && !noted)
        e = gather(in, entry_seen(in->camera, p->source, seq), &seen, 1);
    if (e)
        abandon(in);
    return e;
}

static enum err compose(struct intake *in, struct piece *pieces, size_t n, struct intake_report *r)
{
    enum err e = gather(in, entry_recording(in->s, in->camera, pieces, n, r->id), pieces, n);
    for (size_t i = 0; i < n && !e; i++)
        e = remember(in, &pieces[i]);
    if (e)
        abandon(in);
    return e;
}

static uint64_t bytes_of(const struct intake_file *f)
{
    uint64_t n = f->recording->size;
    for (size_t i = 0; i < f->n_sidecars; i++)
        n += f->sidecars[i].size;
    return n;
}

static enum err check_ceilings(const struct intake_file *f, uint64_t bytes)
{
    bool too_long = strlen(f->recording->path) > INTAKE_PATH_MAX;
    for (size_t i = 0; i < f->n_sidecars; i++)
        too_long = too_long || strlen(f->sidecars[i].path) > INTAKE_PATH_MAX;
    if (too_long)
        return err_set(ERR_DATA, "its path, or a sidecar's, is longer than %u bytes", INTAKE_PATH_MAX);
    if (bytes > INTAKE_FILE_MAX)
        return err_set(ERR_DATA, "it is larger than the %llu GiB that a recording may have",
                       (unsigned long long)(INTAKE_FILE_MAX >> 30));
    return f->n_sidecars <= INTAKE_SIDECARS_MAX ? ERR_OK
                                                : err_set(ERR_BUG, "%zu sidecars of a recording", f->n_sidecars);
}

/* The sidecars of a recording that is not held, behind it. */
static enum err take_sidecars(struct intake *in, const struct intake_file *f, struct piece *pieces, size_t *n,
                              struct intake_report *r)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i <= f->n_sidecars && !e; i++) {
        const struct intake_source *s = i < f->n_sidecars ? &f->sidecars[i] : f->made ? f->made(f->ctx) : NULL;
        struct piece *p = &pieces[*n];
        if (!s)
            break;
        e = piece_begin(&in->room, p, s, COMPRESS_TEXT);
        *n += 1;
        if (!e)
            e = piece_resume(&in->room, p);
        if (!e)
            e = piece_read(&in->room, p);
        if (!e)
            e = piece_seal(&in->room, p);
        r->bytes += p->read;
    }
    return e;
}

/* Takes a recording that the fast mark does not know. */
static enum err take(struct intake *in, const struct intake_file *f, struct piece *pieces, size_t *n, bool *known,
                     struct intake_report *r)
{
    struct piece *p = &pieces[0];
    uint64_t need = bytes_of(f);
    enum err e = check_ceilings(f, need);
    if (e)
        return e;
    if (!piece_is_short(p->source))
        e = intake_flush(in); /* what is finished does not wait for hours */
    if (!e)
        e = piece_resume(&in->room, p);
    if (!e)
        e = intake_space(in->s, need - blobs_length(&p->blobs));
    if (!e)
        e = piece_read(&in->room, p);
    r->bytes = p->read;
    r->resumed_from = p->resumed_from;
    if (!e)
        e = know_bytes(in, p, known);
    if (e || *known)
        return e;
    size_t aside = in->room.aside.blobs.n;
    e = piece_seal(&in->room, p);
    if (!e)
        e = take_sidecars(in, f, pieces, n, r);
    if (e) {
        aside_cut(&in->room.aside, aside);
        return e;
    }
    return compose(in, pieces, *n, r);
}

static bool is_time(const struct intake *in)
{
    size_t n = json_array_size(in->entries);
    return n >= GATHER_MAX || in->text >= GATHER_TEXT || (n && clock_uptime() - in->since >= GATHER_TIME);
}

/* One recording with its sidecars. On an error nothing of it stays but the
 * jobs of long files. */
static enum err take_file(struct intake *in, const struct intake_file *f, struct intake_report *r)
{
    struct piece *pieces = calloc(2 + f->n_sidecars, sizeof *pieces);
    if (!pieces)
        return no_memory();
    size_t n = 1;
    bool known = false;
    uint64_t seq;
    enum err e = piece_begin(&in->room, &pieces[0], f->recording, COMPRESS_BLOB);
    if (!e)
        e = marks_know(&in->marks, &pieces[0].fast, &known, &seq);
    if (!e && !known)
        e = take(in, f, pieces, &n, &known, r);
    if (!e && known)
        r->result = INTAKE_KNOWN;
    else if (!e)
        r->result = r->resumed_from ? INTAKE_RESUMED : INTAKE_STORED;
    for (size_t i = 0; i < n; i++)
        piece_free(&pieces[i]);
    free(pieces);
    return e;
}

enum err intake_file(struct intake *in, const struct intake_file *f, struct intake_report *r)
{
    *r = (struct intake_report){0};
    in->room.camera_failed = in->lost = false;
    enum err e = take_file(in, f, r);
    if (!e && (is_time(in) || !piece_is_short(f->recording)))
        e = intake_flush(in);
    if (in->n_jobs == 0)
        claims_give_all(&in->room.jobs);
    r->lost = in->lost;
    r->durable = !in->lost && json_array_size(in->entries) == 0;
    r->stop = e && e != ERR_DATA && !in->room.camera_failed;
    return e;
}
