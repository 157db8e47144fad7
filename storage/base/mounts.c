#include "storage/base/mounts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum err mounts_read(int fd, struct buf *text)
{
    uint8_t part[4096];
    ssize_t n;
    buf_clear(text);
    text->max = MOUNTS_BYTES;
    while ((n = pread(fd, part, sizeof part, (off_t)text->len)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(ERR_IO, "cannot see what is mounted");
        enum err e = buf_add(text, part, (size_t)n);
        if (e)
            return e;
    }
    return buf_str(text, "");
}

/* Blank, tab, LF and backslash stand there as \ooo. */
static bool unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (*s != '\\') {
            *to++ = *s;
            continue;
        }
        unsigned v = 0;
        for (int i = 1; i <= 3; i++) {
            if (s[i] < '0' || s[i] > '7')
                return false;
            v = v * 8 + (unsigned)(s[i] - '0');
        }
        if (v == 0 || v > 255)
            return false;
        *to++ = (char)v;
        s += 3;
    }
    *to = '\0';
    return true;
}

/* The fifth field is the mount point, the one behind " - " the kind. */
static bool read_line(char *line, struct mount *out)
{
    char *rest = line, *dash = strstr(line, " - ");
    if (!dash)
        return false;
    *dash = '\0';
    char *kind = dash + 3;
    out->kind = strsep(&kind, " ");
    out->folder = NULL;
    for (int i = 0; i < 5; i++)
        out->folder = strsep(&rest, " ");
    return out->folder && out->folder[0] == '/' && unescape(out->folder);
}

bool mounts_next(char **rest, struct mount *out)
{
    for (char *line; *rest && (line = strsep(rest, "\n"));)
        if (read_line(line, out))
            return true;
    return false;
}

bool mounts_is_removable(const char *folder)
{
    static const char *const below[] = {"/media/", "/run/media/", "/mnt/"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        if (strncmp(folder, below[i], strlen(below[i])) == 0)
            return true;
    return strcmp(folder, "/mnt") == 0;
}
