/* mtp VENDOR:PRODUCT [ROUNDS]: how fast the largest file of an MTP device on USB
 * is read by our driver, beside a bare libusb loop of GetObject on the same
 * device in the same run, in turns. Budget: at least 0.90 of it (design, 11).
 * Run where such a device is: in the guest of tests/usb. */
#include "drivers/limits.h"
#include "drivers/ptp/ptp.h"
#include "drivers/usb/bus.h"
#include "storage/base/bytes.h"
#include "storage/seal/hash.h"

#include <libusb-1.0/libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BARE_READ (1u << 20)
#define PIECE (1u << 20)

static volatile sig_atomic_t stop;
static uint8_t piece[PIECE];

struct largest {
    char path[CAMERA_PATH_MAX];
    uint64_t size;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "mtp: %s: %s\n", what, err_text());
    exit(1);
}

static enum err note(void *ctx, const struct camera_file *f)
{
    struct largest *l = ctx;
    if (f->state == CAMERA_FILE && f->size >= l->size) {
        snprintf(l->path, sizeof l->path, "%s", f->path);
        l->size = f->size;
    }
    return ERR_OK;
}

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
        if (strcmp(text, ids) == 0 && usb_open(u, bus, s, s->interfaces[0].number, &stop))
            die(ids);
        open = strcmp(text, ids) == 0;
    }
    usb_list_free(&list);
    if (!open)
        die("no such device");
}

/* Seconds; listing and opening are not counted. */
static double ours(const char *ids, struct largest *l, struct hash *sum)
{
    struct camera_name name = {.profile = "bench"};
    struct usb_bus *bus;
    struct usb u;
    struct ptp *p;
    struct camera c;
    struct hash_state h;
    void *file;
    size_t got = 1;
    *l = (struct largest){.size = 0};
    if (usb_bus_open(&bus))
        die("the bus");
    open_usb(bus, ids, &u);
    if (ptp_open(&p, &u) || ptp_camera(&c, p, &name) || c.list(c.self, note, l))
        die("opening");
    struct camera_file f = {.path = l->path, .size = l->size};
    if (c.open(c.self, &f, &file))
        die("the file");
    hash_init(&h);
    double start = now(), hashing = 0;
    for (uint64_t at = 0; got; at += got) {
        if (c.read(file, at, piece, sizeof piece, &got))
            die("reading");
        double before = now();
        if (sum)
            hash_add(&h, piece, got);
        hashing += now() - before;
    }
    double seconds = now() - start - hashing;
    if (sum)
        *sum = hash_end(&h);
    c.close(file);
    c.free(c.self);
    usb_bus_close(bus);
    return seconds;
}

/* --- the bare loop: one blocking transfer after the other ------------------ */

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

static void bare_command(const struct bare *b, uint16_t code, uint32_t id, unsigned n, const uint32_t *params)
{
    uint8_t p[32];
    int sent;
    bytes_put_le32(p, 12 + 4 * n);
    bytes_put_le16(p + 4, 1);
    bytes_put_le16(p + 6, code);
    bytes_put_le32(p + 8, id);
    for (unsigned i = 0; i < n; i++)
        bytes_put_le32(p + 12 + (size_t)4 * i, params[i]);
    if (libusb_bulk_transfer(b->d, b->out, p, (int)(12 + 4 * n), &sent, 10000))
        die("a bare command");
}

/* Reads away data and answer; bytes of data. */
static uint64_t bare_answer(const struct bare *b)
{
    static uint8_t p[BARE_READ];
    uint64_t bytes = 0;
    for (;;) {
        int got = 0;
        int r = libusb_bulk_transfer(b->d, b->in, p, sizeof p, &got, 10000);
        if (r) {
            fprintf(stderr, "mtp: the bare loop: %s after %llu bytes\n", libusb_error_name(r),
                    (unsigned long long)bytes);
            exit(1);
        }
        if (got >= 12 && got <= 32 && bytes_le32(p) == (uint32_t)got && bytes_le16(p + 4) == 3)
            return bytes;
        bytes += (uint64_t)got;
    }
}

