#include "drivers/ptp/inflow.h"

#include <string.h>

void inflow_start(struct inflow *in, struct usb *u)
{
    *in = (struct inflow){.u = u, .transfer = PTP_POST};
}

enum usb_result inflow_post(struct inflow *in, uint64_t ahead)
{
    size_t packet = in->u->pipes.packet;
    while (in->count < PTP_POSTED && (in->count == 0 || in->in_flight < ahead)) {
        uint64_t more = ahead > in->in_flight ? ahead - in->in_flight : 1;
        size_t n = more < in->transfer ? ((size_t)more + packet - 1) / packet * packet : in->transfer;
        enum usb_result r = in->u->post(in->u->self, n);
        if (r == USB_NOMEM && in->count)
            return USB_OK;
        if (r == USB_NOMEM && in->transfer / 2 >= packet) {
            in->transfer = in->transfer / 2 / packet * packet;
            continue;
        }
        if (r)
            return r;
        in->posted[(in->first + in->count++) % USB_POSTED_MAX] = n;
        in->in_flight += n;
    }
    return USB_OK;
}

enum usb_result inflow_next(struct inflow *in, uint64_t ahead, unsigned ms)
{
    enum usb_result r = in->held;
    in->held = USB_OK;
    in->p = NULL;
    in->n = in->whole = 0;
    in->ended = false;
    if (!r)
        r = inflow_post(in, ahead);
    if (r)
        return r;
    size_t got = 0;
    r = in->u->reap(in->u->self, &in->p, &got, ms);
    if (r == USB_LATE || r == USB_EMPTY)
        return r == USB_LATE ? r : USB_BROKEN;
    size_t size = in->posted[in->first];
    in->first = (in->first + 1) % USB_POSTED_MAX;
    in->count--;
    in->in_flight -= size;
    in->n = in->whole = got < size ? got : size;
    in->ended = got < size;
    if (r && in->n) { /* the bytes first */
        in->held = r;
        return USB_OK;
    }
    return r;
}

size_t inflow_take(struct inflow *in, void *p, size_t n)
{
    n = n < in->n ? n : in->n;
    if (!n)
        return 0;
    memcpy(p, in->p, n);
    in->p += n;
    in->n -= n;
    return n;
}

void inflow_drop(struct inflow *in)
{
    const uint8_t *p;
    size_t got;
    if (in->count) {
        in->u->cancel(in->u->self);
        /* as many as were posted, and the one that says so */
        for (size_t i = 0; i <= in->count && in->u->reap(in->u->self, &p, &got, PTP_DRAIN_MS) != USB_EMPTY; i++)
            ;
    }
    size_t transfer = in->transfer;
    inflow_start(in, in->u);
    in->transfer = transfer;
}
