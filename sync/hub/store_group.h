#ifndef SYNC_HUB_STORE_GROUP_H
#define SYNC_HUB_STORE_GROUP_H

#include "storage/vault/object.h"

/*
 * Small objects made durable together: one flush of the file system instead
 * of two for each. They stand in objects/tmp until the group settles; before
 * that none has its name, after it all have, and stay through a power cut.
 */
struct store_group {
    const char *dir;
    struct store_grouped *list;
    size_t n;
};

/* Takes the file that w wrote over. ERR_BAD, and w is left to the caller, when
 * its bytes are not those of name. */
enum err store_group_add(struct store_group *g, struct object_writer *w, const struct hash *name) MUST_USE;
bool store_group_has(const struct store_group *g, const struct hash *name, uint64_t *size);
enum err store_group_settle(struct store_group *g) MUST_USE;
/* Forgets and removes what is not settled. */
void store_group_drop(struct store_group *g);

#endif
