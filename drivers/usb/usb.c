#include "drivers/usb/usb.h"

#include "storage/base/lang.h"

#include <string.h>

static enum usb_result receive_one(struct usb *u, void *p, size_t n, size_t *got, unsigned ms)
{
    const uint8_t *from = NULL;
    size_t size = 0;
    enum usb_result r = u->post(u->self, n);
    if (r)
        return r;
    r = u->reap(u->self, &from, &size, ms);
    *got = size;
    if (size)
        memcpy(p, from, size);
    if (r == USB_LATE) {
        u->cancel(u->self);
        while (u->reap(u->self, &from, &size, 0) != USB_EMPTY)
            ;
    }
    return r;
}

enum usb_result usb_receive(struct usb *u, void *p, size_t n, size_t *got, unsigned ms)
{
    size_t piece = n < USB_POST_MAX ? n : USB_POST_MAX;
    enum usb_result r;
    *got = 0;
    do {
        size_t part = 0, want = n - *got < piece ? n - *got : piece;
        r = receive_one(u, (uint8_t *)p + *got, want, &part, ms);
        *got += part;
        if (r == USB_NOMEM && piece > u->pipes.packet && u->pipes.packet) {
            piece = piece / 2 / u->pipes.packet * u->pipes.packet;
            r = piece ? USB_OK : USB_NOMEM;
        } else if (part < want) {
            break;
        }
    } while (r == USB_OK && *got < n);
    return r;
}

enum err usb_err(enum usb_result r, const char *what)
{
    switch (r) {
    case USB_GONE:
        return err_set(ERR_AGAIN, "%s: it is not plugged in any more; plug it in again", _(what));
    case USB_LATE:
        return err_set(ERR_AGAIN, "%s: it does not answer; unplug it and plug it in again", _(what));
    case USB_STOPPED:
        return err_set(ERR_AGAIN, "%s: stopped", _(what));
    case USB_NOMEM:
        return err_set(ERR_NOMEM, "out of memory");
    case USB_STALL:
        return err_set(ERR_IO, "%s: it refuses", _(what));
    case USB_LONG:
        return err_set(ERR_IO, "%s: it sends more than it was asked for", _(what));
    case USB_OK:
    case USB_BROKEN:
    case USB_EMPTY:
        break;
    }
    return err_set(ERR_IO, "%s: errors on the cable; try another cable or port", _(what));
}
