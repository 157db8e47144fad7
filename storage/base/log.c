#include "storage/base/log.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK_LEN 8u /* hex digits */

static struct {
    int fd;
    char program[32];
} log_state = {.fd = -1};

static void check_of(char out[static CHECK_LEN + 1], const char *line, size_t n)
{
    uint8_t h[32];
    crypto_generichash(h, sizeof h, (const uint8_t *)line, n, NULL, 0);
    bytes_hex(out, h, CHECK_LEN / 2);
}

/* true if the n bytes are "TEXT #CHECK" and match */
static bool line_good(const char *line, size_t n)
{
    char want[CHECK_LEN + 1];
    if (n < CHECK_LEN + 2 || line[n - CHECK_LEN - 1] != '#' || line[n - CHECK_LEN - 2] != ' ')
        return false;
    check_of(want, line, n - CHECK_LEN - 2);
    return memcmp(want, line + n - CHECK_LEN, CHECK_LEN) == 0;
}

/* Drops what a power cut left of a last line, so that the next line does not
 * grow onto it. A line that is whole but for its end is a flipped bit: kept. */
static void trim_torn(int fd)
{
    char tail[4096];
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    ssize_t n = pread(fd, tail, sizeof tail, from);
    if (n <= 0 || tail[n - 1] == '\n')
        return;
    ssize_t start = n;
    while (start > 0 && tail[start - 1] != '\n')
        start--;
    if (line_good(tail + start, (size_t)(n - start)) || line_good(tail + start, (size_t)(n - start - 1))) {
        if (write(fd, "\n", 1) < 0)
            return;
    } else if (ftruncate(fd, from + start) < 0) {
        return;
    }
}

enum err log_open(const char *dir, const char *program)
{
    char folder[4096], path[4096], name[64], old[4100];
    enum err e = file_path(folder, dir, "log");
    snprintf(name, sizeof name, "%s.log", program);
    if (!e)
        e = file_mkdirs(folder, 0700);
    if (!e)
        e = file_path(path, folder, name);
    if (e)
        return e;
    uint64_t size;
    snprintf(old, sizeof old, "%s.1", path);
    if (file_size(path, &size) && size > LOG_MAX && rename(path, old) < 0)
        return err_errno(ERR_IO, "cannot rename %s", path);
    log_close();
    log_state.fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_state.fd < 0)
        return err_errno(ERR_IO, "cannot open log %s", path);
    snprintf(log_state.program, sizeof log_state.program, "%s", program);
    if (flock(log_state.fd, LOCK_EX) == 0) {
        trim_torn(log_state.fd);
        flock(log_state.fd, LOCK_UN);
    }
    return ERR_OK;
}

void log_line(const char *fmt, ...)
{
    if (log_state.fd < 0)
        return;
    char when[CLOCK_TEXT], body[1024], check[CHECK_LEN + 1];
    clock_text(when, clock_wall());
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(body, sizeof body, fmt, ap);
    va_end(ap);
    struct buf line = {0};
    enum err e = buf_fmt(&line, "%s %s[%ld] ", when, log_state.program, (long)getpid());
    if (!e)
        e = text_escape(&line, body, strlen(body));
    if (!e) {
        check_of(check, (const char *)line.p, line.len);
        e = buf_fmt(&line, " #%s\n", check);
    }
    /* one write, so that lines of several programs do not mix; a log that
     * cannot be written must not stop the work */
    if (!e && write(log_state.fd, line.p, line.len) < 0)
        log_close();
    buf_free(&line);
}

void log_close(void)
{
    file_close(&log_state.fd);
}

enum err log_check(const char *path, void (*bad)(void *ctx, unsigned line), void *ctx)
{
    struct buf text = {0};
    enum err e = file_read(path, (size_t)2 * LOG_MAX, &text);
    if (e) {
        buf_free(&text);
        return e;
    }
    const char *p = (const char *)text.p;
    const char *end = p + text.len;
    for (unsigned no = 1; p < end; no++) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        size_t n = lf ? (size_t)(lf - p) : (size_t)(end - p);
        bool good = line_good(p, n);
        if (lf ? !good : good || (n && line_good(p, n - 1)))
            bad(ctx, no);
        p += n + 1;
        if (!lf)
            break;
    }
    buf_free(&text);
    return ERR_OK;
}
