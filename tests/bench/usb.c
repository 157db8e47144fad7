/* usb VENDOR:PRODUCT [ROUNDS [MB]]: how fast a storage device on USB is read by our
 * driver, beside a bare libusb loop of READ(10) on the same device in the same run,
 * in turns. Budget: at least 0.90 of it (design, 11). Run where such a device is: in
 * the guest of tests/usb. */
#include "drivers/msc/msc.h"
#include "storage/base/bytes.h"
#include "tests/bench/bare.h"

#define PIECE (1u << 20) /* of one command; ours takes so much, too, once it has proven itself */
#define SECTOR 512u

static uint8_t piece[PIECE];

/* Seconds; opening and hashing are not counted. sum: NULL: none. */
static double ours(const char *ids, uint64_t bytes, struct hash *sum)
{
    struct usb_bus *bus;
    struct usb u;
    struct disk d;
    struct timed t;
    if (usb_bus_open(&bus))
        die("the bus");
    open_usb(bus, ids, &u);
    if (msc_open(&d, &u, 5000))
        die("opening");
    if (d.sector != SECTOR || d.sectors * SECTOR < bytes)
        die("the device is too small");
    timed_begin(&t, sum);
    for (uint64_t at = 0; at < bytes; at += PIECE) {
        uint32_t good = 0;
        if (d.read(d.self, at / SECTOR, PIECE / SECTOR, piece, &good))
            die("reading");
        timed_add(&t, piece, PIECE);
    }
    double seconds = timed_end(&t);
    d.free(d.self);
    usb_bus_close(bus);
    return seconds;
}

/* One command of n bytes of data; false: its status is not 0. */
static bool bare_command(const struct bare *b, uint32_t tag, const uint8_t cdb[static 10], uint8_t len, uint32_t n)
{
    uint8_t cbw[31] = {'U', 'S', 'B', 'C'}, csw[13];
    int got = 0;
    bytes_put_le32(cbw + 4, tag);
    bytes_put_le32(cbw + 8, n);
    cbw[12] = 0x80;
    cbw[14] = len;
    memcpy(cbw + 15, cdb, len);
    if (libusb_bulk_transfer(b->d, b->out, cbw, sizeof cbw, &got, BARE_MS))
        die("a bare command");
    if (n && libusb_bulk_transfer(b->d, b->in, piece, (int)n, &got, BARE_MS) == LIBUSB_ERROR_PIPE)
        libusb_clear_halt(b->d, b->in);
    if (libusb_bulk_transfer(b->d, b->in, csw, sizeof csw, &got, BARE_MS) || got != sizeof csw)
        die("a bare status");
    return csw[12] == 0;
}

static double bare(const char *ids, uint64_t bytes, struct hash *sum)
{
    static const uint8_t ready[10] = {0}, sense[10] = {3, 0, 0, 0, 18};
    struct bare b = {0};
    struct timed t;
    uint32_t tag = 1;
    bare_open(&b, ids);
    for (unsigned i = 0; i < 5 && !bare_command(&b, tag++, ready, 6, 0); i++) /* attention */
        bare_command(&b, tag++, sense, 6, 18);
    timed_begin(&t, sum);
    for (uint64_t at = 0; at < bytes; at += PIECE) {
        uint8_t read[10] = {0x28, [7] = PIECE / SECTOR >> 8, [8] = (uint8_t)(PIECE / SECTOR)};
        bytes_put_be32(read + 2, (uint32_t)(at / SECTOR));
        if (!bare_command(&b, tag++, read, sizeof read, PIECE))
            die("bare reading");
        timed_add(&t, piece, PIECE);
    }
    double seconds = timed_end(&t);
    bare_close(&b);
    return seconds;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    uint64_t bytes = (argc > 3 ? strtoull(argv[3], NULL, 10) : 200) << 20;
    double best_ours = 1e9, best_bare = 1e9;
    if (argc < 2 || hash_start() || libusb_init(NULL)) {
        fprintf(stderr, "usage: usb VENDOR:PRODUCT [ROUNDS [MB]]\n");
        return 64;
    }
    for (int i = 0; i < rounds; i++) {
        struct hash one, other;
        double o = ours(argv[1], bytes, i ? NULL : &one), b = bare(argv[1], bytes, i ? NULL : &other);
        best_ours = o < best_ours ? o : best_ours;
        best_bare = b < best_bare ? b : best_bare;
        if (!i && !hash_same(&one, &other))
            die("the two have read other bytes");
    }
    libusb_exit(NULL);
    return !bare_report(argv[1], bytes, best_ours, best_bare);
}
