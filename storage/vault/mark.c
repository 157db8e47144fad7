#include "storage/vault/mark.h"

#include "storage/base/bytes.h"
#include "storage/base/log.h"
#include "storage/limits.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "storage/vault/pipeline.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES 16u
#define SAMPLE (MARK_WHOLE / SAMPLES)

static enum err add_number(struct buf *b, uint64_t v)
{
    uint8_t le[8];
    bytes_put_le64(le, v);
    return buf_add(b, le, sizeof le);
}

static enum err add_text(struct buf *b, const char *s)
{
    enum err e = add_number(b, strlen(s));
    return e ? e : buf_str(b, s);
}

static enum err add_facts(struct buf *b, const char *kind, const char *camera, const struct intake_source *f)
{
    enum err e = buf_str(b, kind);
    if (!e)
        e = add_text(b, camera);
    if (!e)
        e = add_text(b, f->path);
    if (!e)
        e = add_number(b, f->size);
    return e ? e : add_number(b, (uint64_t)f->mtime);
}

enum err mark_begin(struct hash *fast, struct hash *ends, const uint8_t key[static 32], const char *camera,
                    const struct intake_source *f, struct buf *bytes, bool *changed)
{
    struct buf all = {0}, outer = {0};
    bool whole = f->size <= MARK_WHOLE;
    size_t samples = whole || f->in_order ? 1 : SAMPLES;
    size_t n = whole ? (size_t)f->size : f->in_order ? MARK_WHOLE : SAMPLE;
    enum err e = add_facts(&all, "feldsher-mark fast", camera, f);
    if (!e)
        e = add_facts(&outer, "feldsher-mark ends", camera, f);
    for (size_t i = 0; i < samples && !e; i++) {
        uint64_t at = whole ? 0 : (f->size - SAMPLE) / (SAMPLES - 1) * i;
        if (i == SAMPLES - 1)
            at = f->size - SAMPLE;
        buf_clear(bytes);
        e = buf_reserve(bytes, n);
        if (!e)
            e = pipeline_read(f, at, bytes->p, n, changed);
        bytes->len = e ? 0 : n;
        if (!e)
            e = buf_add(&all, bytes->p, n);
        if (!e && (i == 0 || i == samples - 1))
            e = buf_add(&outer, bytes->p, n);
    }
    if (!e) {
        *fast = hash_keyed(key, all.p, all.len);
        *ends = hash_keyed(key, outer.p, outer.len);
    }
    buf_free(&all);
    buf_free(&outer);
    return e;
}

enum err mark_fast(struct hash *out, const uint8_t key[static 32], const char *camera, const struct intake_source *f,
                   struct buf *bytes, bool *changed)
{
    struct hash ends;
    return mark_begin(out, &ends, key, camera, f, bytes, changed);
}

enum err mark_copy(struct hash *out, const uint8_t key[static 32], const struct hash *ends, unsigned level)
{
    struct buf b = {0};
    enum err e = buf_str(&b, "feldsher-mark copy");
    if (!e)
        e = buf_add(&b, ends->b, HASH_LEN);
    if (!e)
        e = add_number(&b, level);
    if (!e)
        *out = hash_keyed(key, b.p, b.len);
    buf_free(&b);
    return e;
}

unsigned mark_level(uint64_t holes)
{
    unsigned level = 0;
    for (; holes; holes >>= 1)
        level++;
    return level;
}

static enum err mark_plain(struct hash *out, const uint8_t key[static 32], const char *kind, const char *path,
                           uint64_t size, const struct hash *plain)
{
    struct buf b = {0};
    enum err e = add_text(&b, kind);
    if (!e)
        e = add_text(&b, path);
    if (!e)
        e = add_number(&b, size);
    if (!e)
        e = buf_add(&b, plain->b, HASH_LEN);
    if (!e)
        *out = hash_keyed(key, b.p, b.len);
    buf_free(&b);
    return e;
}

enum err mark_full(struct hash *out, const uint8_t key[static 32], const char *path, uint64_t size,
                   const struct hash *plain)
{
    return mark_plain(out, key, "feldsher-mark full", path, size, plain);
}

enum err mark_content(struct hash *out, const uint8_t key[static 32], uint64_t size, const struct hash *plain)
{
    return mark_plain(out, key, "feldsher-mark content", "", size, plain);
}

struct mark_line {
    struct hash mark;
    size_t first; /* of its file's blobs */
    size_t n;
};

void marks_init(struct marks *m, struct station *s)
{
    *m = (struct marks){.s = s};
}

void marks_free(struct marks *m)
{
    free(m->lines);
    free(m->here);
    m->lines = NULL;
    m->here = NULL;
    m->n = m->n_blobs = 0;
    m->seq = 0;
}

static int by_mark(const void *a, const void *b)
{
    return memcmp(((const struct mark_line *)a)->mark.b, ((const struct mark_line *)b)->mark.b, HASH_LEN);
}

