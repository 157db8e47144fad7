#ifndef SYNC_HUB_SHELF_H
#define SYNC_HUB_SHELF_H

#include "sync/hub/hub.h"
#include "sync/hub/room.h"

/*
 * The clear texts of a hub's folder, for the conversations: roster, notices,
 * confirmations, and the receipts that were signed. Receipts are written to
 * their files some time later, many at once: each says all, and is made anew
 * at the next contact.
 */
struct shelf_receipts;

struct shelf {
    struct hub *hub;
    struct room_text *roster_text;
    char (*notices)[NOTICE_ID]; /* rising */
    size_t n_notices;
    struct room_confirmation *confirmations; /* by time of their file */
    size_t n_confirmations;
    struct shelf_receipts *receipts; /* not written yet */
};

/* Reads all of it and hands it to the room. The hub's roster and store are
 * open. */
enum err shelf_open(struct shelf *s, struct hub *hub, struct room *r) MUST_USE;
/* The same anew. */
enum err shelf_read(struct shelf *s, struct room *r) MUST_USE;
void shelf_close(struct shelf *s);
/* The hub's roster was replaced. */
enum err shelf_roster(struct shelf *s, struct room *r) MUST_USE;
/* Adds the id of a notice that was taken. */
enum err shelf_notice(struct shelf *s, struct room *r, const char *id) MUST_USE;

/* What the room calls for. */
enum err shelf_notice_text(const struct shelf *s, const char *id, struct buf *text) MUST_USE;
enum err shelf_confirmation_text(const struct shelf *s, size_t i, struct buf *text) MUST_USE;
int64_t shelf_signed_before(const struct shelf *s, const char *chain);
void shelf_signed_now(struct shelf *s, const struct receipt *r);

/* At most n receipts to be written; NULL: none are. Writes and frees them: may
 * run on another thread. */
struct shelf_receipts *shelf_take(struct shelf *s, size_t n);
enum err shelf_write(void *receipts) MUST_USE;

#endif
