#ifndef STORAGE_RECORDS_DRAFT_H
#define STORAGE_RECORDS_DRAFT_H

#include "storage/vault/station.h"

/*
 * What somebody was typing, kept over a lock, a kill or a power cut:
 * drafts/USER.NAME.age, sealed to its author alone (USER "-": typed while
 * nobody was unlocked, sealed to everybody who has a key here). Sealing needs
 * no secret. An object's format: age, then zstd.
 */
#define DRAFT_MAX 65536u /* bytes of text */

/* name: a name of ours ("note"). Durable; the one before is replaced. user
 * NULL: nobody is unlocked. ERR_NOINPUT: no such user in force. */
enum err draft_save(const struct station *s, const char *user, const char *name, const void *text, size_t n) MUST_USE;
/* Of u, or (anonymous) of nobody. text gets the bytes, secret. ERR_NOINPUT:
 * there is none; ERR_DATA: damaged. */
enum err draft_load(const struct station *s, const struct user *u, bool anonymous, const char *name,
                    struct buf *text) MUST_USE;
/* One that is not there is no error. */
enum err draft_drop(const struct station *s, const char *user, const char *name) MUST_USE;
/* Those that u could open. time: of the last save, ms. */
typedef enum err draft_fn(void *ctx, const char *name, bool anonymous, int64_t time);
enum err draft_each(const struct station *s, const char *user, draft_fn *fn, void *ctx) MUST_USE;

#endif
