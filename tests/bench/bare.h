#ifndef TESTS_BENCH_BARE_H
#define TESTS_BENCH_BARE_H

/* What the two measurements over USB share: our driver's way to a device, and a
 * bare one with nothing but libusb, one blocking transfer after the other. */
#include "drivers/usb/bus.h"
#include "storage/seal/hash.h"

#include <libusb-1.0/libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BARE_BUDGET 0.90 /* of the bare loop's speed (design, section 11) */
#define BARE_MS 10000

static volatile sig_atomic_t bare_stop;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A reading: how long it took, without the hashing of what came. */
struct timed {
    struct hash_state h;
    double start, hashing;
    struct hash *sum; /* NULL: nothing is hashed */
};

static void timed_begin(struct timed *t, struct hash *sum)
{
    *t = (struct timed){.sum = sum};
    hash_init(&t->h);
    t->start = now();
}

static void timed_add(struct timed *t, const void *p, size_t n)
{
    double before = now();
    if (t->sum)
        hash_add(&t->h, p, n);
    t->hashing += now() - before;
}

/* Seconds. */
static double timed_end(struct timed *t)
{
    double seconds = now() - t->start - t->hashing;
    if (t->sum)
        *t->sum = hash_end(&t->h);
    return seconds;
}

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, err_text());
    exit(1);
}

/* Ours: the device of these ids, "1234:abcd". */
static void open_usb(struct usb_bus *bus, const char *ids, struct usb *u)
{
    struct usb_list list;
    char text[16];
    bool open = false;
    if (usb_bus_list(bus, &list))
        die("the bus");
    for (size_t i = 0; i < list.n && !open; i++) {
        const struct usb_seen *s = &list.seen[i];
        snprintf(text, sizeof text, "%04x:%04x", s->vendor_id, s->product_id);
        if (strcmp(text, ids) == 0 && usb_open(u, bus, s, s->interfaces[0].number, &bare_stop))
            die(ids);
        open = strcmp(text, ids) == 0;
    }
    usb_list_free(&list);
    if (!open)
        die("no such device");
}

struct bare {
    libusb_device_handle *d;
    uint8_t in, out;
    int interface;
};

static void bare_open(struct bare *b, const char *ids)
{
    unsigned vendor, product;
    struct libusb_config_descriptor *config;
    if (sscanf(ids, "%x:%x", &vendor, &product) != 2 ||
        !(b->d = libusb_open_device_with_vid_pid(NULL, (uint16_t)vendor, (uint16_t)product)) ||
        libusb_get_active_config_descriptor(libusb_get_device(b->d), &config))
        die("the bare device");
    const struct libusb_interface_descriptor *i = &config->interface[0].altsetting[0];
    b->interface = i->bInterfaceNumber;
    for (int k = 0; k < i->bNumEndpoints; k++)
        if ((i->endpoint[k].bmAttributes & 3) == LIBUSB_TRANSFER_TYPE_BULK)
            *(i->endpoint[k].bEndpointAddress & 0x80 ? &b->in : &b->out) = i->endpoint[k].bEndpointAddress;
    libusb_free_config_descriptor(config);
    libusb_set_auto_detach_kernel_driver(b->d, 1);
    if (libusb_claim_interface(b->d, b->interface))
        die("claiming");
}

static void bare_close(struct bare *b)
{
    libusb_release_interface(b->d, b->interface);
    libusb_close(b->d);
}

/* The best of each, in seconds for so many bytes: a line, and whether the budget is kept. */
static bool bare_report(const char *what, uint64_t bytes, double ours, double bare)
{
    double mb = (double)bytes / 1e6, ratio = bare / ours;
    bool kept = ratio >= BARE_BUDGET;
    printf("%s: %.0f MB, ours %.1f MB/s, bare %.1f MB/s, ratio %.2f (budget %.2f) %s\n", what, mb, mb / ours, mb / bare,
           ratio, BARE_BUDGET, kept ? "ok" : "MISSED");
    return kept;
}

#endif
