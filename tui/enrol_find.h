#ifndef TUI_ENROL_FIND_H
#define TUI_ENROL_FIND_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Enrolment files, by what they are and not by their name: age files under a
 * one-time code (the work factor in their header tells them from a person's
 * key). One in ASCII armor counts when it is named *.enrol. A used one does
 * not: nothing of it is left.
 */
#define ENROL_FIND_MAX 32      /* files */
#define ENROL_FIND_LOOKS 20000 /* names that are looked at, of a stick full of other things */

struct enrol_place {
    const char *path;
    unsigned depth; /* of folders below it that are looked into */
};

/* path is absolute where the place is. */
typedef enum err enrol_find_fn(void *ctx, const char *path, uint64_t size, int64_t mtime);
/* What cannot be read is passed over; hidden folders and links are, too. */
enum err enrol_find(const struct enrol_place *places, size_t n, enrol_find_fn *fn, void *ctx) MUST_USE;

/* head: the first bytes of a file of that name. */
bool enrol_find_is(const char *name, const char *head, size_t n);

#endif
