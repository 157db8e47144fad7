/*
 * A bare libusb loop, as short as it can be: what any reader is measured
 * against, and a second opinion on what a device holds.
 *
 *   bare bot VVVV:PPPP [MIB [KIB]]   a disk's first MIB (0: all), KIB a command (1,024)
 *   bare mtp VVVV:PPPP [MIB [KIB]]   the largest object, KIB a transfer
 *   bare watch SECONDS               a line for each arrival and departure
 *
 * Prints bytes, seconds, MB/s, BLAKE2b-256.
 */
#include <libusb.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    libusb_context *usb;
    libusb_device_handle *h;
    uint8_t in, out;
    uint32_t tag;
} bare;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bare: %s\n", what);
    exit(74);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static void put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}
static void put_be32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void open_device(const char *ids)
{
    unsigned vendor, product;
    struct libusb_config_descriptor *c;
    if (sscanf(ids, "%x:%x", &vendor, &product) != 2 ||
        !(bare.h = libusb_open_device_with_vid_pid(bare.usb, (uint16_t)vendor, (uint16_t)product)))
        die("no such device");
    libusb_set_auto_detach_kernel_driver(bare.h, 1);
    if (libusb_get_active_config_descriptor(libusb_get_device(bare.h), &c) || libusb_claim_interface(bare.h, 0))
        die("it cannot be claimed");
    const struct libusb_interface_descriptor *i = &c->interface[0].altsetting[0];
    for (int e = 0; e < i->bNumEndpoints; e++)
        if ((i->endpoint[e].bmAttributes & 3) == LIBUSB_TRANSFER_TYPE_BULK)
            *(i->endpoint[e].bEndpointAddress & 0x80 ? &bare.in : &bare.out) = i->endpoint[e].bEndpointAddress;
    libusb_free_config_descriptor(c);
}

static int move(uint8_t endpoint, void *p, size_t n)
{
    int got = 0;
    if (n > 1 << 30 || libusb_bulk_transfer(bare.h, endpoint, p, (int)n, &got, 20000))
        return -1;
    return got;
}

/* One command; its status, or -1. */
static int bot(const uint8_t *cdb, size_t cdb_len, void *p, size_t n)
{
    uint8_t cbw[31] = "USBC", csw[64];
    put_le32(cbw + 4, ++bare.tag);
    put_le32(cbw + 8, (uint32_t)n);
    cbw[12] = 0x80;
    cbw[14] = (uint8_t)cdb_len;
    memcpy(cbw + 15, cdb, cdb_len);
    if (move(bare.out, cbw, sizeof cbw) != (int)sizeof cbw)
        return -1;
    if (n && move(bare.in, p, n) != (int)n)
        libusb_clear_halt(bare.h, bare.in);
    int got = move(bare.in, csw, sizeof csw);
    if (got < 0 && libusb_clear_halt(bare.h, bare.in) == 0)
        got = move(bare.in, csw, sizeof csw);
    return got == 13 && le32(csw + 4) == bare.tag ? csw[12] : -1;
}

static uint64_t read_bot(uint64_t most, size_t step, crypto_generichash_state *hash)
{
    uint8_t *p = malloc(step), capacity[8] = {0}, sense[18];
    for (int i = 0; i < 5 && bot((const uint8_t[6]){0}, 6, NULL, 0); i++)
        (void)!bot((const uint8_t[6]){0x03, 0, 0, 0, 18}, 6, sense, 18);
    if (!p || bot((const uint8_t[10]){0x25}, 10, capacity, 8))
        die("it tells no capacity");
    uint64_t size =
        ((uint64_t)capacity[0] << 24 | (uint64_t)capacity[1] << 16 | (uint64_t)capacity[2] << 8 | capacity[3]) + 1;
    size *= 512;
    if (most && most < size)
        size = most;
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < step ? (size_t)(size - at) : step;
        uint8_t c[10] = {0x28};
        put_be32(c + 2, (uint32_t)(at / 512));
        c[7] = (uint8_t)(n / 512 >> 8);
        c[8] = (uint8_t)(n / 512);
        if (bot(c, 10, p, n))
            die("it cannot be read");
        if (hash)
            crypto_generichash_update(hash, p, n);
        at += n;
    }
    free(p);
    return size;
}

/* Sends an operation of n parameters. */
static void ask(uint16_t code, const uint32_t *parameters, size_t n)
{
    uint8_t c[12 + 5 * 4];
    put_le32(c, (uint32_t)(12 + 4 * n));
    put_le32(c + 4, 1 | (uint32_t)code << 16);
    put_le32(c + 8, bare.tag++);
    for (size_t i = 0; i < n; i++)
        put_le32(c + 12 + 4 * i, parameters[i]);
    if (move(bare.out, c, 12 + 4 * n) < 0)
        die("an operation cannot be sent");
}

