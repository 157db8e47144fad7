/*
 * eye show N | wait N TEXT [SECONDS] | at N ROW COL | missing N FILE | drawn N FILE
 *
 * What stands on the bare Linux console /dev/ttyN, for tests inside a guest:
 *
 *   show     its rows, from /dev/vcsuN (a UTF-32 number a cell)
 *   wait     until TEXT stands in one of its rows; exit 1 and the screen if it does not come
 *   at       the row from there on
 *   missing  the characters of FILE that the font's map has no glyph for (GIO_UNIMAP); exit 1 if any
 *   drawn    the same by drawing: each is written to the console and its glyph in /dev/vcsaN is compared
 *            with that of a letter which no such font has; exit 1 if any is like it. Clears the console.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define CELLS_MAX 65536
#define CHARS_MAX 4096
#define FOREIGN "\xe0\xa4\x95" /* Devanagari ka: in no console font of ours */

static uint32_t cells[CELLS_MAX];
static unsigned rows, cols;
static char row_text[CELLS_MAX * 4 + 1];

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "eye: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int open_device(const char *kind, const char *number, int how)
{
    char path[64];
    snprintf(path, sizeof path, "/dev/%s%s", kind, number);
    int fd = open(path, how | O_NOCTTY);
    if (fd < 0)
        die(path);
    return fd;
}

static void size_read(const char *number)
{
    unsigned char head[4];
    int fd = open_device("vcsa", number, O_RDONLY);
    if (read(fd, head, sizeof head) != (ssize_t)sizeof head)
        die("vcsa");
    close(fd);
    rows = head[0];
    cols = head[1];
}

static void cells_read(int fd)
{
    size_t want = (size_t)rows * cols * sizeof cells[0], got = 0;
    while (got < want) {
        ssize_t n = pread(fd, (char *)cells + got, want - got, (off_t)got);
        if (n <= 0)
            die("vcsu");
        got += (size_t)n;
    }
}

