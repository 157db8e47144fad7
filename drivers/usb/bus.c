#include "drivers/usb/bus.h"

#include "drivers/usb/seen.h"
#include "storage/base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <libusb-1.0/libusb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_AGAIN 1000 /* ms between looks where nobody tells of arrivals */
#define DEVICES_MAX 512
#define SYSTEM "/sys/bus/usb/devices"
#define NODES "/dev/bus/usb"

struct usb_bus {
    libusb_context *told; /* hears of what comes and goes */
    bool hotplug;
    bool changed;
    uint64_t sight; /* of the last look at the system's list */
};

/* The system's list of devices, as one number: their kernel objects. */
static uint64_t look(void)
{
    uint64_t sum = 0;
    DIR *d = opendir(SYSTEM);
    struct stat st;
    for (struct dirent *f; d && (f = readdir(d)) != NULL;)
        if (f->d_name[0] != '.' && !strchr(f->d_name, ':') && fstatat(dirfd(d), f->d_name, &st, 0) == 0)
            sum += (uint64_t)st.st_ino * 0x9e3779b97f4a7c15u;
    if (d)
        closedir(d);
    return sum;
}

static int LIBUSB_CALL on_change(libusb_context *ctx, libusb_device *device, libusb_hotplug_event event, void *bus)
{
    (void)ctx;
    (void)device;
    (void)event;
    ((struct usb_bus *)bus)->changed = true;
    return 0;
}

static enum err no_usb(void)
{
    if (access(SYSTEM, F_OK) < 0)
        return err_set(ERR_NOINPUT, "this machine has no USB, or its kernel no driver for it; folders and images can "
                                    "be taken in: --from PATH");
    return err_set(ERR_DENIED,
                   "USB devices cannot be used: there is nothing in %s; start udev, or run it outside of the container",
                   NODES);
}

enum err usb_bus_open(struct usb_bus **out)
{
    *out = NULL;
    struct usb_bus *b = calloc(1, sizeof *b);
    if (!b)
        return err_set(ERR_NOMEM, "out of memory");
    if (access(SYSTEM, F_OK) < 0 || access(NODES, F_OK) < 0 || libusb_init(&b->told) != LIBUSB_SUCCESS) {
        free(b);
        return no_usb();
    }
    /* without udev nothing is ever told: then we look ourselves */
    b->hotplug = access("/run/udev/control", F_OK) == 0 && libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG) &&
                 libusb_hotplug_register_callback(
                     b->told, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
                     LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, on_change, b,
                     NULL) == LIBUSB_SUCCESS;
    b->sight = look();
    *out = b;
    return ERR_OK;
}

void usb_bus_close(struct usb_bus *b)
{
    if (!b)
        return;
    libusb_exit(b->told);
    free(b);
}

void usb_list_free(struct usb_list *l)
{
    free(l->seen);
    *l = (struct usb_list){0};
}

static int by_port(const void *a, const void *b)
{
    return strcmp(((const struct usb_seen *)a)->port, ((const struct usb_seen *)b)->port);
}

enum err usb_bus_list(struct usb_bus *b, struct usb_list *out)
{
    libusb_context *now;
    libusb_device **all;
    (void)b;
    *out = (struct usb_list){0};
    if (libusb_init(&now) != LIBUSB_SUCCESS) /* a new one: an old one's list may be stale */
        return err_set(ERR_IO, "cannot ask what is plugged in");
    ssize_t found = libusb_get_device_list(now, &all);
    if (found < 0) {
        libusb_exit(now);
        return err_set(ERR_IO, "cannot ask what is plugged in");
    }
    size_t n = found < DEVICES_MAX ? (size_t)found : DEVICES_MAX;
    out->seen = calloc(n + 1, sizeof *out->seen);
    for (size_t i = 0; i < n && out->seen; i++)
        if (seen_read(&out->seen[out->n], all[i]))
            out->n++;
    if (out->seen && out->n)
        qsort(out->seen, out->n, sizeof *out->seen, by_port);
    libusb_free_device_list(all, 1);
    libusb_exit(now);
    return out->seen ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
}

/* One wait of at most ms; a look at the system's list where nobody tells. */
static enum err wait_once(struct usb_bus *b, int64_t ms)
{
    int64_t piece = b->hotplug || ms < LOOK_AGAIN ? ms : LOOK_AGAIN;
    struct timeval tv = {piece / 1000, piece % 1000 * 1000};
    int r = libusb_handle_events_timeout_completed(b->told, &tv, NULL);
    if (r != LIBUSB_SUCCESS && r != LIBUSB_ERROR_INTERRUPTED && r != LIBUSB_ERROR_TIMEOUT)
        return err_set(ERR_IO, "cannot wait for what is plugged in: %s", libusb_strerror(r));
    if (!b->hotplug) {
        uint64_t sight = look();
        b->changed = b->changed || sight != b->sight;
        b->sight = sight;
    }
    return ERR_OK;
}

enum err usb_bus_wait(struct usb_bus *b, int ms, const volatile sig_atomic_t *stop, bool *changed)
{
    int64_t until = ms < 0 ? INT64_MAX : clock_uptime() + ms;
    enum err e = ERR_OK;
    while (!e && !b->changed && !*stop) {
        int64_t left = ms < 0 ? 60000 : until - clock_uptime();
        if (left <= 0)
            break;
        e = wait_once(b, left);
    }
    *changed = b->changed;
    b->changed = false;
    return e;
}
