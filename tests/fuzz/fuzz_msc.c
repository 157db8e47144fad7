/* A storage device that answers whatever the input says: wrappers of status,
 * INQUIRY, sense, capacity, MODE SENSE, sectors. Each transfer: a byte that
 * says how it ends, two of its length, then its bytes; a control request takes
 * the first of these alone. */
#include "drivers/msc/msc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TRANSFERS_MAX 20000u

struct device {
    const uint8_t *p;
    size_t n;
    size_t posted;
    unsigned transfers;
    uint8_t bytes[USB_POST_MAX];
};

static enum usb_result next(struct device *d)
{
    static const enum usb_result results[] = {USB_OK,    USB_OK,   USB_OK,     USB_OK,  USB_OK,
                                              USB_STALL, USB_LATE, USB_BROKEN, USB_LONG};
    if (d->n == 0 || ++d->transfers > TRANSFERS_MAX)
        return USB_GONE;
    enum usb_result r = results[*d->p % (sizeof results / sizeof results[0])];
    d->p++;
    d->n--;
    return r;
}

static enum usb_result control(void *self, const struct usb_request *r, void *p, size_t n, size_t *got, unsigned ms)
{
    struct device *d = self;
    (void)ms;
    *got = 0;
    enum usb_result result = next(d);
    if (result == USB_OK && (r->type & 0x80) && n) {
        memset(p, 1, n);
        *got = n;
    }
    return result;
}

static enum usb_result send_out(void *self, const void *p, size_t n, size_t *sent, unsigned ms)
{
    struct device *d = self;
    (void)p;
    (void)ms;
    *sent = n;
    return d->n && ++d->transfers <= TRANSFERS_MAX ? USB_OK : USB_GONE;
}

static enum usb_result post(void *self, size_t n)
{
    struct device *d = self;
    d->posted = n;
    return USB_OK;
}

static enum usb_result reap(void *self, const uint8_t **p, size_t *got, unsigned ms)
{
    struct device *d = self;
    (void)ms;
    *p = d->bytes;
    *got = 0;
    if (!d->posted)
        return USB_EMPTY;
    enum usb_result r = next(d);
    if (r == USB_LATE)
        return r;
    size_t n = 0;
    if (d->n >= 2) {
        n = (size_t)d->p[0] << 8 | d->p[1];
        d->p += 2;
        d->n -= 2;
    }
    n = n < d->posted ? n : d->posted;
    size_t have = n < d->n ? n : d->n;
    memcpy(d->bytes, d->p, have);
    memset(d->bytes + have, 0, n - have); /* the rest of a large answer */
    d->p += have;
    d->n -= have;
    d->posted = 0;
    *got = n;
    return r;
}

static void cancel(void *self)
{
    struct device *d = self;
    d->posted = 0;
}

static enum usb_result halt(void *self, bool in)
{
    (void)in;
    return next(self);
}

static enum usb_result reset(void *self)
{
    return next(self);
}

static enum usb_result pause_for(void *self, unsigned ms)
{
    (void)ms;
    return next(self);
}

static void nothing(void *self)
{
    (void)self;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t read[256 * 4096];
    struct device *d = calloc(1, sizeof *d);
    struct disk disk;
    struct msc_facts facts;
    uint32_t good = 0;
    if (!d)
        return 0;
    d->p = data;
    d->n = size;
    struct usb u = {.self = d,
                    .pipes = {.class = 8, .in = 0x81, .out = 2, .packet = 512},
                    .control = control,
                    .send = send_out,
                    .post = post,
                    .reap = reap,
                    .cancel = cancel,
                    .clear_halt = halt,
                    .reset = reset,
                    .pause = pause_for,
                    .free = nothing};
    if (msc_open(&disk, &u, 1000) == ERR_OK) {
        uint64_t first = disk.sectors > 300 ? disk.sectors - 300 : 0;
        uint32_t n = disk.sectors < 256 ? (uint32_t)disk.sectors : 256;
        enum err e = disk.read(disk.self, first, n, read, &good);
        if (good > n || (e == ERR_OK && good != n))
            abort();
        msc_facts(&disk, &facts);
        disk.free(disk.self);
    }
    free(d);
    return 0;
}
