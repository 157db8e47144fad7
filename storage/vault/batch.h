#ifndef STORAGE_VAULT_BATCH_H
#define STORAGE_VAULT_BATCH_H

#include "storage/base/buf.h"
#include "storage/base/clock.h"
#include "storage/trust/user.h"

#include <jansson.h>

/* One save about one subject: JSON lines; format in storage/README.md. */

#define ENTRY_ID 21 /* 20 hex digits and NUL */

struct batch {
    char chain[CHAIN_ID];
    uint64_t seq;
    json_t *entries;       /* array of objects, as read */
    char author[NAME_LEN]; /* signed by; "" nobody was logged in */
    struct sign_public author_key;
};

void batch_entry_id(char out[static ENTRY_ID]);

/* Parses and, where there is an author line, checks its signature against
 * the key that stands in it (whether the roster knows that key as the
 * author's is batch_author). ERR_DATA, ERR_BAD. The caller frees. */
enum err batch_parse(struct batch **out, const char *plain, size_t n) MUST_USE;
void batch_free(struct batch *b);
/* ERR_OK: nobody, or the roster's user of that name has that key. */
enum err batch_author(const struct batch *b, const struct roster *r) MUST_USE;

/* The plaintext: header, entries (an array; each must have id, type, data;
 * at, clock, author and parents are filled in), author's signature if author
 * is not NULL. */
struct batch_when {
    int64_t wall;
    struct hlc hlc;
    enum clock_mark mark;
};
enum err batch_write(struct buf *out, const char *chain, uint64_t seq, json_t *entries, const struct batch_when *when,
                     const struct user *author) MUST_USE;

#endif
