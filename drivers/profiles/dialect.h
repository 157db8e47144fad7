#ifndef DRIVERS_PROFILES_DIALECT_H
#define DRIVERS_PROFILES_DIALECT_H

#include "drivers/profiles/profile.h"

/*
 * What a camera says in its maker's own dialect before it lets its disk be
 * seen. ASCII: lines "@Ver;8;...;#"; binary: packets of 16 bytes and a text.
 * README.md has both, byte by byte.
 */
struct dialect;
struct dialect_facts {
    char device[NAME_LEN], version[NAME_LEN]; /* "" not told */
    int battery;                              /* per cent; -1 not told */
    int64_t clock;                            /* ms, UTC; INT64_MIN not told */
    bool locked;
};

/* Asks; u stays the caller's and must live as long. ERR_BAD: it does not speak
 * it: no camera of this profile (another may be tried on the same u); ERR_AGAIN: gone. */
enum err dialect_open(struct dialect **out, const struct profile *p, struct usb *u,
                      struct dialect_facts *facts) MUST_USE;
/* ERR_DENIED: wrong; it is not tried a second time. secret is not kept. */
enum err dialect_unlock(struct dialect *d, const void *secret, size_t n) MUST_USE;
/* ERR_NOINPUT: it cannot tell, or cannot be set; ERR_DENIED: locked. */
enum err dialect_clock(struct dialect *d, int64_t *ms) MUST_USE;
enum err dialect_set_clock(struct dialect *d, int64_t ms) MUST_USE;
/* Afterwards it leaves the bus and comes back as a disk (profile_becomes), or
 * does not: wait for it. ERR_DENIED: locked, or its battery is too low: the
 * sentence says it. */
enum err dialect_to_disk(struct dialect *d) MUST_USE;
void dialect_close(struct dialect *d);

#endif
