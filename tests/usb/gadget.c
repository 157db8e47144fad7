/*
 * A USB camera in user space, by FunctionFS: a recorder that speaks one of the
 * two dialects of drivers/profiles/README.md, or a disk (Bulk-Only Transport)
 * that serves an image and misbehaves as it is told. To be run in a machine
 * with a dummy_hcd (tests/usb/README.md); lab.sh makes its folders.
 *
 *   gadget disk  DIR UDC=NAME IMAGE [OPTIONS] [KIND@BYTE[*]...]
 *   gadget talk  DIR UDC=NAME ascii|binary [OPTIONS]
 *
 * DIR: a mounted functionfs. UDC=NAME: the gadget's file of that name in
 * configfs, and what is written there to plug it in.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usb/functionfs.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECTOR 512u
#define DATA_MAX (1u << 20) /* of one write to the endpoint */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "gadget: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void pause_ms(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

/* --- the cable --------------------------------------------------------------- */

static struct {
    int control, in, out;
    const char *udc_file, *udc;
    pthread_t speaker;       /* who reads and writes the bulk endpoints */
    atomic_bool busy, reset; /* it is inside a command; the host wants it to leave it */
    atomic_uint resets;
} cable;

static int log_file = -1; /* what was asked, a line each */
static void note(const char *what, const char *text)
{
    if (log_file >= 0)
        dprintf(log_file, "%s %s\n", what, text);
}

static void plug(bool in)
{
    int f = open(cable.udc_file, O_WRONLY | O_CLOEXEC);
    const char *text = in ? cable.udc : "\n";
    if (f < 0 || (write(f, text, strlen(text)) < 0 && in))
        die(cable.udc_file);
    close(f);
}

