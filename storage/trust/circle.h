#ifndef STORAGE_TRUST_CIRCLE_H
#define STORAGE_TRUST_CIRCLE_H

#include "storage/base/buf.h"
#include "storage/base/err.h"
#include "storage/limits.h"
#include "storage/seal/identity.h"

#include <stddef.h>
#include <stdint.h>

#define CIRCLE_GENERATION_MAX 1000000u

/* One generation of a circle's key pair. Lives in locked memory. */
struct user_circle {
    char name[CIRCLE_LEN];
    unsigned generation;
    struct identity id;
};

/* The key that the authority's seed gives for a name and generation (see
 * authority.h). */
enum err circle_derive(struct user_circle *out, const uint8_t seed[static 32], const char *name,
                       unsigned generation) MUST_USE;

/*
 * A circle file: age to members; its text is an age identity file, for each
 * generation two lines:
 *
 *     # circle NAME generation N
 *     AGE-SECRET-KEY-1...
 */
enum err circle_seal(const struct user_circle *const *generations, size_t n, const struct recipient *to, size_t n_to,
                     struct buf *file) MUST_USE;

/* fn is called for each generation. ERR_DENIED: not for this identity;
 * ERR_DATA: damaged, or the file of another circle. */
typedef void circle_fn(void *ctx, const struct user_circle *c);
enum err circle_open(const struct identity *id, const char *name, const void *file, size_t n, circle_fn *fn,
                     void *ctx) MUST_USE;

#endif