static size_t put_utf8(char *o, uint32_t c)
{
    if (c < 0x80) {
        o[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        o[0] = (char)(0xc0 | (c >> 6));
        o[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        o[0] = (char)(0xe0 | (c >> 12));
        o[1] = (char)(0x80 | ((c >> 6) & 0x3f));
        o[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    o[0] = (char)(0xf0 | ((c >> 18) & 7));
    o[1] = (char)(0x80 | ((c >> 12) & 0x3f));
    o[2] = (char)(0x80 | ((c >> 6) & 0x3f));
    o[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

static const char *row_from(unsigned row, unsigned col)
{
    size_t n = 0, end = 0;
    for (unsigned c = col; c < cols; c++) {
        uint32_t v = cells[row * cols + c];
        n += put_utf8(row_text + n, v < 0x20 ? ' ' : v);
        if (v > 0x20)
            end = n;
    }
    row_text[end] = '\0';
    return row_text;
}

static void show(void)
{
    for (unsigned r = 0; r < rows; r++)
        puts(row_from(r, 0));
}

static bool stands(const char *text)
{
    for (unsigned r = 0; r < rows; r++)
        if (strstr(row_from(r, 0), text))
            return true;
    return false;
}

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int wait_text(const char *number, const char *text, int seconds)
{
    int64_t until = now_ms() + seconds * 1000;
    int fd = open_device("vcsu", number, O_RDONLY);
    for (;;) {
        /* the kernel answers POLLPRI once the console has changed since the last read */
        cells_read(fd);
        if (stands(text))
            return 0;
        int64_t left = until - now_ms();
        if (left <= 0)
            break;
        struct pollfd p = {.fd = fd, .events = POLLPRI};
        poll(&p, 1, (int)left);
    }
    fprintf(stderr, "eye: \"%s\" did not come to the console:\n", text);
    for (unsigned r = 0; r < rows; r++)
        fprintf(stderr, "|%s\n", row_from(r, 0));
    return 1;
}

/* Each character of FILE beyond the control characters, once. */
static size_t chars_read(const char *file, uint32_t out[static CHARS_MAX])
{
    FILE *f = fopen(file, "r");
    if (!f)
        die(file);
    size_t n = 0;
    for (int b; (b = getc(f)) != EOF;) {
        int more = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : b >= 0xc0 ? 1 : 0;
        uint32_t c = more ? (uint32_t)b & (0x3fu >> more) : (uint32_t)b;
        while (more-- > 0)
            c = (c << 6) | ((uint32_t)getc(f) & 0x3f);
        bool known = c <= 0x20;
        for (size_t i = 0; i < n && !known; i++)
            known = out[i] == c;
        if (!known && n < CHARS_MAX)
            out[n++] = c;
    }
    fclose(f);
    return n;
}

static int report(const uint32_t *bad, size_t n)
{
    char text[5];
    for (size_t i = 0; i < n; i++) {
        text[put_utf8(text, bad[i])] = '\0';
        printf("%sU+%04X %s", i ? ", " : "no glyph: ", (unsigned)bad[i], text);
    }
    if (n)
        putchar('\n');
    return n != 0;
}

static int missing(const char *number, const char *file)
{
    static uint32_t want[CHARS_MAX], bad[CHARS_MAX];
    static struct unipair pairs[65535];
    struct unimapdesc map = {.entry_ct = 65535, .entries = pairs};
    int tty = open_device("tty", number, O_RDWR);
    if (ioctl(tty, GIO_UNIMAP, &map) != 0)
        die("GIO_UNIMAP");
    size_t n_bad = 0;
    for (size_t i = 0, n = chars_read(file, want); i < n; i++) {
        bool has = false;
        for (unsigned k = 0; k < map.entry_ct && !has; k++)
            has = pairs[k].unicode == want[i];
        if (!has)
            bad[n_bad++] = want[i];
    }
    return report(bad, n_bad);
}

static unsigned glyph_of(int tty, int vcsa, unsigned mask, const char *utf8, size_t n)
{
    unsigned char cell[2];
    if (write(tty, "\033[H", 3) != 3 || write(tty, utf8, n) != (ssize_t)n || pread(vcsa, cell, 2, 4) != 2)
        die("tty or vcsa");
    unsigned word = cell[0] | (unsigned)cell[1] << 8;
    return (word & 0xff) | (word & mask ? 0x100 : 0);
}

static int drawn(const char *number, const char *file)
{
    static uint32_t want[CHARS_MAX], bad[CHARS_MAX];
    int tty = open_device("tty", number, O_RDWR), vcsa = open_device("vcsa", number, O_RDONLY);
    unsigned short mask = 0;
    if (ioctl(tty, VT_GETHIFONTMASK, &mask) != 0)
        die("VT_GETHIFONTMASK");
    if (write(tty, "\033c\033%G", 5) != 5)
        die("tty");
    unsigned none = glyph_of(tty, vcsa, mask, FOREIGN, strlen(FOREIGN));
    size_t n_bad = 0;
    for (size_t i = 0, n = chars_read(file, want); i < n; i++) {
        char text[5];
        size_t len = put_utf8(text, want[i]);
        if (glyph_of(tty, vcsa, mask, text, len) == none)
            bad[n_bad++] = want[i];
    }
    if (write(tty, "\033c", 2) != 2)
        die("tty");
    return report(bad, n_bad);
}

int main(int argc, char **argv)
{
    if (argc >= 3)
        size_read(argv[2]);
    if (argc == 4 && strcmp(argv[1], "missing") == 0)
        return missing(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "drawn") == 0)
        return drawn(argv[2], argv[3]);
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "wait") == 0)
        return wait_text(argv[2], argv[3], argc == 5 ? atoi(argv[4]) : 20);
    if (argc == 3 && strcmp(argv[1], "show") == 0) {
        cells_read(open_device("vcsu", argv[2], O_RDONLY));
        show();
        return 0;
    }
    if (argc == 5 && strcmp(argv[1], "at") == 0) {
        cells_read(open_device("vcsu", argv[2], O_RDONLY));
        unsigned r = (unsigned)atoi(argv[3]), c = (unsigned)atoi(argv[4]);
        if (r >= rows || c >= cols)
            return 1;
        puts(row_from(r, c));
        return 0;
    }
    fputs("usage: eye show N | wait N TEXT [SECONDS] | at N ROW COL | missing N FILE | drawn N FILE\n", stderr);
    return 64;
}
