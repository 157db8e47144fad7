#ifndef DRIVERS_PTP_SESSION_H
#define DRIVERS_PTP_SESSION_H

#include "drivers/usb/usb.h"
#include "storage/base/buf.h"

/*
 * The transport of PTP over USB (PIMA 15740 annex D, USB Still Image Capture
 * 1.0): one transaction at a time; containers, transaction ids, data phases,
 * cancelling, events. What a dataset means is decided elsewhere.
 *
 * Only operations of the table in session.c go out: those that read, and the
 * setting of the clock. Another one needs a permit, an object that is defined
 * in drivers/erase alone; without it the answer is ERR_BUG and not a byte is sent.
 */
#define SESSION_PARAMS 5u

struct session_permit {
    uint16_t code;
};

struct session_op {
    uint16_t code;
    uint8_t n_params;
    uint32_t params[SESSION_PARAMS];
    const void *out; /* data phase to the device; NULL: none */
    size_t out_len;
    uint64_t want;                       /* bytes of data that are expected; 0 unknown */
    const struct session_permit *permit; /* NULL, but in drivers/erase */
};

struct session_answer {
    uint16_t code; /* ANSWER_OK or what went wrong */
    uint8_t n_params;
    bool cut; /* less data came than was announced */
    uint32_t params[SESSION_PARAMS];
};

struct session_event {
    uint16_t code;
    uint32_t params[3];
};

struct session_counts {
    uint64_t transactions, cancels, resets, stalls, junk_ids, stale, empty, split, glued, junk_bytes;
};

struct session;

/* u stays the caller's and must live longer; its pipes are complete. ERR_NOMEM. */
enum err session_new(struct session **out, struct usb *u) MUST_USE;
void session_free(struct session *s);
/* One transaction from end to end; in gets its data phase (NULL: there should
 * be none; what comes is dropped). ERR_OK: an answer came, good or bad: look
 * at it. ERR_IO: the transaction failed, the session goes on, it may be tried
 * again; ERR_AGAIN: the device is gone or its session lost: nothing works any
 * more; ERR_BUG: not permitted; else what in said. The transaction that
 * session_start began is ended before. */
enum err session_run(struct session *s, const struct session_op *op, sink_fn *in, void *ctx,
                     struct session_answer *a) MUST_USE;
/* The sentence and code for an answer that is not good; what: "it cannot be read". */
enum err session_refused(const struct session_answer *a, const char *what) MUST_USE;

/* The same in pieces: sends it and reads up to the beginning of the data. */
enum err session_start(struct session *s, const struct session_op *op) MUST_USE;
/* Up to n bytes; *got 0: the data has ended and *a holds the answer; nothing is started any more. */
enum err session_data(struct session *s, void *p, size_t n, size_t *got, struct session_answer *a) MUST_USE;
/* Is one started? What is left of its data, as far as it is known. */
bool session_busy(const struct session *s, uint64_t *left);
/* Ends it: little that is left is read and dropped, else it is cancelled. */
enum err session_settle(struct session *s) MUST_USE;

/* An event, if one is there now; ERR_END: none. */
enum err session_event(struct session *s, struct session_event *e, unsigned ms) MUST_USE;
/* Does nothing work any more? */
bool session_lost(const struct session *s);
/* Transaction ids begin anew (behind OpenSession), or are 0 (before it). */
void session_numbers(struct session *s, bool open);
/* The class request Device Reset, or (hard) a reset of the port: the device has no session after it. */
enum err session_reset(struct session *s, bool hard) MUST_USE;
const struct session_counts *session_counted(const struct session *s);

#endif
