#ifndef STORAGE_VAULT_CLAIM_H
#define STORAGE_VAULT_CLAIM_H

#include "storage/seal/hash.h"

#include <stdbool.h>

/*
 * What each of several intakes at a station is at work on, so that no two do
 * the same: a lock of the kernel on one byte of objects/tmp/.claims for each
 * mark. It ends with its process, however that ends, and leaves nothing.
 */
struct claims {
    int fd;
};

void claims_init(struct claims *c);
enum err claims_open(struct claims *c, const char *root) MUST_USE;
void claims_close(struct claims *c);
/* Waits up to ms. ERR_AGAIN: another intake has it. One that is held already is no error. */
enum err claims_take(struct claims *c, const struct hash *mark, int ms) MUST_USE;
/* Has another intake it? */
bool claims_is_taken(const struct claims *c, const struct hash *mark);
void claims_give_all(struct claims *c);

#endif
