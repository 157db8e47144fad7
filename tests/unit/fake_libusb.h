#ifndef TESTS_UNIT_FAKE_LIBUSB_H
#define TESTS_UNIT_FAKE_LIBUSB_H

/* libusb, the system's own list of devices, and time, all of them a test's: these
 * definitions come before the libraries' ones. Nothing sleeps; whoever waits moves
 * the clock. What stands in /sys, /dev and /proc is below a folder of the test. */

#include "drivers/usb/bus.h"
#include "storage/base/file.h"
#include "storage/base/mounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <libusb-1.0/libusb.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define FAKE __attribute__((unused)) static
#define FAKE_DEVICES 600
#define FAKE_FLYING 16

struct libusb_device {
    struct libusb_device_descriptor about;
    struct libusb_config_descriptor config;
    struct libusb_interface interface[32];
    struct libusb_interface_descriptor setting[32];
    struct libusb_endpoint_descriptor endpoint[8];
    uint8_t bus, address, ports[8];
    int n_ports, speed, no_config;
};

static struct fake {
    char root[64];
    char denied[64]; /* a device file that may not be used */
    struct libusb_device device[FAKE_DEVICES], *list[FAKE_DEVICES + 1];
    size_t n;
    int init_result, list_result, open_result, claim_result, events_result;
    bool no_hotplug;
    libusb_hotplug_callback_fn told;
    void *told_ctx;
    int64_t ms; /* time */
    /* what is open */
    int contexts, handles, claims, transfers, lists;
    size_t mapped; /* bytes of the kernel's memory in use */
    size_t mapped_max, mapped_peak, plain_max;
    bool mapped_refused; /* it can be had, and no transfer with it goes */
    int claimed, cleared, resets;
    int submit_result;
    struct libusb_transfer *flying[FAKE_FLYING];
    size_t n_flying;
    /* Called while events are waited for, after the clock moved; may complete some. */
    void (*happen)(void);
} fake;

/* --- time and the system ----------------------------------------------------- */

int clock_gettime(clockid_t id, struct timespec *t)
{
    (void)id;
    *t = (struct timespec){fake.ms / 1000, fake.ms % 1000 * 1000000};
    return 0;
}

int poll(struct pollfd *p, nfds_t n, int ms)
{
    assert_true(p == NULL && n == 0 && ms >= 0);
    fake.ms += ms;
    if (fake.happen)
        fake.happen();
    return 0;
}

/* Of the system's folders that the drivers look into, ours. */
FAKE const char *fake_path(const char *path, char out[static 512])
{
    static const char *const ours[] = {"/sys/bus/usb", "/dev/bus/usb", "/run/udev", MOUNTS_PATH};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strncmp(path, ours[i], strlen(ours[i])) == 0) {
            snprintf(out, 512, "%s%s", fake.root, path);
            return out;
        }
    return path;
}

int access(const char *path, int mode)
{
    char to[512];
    if (fake.denied[0] && strcmp(path, fake.denied) == 0 && mode != F_OK)
        return -1;
    return faccessat(AT_FDCWD, fake_path(path, to), mode, 0);
}

int stat(const char *path, struct stat *st)
{
    char to[512];
    return fstatat(AT_FDCWD, fake_path(path, to), st, 0);
}

int open(const char *path, int flags, ...)
{
    char to[512];
    int mode = 0;
    va_list ap;
    va_start(ap, flags);
    if (flags & O_CREAT)
        mode = va_arg(ap, int);
    va_end(ap);
    return (int)syscall(SYS_openat, AT_FDCWD, fake_path(path, to), flags, mode);
}

DIR *opendir(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? NULL : fdopendir(fd);
}

/* A file below the root, with its folders; text NULL: a folder. */
FAKE void fake_put(const char *path, const char *text)
{
    char to[512], folder[512];
    snprintf(to, sizeof to, "%s%s", fake.root, path);
    snprintf(folder, sizeof folder, "%s", to);
    if (text)
        *strrchr(folder, '/') = '\0';
    assert_int_equal(file_mkdirs(folder, 0700), ERR_OK);
    if (!text)
        return;
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    file_close(&fd);
}

FAKE void fake_remove(const char *path)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s%s'", fake.root, path);
    assert_int_equal(system(command), 0);
}

/* --- libusb ------------------------------------------------------------------ */

int libusb_init(libusb_context **c)
{
    if (fake.init_result)
        return fake.init_result;
    fake.contexts++;
    *c = (libusb_context *)&fake;
    return 0;
}

void libusb_exit(libusb_context *c)
{
    if (c)
        fake.contexts--;
}

const char *libusb_strerror(int code)
{
    return code ? "an error of libusb's" : "none";
}

int libusb_has_capability(uint32_t what)
{
    (void)what;
    return !fake.no_hotplug;
}

