#ifndef SYNC_HUB_STORE_GROUP_H
#define SYNC_HUB_STORE_GROUP_H

#include "storage/vault/object.h"

/*
 * Objects made durable together: one flush of the file system before they get
 * their names, one behind it, instead of two for each. Until they are placed
 * none has its name, after it all have.
 */
struct store_group {
    const char *dir;
    struct store_grouped *list;
    size_t n;
    bool placed;
};

/* Takes the file that w wrote over. keep: it stays where it is if the group is
 * dropped before it is placed. ERR_BAD, and w is left to the caller, when its
 * bytes are not those of name. */
enum err store_group_add(struct store_group *g, struct object_writer *w, const struct hash *name, bool keep) MUST_USE;
/* Is it among those that are not placed yet? */
bool store_group_has(const struct store_group *g, const struct hash *name, uint64_t *size);
/* Where an object's bytes are, among them or not. */
enum err store_group_file(const struct store_group *g, const struct hash *name, char path[static OBJECT_PATH]) MUST_USE;
enum err store_group_place(struct store_group *g) MUST_USE;
/* Forgets them. What is not placed is removed; undo: what is placed, too. */
void store_group_drop(struct store_group *g, bool undo);

#endif
