#ifndef TESTS_UNIT_BUS_FIXTURE_H
#define TESTS_UNIT_BUS_FIXTURE_H

#include "drivers/usb/bus.h"
#include "drivers/usb/seen.h"
#include "tests/unit/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A bus on which scripted devices are plugged in: it stands in for that of
 * libusb, whose functions have these names, in the one test that includes this.
 */
#define BUS_DEVICES 4

struct bus_device {
    struct usb_seen seen;
    struct script_device model;
    void (*pipes)(struct usb *u); /* NULL: those of a disk */
    bool plugged;
    struct script script;
    bool begun;
};

static struct bus_device bus_devices[BUS_DEVICES];
/* Called at each wait, where there is one: plugs, unplugs, ends it; has something changed? */
static bool (*bus_tick)(void);

/* A device with one interface, plugged in; model NULL: nobody may open it. */
static struct bus_device *bus_plug(size_t i, const char *port, uint8_t class, uint8_t subclass, uint8_t protocol,
                                   const struct script_device *model)
{
    struct bus_device *d = &bus_devices[i];
    static uint64_t arrivals;
    d->seen = (struct usb_seen){.arrival = ++arrivals, .vendor_id = 0x1234, .product_id = 0x5678, .speed = "high"};
    snprintf(d->seen.port, sizeof d->seen.port, "%s", port);
    d->seen.interfaces[0] = (struct usb_interface){
        .class = class, .subclass = subclass, .protocol = protocol, .in = 0x81, .out = 2, .packet = 512};
    d->seen.n_interfaces = 1;
    d->plugged = true;
    if (model)
        d->model = *model;
    return d;
}

static void bus_end(void)
{
    for (size_t i = 0; i < BUS_DEVICES; i++)
        if (bus_devices[i].begun)
            script_end(&bus_devices[i].script);
    memset(bus_devices, 0, sizeof bus_devices);
}

enum err usb_bus_open(struct usb_bus **out)
{
    *out = NULL;
    return ERR_OK;
}

void usb_bus_close(struct usb_bus *b)
{
    (void)b;
}

enum err usb_bus_list(struct usb_bus *b, struct usb_list *out)
{
    (void)b;
    *out = (struct usb_list){.seen = calloc(BUS_DEVICES, sizeof *out->seen)};
    assert_non_null(out->seen);
    for (size_t i = 0; i < BUS_DEVICES; i++)
        if (bus_devices[i].plugged)
            out->seen[out->n++] = bus_devices[i].seen;
    return ERR_OK;
}

void usb_list_free(struct usb_list *l)
{
    free(l->seen);
    *l = (struct usb_list){0};
}

enum err usb_bus_wait(struct usb_bus *b, int ms, const volatile sig_atomic_t *stop, bool *changed)
{
    (void)b;
    (void)ms;
    (void)stop;
    *changed = !bus_tick || bus_tick();
    return ERR_OK;
}

enum err usb_open(struct usb *out, struct usb_bus *b, const struct usb_seen *seen, uint8_t interface,
                  const volatile sig_atomic_t *stop)
{
    (void)b;
    (void)interface;
    (void)stop;
    for (size_t i = 0; i < BUS_DEVICES; i++) {
        struct bus_device *d = &bus_devices[i];
        if (!d->plugged || d->seen.arrival != seen->arrival)
            continue;
        if (d->begun)
            script_end(&d->script);
        script_begin(&d->script, out, &d->model);
        d->begun = true;
        out->seen = *seen;
        if (d->pipes)
            d->pipes(out);
        return ERR_OK;
    }
    return err_set(ERR_AGAIN, "it is not plugged in any more");
}

bool seen_is_here(const struct usb_seen *s)
{
    for (size_t i = 0; i < BUS_DEVICES; i++)
        if (bus_devices[i].plugged && bus_devices[i].seen.arrival == s->arrival)
            return true;
    return false;
}

#endif