int libusb_hotplug_register_callback(libusb_context *c, int events, int flags, int vendor, int product, int class,
                                     libusb_hotplug_callback_fn fn, void *ctx, libusb_hotplug_callback_handle *h)
{
    (void)c, (void)flags, (void)vendor, (void)product, (void)class, (void)h;
    assert_int_equal(events, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT);
    fake.told = fn;
    fake.told_ctx = ctx;
    return 0;
}

ssize_t libusb_get_device_list(libusb_context *c, libusb_device ***list)
{
    (void)c;
    if (fake.list_result)
        return fake.list_result;
    for (size_t i = 0; i < fake.n; i++)
        fake.list[i] = &fake.device[i];
    *list = fake.list;
    fake.lists++;
    return (ssize_t)fake.n;
}

void libusb_free_device_list(libusb_device **list, int unref)
{
    assert_true(list == fake.list && unref);
    fake.lists--;
}

int libusb_get_device_descriptor(libusb_device *d, struct libusb_device_descriptor *out)
{
    *out = d->about;
    return 0;
}

uint8_t libusb_get_bus_number(libusb_device *d)
{
    return d->bus;
}

uint8_t libusb_get_device_address(libusb_device *d)
{
    return d->address;
}

int libusb_get_device_speed(libusb_device *d)
{
    return d->speed;
}

int libusb_get_port_numbers(libusb_device *d, uint8_t *out, int n)
{
    assert_true(d->n_ports <= n);
    memcpy(out, d->ports, (size_t)d->n_ports);
    return d->n_ports;
}

int libusb_get_active_config_descriptor(libusb_device *d, struct libusb_config_descriptor **out)
{
    *out = &d->config;
    return d->no_config > 0 ? LIBUSB_ERROR_NOT_FOUND : 0;
}

int libusb_get_config_descriptor(libusb_device *d, uint8_t i, struct libusb_config_descriptor **out)
{
    *out = &d->config;
    return i || d->no_config > 1 ? LIBUSB_ERROR_NOT_FOUND : 0;
}

void libusb_free_config_descriptor(struct libusb_config_descriptor *c)
{
    assert_non_null(c);
}

int libusb_open(libusb_device *d, libusb_device_handle **h)
{
    if (fake.open_result)
        return fake.open_result;
    *h = (libusb_device_handle *)d;
    fake.handles++;
    return 0;
}

void libusb_close(libusb_device_handle *h)
{
    assert_non_null(h);
    assert_int_equal(fake.n_flying, 0);
    fake.handles--;
}

int libusb_set_auto_detach_kernel_driver(libusb_device_handle *h, int on)
{
    assert_true(h && on);
    return 0;
}

int libusb_claim_interface(libusb_device_handle *h, int number)
{
    assert_non_null(h);
    if (fake.claim_result)
        return fake.claim_result;
    fake.claimed = number;
    fake.claims++;
    return 0;
}

int libusb_release_interface(libusb_device_handle *h, int number)
{
    assert_non_null(h);
    if (fake.claims) {
        assert_int_equal(number, fake.claimed);
        fake.claims--;
    }
    return 0;
}

int libusb_clear_halt(libusb_device_handle *h, unsigned char endpoint)
{
    assert_non_null(h);
    fake.cleared = endpoint;
    return 0;
}

int libusb_reset_device(libusb_device_handle *h)
{
    assert_non_null(h);
    fake.resets++;
    return 0;
}

/* The kernel's own memory, of which there is mapped_max. */
unsigned char *libusb_dev_mem_alloc(libusb_device_handle *h, size_t n)
{
    assert_non_null(h);
    if (fake.mapped + n > fake.mapped_max)
        return NULL;
    fake.mapped += n;
    fake.mapped_peak = fake.mapped > fake.mapped_peak ? fake.mapped : fake.mapped_peak;
    return malloc(n);
}

int libusb_dev_mem_free(libusb_device_handle *h, unsigned char *p, size_t n)
{
    assert_true(h && p && n <= fake.mapped);
    fake.mapped -= n;
    free(p);
    return 0;
}

struct libusb_transfer *libusb_alloc_transfer(int packets)
{
    assert_int_equal(packets, 0);
    fake.transfers++;
    return calloc(1, sizeof(struct libusb_transfer));
}

void libusb_free_transfer(struct libusb_transfer *t)
{
    for (size_t i = 0; i < fake.n_flying; i++)
        assert_true(fake.flying[i] != t);
    fake.transfers -= t != NULL;
    free(t);
}

/* Transfers of more than plain_max bytes find no memory. */
int libusb_submit_transfer(struct libusb_transfer *t)
{
    if (fake.submit_result)
        return fake.submit_result;
    if ((size_t)t->length > fake.plain_max || (fake.mapped_refused && fake.mapped))
        return LIBUSB_ERROR_NO_MEM;
    assert_true(fake.n_flying < FAKE_FLYING);
    t->status = LIBUSB_TRANSFER_COMPLETED;
    t->actual_length = 0;
    fake.flying[fake.n_flying++] = t;
    return 0;
}

