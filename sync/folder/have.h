#ifndef SYNC_FOLDER_HAVE_H
#define SYNC_FOLDER_HAVE_H

#include "storage/trust/notice.h"
#include "storage/trust/roster.h"
#include "storage/vault/want.h"

/* The have text: what a station has and wants, signed with its link key;
 * format in sync/README.md. Its lists are in rising order. */
struct have_head {
    char chain[CHAIN_ID];
    uint64_t seq;
    struct hash hash;
};

/* A parts list whose blobs it asks for, or some of them. */
struct have_want {
    struct hash parts;
    struct want_spans spans;
};

struct have {
    char station[NAME_LEN];
    char chain[CHAIN_ID];
    uint64_t roster;
    int64_t time;
    struct have_head *heads;
    size_t n_heads;
    char (*notices)[NOTICE_ID];
    size_t n_notices;
    struct have_want *wants;
    size_t n_wants;
    struct sign_text sig; /* points into text */
    struct buf text;
};

/* Parses; ERR_DATA. Says nothing about who signed. The caller frees. */
enum err have_parse(struct have **out, const char *text, size_t n) MUST_USE;
void have_free(struct have *h);
/* ERR_OK: the roster's station of that chain has that name, is in force, and
 * signed it. ERR_BAD, ERR_DENIED (revoked). */
enum err have_check(const struct have *h, const struct roster *r) MUST_USE;

/* Lists grow by these, in any order, each name once; have_write sorts. */
enum err have_add_head(struct have *h, const char *chain, uint64_t seq, const struct hash *hash) MUST_USE;
enum err have_add_notice(struct have *h, const char *id) MUST_USE;
/* spans NULL: all of its blobs. */
enum err have_add_want(struct have *h, const struct hash *parts, const struct want_spans *spans) MUST_USE;
enum err have_write(struct have *h, const struct sign_secret *link) MUST_USE;

/* NULL: it has none of that chain. */
const struct have_head *have_head(const struct have *h, const char *chain);
bool have_notice(const struct have *h, const char *id);

#endif
