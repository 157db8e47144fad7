/* A notice from outside. The input is read as it stands, and once more as a
 * body that a user signed, so that the fuzzer gets behind the signature. What
 * parses can be written anew, and reads the same. */
#include "storage/trust/notice.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void same_licence(const struct licence *a, const struct licence *b)
{
    must(hash_same(&a->camera, &b->camera) && hash_same(&a->volume, &b->volume) && a->expires == b->expires &&
         a->copies == b->copies);
    must(a->n_files == b->n_files && a->n_files > 0 && a->n_files <= LICENCE_FILES_MAX);
    must(a->n_receipts == b->n_receipts && a->n_receipts <= LICENCE_RECEIPTS_MAX);
    for (size_t i = 0; i < a->n_files; i++) {
        const struct licence_file *x = &a->files[i], *y = &b->files[i];
        must(x->size == y->size && x->mtime == y->mtime && x->seq == y->seq && hash_same(&x->proof, &y->proof));
        must(strcmp(x->recording, y->recording) == 0 && strcmp(x->chain, y->chain) == 0);
    }
    for (size_t i = 0; i < a->n_receipts; i++)
        must(a->receipts[i].len == b->receipts[i].len && a->receipts[i].len > 0 &&
             memcmp(a->receipts[i].p, b->receipts[i].p, a->receipts[i].len) == 0);
}

static void write_anew(struct notice *n, const struct sign_secret *k)
{
    struct notice *back;
    must(notice_write(n) == ERR_OK);
    must(notice_sign(n, "u", k) == ERR_OK);
    must(notice_parse(&back, (const char *)n->text.p, n->text.len) == ERR_OK);
    must(back->kind == n->kind && back->time == n->time && back->generation == n->generation);
    must(strcmp(back->id, n->id) == 0 && strcmp(back->district, n->district) == 0);
    must(strcmp(back->why, n->why) == 0 && strcmp(back->basis, n->basis) == 0);
    must(strcmp(back->recording, n->recording) == 0 && hash_same(&back->parts, &n->parts));
    must(strcmp(back->circle, n->circle) == 0 && strcmp(back->user, n->user) == 0);
    must(back->key.len == n->key.len && (!n->key.len || memcmp(back->key.p, n->key.p, n->key.len) == 0));
    must(!back->licence == !n->licence);
    if (n->licence)
        same_licence(back->licence, n->licence);
    notice_free(back);
}

static void check(const struct notice *n, const struct sign_secret *k)
{
    char circles[] = "records,evidence/u";
    struct roster_user u = {
        .name = "u", .sign = k->pub, .roles = ROLE_SUPERVISOR, .until = INT64_MAX, .circles = circles};
    struct roster r = {.district = "east", .authority = k->pub, .users = &u, .n_users = 1};
    enum err e = notice_check(n, &r);
    must(e == ERR_OK || e == ERR_BAD || e == ERR_DENIED);
    must(e != ERR_OK || (n->kind != NOTICE_UNKNOWN && n->kind != NOTICE_DESTROY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const uint8_t seed[32] = {42};
    struct sign_secret k;
    struct notice *notice;
    struct buf text = {0};
    must(hash_start() == ERR_OK);
    sign_from_seed(&k, seed);
    if (notice_parse(&notice, (const char *)data, n) == ERR_OK)
        check(notice, &k);
    notice_free(notice);

    if (buf_add(&text, data, n) == ERR_OK && sign_add(&text, "u", &k) == ERR_OK &&
        notice_parse(&notice, (const char *)text.p, text.len) == ERR_OK) {
        check(notice, &k);
        if (notice->kind != NOTICE_UNKNOWN)
            write_anew(notice, &k);
        notice_free(notice);
    }
    buf_free(&text);
    return 0;
}
