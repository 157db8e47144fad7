#include "drivers/dock/survey.h"

#include "drivers/dock/list.h"
#include "drivers/folder/folder.h"
#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "storage/base/mounts.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct sight {
    const struct survey *s;
    size_t cameras;
    enum err e; /* of a folder that was named */
};

static enum err add(void *ctx, const struct camera_file *f)
{
    return f->state == CAMERA_FILE ? list_add(ctx, f) : ERR_OK;
}

static void say(const struct survey *s, const char *path, const struct intake_camera *c, uint64_t recordings,
                uint64_t bytes)
{
    struct buf shown = {0};
    const char *name = strrchr(path, '/');
    name = name && name[1] ? name + 1 : path;
    if (s->json) {
        json_t *row = json_pack("{s:s,s:s%,s:s%,s:s,s:I,s:I}", "event", "camera", "path", path, strlen(path), "name",
                                name, strlen(name), "volume", c->volume, "recordings", (json_int_t)recordings, "bytes",
                                (json_int_t)bytes);
        if (row)
            json_dumpf(row, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(row);
    } else if (text_escape(&shown, path, strlen(path)) == ERR_OK) {
        printf(_("%s: %llu recordings, %.1f MB\n"), (const char *)shown.p, (unsigned long long)recordings,
               (double)bytes / 1e6);
    }
    buf_free(&shown);
}

static enum err look(struct sight *x, const char *path)
{
    struct camera camera;
    struct intake_camera described;
    struct list list = {0};
    struct list_recording rec;
    uint64_t recordings = 0, bytes = 0;
    enum err e = folder_open(&camera, path, "");
    if (e)
        return e;
    camera.describe(camera.self, &described);
    e = camera.list(camera.self, add, &list);
    list_sort(&list);
    for (size_t at = 0; !e && list_next(&list, &at, &rec); recordings++)
        for (size_t i = 0; i <= rec.n_sidecars; i++)
            bytes += list.files[rec.first + i].size;
    if (!e) {
        say(x->s, path, &described, recordings, bytes);
        x->cameras++;
    }
    list_free(&list);
    camera.free(camera.self);
    return e;
}

static bool is_camera(const char *path)
{
    static const char *const names[] = {"DCIM", "dcim"};
    char dcim[4096];
    struct stat st;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && mounts_is_removable(path); i++)
        if (file_path(dcim, path, names[i]) == ERR_OK && lstat(dcim, &st) == 0 && S_ISDIR(st.st_mode))
            return true;
    return false;
}

static void each_mount(struct sight *x, char *rest)
{
    for (struct mount m; mounts_next(&rest, &m);)
        if (is_camera(m.folder) && look(x, m.folder) != ERR_OK)
            fprintf(stderr, "feldsher-dock: %s: %s\n", m.folder, err_text());
}

static enum err look_at_all(const struct survey *s, int mounts, struct buf *text)
{
    struct sight x = {.s = s};
    enum err e = mounts_read(mounts, text);
    for (size_t i = 0; i < s->n_from && !e; i++) {
        enum err one = look(&x, s->from[i]);
        if (one && s->watch)
            err_clear(); /* it may come yet */
        else
            e = one;
    }
    if (!e)
        each_mount(&x, (char *)text->p);
    if (!e && s->json)
        printf("{\"event\":\"surveyed\",\"cameras\":%zu}\n", x.cameras);
    else if (!e && x.cameras == 0)
        printf(_("no camera is plugged in\n"));
    fflush(stdout);
    return e;
}

enum err survey_run(const struct survey *s)
{
    static const struct confine_path all = {"/", CONFINE_READ};
    struct buf text = {0};
    int mounts = open(MOUNTS_PATH, O_RDONLY | O_CLOEXEC);
    enum err e = mounts < 0 ? err_errno(ERR_IO, "cannot see what is mounted") : confine_self(&all, 1, CONFINE_NO_NET);
    if (!e)
        e = look_at_all(s, mounts, &text);
    while (!e && s->watch && !*s->stop) {
        /* the reader's end, too: whoever listened has gone */
        struct pollfd on[2] = {{.fd = mounts, .events = POLLPRI}, {.fd = STDOUT_FILENO}};
        if (poll(on, 2, -1) < 0 && errno != EINTR)
            e = err_errno(ERR_IO, "cannot wait for a camera");
        else if (on[1].revents)
            break;
        else if (on[0].revents)
            e = look_at_all(s, mounts, &text);
    }
    buf_free(&text);
    file_close(&mounts);
    return e;
}
