#ifndef DRIVERS_PTP_INFLOW_H
#define DRIVERS_PTP_INFLOW_H

#include "drivers/limits.h"
#include "drivers/usb/usb.h"

/*
 * What comes in on the bulk pipe, as bytes: transfers are posted ahead, and
 * handed out in pieces. Where one ended short is kept, for that ends a message.
 */
struct inflow {
    struct usb *u;
    const uint8_t *p; /* of the last transfer, what was not taken yet */
    size_t n;
    size_t whole;                  /* bytes it brought */
    bool ended;                    /* it ended short */
    enum usb_result held;          /* came behind the bytes of the last transfer */
    size_t posted[USB_POSTED_MAX]; /* sizes, the oldest at first */
    size_t first, count;
    size_t in_flight; /* their sum */
    size_t transfer;  /* bytes of one, less where memory was short */
};

void inflow_start(struct inflow *in, struct usb *u);
/* Posts what covers the next ahead bytes, as far as it may. */
enum usb_result inflow_post(struct inflow *in, uint64_t ahead) MUST_USE;
/* When all is taken: posts and waits for the next transfer, which may be empty. */
enum usb_result inflow_next(struct inflow *in, uint64_t ahead, unsigned ms) MUST_USE;
/* Takes up to n of the bytes that are there. */
size_t inflow_take(struct inflow *in, void *p, size_t n);
/* Forgets all that came and takes back what is posted. */
void inflow_drop(struct inflow *in);

#endif
