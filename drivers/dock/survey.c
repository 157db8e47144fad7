#include "drivers/dock/survey.h"

#include "drivers/dock/list.h"
#include "drivers/dock/sight.h"
#include "drivers/row.h"
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

#define LOOK_AGAIN 1000 /* ms between looks at what is mounted */

struct sight {
    const struct survey *s;
    struct usb_bus *bus; /* NULL: this machine has none that can be used */
    struct profiles *profiles;
    size_t cameras;
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
        row_put(json_pack("{s:s,s:s%,s:s%,s:s,s:I,s:I}", "event", "camera", "path", path, strlen(path), "name", name,
                          strlen(name), "volume", c->volume, "recordings", (json_int_t)recordings, "bytes",
                          (json_int_t)bytes));
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
    struct place place = {.from = path, .serial = ""};
    enum err e = place_open(&place, &camera);
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

/* What could be a camera on USB. What cannot is not said. */
static enum err each_device(struct sight *x)
{
    struct admitted admitted;
    struct usb_list now;
    const struct profile *model;
    enum err e = admitted_read(&admitted, x->s->dir);
    if (e)
        return e;
    e = usb_bus_list(x->bus, &now);
    for (size_t i = 0; i < now.n && !e; i++) {
        enum choice c = choose(x->profiles, &admitted, &now.seen[i], &model);
        if (c == CHOICE_NONE)
            continue;
        sight_say(&now.seen[i], c, model, x->s->json, false);
        x->cameras++;
    }
    usb_list_free(&now);
    admitted_free(&admitted);
    return e;
}

static enum err look_at_all(struct sight *at, int mounts, struct buf *text)
{
    struct sight x = *at;
    const struct survey *s = x.s;
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
    if (!e && x.bus)
        e = each_device(&x);
    if (!e && s->json)
        printf("{\"event\":\"surveyed\",\"cameras\":%zu}\n", x.cameras);
    else if (!e && x.cameras == 0)
        printf(_("no camera is plugged in\n"));
    fflush(stdout);
    return e;
}

/* Until something is mounted or unmounted, plugged in or out, or nobody
 * listens any more (*over). */
static enum err wait_for(struct sight *x, int mounts, bool *over)
{
    bool changed = false;
    while (!changed && !*x->s->stop) {
        /* the reader's end, too: whoever listened has gone */
        struct pollfd on[2] = {{.fd = mounts, .events = POLLPRI}, {.fd = STDOUT_FILENO}};
        if (poll(on, 2, x->bus ? 0 : -1) < 0 && errno != EINTR)
            return err_errno(ERR_IO, "cannot wait for a camera");
        *over = on[1].revents != 0;
        if (*over || on[0].revents)
            return ERR_OK;
        enum err e = x->bus ? usb_bus_wait(x->bus, LOOK_AGAIN, x->s->stop, &changed) : ERR_OK;
        if (e)
            return e;
    }
    return ERR_OK;
}

static enum err run(struct sight *x, int mounts, struct buf *text)
{
    bool over = false;
    enum err e = look_at_all(x, mounts, text);
    while (!e && x->s->watch && !*x->s->stop && !over) {
        e = wait_for(x, mounts, &over);
        if (!e && !over && !*x->s->stop)
            e = look_at_all(x, mounts, text);
    }
    return e;
}

enum err survey_run(const struct survey *s)
{
    static const struct confine_path all[] = {{"/", CONFINE_READ}, {"/dev/bus/usb", CONFINE_USE}};
    struct buf text = {0};
    struct sight x = {.s = s};
    enum err e = profiles_load(&x.profiles, s->dir);
    if (!e && usb_bus_open(&x.bus) != ERR_OK)
        err_clear(); /* mounted cards are there all the same; doctor says what is wrong with USB */
    int mounts = open(MOUNTS_PATH, O_RDONLY | O_CLOEXEC);
    if (!e && mounts < 0)
        e = err_errno(ERR_IO, "cannot see what is mounted");
    if (!e)
        e = confine_self(all, 2, CONFINE_NO_NET);
    if (!e)
        e = run(&x, mounts, &text);
    usb_bus_close(x.bus);
    profiles_free(x.profiles);
    buf_free(&text);
    file_close(&mounts);
    return e;
}
