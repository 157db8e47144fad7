#ifndef TUI_SESSION_H
#define TUI_SESSION_H

#include "storage/records/recording.h"
#include "tui/command.h"

/* What most commands begin with: the station, who is there, the recordings. */
struct session {
    struct station *station;
    struct user *user;
    struct recording_list *list;
};

/* flags as for station_open. Errors leave nothing open. */
enum err session_station(const struct call *c, unsigned flags, struct station **out) MUST_USE;
/* Asks for the passphrase of whoever the call names; the screens' unlocked
 * person is taken as they are. */
enum err session_unlock(const struct call *c, const struct station *s, struct user **out) MUST_USE;
/* Whom the call means: --user, the only user with a key, $FELDSHER_USER.
 * ERR_USAGE names the choice. */
enum err session_who(const struct call *c, const struct station *s, char out[static NAME_LEN]) MUST_USE;

/* Station and user, and with recordings the projection; quarantined batches
 * are named on stderr. session_end takes what an error left, too. */
enum err session_begin(const struct call *c, unsigned flags, bool recordings, struct session *out) MUST_USE;
/* records.db of the session's person, ahead: with all that the chains say. An
 * index that is damaged is made anew. ERR_AGAIN: another program has it open. */
struct records;
enum err session_records(const struct session *s, struct records **out) MUST_USE;
void session_end(struct session *s);

#endif
