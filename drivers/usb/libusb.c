#include "drivers/usb/bus.h"

#include "drivers/usb/seen.h"
#include "storage/base/clock.h"

#include <errno.h>
#include <libusb-1.0/libusb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 250 /* ms: as often it is asked whether we are to stop */
#define PAGE 4096u
#define LEAVING 1000 /* ms in which a device that was pulled is missed by the system */

/* A bulk IN transfer and its memory, used again and again. */
struct slot {
    struct libusb_transfer *t;
    uint8_t *p;
    size_t cap;
    bool mapped; /* the kernel's own memory: no copy between it and us */
    int done;
};

struct pipe {
    libusb_context *ctx;
    libusb_device_handle *h;
    struct usb_seen seen;
    struct usb_interface at;
    struct slot ring[USB_POSTED_MAX];
    size_t first, n;
    const volatile sig_atomic_t *stop;
};

/* An error on the wire of a device that is leaving comes before it has left. */
static enum usb_result gone_or(const struct pipe *d, enum usb_result r)
{
    int64_t until = clock_uptime() + LEAVING;
    while (seen_is_here(&d->seen)) {
        if (clock_uptime() >= until || *d->stop)
            return r;
        poll(NULL, 0, 20);
    }
    return USB_GONE;
}

static enum usb_result result_of(const struct pipe *d, int r)
{
    switch (r) {
    case LIBUSB_SUCCESS:
        return USB_OK;
    case LIBUSB_ERROR_PIPE:
        return USB_STALL;
    case LIBUSB_ERROR_TIMEOUT:
        return seen_is_here(&d->seen) ? USB_LATE : USB_GONE;
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        return USB_GONE;
    case LIBUSB_ERROR_OVERFLOW:
        return USB_LONG;
    case LIBUSB_ERROR_NO_MEM:
        return USB_NOMEM;
    default:
        return gone_or(d, USB_BROKEN);
    }
}

static enum usb_result control(void *self, const struct usb_request *r, void *p, size_t n, size_t *got, unsigned ms)
{
    struct pipe *d = self;
    *got = 0;
    int done = libusb_control_transfer(d->h, r->type, r->request, r->value, r->index, p, (uint16_t)n, ms);
    if (done < 0)
        return result_of(d, done);
    *got = (size_t)done;
    return USB_OK;
}

static enum usb_result send_bulk(void *self, const void *p, size_t n, size_t *sent, unsigned ms)
{
    struct pipe *d = self;
    uint8_t empty[1] = {0};
    uint8_t *from = n ? malloc(n) : empty;
    int done = 0;
    *sent = 0;
    if (!from)
        return USB_NOMEM;
    if (n)
        memcpy(from, p, n);
    int r = libusb_bulk_transfer(d->h, d->at.out, from, (int)n, &done, ms);
    if (n)
        free(from);
    *sent = (size_t)done;
    return result_of(d, r);
}

static void LIBUSB_CALL on_done(struct libusb_transfer *t)
{
    ((struct slot *)t->user_data)->done = 1;
}

static void slot_free(struct pipe *d, struct slot *s)
{
    if (s->p && s->mapped)
        libusb_dev_mem_free(d->h, s->p, s->cap);
    else
        free(s->p);
    s->p = NULL;
    s->cap = 0;
}

/* Whole pages, as the kernel likes them. */
static uint8_t *plain(size_t n)
{
    void *p = NULL;
    return posix_memalign(&p, PAGE, n) == 0 ? p : NULL;
}

static bool slot_room(struct pipe *d, struct slot *s, size_t n)
{
    if (s->cap >= n)
        return true;
    slot_free(d, s);
    uint8_t *p = libusb_dev_mem_alloc(d->h, n);
    s->mapped = p != NULL;
    if (!p && !(p = plain(n)))
        return false;
    s->p = p;
    s->cap = n;
    return true;
}

/* Plain memory instead of the kernel's, of which there may be too little. */
static bool slot_plain(struct pipe *d, struct slot *s, size_t n)
{
    if (!s->mapped)
        return false;
    slot_free(d, s);
    s->mapped = false;
    uint8_t *p = plain(n);
    if (!p)
        return false;
    s->p = p;
    s->cap = n;
    return true;
}