/* The i-th in flight comes back. */
FAKE void fake_complete(size_t i, enum libusb_transfer_status status, int bytes)
{
    struct libusb_transfer *t = fake.flying[i];
    assert_true(i < fake.n_flying);
    memmove(fake.flying + i, fake.flying + i + 1, (--fake.n_flying - i) * sizeof fake.flying[0]);
    t->status = status;
    t->actual_length = bytes;
    t->callback(t);
}

/* It comes back when events are waited for next. */
int libusb_cancel_transfer(struct libusb_transfer *t)
{
    for (size_t i = 0; i < fake.n_flying; i++)
        if (fake.flying[i] == t) {
            t->status = LIBUSB_TRANSFER_CANCELLED;
            return 0;
        }
    return LIBUSB_ERROR_NOT_FOUND;
}

int libusb_handle_events_timeout_completed(libusb_context *c, struct timeval *tv, int *completed)
{
    (void)c, (void)completed;
    if (fake.events_result)
        return fake.events_result;
    int64_t ms = (int64_t)tv->tv_sec * 1000 + tv->tv_usec / 1000;
    for (size_t i = fake.n_flying; i-- > 0;)
        if (fake.flying[i]->status == LIBUSB_TRANSFER_CANCELLED) {
            fake_complete(i, LIBUSB_TRANSFER_CANCELLED, fake.flying[i]->actual_length);
            ms = 0;
        }
    fake.ms += ms ? ms : 1; /* even nothing takes a while */
    if (fake.happen)
        fake.happen();
    return 0;
}

/* --- a machine ---------------------------------------------------------------- */

/* With USB, udev, and nothing plugged in. */
FAKE int fake_begin(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof fake);
    strcpy(fake.root, "/tmp/feldsher-usb-XXXXXX");
    assert_non_null(mkdtemp(fake.root));
    fake.ms = 1000000;
    fake.mapped_max = 64u << 20;
    fake.plain_max = 64u << 20;
    fake_put("/sys/bus/usb/devices/usb1", NULL);
    fake_put("/dev/bus/usb", NULL);
    fake_put("/run/udev/control", "");
    fake_put(MOUNTS_PATH, "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
    err_clear();
    return 0;
}

FAKE int fake_end(void **state)
{
    (void)state;
    fake_remove("");
    assert_int_equal(fake.contexts, 0);
    assert_int_equal(fake.handles, 0);
    assert_int_equal(fake.claims, 0);
    assert_int_equal(fake.transfers, 0);
    assert_int_equal(fake.lists, 0);
    assert_int_equal(fake.mapped, 0);
    return 0;
}

/* Plugged in at 1-PORT: a storage device. */
FAKE struct libusb_device *fake_plug(uint8_t port)
{
    struct libusb_device *d = &fake.device[fake.n++];
    char path[128], number[16];
    assert_true(fake.n <= FAKE_DEVICES);
    *d = (struct libusb_device){
        .about = {.idVendor = 0x4255, .idProduct = 0x1000, .bcdDevice = 0x0102, .bcdUSB = 0x0200},
        .bus = 1,
        .address = (uint8_t)(port + 1),
        .ports = {port},
        .n_ports = 1,
        .speed = LIBUSB_SPEED_HIGH};
    d->endpoint[0] = (struct libusb_endpoint_descriptor){
        .bEndpointAddress = 0x83, .bmAttributes = LIBUSB_TRANSFER_TYPE_INTERRUPT, .wMaxPacketSize = 64};
    d->endpoint[1] = (struct libusb_endpoint_descriptor){
        .bEndpointAddress = 0x81, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 512};
    d->endpoint[2] = (struct libusb_endpoint_descriptor){
        .bEndpointAddress = 0x02, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 512};
    d->endpoint[3] = (struct libusb_endpoint_descriptor){
        .bEndpointAddress = 0x84, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 64};
    for (int i = 0; i < 32; i++) {
        d->setting[i] = (struct libusb_interface_descriptor){.bInterfaceNumber = (uint8_t)i,
                                                             .bInterfaceClass = 8,
                                                             .bInterfaceSubClass = 6,
                                                             .bInterfaceProtocol = 0x50,
                                                             .bNumEndpoints = 4,
                                                             .endpoint = d->endpoint};
        d->interface[i] = (struct libusb_interface){.altsetting = &d->setting[i], .num_altsetting = 1};
    }
    d->config = (struct libusb_config_descriptor){.bNumInterfaces = 1, .interface = d->interface};
    snprintf(path, sizeof path, "/sys/bus/usb/devices/1-%u", port);
    fake_put(path, NULL);
    snprintf(number, sizeof number, "SN-%u\n", port);
    snprintf(path, sizeof path, "/sys/bus/usb/devices/1-%u/serial", port);
    fake_put(path, number);
    return d;
}

#endif
