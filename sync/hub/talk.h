#ifndef SYNC_HUB_TALK_H
#define SYNC_HUB_TALK_H

#include "sync/hub/room.h"

/*
 * One conversation of a hub with a station: the wire, behind it the desk,
 * which takes, and the delivery, which gives. Pure, as the room is.
 */
struct talk;

/* station: of r->roster, not revoked. rate and rtt as in wire_start. */
enum err talk_new(struct talk **out, struct room *r, const struct roster_station *station, uint64_t rate,
                  uint64_t rtt) MUST_USE;
/* Cut or ended. What was taken stays; answers that still wait go nowhere. */
void talk_free(struct talk *t);

/* For wire_in, wire_out, wire_next, wire_status, wire_finish. */
struct wire *talk_wire(struct talk *t);
const char *talk_chain(const struct talk *t);
const char *talk_station(const struct talk *t); /* its name */

/* Offers what there is to give. Call it before wire_out, and whenever the
 * station answered something. */
enum err talk_fill(struct talk *t) MUST_USE;

/* What became known meanwhile. A label of `chain` that is delivered to the
 * station (or stands before one that is); a new roster; a new notice; a
 * receipt that says more. */
enum err talk_label(struct talk *t, const char *chain, uint64_t seq, bool urgent) MUST_USE;
enum err talk_roster(struct talk *t) MUST_USE;
enum err talk_notice(struct talk *t, const char *id) MUST_USE;
void talk_changed(struct talk *t);
/* Something waits for a commit or for an object to arrive: talk_fill is to be
 * called after every commit. */
bool talk_waits(const struct talk *t);
/* Around room_pause: nothing of a lane goes out meanwhile, signs of life do. */
void talk_pause(struct talk *t);
void talk_resume(struct talk *t);

/* The highest lane (most urgent) of what is arriving: LANES when nothing is. */
enum lane talk_lane(const struct talk *t);
/* It stopped at something that needs the store (ERR_AGAIN): wire_in is to be
 * called again after the commit. */
bool talk_paused(const struct talk *t);

#endif