static enum usb_result post(void *self, size_t n)
{
    struct pipe *d = self;
    if (d->n == USB_POSTED_MAX || n > USB_POST_MAX)
        return USB_NOMEM;
    struct slot *s = &d->ring[(d->first + d->n) % USB_POSTED_MAX];
    if (!s->t && !(s->t = libusb_alloc_transfer(0)))
        return USB_NOMEM;
    if (!slot_room(d, s, n))
        return USB_NOMEM;
    int r;
    do {
        s->done = 0;
        libusb_fill_bulk_transfer(s->t, d->h, d->at.in, s->p, (int)n, on_done, s, 0);
        r = libusb_submit_transfer(s->t);
    } while (r == LIBUSB_ERROR_NO_MEM && slot_plain(d, s, n));
    if (r == LIBUSB_SUCCESS)
        d->n++;
    return r == LIBUSB_SUCCESS ? USB_OK : result_of(d, r);
}

static enum usb_result wait_for(struct pipe *d, struct slot *s, unsigned ms)
{
    int64_t until = clock_uptime() + ms;
    while (!s->done) {
        int64_t left = until - clock_uptime();
        if (*d->stop)
            return USB_STOPPED;
        if (left < 0)
            return result_of(d, LIBUSB_ERROR_TIMEOUT);
        left = left < SLICE ? left : SLICE;
        struct timeval tv = {left / 1000, left % 1000 * 1000};
        int r = libusb_handle_events_timeout_completed(d->ctx, &tv, &s->done);
        if (r != LIBUSB_SUCCESS && r != LIBUSB_ERROR_INTERRUPTED)
            return result_of(d, r);
    }
    return USB_OK;
}

static enum usb_result status_of(const struct pipe *d, const struct libusb_transfer *t)
{
    switch (t->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        return USB_OK;
    case LIBUSB_TRANSFER_STALL:
        return USB_STALL;
    case LIBUSB_TRANSFER_NO_DEVICE:
        return USB_GONE;
    case LIBUSB_TRANSFER_OVERFLOW:
        return USB_LONG;
    case LIBUSB_TRANSFER_CANCELLED:
        return t->actual_length ? USB_OK : USB_EMPTY;
    case LIBUSB_TRANSFER_TIMED_OUT:
    case LIBUSB_TRANSFER_ERROR:
        break;
    }
    return gone_or(d, USB_BROKEN);
}

static enum usb_result reap(void *self, const uint8_t **p, size_t *got, unsigned ms)
{
    struct pipe *d = self;
    *p = NULL;
    *got = 0;
    while (d->n) {
        struct slot *s = &d->ring[d->first];
        enum usb_result r = wait_for(d, s, ms);
        if (r)
            return r;
        d->first = (d->first + 1) % USB_POSTED_MAX;
        d->n--;
        r = status_of(d, s->t);
        *p = s->p;
        *got = (size_t)s->t->actual_length;
        if (r != USB_EMPTY)
            return r;
    }
    return USB_EMPTY;
}

/* Waits for the kernel to give each back: until then its memory is in use. */
static void cancel(void *self)
{
    struct pipe *d = self;
    for (size_t i = d->n; i-- > 0;) {
        struct slot *s = &d->ring[(d->first + i) % USB_POSTED_MAX];
        if (!s->done)
            libusb_cancel_transfer(s->t);
    }
    for (size_t i = 0; i < d->n; i++) {
        struct slot *s = &d->ring[(d->first + i) % USB_POSTED_MAX];
        while (!s->done) {
            struct timeval tv = {1, 0};
            int r = libusb_handle_events_timeout_completed(d->ctx, &tv, &s->done);
            if (r != LIBUSB_SUCCESS && r != LIBUSB_ERROR_INTERRUPTED)
                break;
        }
    }
}

static enum usb_result event(void *self, void *p, size_t n, size_t *got, unsigned ms)
{
    struct pipe *d = self;
    int done = 0;
    *got = 0;
    if (!d->at.event)
        return USB_LATE;
    int r = libusb_interrupt_transfer(d->h, d->at.event, p, (int)n, &done, ms ? ms : 1);
    *got = (size_t)done;
    return result_of(d, r);
}

static enum usb_result clear_halt(void *self, bool in)
{
    struct pipe *d = self;
    return result_of(d, libusb_clear_halt(d->h, in ? d->at.in : d->at.out));
}

