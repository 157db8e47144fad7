#ifndef STORAGE_RECORDS_EVIDENCE_H
#define STORAGE_RECORDS_EVIDENCE_H

#include "storage/base/pulse.h"
#include "storage/records/recording.h"

/*
 * Evidence leaves by two persons: one asks and exports, a supervisor looks at
 * the same bytes and approves. Needs STATION_CHAIN_KEY and a user in the
 * evidence circle of the recording's unit.
 */

/* ERR_DENIED without the circle. id: of the request. */
enum err evidence_request(struct station *s, const struct user *u, const struct recording *r, const char *why,
                          char id[static ENTRY_ID]) MUST_USE;

/* Reads the whole recording here, makes the manifest and appends it with u's
 * signature. ERR_DENIED: no supervisor, no circle, or u's own request;
 * ERR_NOINPUT: blobs are not here; ERR_BAD: they are not what the entry says.
 * pulse counts the bytes that are read; NULL: nobody waits. */
enum err evidence_approve(struct station *s, const struct user *u, const struct recording_list *l,
                          const struct recording *r, const struct recording_event *request, struct pulse *pulse,
                          char id[static ENTRY_ID]) MUST_USE;

struct evidence_report {
    char request[ENTRY_ID];
    char approver[NAME_LEN];
    uint64_t bytes; /* of the recording and its sidecars */
    size_t files;
};

/* Writes the package of an approved request of u's into dir, which must not
 * exist or be empty; there is nothing under that name until it is whole.
 * ERR_DENIED: nobody approved a request of u's; ERR_BAD: what is here is not
 * what was approved. pulse: as above. */
enum err evidence_export(struct station *s, const struct user *u, const struct recording_list *l,
                         const struct recording *r, const char *dir, struct pulse *pulse,
                         struct evidence_report *report) MUST_USE;

#endif
