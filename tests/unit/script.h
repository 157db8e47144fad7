#ifndef TESTS_UNIT_SCRIPT_H
#define TESTS_UNIT_SCRIPT_H

#include "drivers/usb/usb.h"
#include "storage/base/buf.h"

/*
 * A struct usb whose device is a model in this process, and whose cable a test
 * cuts, bends and delays at any byte. No threads, no time: what a device has to
 * say it says at once, and what it does not say is LATE.
 *
 * The model: out gets what came by bulk OUT, a message at a time; in is asked
 * for the next bulk IN message when a transfer is posted and nothing is left
 * of the last one. script_say puts messages of the device's into its mouth.
 */
struct script;

struct script_device {
    void *self;
    void (*out)(void *self, struct script *s, const uint8_t *p, size_t n);
    /* p, n: data of the request, *got: what it answers. */
    enum usb_result (*control)(void *self, struct script *s, const struct usb_request *r, uint8_t *p, size_t n,
                               size_t *got);
    void (*reset)(void *self, struct script *s); /* the port */
};

enum script_fault {
    SCRIPT_NONE,
    SCRIPT_CUT,    /* the cable is pulled: GONE for ever, what came before stays */
    SCRIPT_STALL,  /* the endpoint halts until it is cleared */
    SCRIPT_SHORT,  /* the transfer ends here; the rest of the message is lost */
    SCRIPT_LATE,   /* nothing more comes of this message */
    SCRIPT_FLIP,   /* one bit of this byte */
    SCRIPT_BROKEN, /* an error on the wire; the rest of the message is lost */
    SCRIPT_LONG,   /* more than was asked for */
    SCRIPT_FAULTS,
};

struct script {
    struct script_device device;
    struct buf said[64];              /* what the device has to say: messages, each ends a transfer */
    bool halts[64];                   /* ... or it halts here, and says the rest when that is cleared */
    size_t first_said, n_said, taken; /* bytes of the first that are gone */
    size_t posted[USB_POSTED_MAX];
    size_t first_posted, n_posted;
    struct buf transfer; /* the last one reaped */
    bool halted_in, halted_out, gone;
    /* bytes that went over the cable both ways: CBWs, data, answers, control data */
    uint64_t bytes;
    uint64_t transfers; /* a bound for tests: everything ends */
    struct script_moved {
        uint64_t at; /* its first byte */
        size_t n;
        bool in;
    } moved[1024]; /* the first bulk transfers, as they went over the cable */
    size_t n_moved;
    struct {
        enum script_fault what;
        uint64_t at; /* the byte that it strikes */
        bool done;
    } faults[8];
    size_t n_faults;
    bool stop_posting_early; /* complain when IN is posted while the device has nothing to say */
    unsigned early;          /* IN transfers that were posted so */
    unsigned events;
    struct buf event; /* the next interrupt */
};

#define SCRIPT_TRANSFERS_MAX 200000u /* more is a hang: the test fails */

/* u->self is s; freed with u->free, which leaves s's own memory to script_end. */
void script_begin(struct script *s, struct usb *u, const struct script_device *device);
void script_end(struct script *s);
void script_fault(struct script *s, enum script_fault what, uint64_t at);
/* Says one message; n 0: an empty packet. */
void script_say(struct script *s, const void *p, size_t n);
/* ... more of the message that was said last. */
void script_add(struct script *s, const void *p, size_t n);
/* Halts behind what was said. */
void script_say_halt(struct script *s);
/* Halts. What was to be said is forgotten. */
void script_halt(struct script *s, bool in);
void script_forget(struct script *s);

#endif
