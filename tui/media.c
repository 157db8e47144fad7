#include "tui/media.h"

#include "storage/base/file.h"
#include "storage/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MOUNTS "/proc/self/mountinfo"
#define MOUNTS_MAX (1u << 20)

/* The label that stands on a stick. */
static void read_link_file(struct medium *m)
{
    char path[4096];
    struct buf link = {.max = TEXT_LINE_MAX};
    struct text t;
    struct field f;
    unsigned version;
    if (file_path(path, m->folder, "feldsher/link") == ERR_OK && file_read(path, TEXT_LINE_MAX, &link) == ERR_OK &&
        text_open(&t, "link", &version, (const char *)link.p, link.len) == ERR_OK)
        while (text_next(&t, &f) == ERR_OK) {
            if (span_is(f.key, "stick") && !span_copy(f.value, m->stick, sizeof m->stick))
                m->stick[0] = '\0';
            if (span_is(f.key, "district") && !span_copy(f.value, m->district, sizeof m->district))
                m->district[0] = '\0';
        }
    buf_free(&link);
    err_clear();
}

void media_look(const char *folder, const char *kind, struct medium *out)
{
    struct statvfs fs;
    char path[4096];
    *out = (struct medium){.folder = folder, .kind = kind};
    if (statvfs(folder, &fs) == 0) {
        out->free = (uint64_t)fs.f_bavail * fs.f_frsize;
        out->size = (uint64_t)fs.f_blocks * fs.f_frsize;
        out->writable = !(fs.f_flag & ST_RDONLY) && access(folder, W_OK) == 0;
    }
    read_link_file(out);
    out->backup = file_path(path, folder, "feldsher-backup/backup") == ERR_OK && file_exists(path);
    err_clear();
}

/* mountinfo writes blank, tab, LF and backslash as \ooo (proc(5)). */
static void unescape(char *path)
{
    char *to = path;
    for (const char *p = path; *p; to++) {
        if (p[0] == '\\' && p[1] && p[2] && p[3]) {
            *to = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            p += 4;
        } else {
            *to = *p++;
        }
    }
    *to = '\0';
}

/* Looking into file systems of a network may block for ever. */
static bool is_disk(const char *kind)
{
    static const char *const disks[] = {"vfat",  "exfat", "ext2", "ext3", "ext4",    "ntfs",  "ntfs3",
                                        "btrfs", "xfs",   "f2fs", "udf",  "fuseblk", "tmpfs", "hfsplus"};
    for (size_t i = 0; i < sizeof disks / sizeof disks[0]; i++)
        if (strcmp(kind, disks[i]) == 0)
            return true;
    return false;
}

/* sysfs of the device MAJOR:MINOR or of the disk that it is a part of. */
static bool is_removable(const char *device)
{
    static const char *const at[] = {"removable", "../removable"};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        char path[128], c = '0';
        snprintf(path, sizeof path, "/sys/dev/block/%.20s/%s", device, at[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, &c, 1);
        file_close(&fd);
        if (n == 1)
            return c == '1';
    }
    return false;
}

static bool travels(const char *folder)
{
    static const char *const below[] = {"/media/", "/run/media/", "/mnt/"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        if (strncmp(folder, below[i], strlen(below[i])) == 0)
            return true;
    return false;
}

/* ID PARENT MAJOR:MINOR ROOT FOLDER OPTIONS ... - KIND SOURCE ... */
static enum err one_mount(char *line, media_fn *fn, void *ctx)
{
    char *word[5] = {0}, *rest = line, *dash = strstr(line, " - ");
    struct medium m;
    if (!dash)
        return ERR_OK;
    *dash = '\0';
    char *kind = dash + 3;
    kind[strcspn(kind, " ")] = '\0';
    for (size_t i = 0; i < 5; i++)
        word[i] = strsep(&rest, " ");
    if (!word[4] || word[4][0] != '/' || !is_disk(kind))
        return ERR_OK;
    unescape(word[4]);
    bool removable = is_removable(word[2]), may = removable || travels(word[4]);
    if (!may && strcmp(kind, "tmpfs") == 0)
        return ERR_OK;
    media_look(word[4], kind, &m);
    m.removable = removable;
    return may || m.stick[0] ? fn(ctx, &m) : ERR_OK;
}

/* Not file_read: files of /proc have no size. */
static enum err read_mounts(struct buf *text)
{
    uint8_t part[4096];
    ssize_t n;
    enum err e = ERR_OK;
    int fd = open(MOUNTS, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot see what is mounted");
    while (!e && (n = read(fd, part, sizeof part)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        e = n < 0 ? err_errno(ERR_IO, "cannot see what is mounted") : buf_add(text, part, (size_t)n);
    }
    file_close(&fd);
    return e;
}

enum err media_each(media_fn *fn, void *ctx)
{
    struct buf text = {.max = MOUNTS_MAX};
    enum err e = read_mounts(&text);
    char *rest = e || !text.len ? NULL : (char *)text.p;
    for (char *line; !e && rest && (line = strsep(&rest, "\n"));)
        e = one_mount(line, fn, ctx);
    buf_free(&text);
    return e;
}
