#ifndef TUI_BACKUP_H
#define TUI_BACKUP_H

#include "storage/base/pulse.h"
#include "storage/vault/station.h"

/*
 * A station's folder copied sealed to DIR/feldsher-backup, and back:
 *
 *     backup        feldsher-backup 1: station, chain, time, blobs (yes | no); written last
 *     secret.age    station.key and link.key, to the user who backed up
 *     ...           chain, objects, notices, roster, keys (sealed ones), sums, station.conf, drafts
 *
 * Every file is written aside, synced, read back and compared, then renamed.
 * Objects that are there already with their size are passed over, so that a
 * backup goes on where it stopped and a later one adds what is new. An object
 * whose bytes are not its name's is passed over and counted.
 */
struct backup_report {
    uint64_t files, bytes; /* copied now */
    uint64_t there;        /* objects passed over */
    uint64_t damaged;      /* not copied: verify says more */
};

/* pulse counts bytes of objects. */
enum err backup_write(const struct station *s, const struct user *u, const char *dir, bool blobs, struct pulse *pulse,
                      struct backup_report *r) MUST_USE;

/* Which users' passphrases open it: names, each NUL-ended. ERR_NOINPUT: there
 * is no whole backup in dir. */
enum err backup_users(const char *dir, struct buf *names, size_t *n) MUST_USE;

/* Into target, which must not exist or be empty; it appears when it is whole.
 * It appends nothing before the hub has shown that its copy of the chain is
 * not longer (job "restored"). ERR_DENIED: wrong passphrase, or another user
 * made the backup. */
enum err backup_restore(const char *dir, const char *target, const char *user, const char *pass, size_t pass_len,
                        struct pulse *pulse, struct backup_report *r) MUST_USE;

#endif
