#ifndef DRIVERS_PROFILES_PROFILE_H
#define DRIVERS_PROFILES_PROFILE_H

#include "drivers/camera.h"
#include "drivers/usb/usb.h"

/*
 * Camera models as text files (README.md here says how to write one): which
 * devices to ask, what proves that it is one, how its clock, its lock and its
 * files' names work. Those that come with the program are compiled in; those
 * in STATION/profiles/ come before them.
 */
enum profile_speaks { PROFILE_STORAGE, PROFILE_MTP, PROFILE_ASCII, PROFILE_BINARY };

struct profile; /* read only */
struct profiles;

/* dir: the station; NULL: the compiled-in ones alone. ERR_DATA: a mistake,
 * with file and line. */
enum err profiles_load(struct profiles **out, const char *dir) MUST_USE;
void profiles_free(struct profiles *p);
/* One file, for `cameras check FILE`. ERR_DATA with file and line. */
enum err profile_check(const char *path) MUST_USE;
const struct profile *profiles_find(const struct profiles *p, const char *name); /* NULL: none */
const struct profile *profiles_next(const struct profiles *p,
                                    const struct profile *before); /* NULL: first; NULL: end */

const char *profile_name(const struct profile *p);
enum profile_speaks profile_speaks(const struct profile *p);
/* Taken in without an operator's word: its proof is strong enough (a dialect answered). */
bool profile_is_automatic(const struct profile *p);
bool profile_needs_secret(const struct profile *p);
/* Could this device be one, by its descriptors? *interface: the number to claim. Nothing is opened. */
bool profile_may_be(const struct profile *p, const struct usb_seen *seen, uint8_t *interface);
/* Is this volume one: label, folders; empty strings where unknown. Only for STORAGE and MTP. */
bool profile_takes(const struct profile *p, const char *path); /* a file of this path is a recording or a sidecar */
/* CDB of the vendor command that erases one file; false: it has none. */
bool profile_erase_command(const struct profile *p, uint8_t cdb[static 16], size_t *len);

/* What a file's name says; "" and INT64_MIN: nothing. */
struct profile_said {
    char device[NAME_LEN], officer[NAME_LEN];
    int64_t start; /* ms, UTC, by the profile's zone */
};
void profile_read_name(const struct profile *p, const char *path, struct profile_said *out);

#endif
