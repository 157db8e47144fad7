#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/base/mounts.h"
#include "tui/lang/lang.h"
#include "tui/media.h"
#include "tui/medium.h"
#include "tui/print.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static void say(const struct call *c, const char *path)
{
    struct medium m;
    char size[PRINT_SIZE];
    medium_look(path, &m);
    if (c->json) {
        print_json(json_pack("{s:s%,s:I,s:b,s:I,s:s,s:s,s:b}", "path", path, strlen(path), "free", (json_int_t)m.free,
                             "writable", (int)m.writable, "size", (json_int_t)m.size, "stick", m.stick, "district",
                             m.district, "backup", (int)m.backup));
        return;
    }
    print_size(size, m.free);
    print_text(path);
    printf(m.writable ? _(": %s free") : _(": %s free, can only be read"), size);
    if (m.stick[0])
        printf(_(", stick %s of district %s"), m.stick, m.district);
    printf("%s\n", m.backup ? _(", a backup") : "");
}

static enum err media(struct call *c)
{
    static struct media found;
    struct buf text = {0};
    int fd = open(MOUNTS_PATH, O_RDONLY | O_CLOEXEC);
    enum err e = fd < 0 ? err_errno(ERR_IO, "cannot see what is mounted") : mounts_read(fd, &text);
    file_close(&fd);
    if (!e)
        media_read(&found, (char *)text.p);
    for (size_t i = 0; i < found.n && !e; i++)
        say(c, found.path[i]);
    for (int i = 0; i < c->n_args && !e; i++)
        say(c, c->args[i]);
    buf_free(&text);
    return e;
}

static const struct command rows[] = {
    {.name = "media",
     .args = "[DIR...]",
     .max = -1,
     .help = N_("where something can be written to: what is mounted, these folders, and the space there"),
     .run = media},
};
const struct command_group group_media = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
