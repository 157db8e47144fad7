#ifndef DRIVERS_PROFILES_PROFILE_H
#define DRIVERS_PROFILES_PROFILE_H

#include "drivers/camera.h"
#include "drivers/usb/usb.h"

/*
 * Camera models as text files (README.md here says how to write one): which
 * devices to ask, what proves that it is one, how its clock, its lock and its
 * files' names work. Those that come with the program are compiled in; those
 * in STATION/profiles/ come before them, and one of the same name instead.
 */
enum profile_speaks { PROFILE_STORAGE, PROFILE_MTP, PROFILE_ASCII, PROFILE_BINARY };
enum profile_clock { PROFILE_NO_CLOCK, PROFILE_CLOCK_DIALECT, PROFILE_CLOCK_PTP };
enum profile_erase { PROFILE_NO_ERASE, PROFILE_ERASE_MTP, PROFILE_ERASE_COMMAND };

struct profile; /* read only */
struct profiles;

/* dir: the station; NULL: the compiled-in ones alone. To be called before the
 * process limits itself (it looks at the machine's zone). A file with a mistake
 * is refused, and one of ours of its name with it; the others count. */
enum err profiles_load(struct profiles **out, const char *dir) MUST_USE;
/* The sentence about the refused file number i, with its line; NULL: no more. */
const char *profiles_refused(const struct profiles *p, size_t i);
void profiles_free(struct profiles *p);
/* One file, for `cameras check FILE`. ERR_DATA with file and line. */
enum err profile_check(const char *path) MUST_USE;
const struct profile *profiles_find(const struct profiles *p, const char *name); /* NULL: none */
const struct profile *profiles_next(const struct profiles *p,
                                    const struct profile *before); /* NULL: first; NULL: end */

const char *profile_name(const struct profile *p);
const char *profile_title(const struct profile *p); /* for a person */
enum profile_speaks profile_speaks(const struct profile *p);
/* Taken in without an operator's word: its proof is strong enough (a dialect answered). */
bool profile_is_automatic(const struct profile *p);
bool profile_needs_secret(const struct profile *p);
size_t profile_secret_length(const struct profile *p); /* bytes; 0: no lock */
int profile_battery(const struct profile *p);          /* per cent that it needs before it is asked for its disk */
enum profile_clock profile_clock(const struct profile *p);
enum profile_erase profile_erase(const struct profile *p);
/* For a clock that tells no zone: its digits, taken for UTC (wall, ms), are
 * this moment by the model's zone; and back. */
int64_t profile_of_wall(const struct profile *p, int64_t wall);
int64_t profile_wall(const struct profile *p, int64_t ms);
/* That zone, at a moment: "utc", "+05:00", "local +05:00". */
#define PROFILE_ZONE_TEXT 16
void profile_zone(const struct profile *p, int64_t ms, char out[static PROFILE_ZONE_TEXT]);
/* The disk that it becomes is labelled with the device id that the dialect told. */
bool profile_label_is_device(const struct profile *p);

/* Could this device be one, by its descriptors? *interface: the number to claim. Nothing is opened. */
bool profile_may_be(const struct profile *p, const struct usb_seen *seen, uint8_t *interface);
/* Could this be the disk that a camera of this dialect came back as? Its port
 * is the caller's to compare. */
bool profile_becomes(const struct profile *p, const struct usb_seen *seen, uint8_t *interface);

/* What is known of an opened STORAGE or MTP device. "" unknown. */
struct profile_evidence {
    const char *label;                      /* of its volume */
    const char *vendor, *model, *extension; /* as MTP's DeviceInfo says */
    /* Is there such a folder in its root? NULL: unknown. */
    enum err (*has)(void *ctx, const char *folder, bool *has);
    void *ctx;
};
/* Everything that the profile wants proven is. Never for a dialect: there
 * dialect_open proves it. Errors are has's. */
enum err profile_prove(const struct profile *p, const struct profile_evidence *e, bool *proven) MUST_USE;

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