static enum err count_lines(const struct buf *text, size_t *marks, size_t *blobs)
{
    struct parts p;
    bool mark;
    struct hash h;
    uint64_t size;
    *marks = *blobs = 0;
    enum err e = parts_open(&p, (const char *)text->p, text->len);
    while (!e && (e = parts_next(&p, &mark, &h, &size)) == ERR_OK)
        *(mark ? marks : blobs) += 1;
    return e == ERR_END ? ERR_OK : e;
}

static enum err take_lines(struct marks *m, const struct buf *text)
{
    struct parts p;
    bool mark, after_mark = false;
    struct hash h;
    uint64_t size, here;
    size_t n, n_blobs, first = 0;
    enum err e = count_lines(text, &n, &n_blobs);
    if (e)
        return e;
    m->lines = calloc(n + 1, sizeof *m->lines);
    m->here = calloc(n_blobs + 1, sizeof *m->here);
    if (!m->lines || !m->here)
        return err_set(ERR_NOMEM, "out of memory");
    e = parts_open(&p, (const char *)text->p, text->len);
    while (!e && (e = parts_next(&p, &mark, &h, &size)) == ERR_OK) {
        if (mark) {
            m->lines[m->n++] = (struct mark_line){h, first, m->n_blobs - first};
        } else {
            if (after_mark)
                first = m->n_blobs;
            m->here[m->n_blobs++] = object_size(m->s->dir, &h, &here) && here == size;
        }
        after_mark = mark;
    }
    qsort(m->lines, m->n, sizeof *m->lines, by_mark);
    return e == ERR_END ? ERR_OK : e;
}

struct freed_search {
    const struct sign_public *key;
    const struct hash *parts;
    bool found;
};

static enum err look_freed(void *ctx, const struct label *l)
{
    struct freed_search *f = ctx;
    if (!f->found && hash_same(&l->frees, f->parts) && label_check(l, f->key) == ERR_OK)
        f->found = true;
    return ERR_OK;
}

/* The hub holds them, or they were destroyed under an order, or freed. */
static bool rightly_gone(const struct station *s, const struct label *l)
{
    char order[NOTICE_ID];
    struct buf text = {0};
    struct receipt *r = NULL;
    struct freed_search f = {&s->key->pub, &l->parts, false};
    bool held = queue_receipt(s->queue, s->chain, &text) == ERR_OK &&
                receipt_parse(&r, (const char *)text.p, text.len) == ERR_OK && strcmp(r->chain, s->chain) == 0 &&
                receipt_check(r, s->roster) == ERR_OK && receipt_holds_parts(r, l->seq);
    receipt_free(r);
    buf_free(&text);
    if (held || station_destroyed(s, &l->parts, order))
        return true;
    return queue_each_label(s->queue, s->chain, l->seq + 1, look_freed, &f) == ERR_OK && f.found;
}

/* All of n blobs from number first on. */
static bool blobs_here(const struct marks *m, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++)
        if (!m->here[i])
            return false;
    return true;
}

/* Reads the label and its parts list; what does not stand up leaves nothing. */
static enum err look_up(struct marks *m, uint64_t seq)
{
    struct buf text = {0}, parts = {0};
    struct label l;
    const struct station *s = m->s;
    marks_free(m);
    enum err e = queue_label(s->queue, s->chain, seq, &text);
    if (!e)
        e = label_parse(&l, (const char *)text.p, text.len);
    if (!e && (strcmp(l.chain, s->chain) != 0 || l.seq != seq))
        e = ERR_BAD;
    if (!e)
        e = label_check(&l, &s->key->pub);
    if (!e)
        e = object_get(s->dir, &l.parts, PARTS_MAX, &parts);
    if (!e)
        e = take_lines(m, &parts);
    if (e)
        marks_free(m);
    else
        m->gone = !blobs_here(m, 0, m->n_blobs) && rightly_gone(s, &l);
    m->seq = seq;
    buf_free(&text);
    buf_free(&parts);
    if (e && e != ERR_NOMEM) {
        log_line("label %llu does not vouch for its marks", (unsigned long long)seq);
        err_clear();
        e = ERR_OK;
    }
    return e;
}

enum err marks_know(struct marks *m, const struct hash *mark, bool *known, uint64_t *seq)
{
    *known = false;
    if (!queue_has_mark(m->s->queue, mark, seq))
        return ERR_OK;
    enum err e = m->seq == *seq ? ERR_OK : look_up(m, *seq);
    if (e || m->n == 0)
        return e;
    struct mark_line key = {.mark = *mark}, *line = bsearch(&key, m->lines, m->n, sizeof key, by_mark);
    *known = line && (m->gone || blobs_here(m, line->first, line->n));
    if (line && !*known)
        log_line("label %llu: blobs of a recording are missing, it is taken in anew", (unsigned long long)*seq);
    return ERR_OK;
}
