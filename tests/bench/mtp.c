/* mtp VENDOR:PRODUCT [ROUNDS]: how fast the largest file of an MTP device on USB
 * is read by our driver, beside a bare libusb loop of GetObject on the same
 * device in the same run, in turns. Budget: at least 0.90 of it (design, 11).
 * Run where such a device is: in the guest of tests/usb. */
#include "drivers/limits.h"
#include "drivers/ptp/ptp.h"
#include "storage/base/bytes.h"
#include "tests/bench/bare.h"

#define BARE_READ (1u << 20)
#define PIECE (1u << 20)

static uint8_t piece[PIECE];

struct largest {
    char path[CAMERA_PATH_MAX];
    uint64_t size;
};

static enum err note(void *ctx, const struct camera_file *f)
{
    struct largest *l = ctx;
    if (f->state == CAMERA_FILE && f->size >= l->size) {
        snprintf(l->path, sizeof l->path, "%s", f->path);
        l->size = f->size;
    }
    return ERR_OK;
}

/* Seconds; listing and opening are not counted. */
static double ours(const char *ids, struct largest *l, struct hash *sum)
{
    struct camera_name name = {.profile = "bench"};
    struct usb_bus *bus;
    struct usb u;
    struct ptp *p;
    struct camera c;
    struct timed t;
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
    timed_begin(&t, sum);
    for (uint64_t at = 0; got; at += got) {
        if (c.read(file, at, piece, sizeof piece, &got))
            die("reading");
        timed_add(&t, piece, got);
    }
    double seconds = timed_end(&t);
    c.close(file);
    c.free(c.self);
    usb_bus_close(bus);
    return seconds;
}

/* --- the bare loop: one blocking transfer after the other ------------------ */

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
    bare_close(&b);
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
    printf("%s ", hex);
    return !bare_report(argv[1], l.size, best_ours, best_bare);
}
