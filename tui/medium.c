#include "tui/medium.h"

#include "storage/base/file.h"
#include "storage/base/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

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

void medium_look(const char *folder, struct medium *out)
{
    struct statvfs fs;
    char path[4096];
    *out = (struct medium){.folder = folder};
    if (statvfs(folder, &fs) == 0) {
        out->free = (uint64_t)fs.f_bavail * fs.f_frsize;
        out->size = (uint64_t)fs.f_blocks * fs.f_frsize;
        out->writable = !(fs.f_flag & ST_RDONLY) && access(folder, W_OK) == 0;
    }
    read_link_file(out);
    out->backup = file_path(path, folder, "feldsher-backup/backup") == ERR_OK && file_exists(path);
    err_clear();
}
