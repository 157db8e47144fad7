#include "drivers/usb/seen.h"

#include "drivers/limits.h"
#include "storage/base/file.h"
#include "storage/base/mounts.h"
#include "storage/base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <libusb-1.0/libusb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SYSTEM "/sys/bus/usb/devices"
#define PATH 512
#define HOST_DEPTH 8 /* folders between a USB interface and its block devices */

/* A number of its own for each time something is plugged in: the kernel object's. */
static uint64_t arrival_of(const char *port)
{
    char path[PATH];
    struct stat st;
    snprintf(path, sizeof path, SYSTEM "/%s", port);
    return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_ino; /* sysfs gives no number twice; its times mean nothing */
}

/* A text that the system keeps of the device, escaped. */
static void read_text(const char *port, const char *name, char out[static NAME_LEN])
{
    char path[PATH], raw[USB_STRING_MAX];
    snprintf(path, sizeof path, SYSTEM "/%s/%s", port, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, raw, sizeof raw);
    file_close(&fd);
    size_t from = 0, n = got > 0 ? (size_t)got : 0;
    while (n > 0 && (raw[n - 1] == '\n' || raw[n - 1] == ' '))
        n--;
    while (from < n && raw[from] == ' ')
        from++;
    text_escape_cut(out, NAME_LEN, raw + from, n - from);
}

static bool read_port(libusb_device *d, char out[static USB_PORT_LEN])
{
    uint8_t ports[8];
    int n = libusb_get_port_numbers(d, ports, sizeof ports);
    if (n <= 0)
        return false; /* the host's own hub */
    size_t len = (size_t)snprintf(out, USB_PORT_LEN, "%u-%u", libusb_get_bus_number(d), ports[0]);
    for (int i = 1; i < n && len + 5 < USB_PORT_LEN; i++)
        len += (size_t)snprintf(out + len, USB_PORT_LEN - len, ".%u", ports[i]);
    return true;
}

static const char *speed_of(libusb_device *d)
{
    switch (libusb_get_device_speed(d)) {
    case LIBUSB_SPEED_LOW:
        return "low";
    case LIBUSB_SPEED_FULL:
        return "full";
    case LIBUSB_SPEED_HIGH:
        return "high";
    case LIBUSB_SPEED_SUPER:
        return "super";
    case LIBUSB_SPEED_SUPER_PLUS:
        return "super+";
    default:
        return "";
    }
}

static void read_endpoints(struct usb_interface *out, const struct libusb_interface_descriptor *d)
{
    for (int i = 0; i < d->bNumEndpoints; i++) {
        const struct libusb_endpoint_descriptor *p = &d->endpoint[i];
        bool in = p->bEndpointAddress & LIBUSB_ENDPOINT_IN;
        int kind = p->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK;
        if (kind == LIBUSB_TRANSFER_TYPE_INTERRUPT && in && !out->event)
            out->event = p->bEndpointAddress;
        if (kind != LIBUSB_TRANSFER_TYPE_BULK)
            continue;
        if (in && !out->in) {
            out->in = p->bEndpointAddress;
            out->packet = p->wMaxPacketSize & 0x7ff;
        } else if (!in && !out->out) {
            out->out = p->bEndpointAddress;
        }
    }
}

static void read_interfaces(struct usb_seen *out, libusb_device *d)
{
    struct libusb_config_descriptor *c;
    if (libusb_get_active_config_descriptor(d, &c) != LIBUSB_SUCCESS &&
        libusb_get_config_descriptor(d, 0, &c) != LIBUSB_SUCCESS)
        return;
    for (int i = 0; i < c->bNumInterfaces && out->n_interfaces < USB_INTERFACES_MAX; i++) {
        if (c->interface[i].num_altsetting < 1)
            continue;
        const struct libusb_interface_descriptor *first = &c->interface[i].altsetting[0];
        struct usb_interface *to = &out->interfaces[out->n_interfaces++];
        *to = (struct usb_interface){.number = first->bInterfaceNumber,
                                     .class = first->bInterfaceClass,
                                     .subclass = first->bInterfaceSubClass,
                                     .protocol = first->bInterfaceProtocol};
        read_endpoints(to, first);
    }
    libusb_free_config_descriptor(c);
}

bool seen_read(struct usb_seen *out, libusb_device *d)
{
    struct libusb_device_descriptor about;
    char node[PATH];
    *out = (struct usb_seen){0};
    if (libusb_get_device_descriptor(d, &about) != LIBUSB_SUCCESS || about.bDeviceClass == LIBUSB_CLASS_HUB ||
        !read_port(d, out->port))
        return false;
    out->arrival = arrival_of(out->port);
    out->vendor_id = about.idVendor;
    out->product_id = about.idProduct;
    out->release = about.bcdDevice;
    out->version = about.bcdUSB;
    out->speed = speed_of(d);
    read_text(out->port, "manufacturer", out->vendor);
    read_text(out->port, "product", out->product);
    read_text(out->port, "serial", out->serial);
    read_interfaces(out, d);
    snprintf(node, sizeof node, "/dev/bus/usb/%03u/%03u", libusb_get_bus_number(d), libusb_get_device_address(d));
    out->denied = access(node, R_OK | W_OK) < 0;
    return out->arrival != 0;
}

bool seen_is_here(const struct usb_seen *s)
{
    return arrival_of(s->port) == s->arrival;
}

/* Where the block device of that number, or a partition of it, is mounted. */
static enum err check_device(unsigned number_major, unsigned number_minor, const char *mounts)
{
    char want[32], folder[PATH];
    snprintf(want, sizeof want, " %u:%u ", number_major, number_minor);
    for (const char *line = mounts; *line;) {
        const char *end = strchrnul(line, '\n'), *at = strstr(line, want);
        unsigned id, parent;
        /* proc(5): ID, parent, device, root, where */
        if (at && at < end && sscanf(line, "%u %u %*s %*s %500s", &id, &parent, folder) == 3)
            return err_set(ERR_DENIED, "it is mounted at %s; unmount it, Feldsher reads it without mounting", folder);
        line = *end ? end + 1 : end;
    }
    return ERR_OK;
}

static enum err check_numbers(int dir, const char *name, const char *mounts)
{
    char path[PATH], text[32];
    unsigned a, b;
    snprintf(path, sizeof path, "%s/dev", name);
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    file_close(&fd);
    if (n <= 0)
        return ERR_OK;
    text[n] = '\0';
    return sscanf(text, "%u:%u", &a, &b) == 2 ? check_device(a, b, mounts) : ERR_OK;
}

/* Every folder below that says which device number it has. Takes fd. */
static enum err check_below(int fd, unsigned depth, const char *mounts)
{
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    enum err e = ERR_OK;
    if (!d) {
        file_close(&fd);
        return ERR_OK;
    }
    for (struct dirent *f; !e && (f = readdir(d)) != NULL;) {
        if (f->d_name[0] == '.' || f->d_type != DT_DIR)
            continue;
        e = check_numbers(dirfd(d), f->d_name, mounts);
        if (!e && depth)
            e = check_below(openat(dirfd(d), f->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), depth - 1,
                            mounts);
    }
    closedir(d);
    return e;
}

enum err seen_check_mounts(const struct usb_seen *s)
{
    char path[PATH];
    struct buf mounts = {0};
    int fd = open(MOUNTS_PATH, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot see what is mounted");
    enum err e = mounts_read(fd, &mounts);
    file_close(&fd);
    snprintf(path, sizeof path, SYSTEM "/%s", s->port);
    if (!e)
        e = check_below(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), HOST_DEPTH, (const char *)mounts.p);
    buf_free(&mounts);
    return e;
}