/* Its data into p (what fits), then its response; bytes of data with the header. object: all of it. */
static uint64_t hear(uint8_t *p, size_t room, bool object, crypto_generichash_state *hash, uint64_t most)
{
    uint64_t total = 0;
    int got = move(bare.in, p, room);
    if (got < 12)
        die("no answer");
    if (p[4] != 2)
        return 0;
    uint64_t says = le32(p);
    size_t head = 12;
    bool whole = false;
    for (;;) {
        if (hash)
            crypto_generichash_update(hash, p + head, (size_t)got - head);
        head = 0;
        total += (uint64_t)got;
        whole = (size_t)got < room && says != 0xFFFFFFFF ? total >= says : (size_t)got < room;
        if (whole || (most && total >= most) || !object)
            break;
        if ((got = move(bare.in, p, room)) < 0)
            die("the data end too early");
    }
    uint8_t answer[512];
    if (whole && move(bare.in, answer, sizeof answer) < 12)
        die("no response");
    return total;
}

/* The largest object under a folder, a few levels deep. */
static void largest(uint32_t storage, uint32_t parent, int depth, uint32_t *best, uint32_t *size)
{
    static uint8_t p[1 << 16];
    ask(0x1007, (const uint32_t[3]){storage, 0, parent}, 3);
    if (hear(p, sizeof p, false, NULL, 0) < 16)
        return;
    uint32_t n = le32(p + 12) < 4000 ? le32(p + 12) : 4000;
    uint32_t *handles = calloc(n, 4);
    for (uint32_t i = 0; handles && i < n; i++)
        handles[i] = le32(p + 16 + 4 * i);
    for (uint32_t i = 0; handles && i < n; i++) {
        ask(0x1008, &handles[i], 1);
        if (hear(p, sizeof p, false, NULL, 0) < 12 + 12)
            continue;
        if ((p[12 + 4] | p[12 + 5] << 8) == 0x3001 && depth < 6)
            largest(storage, handles[i], depth + 1, best, size);
        else if (le32(p + 12 + 8) >= *size) {
            *size = le32(p + 12 + 8);
            *best = handles[i];
        }
    }
    free(handles);
}

static uint64_t read_mtp(uint64_t most, size_t step, crypto_generichash_state *hash, double *start)
{
    uint8_t *p = malloc(step), small[512];
    uint32_t handle = 0, size = 0;
    ask(0x1002, (const uint32_t[1]){1}, 1);
    if (!p || move(bare.in, small, sizeof small) < 12)
        die("no session");
    ask(0x1004, NULL, 0);
    if (hear(small, sizeof small, false, NULL, 0) < 20)
        die("no storage");
    largest(le32(small + 16), 0xFFFFFFFF, 0, &handle, &size);
    if (!handle)
        die("no object");
    *start = now();
    ask(0x1009, &handle, 1);
    uint64_t n = hear(p, step, true, hash, most) - 12;
    free(p);
    return n;
}

static int tell(libusb_context *c, libusb_device *d, libusb_hotplug_event e, void *unused)
{
    struct libusb_device_descriptor about;
    (void)c, (void)unused;
    if (libusb_get_device_descriptor(d, &about) == 0)
        printf("%s %04x:%04x\n", e == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED ? "came" : "left", about.idVendor,
               about.idProduct);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    crypto_generichash_state hash;
    uint8_t sum[32];
    char hex[65];
    bool mtp = argc > 2 && strcmp(argv[1], "mtp") == 0;
    if (argc < 3 || sodium_init() < 0 || libusb_init(&bare.usb)) {
        fputs("usage: bare bot|mtp VVVV:PPPP [MIB [KIB]]; bare watch SECONDS\n", stderr);
        return 64;
    }
    if (strcmp(argv[1], "watch") == 0) {
        double end = now() + atof(argv[2]);
        if (libusb_hotplug_register_callback(bare.usb,
                                             LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
                                             LIBUSB_HOTPLUG_ENUMERATE, LIBUSB_HOTPLUG_MATCH_ANY,
                                             LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, tell, NULL, NULL))
            die("no hotplug");
        while (now() < end)
            libusb_handle_events_timeout(bare.usb, &(struct timeval){0, 100000});
        return 0;
    }
    uint64_t most = argc > 3 ? strtoull(argv[3], NULL, 10) << 20 : 0;
    size_t step = (argc > 4 ? strtoul(argv[4], NULL, 10) : 1024) << 10;
    bool hashed = getenv("NO_HASH") == NULL;
    open_device(argv[2]);
    crypto_generichash_init(&hash, NULL, 0, sizeof sum);
    double start = now();
    uint64_t n =
        mtp ? read_mtp(most, step, hashed ? &hash : NULL, &start) : read_bot(most, step, hashed ? &hash : NULL);
    double took = now() - start;
    crypto_generichash_final(&hash, sum, sizeof sum);
    printf("%llu bytes, %.3f s, %.1f MB/s, %s\n", (unsigned long long)n, took, (double)n / took / 1e6,
           hashed ? sodium_bin2hex(hex, sizeof hex, sum, sizeof sum) : "not hashed");
    if (mtp) {
        ask(0x1003, NULL, 0);
        (void)!move(bare.in, (uint8_t[512]){0}, 512);
    }
    libusb_release_interface(bare.h, 0);
    libusb_close(bare.h);
    libusb_exit(bare.usb);
    return 0;
}