/* Looks for an object of this size in every folder. */
static uint32_t bare_find(const struct bare *b, uint32_t *id, uint32_t storage, uint32_t parent, uint32_t size,
                          unsigned depth)
{
    static uint8_t p[BARE_READ];
    uint32_t handles[256];
    size_t n = 0;
    uint32_t found = 0;
    int got = 0;
    bare_command(b, 0x1007, (*id)++, 3, (uint32_t[]){storage, 0, parent});
    if (libusb_bulk_transfer(b->d, b->in, p, sizeof p, &got, 10000))
        die("a bare list");
    for (int at = 16; at + 4 <= got && n < 256; at += 4)
        handles[n++] = bytes_le32(p + at);
    bare_answer(b);
    for (size_t i = 0; i < n && depth < 6 && !found; i++) {
        bare_command(b, 0x1008, (*id)++, 1, &handles[i]);
        if (libusb_bulk_transfer(b->d, b->in, p, sizeof p, &got, 10000))
            die("a bare info");
        bool folder = got > 24 && bytes_le16(p + 16) == 0x3001;
        bool same = got > 24 && !folder && bytes_le32(p + 20) == size;
        bare_answer(b);
        found = same ? handles[i] : folder ? bare_find(b, id, storage, handles[i], size, depth + 1) : 0;
    }
    return found;
}

static uint32_t bare_storage(const struct bare *b, uint32_t *id)
{
    static uint8_t p[4096];
    int got = 0;
    bare_command(b, 0x1004, (*id)++, 0, NULL);
    if (libusb_bulk_transfer(b->d, b->in, p, sizeof p, &got, 10000) || got < 20)
        die("the bare storages");
    bare_answer(b);
    return bytes_le32(p + 16);
}

static double bare(const char *ids, const struct largest *l)
{
    struct bare b = {0};
    uint32_t id = 1;
    bare_open(&b, ids);
    bare_command(&b, 0x1002, 0, 1, (uint32_t[]){1});
    bare_answer(&b);
    uint32_t handle = bare_find(&b, &id, bare_storage(&b, &id), UINT32_MAX, (uint32_t)l->size, 0);
    double start = now();
    bare_command(&b, 0x1009, id++, 1, &handle);
    uint64_t bytes = bare_answer(&b);
    double seconds = now() - start;
    if (bytes < l->size || bytes > l->size + 12)
        die("the bare loop read another file");
    bare_command(&b, 0x1003, id, 0, NULL);
    bare_answer(&b);
    libusb_release_interface(b.d, b.interface);
    libusb_close(b.d);
    return seconds;
}

int main(int argc, char **argv)
{
    struct largest l;
    struct hash sum;
    char hex[HASH_HEX];
    double best_ours = 1e9, best_bare = 1e9;
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    if (argc < 2 || hash_start() || libusb_init(NULL)) {
        fprintf(stderr, "usage: mtp VENDOR:PRODUCT [ROUNDS]\n");
        return 64;
    }
    for (int i = 0; i < rounds; i++) {
        double o = ours(argv[1], &l, i == 0 ? &sum : NULL), b = bare(argv[1], &l);
        best_ours = o < best_ours ? o : best_ours;
        best_bare = b < best_bare ? b : best_bare;
    }
    libusb_exit(NULL);
    hash_hex(hex, &sum);
    double mb = (double)l.size / 1e6, ratio = best_bare / best_ours;
    printf("%s %s: %.0f MB, ours %.1f MB/s, bare %.1f MB/s, ratio %.2f (budget 0.90) %s\n", argv[1], hex, mb,
           mb / best_ours, mb / best_bare, ratio, ratio >= 0.9 ? "ok" : "MISSED");
    return ratio < 0.9;
}
