#ifndef STORAGE_RECORDS_NOTE_H
#define STORAGE_RECORDS_NOTE_H

#include "storage/vault/chain.h"

/*
 * A free note in the chain, sealed to the station's record circles. It may be
 * written while nobody is unlocked: then nobody has signed it, and its author
 * confirms it later, by an entry of their own.
 */
#define NOTE_MAX 16384u /* bytes of text */

/* u NULL: nobody is unlocked. urgent: it goes out in front of everything.
 * ERR_DATA: empty, too long or no UTF-8. Needs STATION_CHAIN_KEY. */
enum err note_add(struct station *s, const struct user *u, const char *text, bool urgent,
                  char id[static ENTRY_ID]) MUST_USE;
/* "I wrote this." note: the entry's whole id; that there is such a note that
 * nobody signed is the caller's to know. */
enum err note_confirm(struct station *s, const struct user *u, const char *note, char id[static ENTRY_ID]) MUST_USE;

#endif