static enum usb_result reset(void *self)
{
    struct pipe *d = self;
    cancel(d);
    d->n = 0;
    /* a device that comes back as another one is not found any more */
    return result_of(d, libusb_reset_device(d->h));
}

static enum usb_result pause_for(void *self, unsigned ms)
{
    struct pipe *d = self;
    int64_t until = clock_uptime() + ms;
    for (int64_t left = ms; left > 0 && !*d->stop; left = until - clock_uptime())
        poll(NULL, 0, (int)(left < SLICE ? left : SLICE));
    return *d->stop ? USB_STOPPED : USB_OK;
}

static void free_pipe(void *self)
{
    struct pipe *d = self;
    if (!d)
        return;
    cancel(d);
    for (size_t i = 0; i < USB_POSTED_MAX; i++) {
        slot_free(d, &d->ring[i]);
        libusb_free_transfer(d->ring[i].t);
    }
    if (d->h) {
        libusb_release_interface(d->h, d->at.number);
        libusb_close(d->h);
    }
    libusb_exit(d->ctx);
    free(d);
}

static enum err not_opened(int r)
{
    switch (r) {
    case LIBUSB_ERROR_ACCESS:
        return err_set(ERR_DENIED, "this account may not use it; feldsher doctor says what to do");
    case LIBUSB_ERROR_BUSY:
        return err_set(ERR_AGAIN, "another program is using it; end that program");
    case LIBUSB_ERROR_NO_MEM:
        return err_set(ERR_NOMEM, "out of memory");
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        return usb_err(USB_GONE, "it cannot be opened");
    default:
        return err_set(ERR_IO, "it cannot be opened: %s", libusb_strerror(r));
    }
}

/* The device of that arrival in a list of now. */
static int open_seen(struct pipe *d)
{
    libusb_device **all;
    ssize_t n = libusb_get_device_list(d->ctx, &all);
    int r = n < 0 ? (int)n : LIBUSB_ERROR_NO_DEVICE;
    for (ssize_t i = 0; i < n && r == LIBUSB_ERROR_NO_DEVICE; i++) {
        struct usb_seen one;
        if (seen_read(&one, all[i]) && one.arrival == d->seen.arrival && strcmp(one.port, d->seen.port) == 0) {
            r = libusb_open(all[i], &d->h);
            break;
        }
    }
    if (n >= 0)
        libusb_free_device_list(all, 1);
    return r;
}

static enum err open_pipe(struct pipe *d)
{
    int r = libusb_init(&d->ctx);
    if (r != LIBUSB_SUCCESS)
        return not_opened(r);
    enum err e = seen_check_mounts(&d->seen);
    if (e)
        return e;
    r = open_seen(d);
    if (r == LIBUSB_SUCCESS) {
        libusb_set_auto_detach_kernel_driver(d->h, 1); /* and given back when we let it go */
        r = libusb_claim_interface(d->h, d->at.number);
    }
    return r == LIBUSB_SUCCESS ? ERR_OK : not_opened(r);
}

enum err usb_open(struct usb *out, struct usb_bus *b, const struct usb_seen *seen, uint8_t interface,
                  const volatile sig_atomic_t *stop)
{
    (void)b; /* it keeps libusb's own ears open: see bus.c */
    *out = (struct usb){0};
    struct pipe *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    d->seen = *seen;
    d->stop = stop;
    enum err e = err_set(ERR_DATA, "it has no interface %u", interface);
    for (size_t i = 0; i < seen->n_interfaces && e; i++)
        if (seen->interfaces[i].number == interface && seen->interfaces[i].in && seen->interfaces[i].out) {
            d->at = seen->interfaces[i];
            e = open_pipe(d);
            break;
        }
    if (e) {
        free_pipe(d);
        return e;
    }
    *out = (struct usb){.self = d,
                        .seen = d->seen,
                        .pipes = d->at,
                        .control = control,
                        .send = send_bulk,
                        .post = post,
                        .reap = reap,
                        .cancel = cancel,
                        .event = event,
                        .clear_halt = clear_halt,
                        .reset = reset,
                        .pause = pause_for,
                        .free = free_pipe};
    return ERR_OK;
}
