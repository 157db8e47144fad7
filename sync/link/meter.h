#ifndef SYNC_LINK_METER_H
#define SYNC_LINK_METER_H

#include "storage/base/err.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Does the present connection cost by the byte? NetworkManager knows
 * (property Metered of org.freedesktop.NetworkManager on the system bus), and
 * tells when it changes. Nothing here blocks: a bus that does not answer
 * within METER_PATIENCE counts as one that does not know.
 */
struct meter;

enum meter_state { METER_UNKNOWN, METER_NO, METER_YES };

#define METER_PATIENCE 500 /* ms for the bus to answer */
#define METER_AGAIN 60000  /* ms after which a bus that was not there, or did not answer, is tried again */

/* No bus is no error. ERR_NOMEM. */
enum err meter_open(struct meter **out) MUST_USE;
void meter_free(struct meter *m);

/* A descriptor and events to wait for, if there is one: 0 or 1. */
size_t meter_poll(const struct meter *m, struct pollfd *set);
/* ms until meter_step is due though nothing happens. Real time, by
 * the kernel's monotonic clock. */
int meter_wait(const struct meter *m);
/* Takes what has come, asks what is due. */
void meter_step(struct meter *m);
/* Asks afresh at the next meter_step: after a watch's event. */
void meter_ask(struct meter *m);
enum meter_state meter_state(const struct meter *m);

#endif
