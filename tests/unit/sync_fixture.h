#ifndef TESTS_UNIT_SYNC_FIXTURE_H
#define TESTS_UNIT_SYNC_FIXTURE_H

/* A roster with two stations and a hub, labels signed by them, and a stick in
 * a temporary folder: no station folder, no passphrase work. */

#include "storage/base/file.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"
#include "sync/folder/have.h"
#include "sync/folder/labels.h"
#include "sync/hub/import.h"
#include "sync/limits.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define FIXTURE static __attribute__((unused))
#define OK(expr) assert_ok(expr, #expr, __FILE__, __LINE__)
#define LABELS 600

FIXTURE void assert_ok(enum err e, const char *what, const char *file, int line)
{
    if (e)
        print_error("%s:%d: %s: %d %s\n", file, line, what, e, err_text());
    _assert_true(e == ERR_OK, what, file, line);
}

struct post {
    char dir[64], folder[96], hub[96];
    struct sign_secret authority, chain[2], link[2], sign;
    struct roster *roster;
    struct stick stick;
    struct tell tell;
    struct refuse refuse;
    struct buf why; /* what was refused, a line each: NAME: REASON */
};

/* One label under way: its text, and what belongs to it. */
struct item {
    struct label l;
    struct buf text, batch, parts;
    struct buf blob[2];
    struct hash blob_name[2];
};

FIXTURE enum err keep_why(void *ctx, const char *name, const char *why)
{
    struct buf *b = ctx;
    return buf_fmt(b, "%s: %s\n", name, why);
}

FIXTURE void sign_roster(struct post *p, uint64_t number, bool revoked, uint64_t last)
{
    static const char *const names[] = {"amb-1", "office-1"};
    static const char *const units[] = {"brigade-1", "office"};
    struct roster *r = calloc(1, sizeof *r);
    assert_non_null(r);
    strcpy(r->district, "demo");
    r->authority = p->authority.pub;
    r->number = number;
    r->time = 1760000000000;
    for (int i = 0; i < 2; i++) {
        struct roster_station s = {.kind = i ? STATION_SUPERVISOR : STATION_CREW};
        OK(roster_add_unit(r, units[i]));
        snprintf(s.name, sizeof s.name, "%s", names[i]);
        snprintf(s.unit, sizeof s.unit, "%s", units[i]);
        s.key = p->chain[i].pub;
        s.link = p->link[i].pub;
        s.revoked = revoked && i == 0;
        s.last_seq = s.revoked ? last : 0;
        s.revoked_at = s.revoked ? 1760000000000 : 0;
        roster_chain_id(s.chain, &s.key);
        OK(roster_add_station(r, &s));
    }
    struct roster_hub h = {.name = "hub", .sign = p->sign.pub, .link = p->sign.pub};
    OK(roster_add_hub(r, &h));
    OK(roster_sign(r, &p->authority));
    roster_free(p->roster);
    OK(roster_parse(&p->roster, (const char *)r->text.p, r->text.len, &p->authority.pub));
    roster_free(r);
}

