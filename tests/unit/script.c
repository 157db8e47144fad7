#include "tests/unit/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SAID_MAX (sizeof((struct script *)0)->said / sizeof((struct script *)0)->said[0])

static void count_transfer(struct script *s)
{
    s->transfers++;
    if (s->transfers > SCRIPT_TRANSFERS_MAX)
        fail_msg("it goes on for ever: %llu transfers", (unsigned long long)s->transfers);
}

/* The fault that strikes within the next n bytes; *off: where. */
static enum script_fault struck(struct script *s, size_t n, size_t *off)
{
    size_t found = s->n_faults;
    for (size_t i = 0; i < s->n_faults; i++)
        if (!s->faults[i].done && s->faults[i].at >= s->bytes && s->faults[i].at < s->bytes + n &&
            (found == s->n_faults || s->faults[i].at < s->faults[found].at))
            found = i;
    if (found == s->n_faults)
        return SCRIPT_NONE;
    s->faults[found].done = true;
    *off = (size_t)(s->faults[found].at - s->bytes);
    return s->faults[found].what;
}

void script_say(struct script *s, const void *p, size_t n)
{
    assert_true(s->n_said < SAID_MAX);
    struct buf *b = &s->said[(s->first_said + s->n_said++) % SAID_MAX];
    buf_clear(b);
    assert_int_equal(buf_add(b, n ? p : "", n), ERR_OK);
}

void script_forget(struct script *s)
{
    s->n_said = s->taken = 0;
}

void script_halt(struct script *s, bool in)
{
    if (in) {
        s->halted_in = true;
        script_forget(s);
    } else {
        s->halted_out = true;
    }
}

static enum usb_result control(void *self, const struct usb_request *r, void *p, size_t n, size_t *got, unsigned ms)
{
    struct script *s = self;
    size_t off = 0;
    (void)ms;
    *got = 0;
    count_transfer(s);
    enum script_fault f = struck(s, 8 + n, &off);
    s->bytes += 8 + n;
    if (f == SCRIPT_CUT)
        s->gone = true;
    if (s->gone)
        return USB_GONE;
    if (f == SCRIPT_STALL)
        return USB_STALL;
    if (f == SCRIPT_LATE)
        return USB_LATE;
    if (f == SCRIPT_BROKEN)
        return USB_BROKEN;
    enum usb_result result = s->device.control ? s->device.control(s->device.self, s, r, p, n, got) : USB_STALL;
    if (f == SCRIPT_SHORT && *got > 0)
        *got -= 1;
    if (f == SCRIPT_FLIP && off >= 8 && off - 8 < *got)
        ((uint8_t *)p)[off - 8] ^= 0x10;
    return result;
}

static enum usb_result send_out(void *self, const void *p, size_t n, size_t *sent, unsigned ms)
{
    struct script *s = self;
    uint8_t bytes[65536];
    size_t off = 0;
    (void)ms;
    *sent = 0;
    count_transfer(s);
    if (s->gone)
        return USB_GONE;
    if (s->halted_out)
        return USB_STALL;
    assert_true(n <= sizeof bytes);
    memcpy(bytes, p, n);
    enum script_fault f = struck(s, n ? n : 1, &off);
    s->bytes += n ? n : 1;
    switch (f) {
    case SCRIPT_CUT:
        s->gone = true;
        *sent = off;
        return USB_GONE;
    case SCRIPT_STALL:
        script_halt(s, false);
        return USB_STALL;
    case SCRIPT_LATE:
        return USB_LATE;
    case SCRIPT_BROKEN:
    case SCRIPT_LONG:
        *sent = off;
        return USB_BROKEN;
    case SCRIPT_SHORT: /* the device takes less, and says so */
        *sent = off;
        s->device.out(s->device.self, s, bytes, off);
        return USB_OK;
    case SCRIPT_FLIP:
        bytes[off] ^= 0x04;
        break;
    case SCRIPT_NONE:
    case SCRIPT_FAULTS:
        break;
    }
    *sent = n;
    s->device.out(s->device.self, s, bytes, n);
    return USB_OK;
}

static enum usb_result post(void *self, size_t n)
{
    struct script *s = self;
    assert_true(n > 0 && n <= USB_POST_MAX);
    if (s->gone)
        return USB_GONE;
    if (s->n_posted == USB_POSTED_MAX)
        return USB_NOMEM;
    if (s->stop_posting_early && s->n_said == 0 && !s->halted_in)
        s->early++;
    s->posted[(s->first_posted + s->n_posted++) % USB_POSTED_MAX] = n;
    return USB_OK;
}

static void message_ends(struct script *s)
{
    s->first_said = (s->first_said + 1) % SAID_MAX;
    s->n_said--;
    s->taken = 0;
}

