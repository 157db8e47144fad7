#ifndef STORAGE_RECORDS_CUSTODY_H
#define STORAGE_RECORDS_CUSTODY_H

#include "storage/records/recording.h"

/*
 * What people do with recordings: each act is an entry of the chain, sealed to
 * the circles of the recording's unit. Needs STATION_CHAIN_KEY.
 */

/* ERR_DENIED unless the user has one of the roles (enum role) now. */
enum err custody_role(const struct station *s, const struct user *u, unsigned roles) MUST_USE;
/* ERR_DENIED unless the user opens what recordings of this unit are sealed to. */
enum err custody_circle(const struct user *u, const struct recording *r) MUST_USE;

/* Appends an entry of a type about a recording (r NULL: about none, sealed to
 * the station's own circles), authored by u (NULL: nobody is logged in).
 * data: an object, consumed, "recording" is added. id gets the entry's. */
enum err custody_entry(struct station *s, const struct user *u, const struct recording *r, const char *type,
                       json_t *data, char id[static ENTRY_ID]) MUST_USE;

/* Hold (supervisor, admin) or release (supervisor): notice and entry. */
enum err custody_hold(struct station *s, const struct user *u, const struct recording *r, bool hold,
                      const char *why) MUST_USE;

/* Puts the blobs in lane 3. */
enum err custody_flag(struct station *s, const struct user *u, const struct recording *r) MUST_USE;
/* Asks for the blobs at the next contact: those that hold bytes from..to of the
 * recording (0 and UINT64_MAX: everything, its sidecars too). Recordings that
 * share a parts list are short, and come whole. ERR_CREATE: they are all here;
 * ERR_USAGE: it has no such bytes. */
enum err custody_pull(struct station *s, const struct user *u, const struct recording_list *l,
                      const struct recording *r, uint64_t from, uint64_t to, const char *why) MUST_USE;

/*
 * A destruction order needs two supervisors. The first call writes the order
 * with one signature into an entry (basis and why needed); a call by another
 * supervisor, here or on another station, signs that one and makes it a
 * notice (*complete). together: the order takes the other recordings that
 * share the parts list with it; without it such a one is ERR_DENIED, as is a
 * held one. order gets the notice's id.
 */
enum err custody_destroy(struct station *s, const struct user *u, const struct recording_list *l,
                         const struct recording *r, const char *basis, const char *why, bool together,
                         char order[static NOTICE_ID], bool *complete) MUST_USE;

/*
 * Removes blobs that stand here and need not: those under an order, and those
 * that a valid receipt covers and whose label is older than before (ms). Held
 * ones stay; a parts list is removed whole or not at all; batches never.
 * An entry is appended first, so that verify knows.
 */
struct custody_purged {
    uint64_t freed, destroyed; /* recordings */
    uint64_t bytes;
    uint64_t held;   /* kept by a hold */
    uint64_t kept;   /* no receipt covers them, or too young */
    uint64_t failed; /* their parts list is missing or damaged: verify says more */
};
enum err custody_purge(struct station *s, const struct user *u, const struct recording_list *l, int64_t before,
                       struct custody_purged *out) MUST_USE;

#endif