FIXTURE struct post *post_new(void)
{
    struct post *p = calloc(1, sizeof *p);
    assert_non_null(p);
    OK(hash_start());
    strcpy(p->dir, "/tmp/feldsher-sync-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->folder, sizeof p->folder, "%s/stick", p->dir);
    snprintf(p->hub, sizeof p->hub, "%s/hub", p->dir);
    assert_int_equal(mkdir(p->folder, 0700), 0);
    assert_int_equal(mkdir(p->hub, 0700), 0);
    static const char *const folders[] = {"chains", "objects", "objects/tmp", "quarantine", "notices"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", p->hub, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    sign_new(&p->authority);
    sign_new(&p->sign);
    for (int i = 0; i < 2; i++) {
        sign_new(&p->chain[i]);
        sign_new(&p->link[i]);
    }
    sign_roster(p, 1, false, 0);
    OK(stick_open(&p->stick, p->folder));
    OK(stick_make(&p->stick, "stick-1", "demo"));
    p->tell.json = true;
    p->refuse = (struct refuse){.tell = &p->tell, .keep = keep_why, .ctx = &p->why};
    return p;
}

FIXTURE void post_free(struct post *p)
{
    char cmd[128];
    stick_close(&p->stick);
    roster_free(p->roster);
    buf_free(&p->why);
    snprintf(cmd, sizeof cmd, "rm -rf %s", p->dir);
    assert_int_equal(system(cmd), 0);
    free(p);
}

FIXTURE const char *post_why(struct post *p)
{
    return p->why.p ? (const char *)p->why.p : "";
}

FIXTURE void post_forget(struct post *p)
{
    buf_clear(&p->why);
    p->refuse.n = 0;
}

/* Makes label seq of station `who` behind prev, signed; blobs: 0 to 2. text
 * makes its batch (and so the label) its own. */
FIXTURE void item_make(struct post *p, struct item *it, int who, uint64_t seq, const struct hash *prev,
                       const char *text, unsigned blobs)
{
    memset(it, 0, sizeof *it);
    struct label *l = &it->l;
    roster_chain_id(l->chain, &p->chain[who].pub);
    l->seq = seq;
    l->prev = prev ? *prev : (struct hash){{0}};
    l->roster = 1;
    OK(buf_fmt(&it->batch, "batch %s %llu of %s", text, (unsigned long long)seq, l->chain));
    l->object = hash_of(it->batch.p, it->batch.len);
    l->content = l->object;
    l->size = it->batch.len;
    l->lane = 1;
    strcpy(l->to, "records/brigade-1 records unit/brigade-1");
    strcpy(l->retain_class, "records");
    l->retain_until = 1790000000000;
    l->time = 1765000000000 + (int64_t)seq * 1000;
    l->count = 1;
    if (blobs)
        OK(parts_begin(&it->parts));
    for (unsigned i = 0; i < blobs; i++) {
        OK(buf_fmt(&it->blob[i], "blob %u %s %llu of %s", i, text, (unsigned long long)seq, l->chain));
        it->blob_name[i] = hash_of(it->blob[i].p, it->blob[i].len);
        OK(parts_blob(&it->parts, &it->blob_name[i], it->blob[i].len));
    }
    if (blobs)
        l->parts = hash_of(it->parts.p, it->parts.len);
    OK(label_write(l, &p->chain[who], &it->text));
    OK(label_parse(l, (const char *)it->text.p, it->text.len));
}

FIXTURE void item_free(struct item *it)
{
    buf_free(&it->text);
    buf_free(&it->batch);
    buf_free(&it->parts);
    buf_free(&it->blob[0]);
    buf_free(&it->blob[1]);
}

FIXTURE struct hash item_hash(const struct item *it)
{
    return label_hash(&it->l);
}

FIXTURE void put_object(struct post *p, const struct buf *b)
{
    char path[80];
    struct hash h = hash_of(b->p, b->len);
    stick_object(path, &h);
    OK(stick_put(&p->stick, path, b->p, b->len));
}

/* Labels of one chain, first to last, as one file of the stick. */
FIXTURE void put_labels(struct post *p, struct item *items, size_t n)
{
    char path[128];
    struct buf text = {0};
    for (size_t i = 0; i < n; i++)
        OK(buf_add(&text, items[i].text.p, items[i].text.len));
    snprintf(path, sizeof path, "labels/%s/%llu-%llu", items[0].l.chain, (unsigned long long)items[0].l.seq,
             (unsigned long long)items[n - 1].l.seq);
    OK(stick_put(&p->stick, path, text.p, text.len));
    buf_free(&text);
}

/* Label, batch, parts list and blobs of each. */
FIXTURE void put_all(struct post *p, struct item *items, size_t n)
{
    put_labels(p, items, n);
    for (size_t i = 0; i < n; i++) {
        put_object(p, &items[i].batch);
        if (items[i].parts.len)
            put_object(p, &items[i].parts);
        for (int k = 0; k < 2; k++)
            if (items[i].blob[k].len)
                put_object(p, &items[i].blob[k]);
    }
}

/* A chain of n labels of station `who`; the last has `blobs` blobs. */
FIXTURE void chain_make(struct post *p, struct item *items, size_t n, int who, const char *text, unsigned blobs)
{
    struct hash prev = {{0}};
    for (size_t i = 0; i < n; i++) {
        item_make(p, &items[i], who, i + 1, &prev, text, i + 1 == n ? blobs : 0);
        prev = item_hash(&items[i]);
    }
}

FIXTURE void chain_free(struct item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        item_free(&items[i]);
}

FIXTURE struct import import_make(struct post *p, struct store *s)
{
    return (struct import){.store = s,
                           .roster = p->roster,
                           .stick = &p->stick,
                           .tell = &p->tell,
                           .refuse = &p->refuse,
                           .quota = (uint64_t)1 << 40,
                           .now = 1768000000000};
}

FIXTURE uint64_t head_of(struct store *s, const struct item *it)
{
    struct store_chain c;
    OK(s->chain(s, it->l.chain, &c));
    return c.seq;
}

#endif