/* Moves up to n bytes of the present message into the transfer. */
static enum usb_result move(struct script *s, size_t n)
{
    struct buf *b = &s->said[s->first_said];
    size_t left = b->len - s->taken, off = 0, size = left < n ? left : n;
    enum script_fault f = struck(s, size ? size : 1, &off);
    size_t part = f == SCRIPT_NONE || f == SCRIPT_FLIP ? size : off < size ? off : size;
    assert_int_equal(buf_add(&s->transfer, b->p + s->taken, part), ERR_OK);
    s->bytes += size ? size : 1;
    s->taken += size;
    if (f == SCRIPT_FLIP && off < size)
        s->transfer.p[off] ^= 0x20;
    if (f == SCRIPT_NONE || f == SCRIPT_FLIP) {
        bool babble = left > n && n % 512; /* a packet is never sent in parts */
        /* a message that fills its last transfer to the brim ends with it: who wants an empty packet says one */
        if (s->taken == b->len || babble)
            message_ends(s);
        return babble ? USB_LONG : USB_OK;
    }
    message_ends(s);
    if (f == SCRIPT_CUT)
        s->gone = true;
    if (f == SCRIPT_STALL)
        script_halt(s, true);
    return f == SCRIPT_CUT      ? USB_GONE
           : f == SCRIPT_STALL  ? USB_STALL
           : f == SCRIPT_LATE   ? USB_LATE
           : f == SCRIPT_BROKEN ? USB_BROKEN
           : f == SCRIPT_LONG   ? USB_LONG
                                : USB_OK;
}

static enum usb_result reap(void *self, const uint8_t **p, size_t *got, unsigned ms)
{
    struct script *s = self;
    enum usb_result r;
    (void)ms;
    *p = NULL;
    *got = 0;
    count_transfer(s);
    if (s->n_posted == 0)
        return USB_EMPTY;
    buf_clear(&s->transfer);
    if (s->gone) {
        r = USB_GONE;
    } else if (s->halted_in) {
        r = USB_STALL;
    } else if (s->n_said == 0) {
        return USB_LATE; /* stays posted */
    } else {
        r = move(s, s->posted[s->first_posted]);
    }
    if (r == USB_LATE) /* what came of it is lost with the transfer that a driver cancels */
        return r;
    s->first_posted = (s->first_posted + 1) % USB_POSTED_MAX;
    s->n_posted--;
    *p = s->transfer.p;
    *got = s->transfer.len;
    return r;
}

static void cancel(void *self)
{
    struct script *s = self;
    s->n_posted = 0;
}

static enum usb_result event(void *self, void *p, size_t n, size_t *got, unsigned ms)
{
    struct script *s = self;
    (void)ms;
    *got = 0;
    if (s->gone)
        return USB_GONE;
    if (s->event.len == 0)
        return USB_LATE;
    *got = s->event.len < n ? s->event.len : n;
    memcpy(p, s->event.p, *got);
    buf_clear(&s->event);
    s->events++;
    return USB_OK;
}

static enum usb_result clear_halt(void *self, bool in)
{
    struct script *s = self;
    count_transfer(s);
    if (s->gone)
        return USB_GONE;
    if (in)
        s->halted_in = false;
    else
        s->halted_out = false;
    return USB_OK;
}

static enum usb_result reset(void *self)
{
    struct script *s = self;
    count_transfer(s);
    if (s->gone)
        return USB_GONE;
    s->halted_in = s->halted_out = false;
    s->n_posted = 0;
    script_forget(s);
    if (s->device.reset)
        s->device.reset(s->device.self, s);
    return USB_OK;
}

static enum usb_result pause_for(void *self, unsigned ms)
{
    struct script *s = self;
    (void)ms;
    count_transfer(s);
    return s->gone ? USB_GONE : USB_OK;
}

static void free_usb(void *self)
{
    (void)self;
}

void script_begin(struct script *s, struct usb *u, const struct script_device *device)
{
    *s = (struct script){.device = *device};
    *u = (struct usb){
        .self = s,
        .seen = {.arrival = 1, .vendor_id = 0x1234, .product_id = 0x5678, .port = "1-1"},
        .pipes = {.class = 8, .subclass = 6, .protocol = 0x50, .in = 0x81, .out = 0x02, .event = 0x83, .packet = 512},
        .control = control,
        .send = send_out,
        .post = post,
        .reap = reap,
        .cancel = cancel,
        .event = event,
        .clear_halt = clear_halt,
        .reset = reset,
        .pause = pause_for,
        .free = free_usb};
}

void script_end(struct script *s)
{
    for (size_t i = 0; i < SAID_MAX; i++)
        buf_free(&s->said[i]);
    buf_free(&s->transfer);
    buf_free(&s->event);
}

void script_fault(struct script *s, enum script_fault what, uint64_t at)
{
    assert_true(s->n_faults < sizeof s->faults / sizeof s->faults[0]);
    s->faults[s->n_faults].what = what;
    s->faults[s->n_faults].at = at;
    s->faults[s->n_faults].done = false;
    s->n_faults++;
}