/* Descriptors of one interface with a bulk endpoint each way, at full and high speed. */
static void describe(const char *dir, uint8_t class, uint8_t subclass, uint8_t protocol)
{
    uint8_t d[20 + 2 * 23], *p = d + 20;
    for (int high = 0; high < 2; high++) {
        const uint8_t one[23] = {9,
                                 4,
                                 0,
                                 0,
                                 2,
                                 class,
                                 subclass,
                                 protocol,
                                 0, /**/
                                 7,
                                 5,
                                 0x81,
                                 2,
                                 high ? 0 : 64,
                                 high ? 2 : 0,
                                 0,
                                 7,
                                 5,
                                 0x01,
                                 2,
                                 high ? 0 : 64,
                                 high ? 2 : 0,
                                 0};
        memcpy(p, one, sizeof one);
        p += sizeof one;
    }
    const uint32_t head[5] = {htole32(FUNCTIONFS_DESCRIPTORS_MAGIC_V2), htole32(sizeof d),
                              htole32(FUNCTIONFS_HAS_FS_DESC | FUNCTIONFS_HAS_HS_DESC), htole32(3), htole32(3)};
    memcpy(d, head, sizeof head);
    const uint32_t strings[4] = {htole32(FUNCTIONFS_STRINGS_MAGIC), htole32(sizeof strings), 0, 0};
    char path[256];
    snprintf(path, sizeof path, "%s/ep0", dir);
    cable.control = open(path, O_RDWR | O_CLOEXEC);
    if (cable.control < 0 || write(cable.control, d, sizeof d) < 0 || write(cable.control, strings, sizeof strings) < 0)
        die(path);
    snprintf(path, sizeof path, "%s/ep1", dir);
    cable.in = open(path, O_RDWR | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/ep2", dir);
    cable.out = open(path, O_RDWR | O_CLOEXEC);
    if (cable.in < 0 || cable.out < 0)
        die(path);
}

/* What comes over the control pipe: nothing but the requests of a disk's class is known. */
static void *control(void *unused)
{
    struct usb_functionfs_event e;
    while (read(cable.control, &e, sizeof e) == (ssize_t)sizeof e) {
        if (e.type != FUNCTIONFS_SETUP)
            continue;
        uint8_t type = e.u.setup.bRequestType, request = e.u.setup.bRequest, none = 0;
        if (type == 0x21 && request == 0xFF) {
            cable.resets++;
            cable.reset = true;
            for (int i = 0; i < 500 && cable.busy; i++) {
                pthread_kill(cable.speaker, SIGUSR1);
                pause_ms(2);
            }
            cable.reset = false;
            if (read(cable.control, &none, 0) < 0)
                perror("gadget: reset");
        } else if (type == 0xA1 && request == 0xFE) {
            if (write(cable.control, &none, 1) < 0)
                perror("gadget: max lun");
        } else if (type & 0x80) { /* the wrong way: it stalls */
            (void)!read(cable.control, &none, 0);
        } else {
            (void)!write(cable.control, &none, 0);
        }
    }
    return unused;
}

static void woken(int signal)
{
    (void)signal;
}

static void stall_in(void)
{
    (void)!read(cable.in, &(uint8_t){0}, 1);
}
static void stall_out(void)
{
    (void)!write(cable.out, &(uint8_t){0}, 1);
}

/* false: the host is not there, or wants something else. */
static bool say(const void *p, size_t n)
{
    const uint8_t *b = p;
    do {
        size_t part = n < DATA_MAX ? n : DATA_MAX;
        ssize_t w = cable.reset ? -1 : write(cable.in, b, part);
        if (w != (ssize_t)part)
            return false;
        b += part;
        n -= part;
    } while (n);
    return true;
}

/* -1: as above. */
static ssize_t hear(void *p, size_t n)
{
    for (;;) {
        ssize_t r = read(cable.out, p, n);
        if (r >= 0)
            return r;
        if (errno != EINTR && errno != EAGAIN)
            pause_ms(5); /* not plugged in */
        if (cable.busy)
            return -1;
    }
}

/* --- a disk ------------------------------------------------------------------ */

enum kind { STALL, SHORT, LIE, RESIDUE, TAG, SIGNATURE, PHASE, FLIP, HANG, GONE, FAIL, EMPTY, BAD, KINDS };
static const char *const kinds[KINDS] = {
    [STALL] = "stall",         /* the data stop there, the endpoint halts, status 1 */
    [SHORT] = "short",         /* the data stop there, the residue says so, status 0 */
    [LIE] = "lie",             /* the data stop there, the residue says 0, status 0 */
    [RESIDUE] = "residue",     /* all of the data, and a residue that says: none of it */
    [TAG] = "tag",             /* the status of another command */
    [SIGNATURE] = "signature", /* no status at all, but 13 bytes */
    [PHASE] = "phase",         /* all of the data, status 2 */
    [FLIP] = "flip",           /* one bit of the data is another */
    [HANG] = "hang",           /* the data stop there, and nothing comes until a reset */
    [GONE] = "gone",           /* it leaves the bus there; --back says for how long */
    [FAIL] = "fail",           /* all of the data (old ones), status 1: as a read error with full length */
    [EMPTY] = "empty",         /* an empty packet before the status */
    [BAD] = "bad",             /* that byte of the image cannot be read, ever: stall, status 1, sense 3/11/00 */
};
static struct fault {
    enum kind kind;
    uint64_t at; /* bytes that were read of the image so far, all in all; BAD: its place */
    bool always, done;
} faults[64];
static size_t n_faults;

static struct {
    int image, count;
    uint64_t size, read, written, commands, erased;
    uint8_t key, asc, ascq;
    unsigned not_ready, back_ms;
    const char *erase; /* a program that gets the path of what a vendor's command erases */
    bool attention, removed;
} disk = {.attention = true, .back_ms = 1000, .count = -1};

static void count(void)
{
    char line[200];
    int n = snprintf(line, sizeof line, "read %llu written %llu commands %llu resets %u erased %llu\n",
                     (unsigned long long)disk.read, (unsigned long long)disk.written, (unsigned long long)disk.commands,
                     cable.resets, (unsigned long long)disk.erased);
    if (disk.count >= 0 && (pwrite(disk.count, line, (size_t)n, 0) != n || ftruncate(disk.count, n)))
        die("count");
}

static void sense(uint8_t key, uint8_t asc, uint8_t ascq)
{
    disk.key = key;
    disk.asc = asc;
    disk.ascq = ascq;
}

/* The fault that strikes a read of n bytes now, or NULL. */
static struct fault *strikes(uint64_t offset, uint64_t n)
{
    for (size_t i = 0; i < n_faults; i++) {
        struct fault *f = &faults[i];
        uint64_t now = f->kind == BAD ? offset : disk.read;
        if (f->kind == BAD ? f->at >= now && f->at < now + n
                           : !f->done && now + n > f->at && (f->at >= now || f->always))
            return f;
    }
    return NULL;
}

static void csw(uint32_t tag, uint32_t residue, uint8_t status, const struct fault *f)
{
    uint8_t p[13] = "USBS";
    uint32_t t = htole32(f && f->kind == TAG ? tag + 1 : tag), r = htole32(residue);
    if (f && f->kind == SIGNATURE)
        p[3] = 'X';
    memcpy(p + 4, &t, 4);
    memcpy(p + 8, &r, 4);
    p[12] = status;
    say(p, sizeof p);
}

static void leave(void)
{
    plug(false);
    pause_ms(disk.back_ms);
    disk.attention = true;
    if (disk.back_ms)
        plug(true);
    else
        exit(0);
}

/* READ: data and status. n: what is asked for, want: what the host expects. */
static void read_image(uint32_t tag, uint64_t offset, uint32_t n, uint32_t want)
{
    static uint8_t buffer[DATA_MAX];
    struct fault *f = strikes(offset, n);
    uint32_t stop = n; /* how far it gets */
    uint32_t at = 0;
    if (f) {
        uint64_t start = f->kind == BAD ? offset : disk.read;
        at = f->at > start ? (uint32_t)(f->at - start) : 0;
        f->done = !f->always && f->kind != BAD;
        if (f->kind == BAD || f->kind == STALL || f->kind == HANG || f->kind == GONE)
            stop = at / SECTOR * SECTOR; /* whole packets: else that alone would end the transfer */
        else if (f->kind == SHORT || f->kind == LIE)
            stop = at % SECTOR ? at : at > 0 ? at - 1 : 0;
    }
    char line[64];
    snprintf(line, sizeof line, "%llu %u", (unsigned long long)offset, n);
    note("read", line);
    uint32_t sent = 0;
    while (sent < stop) {
        uint32_t part = stop - sent < sizeof buffer ? stop - sent : (uint32_t)sizeof buffer;
        if (pread(disk.image, buffer, part, (off_t)(offset + sent)) != (ssize_t)part)
            die("image");
        if (f && f->kind == FLIP && at >= sent && at < sent + part)
            buffer[at - sent] ^= 0x10;
        if (f && f->kind == FAIL)
            memset(buffer, 0xA5, part);
        if (!say(buffer, part))
            return;
        sent += part;
        disk.read += part;
        count();
    }
    uint8_t status = 0;
    uint32_t residue = want - sent;
    if (f) {
        switch (f->kind) {
        case GONE:
            leave();
            return;
        case HANG:
            while (!cable.reset)
                pause_ms(2);
            return;
        case BAD:
        case STALL:
            stall_in();
            status = 1;
            sense(3, 0x11, 0);
            break;
        case FAIL:
            status = 1;
            residue = want;
            sense(0x0B, 0, 6);
            break;
        case LIE:
            residue = 0;
            break;
        case RESIDUE:
            residue = want;
            break;
        case PHASE:
            status = 2;
            break;
        case EMPTY:
            say("", 0);
            break;
        case SHORT:
        case TAG:
        case SIGNATURE:
        case FLIP:
        case KINDS:
            break;
        }
        if ((f->kind == SHORT || f->kind == LIE) && sent == 0)
            say("", 0);
    }
    csw(tag, residue, status, f);
}

/* An answer of n bytes where want were asked for. */
static void answer(uint32_t tag, const void *p, uint32_t n, uint32_t want)
{
    uint32_t part = n < want ? n : want;
    if (part && !say(p, part))
        return;
    if (part < want && part % SECTOR == 0)
        stall_in();
    bool lies = n_faults && faults[0].kind == RESIDUE && faults[0].always; /* then about everything */
    csw(tag, lies ? want : want - part, 0, NULL);
}

static void refuse(uint32_t tag, uint32_t want, bool in)
{
    if (want && in)
        stall_in();
    else if (want)
        stall_out();
    csw(tag, want, 1, NULL);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static void put_be32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* All that the host sends with its command. */
static bool take(uint8_t *p, uint32_t n)
{
    for (uint32_t got = 0; got < n;) {
        ssize_t r = hear(p + got, n - got);
        if (r <= 0)
            return false;
        got += (uint32_t)r;
    }
    return true;
}

/* A vendor's command: the data are the path of a file that is to be erased. */
static void vendor(uint32_t tag, uint32_t want)
{
    char path[1024], line[2048];
    if (!disk.erase || want == 0 || want >= sizeof path) {
        sense(5, 0x20, 0);
        refuse(tag, want, false);
        return;
    }
    if (!take((uint8_t *)path, want))
        return;
    path[want] = 0;
    snprintf(line, sizeof line, "%s '%s'", disk.erase, path); /* names in tests have no quotes */
    bool done = system(line) == 0;
    disk.erased += done;
    sense(done ? 0 : 5, done ? 0 : 0x24, 0);
    csw(tag, 0, done ? 0 : 1, NULL);
}

static void command(const uint8_t *cbw)
{
    uint32_t tag, want;
    memcpy(&tag, cbw + 4, 4);
    memcpy(&want, cbw + 8, 4);
    tag = le32toh(tag);
    want = le32toh(want);
    bool in = cbw[12] & 0x80;
    const uint8_t *c = cbw + 15;
    uint64_t sectors = disk.size / SECTOR;
    uint8_t p[64] = {0};
    disk.commands++;
    if (disk.attention && c[0] != 0x12 && c[0] != 0x03) {
        disk.attention = false;
        sense(6, 0x29, 0);
        refuse(tag, want, in);
        count();
        return;
    }
    switch (c[0]) {
    case 0x00: /* TEST UNIT READY */
        if (disk.not_ready) {
            disk.not_ready--;
            sense(2, 4, 1);
            csw(tag, 0, 1, NULL);
        } else {
            csw(tag, 0, 0, NULL);
        }
        break;
    case 0x03: /* REQUEST SENSE */
        p[0] = 0x70;
        p[2] = disk.key;
        p[7] = 10;
        p[12] = disk.asc;
        p[13] = disk.ascq;
        sense(0, 0, 0);
        answer(tag, p, 18 < c[4] ? 18 : c[4], want);
        break;
    case 0x12: /* INQUIRY */
        p[1] = 0x80;
        p[2] = 4;
        p[3] = 2;
        p[4] = 31;
        memcpy(p + 8, "LAB     CAMERA DISK     0001", 28);
        answer(tag, p, 36 < c[4] ? 36 : c[4], want);
        break;
    case 0x1A: /* MODE SENSE(6) */
        p[0] = 3;
        answer(tag, p, 4, want);
        break;
    case 0x25: /* READ CAPACITY(10) */
        put_be32(p, sectors - 1 < UINT32_MAX ? (uint32_t)(sectors - 1) : UINT32_MAX);
        put_be32(p + 4, SECTOR);
        answer(tag, p, 8, want);
        break;
    case 0x9E: /* READ CAPACITY(16) */
        put_be32(p, (uint32_t)((sectors - 1) >> 32));
        put_be32(p + 4, (uint32_t)(sectors - 1));
        put_be32(p + 8, SECTOR);
        answer(tag, p, 32, want);
        break;
    case 0x28:
    case 0x88: /* READ(10), READ(16) */
    {
        uint64_t first = c[0] == 0x28 ? be32(c + 2) : (uint64_t)be32(c + 2) << 32 | be32(c + 6);
        uint32_t n = c[0] == 0x28 ? (uint32_t)c[7] << 8 | c[8] : be32(c + 10);
        if (first > sectors || n > sectors - first || (uint64_t)n * SECTOR != want || !in) {
            sense(5, 0x21, 0);
            refuse(tag, want, in);
        } else {
            read_image(tag, first * SECTOR, want, want);
        }
        break;
    }
    case 0x2A: /* WRITE(10): it would be written */
        for (uint64_t at = (uint64_t)be32(c + 2) * SECTOR, end = at + want; at < end; at += SECTOR) {
            uint8_t sector[SECTOR];
            if (!take(sector, SECTOR) || pwrite(disk.image, sector, SECTOR, (off_t)at) != SECTOR)
                return;
            disk.written += SECTOR;
        }
        csw(tag, 0, 0, NULL);
        break;
    case 0xC1:
        vendor(tag, want);
        break;
    default:
        sense(5, 0x20, 0);
        refuse(tag, want, in);
    }
    count();
}

static void serve_disk(void)
{
    for (;;) {
        uint8_t cbw[SECTOR];
        cable.busy = false;
        ssize_t n = hear(cbw, sizeof cbw);
        cable.busy = true;
        if (n == 31 && memcmp(cbw, "USBC", 4) == 0)
            command(cbw);
        else if (n >= 0) { /* 6.6.1: stalled until a reset */
            stall_in();
            stall_out();
        }
    }
}

/* --- a recorder -------------------------------------------------------------- */

static struct {
    const char *id, *secret, *battery;
    long clock; /* seconds that it is ahead of ours */
    bool pieces, junk, unlocked, greeted, quiet;
} talk = {.id = "BC012345", .battery = "80"};

static void tell(const void *p, size_t n)
{
    const uint8_t *b = p;
    if (talk.junk)
        say("\0\xFFjunk that nobody asked for", 28);
    if (!talk.pieces) {
        say(b, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        say(b + i, 1);
}

/* Its clock is set to that time of the zone that it lives in. */
static void set(struct tm *t, bool utc)
{
    t->tm_isdst = -1;
    talk.clock = (long)((utc ? timegm(t) : mktime(t)) - time(NULL));
    char text[40];
    snprintf(text, sizeof text, "%ld", talk.clock);
    note("ahead", text);
}

/* Answers one question; true: it is to become a disk. */
static bool ascii(const char *q)
{
    static int year, month, day;
    struct tm t = {0};
    char a[64];
    const char *why = NULL;
    bool locked = talk.secret && !talk.unlocked, low = atoi(talk.battery) < 10;
    if (strlen(q) < 6 || q[0] != '@' || q[strlen(q) - 1] != '#')
        return false;
    bool hello = strcmp(q, "@Ver;8;00000000;#") == 0, disk_mode = strcmp(q, "@ATH;8;12345678;#") == 0;
    if (!talk.greeted && !hello)
        why = "ERROR";
    else if (hello)
        talk.greeted = true;
    else if (strncmp(q, "@Unl;6;", 7) == 0) {
        talk.unlocked = talk.secret && strncmp(q + 7, talk.secret, 6) == 0;
        why = talk.unlocked ? NULL : "ERROR";
    } else if (strcmp(q, "@Gdv;8;12345678;#") == 0)
        ;
    else if (locked)
        why = "ERROR;LOCKED";
    else if (sscanf(q, "@Sdt;8;%4d%2d%2d;#", &year, &month, &day) == 3)
        ;
    else if (sscanf(q, "@Stm;6;%2d%2d%2d00;#", &t.tm_hour, &t.tm_min, &t.tm_sec) == 3) {
        t.tm_year = year - 1900;
        t.tm_mon = month - 1;
        t.tm_mday = day;
        set(&t, false);
    } else if (disk_mode)
        why = low ? "ERROR;LOWBAT" : NULL;
    else
        why = "ERROR";
    bool device = !why && strncmp(q, "@Gdv", 4) == 0;
    int n = snprintf(a, sizeof a, "@%.3s;%s%s;#", q + 1, device ? "8;" : "", why ? why : device ? talk.id : "OK");
    tell(a, (size_t)n);
    return disk_mode && !why;
}

static void tell_packet(const uint8_t *cmd, const char *text)
{
    uint8_t p[16 + 4 + 256] = {0x45, 0x3A, 0x02, 0x67, cmd[0], cmd[1], cmd[2], cmd[3]};
    size_t n = strlen(text);
    p[8] = (uint8_t)(n + 4);
    memcpy(p + 12, "\xBA\xC5\xFD\x98", 4);
    p[16] = (uint8_t)n;
    memcpy(p + 20, text, n);
    tell(p, 20 + n);
}

static bool binary(const uint8_t *cmd, const char *text)
{
    bool locked = talk.secret && !talk.unlocked;
    char a[64] = "OK";
    struct tm t = {0};
    time_t now = time(NULL) + talk.clock;
    bool known = memcmp(cmd, "\x7E\x7E\x00", 3) == 0, disk_mode = false;
    switch (known ? cmd[3] : 0) {
    case 1:
        break;
    case 2:
        snprintf(a, sizeof a, "%s", talk.id);
        break;
    case 3:
        snprintf(a, sizeof a, "%s", talk.battery);
        break;
    case 4:
        strcpy(a, "ERROR LOCKED");
        if (!locked)
            strftime(a, sizeof a, "%Y/%m/%d/%H/%M/%S", gmtime_r(&now, &t));
        break;
    case 5:
        if (locked)
            strcpy(a, "ERROR LOCKED");
        else if (!strptime(text, "%Y/%m/%d/%H/%M/%S", &t))
            strcpy(a, "ERROR");
        else
            set(&t, true);
        break;
    case 6:
        talk.unlocked = talk.secret && strcmp(text, talk.secret) == 0;
        if (!talk.unlocked)
            strcpy(a, "ERROR");
        break;
    case 7:
        disk_mode = !locked && atoi(talk.battery) >= 10;
        if (!disk_mode)
            strcpy(a, locked ? "ERROR LOCKED" : "ERROR LOWBAT");
        break;
    default:
        strcpy(a, "ERROR");
    }
    tell_packet(cmd, a);
    return disk_mode;
}

static void serve_talk(bool in_packets)
{
    for (bool disk_mode = false; !disk_mode;) {
        uint8_t b[SECTOR + 1], cmd[4];
        char hex[9];
        ssize_t n = hear(b, SECTOR);
        if (n < 0)
            continue;
        if (!in_packets) {
            b[n] = 0;
            note("asked", (char *)b);
            disk_mode = ascii((char *)b);
            continue;
        }
        if (n != 16 || memcmp(b, "\x45\x3A\x02\x67", 4) != 0 || memcmp(b + 12, "\xBA\xC5\xFD\x98", 4) != 0) {
            note("odd", "a packet that is none");
            continue;
        }
        memcpy(cmd, b + 4, 4);
        snprintf(hex, sizeof hex, "%02x%02x%02x%02x", cmd[0], cmd[1], cmd[2], cmd[3]);
        size_t payload = b[8] | (size_t)b[9] << 8;
        char text[SECTOR + 1] = "";
        if (payload) {
            n = hear(b, SECTOR);
            if (n != (ssize_t)payload || payload < 4 || b[0] + 4u != payload) {
                note("odd", "a payload that lies");
                continue;
            }
            memcpy(text, b + 4, payload - 4);
            text[payload - 4] = 0;
        }
        note("asked", hex);
        if (cmd[3] == 6)
            note("secret", talk.secret && strcmp(text, talk.secret) == 0 ? "right" : "wrong");
        disk_mode = binary(cmd, text);
    }
    pause_ms(20); /* who asked may read the answer first */
}

/* --- the command line --------------------------------------------------------- */

static int open_new(const char *path)
{
    int f = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (f < 0)
        die(path);
    return f;
}

static void option(const char *o)
{
    const char *v = strchr(o, '=');
    v = v ? v + 1 : "";
    if (strncmp(o, "--count=", 8) == 0) /* a file: what was read and written so far */
        disk.count = open_new(v);
    else if (strncmp(o, "--not-ready=", 12) == 0) /* so often there is no medium yet */
        disk.not_ready = (unsigned)atoi(v);
    else if (strncmp(o, "--back=", 7) == 0) /* ms until it comes back after `gone`; 0: never */
        disk.back_ms = (unsigned)atoi(v);
    else if (strncmp(o, "--erase=", 8) == 0) /* what the vendor's command C1 runs */
        disk.erase = v;
    else if (strncmp(o, "--log=", 6) == 0) /* a file: every question */
        log_file = open_new(v);
    else if (strncmp(o, "--id=", 5) == 0)
        talk.id = v;
    else if (strncmp(o, "--secret=", 9) == 0) /* it is locked by this */
        talk.secret = v;
    else if (strncmp(o, "--battery=", 10) == 0)
        talk.battery = v;
    else if (strncmp(o, "--ahead=", 8) == 0) /* seconds */
        talk.clock = atol(v);
    else if (strcmp(o, "--pieces") == 0) /* answers byte by byte */
        talk.pieces = true;
    else if (strcmp(o, "--junk") == 0) /* something else before each answer */
        talk.junk = true;
    else {
        char name[16];
        unsigned long long at;
        if (n_faults < sizeof faults / sizeof *faults && sscanf(o, "%15[a-z]@%llu", name, &at) == 2)
            for (int k = 0; k < KINDS; k++)
                if (strcmp(kinds[k], name) == 0) {
                    faults[n_faults++] = (struct fault){(enum kind)k, at, o[strlen(o) - 1] == '*', false};
                    return;
                }
        errno = EINVAL;
        die(o);
    }
}

int main(int argc, char **argv)
{
    struct stat st;
    bool is_disk = argc > 4 && strcmp(argv[1], "disk") == 0, is_talk = argc > 4 && strcmp(argv[1], "talk") == 0;
    char *equals = argc > 4 ? strchr(argv[3], '=') : NULL;
    if ((!is_disk && !is_talk) || !equals) {
        fputs("usage: gadget disk DIR UDC=NAME IMAGE [OPTIONS] [KIND@BYTE[*]...]\n"
              "       gadget talk DIR UDC=NAME ascii|binary [OPTIONS]\n",
              stderr);
        return 64;
    }
    *equals = 0;
    cable.udc_file = argv[3];
    cable.udc = equals + 1;
    for (int i = 5; i < argc; i++)
        option(argv[i]);
    if (is_disk) {
        disk.image = open(argv[4], O_RDWR | O_CLOEXEC);
        if (disk.image < 0 || fstat(disk.image, &st))
            die(argv[4]);
        disk.size = (uint64_t)st.st_size;
        describe(argv[2], 0x08, 0x06, 0x50);
    } else {
        describe(argv[2], 0xFF, 0xFF, 0xFF);
    }
    struct sigaction a = {.sa_handler = woken};
    sigaction(SIGUSR1, &a, NULL);
    cable.speaker = pthread_self();
    pthread_t t;
    if (pthread_create(&t, NULL, control, NULL))
        die("thread");
    count();
    plug(true);
    if (is_disk)
        serve_disk();
    else
        serve_talk(strcmp(argv[4], "binary") == 0);
    return 0;
}
