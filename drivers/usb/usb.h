#ifndef DRIVERS_USB_USB_H
#define DRIVERS_USB_USB_H

#include "storage/base/err.h"
#include "storage/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One claimed interface of a USB device: control requests, one bulk endpoint
 * each way, interrupt. libusb.h makes one on a real device; tests script one.
 * Nothing here knows what is spoken over it.
 */
#define USB_INTERFACES_MAX 16u
#define USB_PORT_LEN 32u        /* "3-1.4" with NUL */
#define USB_POSTED_MAX 8u       /* bulk IN transfers in flight */
#define USB_POST_MAX (1u << 20) /* bytes of one */

struct usb_interface {
    uint8_t number, class, subclass, protocol;
    uint8_t in, out, event; /* addresses of the bulk IN, bulk OUT and interrupt IN endpoints; 0: none */
    uint16_t packet;        /* bytes of a bulk packet */
};

/* A device as it told of itself. Its texts are plain UTF-8, what cannot be
 * shown is escaped; "" where it has none. */
struct usb_seen {
    uint64_t arrival;                                 /* not 0; another one each time something is plugged in */
    uint16_t vendor_id, product_id, release, version; /* idVendor, idProduct, bcdDevice, bcdUSB */
    char port[USB_PORT_LEN];
    const char *speed; /* "low", "full", "high", "super", "super+"; "" */
    char vendor[NAME_LEN], product[NAME_LEN], serial[NAME_LEN];
    struct usb_interface interfaces[USB_INTERFACES_MAX]; /* their first settings */
    size_t n_interfaces;
    bool denied; /* this account may not open it */
};

enum usb_result {
    USB_OK,
    USB_STALL,   /* the endpoint halted: clear_halt */
    USB_LATE,    /* nothing within the time; posted transfers stay posted */
    USB_GONE,    /* the device is not there any more; nothing else will ever come of it */
    USB_BROKEN,  /* an error on the wire; a reset may mend it */
    USB_LONG,    /* it sent more than was asked for */
    USB_EMPTY,   /* reap: nothing is posted */
    USB_STOPPED, /* whoever started us wants an end */
    USB_NOMEM,   /* the system has no memory for a transfer of this size: less at a time may go */
};

struct usb_request { /* USB 2.0, table 9-2 */
    uint8_t type, request;
    uint16_t value, index;
};

struct usb {
    void *self;
    struct usb_seen seen;
    struct usb_interface pipes;
    /* type's bit 7 says which way p goes. *got: bytes moved. */
    enum usb_result (*control)(void *self, const struct usb_request *r, void *p, size_t n, size_t *got, unsigned ms);
    /* Bulk OUT; n 0: an empty packet. */
    enum usb_result (*send)(void *self, const void *p, size_t n, size_t *sent, unsigned ms);
    /* Bulk IN: posts a transfer of n bytes (at most USB_POST_MAX; a multiple
     * of the packet, or more than that is LONG) behind those posted; reap waits for the oldest. *p lives
     * until the next call. What came before an error is in *p and *got. A
     * transfer that ended short ended a message. */
    enum usb_result (*post)(void *self, size_t n);
    enum usb_result (*reap)(void *self, const uint8_t **p, size_t *got, unsigned ms);
    /* Takes back what is posted; what came meanwhile can still be reaped, until USB_EMPTY. */
    void (*cancel)(void *self);
    /* Interrupt IN. */
    enum usb_result (*event)(void *self, void *p, size_t n, size_t *got, unsigned ms);
    enum usb_result (*clear_halt)(void *self, bool in);
    /* Of the port; the interface is claimed again. Posted transfers are gone. */
    enum usb_result (*reset)(void *self);
    /* Waits without doing anything; USB_STOPPED when somebody wants an end. */
    enum usb_result (*pause)(void *self, unsigned ms);
    void (*free)(void *self);
};

/* Post and reap into p, of n bytes and not of one more: some devices count
 * what is asked for. Nothing may be posted. */
enum usb_result usb_receive(struct usb *u, void *p, size_t n, size_t *got, unsigned ms) MUST_USE;
/* The sentence and the code for a result that is not USB_OK: GONE, LATE and
 * STOPPED are ERR_AGAIN, NOMEM is ERR_NOMEM, others ERR_IO. what: "it cannot be read". */
enum err usb_err(enum usb_result r, const char *what) MUST_USE;

#endif
