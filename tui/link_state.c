#include "tui/link_state.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "tui/lang/lang.h"
#include "tui/print.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS_MAX 65536u

/* pid and start time (proc(5), field 22) name a process for good. */
static bool runs(json_int_t pid, json_int_t start)
{
    char path[64], line[4096], *p;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
    file_close(&fd);
    if (n <= 0)
        return false;
    line[n] = '\0';
    p = strrchr(line, ')'); /* its name may hold anything */
    if (p && (p[1] != ' ' || p[2] == 'Z' || p[2] == 'X'))
        return false; /* it has ended, and its parent has not looked yet */
    for (int field = 2; p && field < 22; field++)
        p = strchr(p + 1, ' ');
    return p && strtoll(p, NULL, 10) == start;
}

json_t *link_state_json(const char *dir)
{
    char path[4096];
    struct buf text = {.max = STATUS_MAX};
    json_t *all = NULL;
    if (file_path(path, dir, "log/sync.status") == ERR_OK && file_read(path, STATUS_MAX, &text) == ERR_OK)
        all = json_loadb((const char *)text.p, text.len, 0, NULL);
    buf_free(&text);
    err_clear();
    if (!json_is_object(all)) {
        json_decref(all);
        return json_null();
    }
    bool running =
        !json_is_true(json_object_get(all, "ended")) &&
        runs(json_integer_value(json_object_get(all, "pid")), json_integer_value(json_object_get(all, "start")));
    json_object_set_new(all, "running", json_boolean(running));
    return all;
}

static uint64_t number(const json_t *o, const char *key)
{
    json_int_t v = json_integer_value(json_object_get(o, key));
    return v > 0 ? (uint64_t)v : 0;
}

static const char *word(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static void print_link(const json_t *l)
{
    char size[PRINT_SIZE];
    bool connected = strcmp(word(l, "state"), "connected") == 0;
    printf(_("link       "));
    if (connected) {
        printf(_("connected to hub "));
        print_text(word(l, "hub"));
        printf(", ");
    } else {
        printf("%s ", strcmp(word(l, "state"), "pausing") == 0 ? _("pausing before it tries again:") : _("dialling"));
    }
    print_text(word(l, "to"));
    printf(_(", since %.20s"), word(l, "since"));
    if (connected && number(l, "rate")) {
        print_size(size, number(l, "rate"));
        printf(_(", %s/s, round trip %" PRIu64 " ms"), size, number(l, "rtt"));
    }
    if (!connected && word(l, "error")[0]) {
        printf(": ");
        print_text(word(l, "error"));
    }
    printf("\n");
}

void link_state_print(const char *dir)
{
    json_t *all = link_state_json(dir);
    const json_t *links = json_object_get(all, "links"), *left = json_object_get(all, "left");
    uint64_t items = 0, bytes = 0;
    const char *withheld = NULL;
    char size[PRINT_SIZE];
    if (!json_is_object(all)) {
        json_decref(all);
        return;
    }
    if (!json_is_true(json_object_get(all, "running"))) {
        printf(_("link       feldsher-sync is not running; it was at %.20s\n"), word(all, "updated"));
        json_decref(all);
        return;
    }
    for (size_t i = 0; i < json_array_size(links); i++)
        print_link(json_array_get(links, i));
    for (size_t i = 0; i < json_array_size(left); i++) {
        const json_t *one = json_array_get(left, i);
        items += number(one, "items");
        bytes += number(one, "bytes");
        if (number(one, "items") && word(one, "withheld")[0])
            withheld = word(one, "withheld");
    }
    print_size(size, bytes);
    if (items)
        printf(withheld ? _("to give    %" PRIu64 " items (%s); some stay: %s\n")
                        : _("to give    %" PRIu64 " items (%s)\n"),
               items, size, withheld ? _(withheld) : "");
    json_decref(all);
}

void link_state_say(const char *dir, bool json)
{
    if (!json) {
        link_state_print(dir);
        return;
    }
    json_t *all = link_state_json(dir);
    if (!json_is_object(all)) {
        json_decref(all);
        all = json_pack("{s:b}", "running", 0);
    }
    print_json(all);
}

bool link_state_hub(const char *dir, const struct roster *r, char out[static LINK_STATE_HUB])
{
    char path[4096];
    struct buf text = {.max = STATUS_MAX};
    struct text t;
    struct field f;
    unsigned version;
    bool found = false;
    if (file_path(path, dir, "link.conf") == ERR_OK && file_read(path, STATUS_MAX, &text) == ERR_OK &&
        text_open(&t, "link-conf", &version, (const char *)text.p, text.len) == ERR_OK)
        while (!found && text_next(&t, &f) == ERR_OK)
            found = span_is(f.key, "hub") && span_copy(f.value, out, LINK_STATE_HUB);
    buf_free(&text);
    err_clear();
    for (size_t i = 0; i < r->n_hubs && !found; i++) {
        found = r->hubs[i].address[0] != '\0';
        if (found)
            snprintf(out, LINK_STATE_HUB, "%s", r->hubs[i].address);
    }
    return found;
}

/* A descriptor that becomes readable when the process of all ends; -1: it
 * does not run. */
static int watch_process(const json_t *all)
{
    json_int_t pid = json_integer_value(json_object_get(all, "pid"));
    int fd = json_is_true(json_object_get(all, "running")) ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
    if (fd >= 0 && !runs(pid, json_integer_value(json_object_get(all, "start"))))
        file_close(&fd); /* another one got its number meanwhile */
    return fd;
}

/* Until DIR/log or the process changes; false: nobody listens any more. */
static bool wait_for_change(int notify, int process)
{
    char events[4096];
    struct pollfd on[] = {{.fd = notify, .events = POLLIN},
                          {.fd = STDOUT_FILENO}, /* its reader may go */
                          {.fd = process, .events = POLLIN}};
    if (fflush(stdout) != 0)
        return false;
    while (poll(on, 3, -1) < 0)
        if (errno != EINTR)
            return false;
    while (read(notify, events, sizeof events) > 0)
        ;
    return !(on[1].revents & (POLLERR | POLLHUP));
}

enum err link_state_follow(const char *dir, bool json)
{
    char folder[4096], *last = NULL;
    int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), process = -1;
    enum err e = file_path(folder, dir, "log");
    if (!e && (notify < 0 || inotify_add_watch(notify, folder, IN_MOVED_TO) < 0))
        e = err_errno(ERR_IO, "cannot watch %s", folder);
    bool more = !e;
    while (more) {
        bool ended;
        json_t *all = link_state_json(dir);
        char *text = json_dumps(all, JSON_COMPACT | JSON_ENCODE_ANY);
        process = watch_process(all);
        ended = process < 0 && json_is_true(json_object_get(all, "running")); /* meanwhile: look again */
        if (!text || !last || strcmp(text, last) != 0)
            link_state_say(dir, json);
        json_decref(all);
        free(last);
        last = text;
        more = ended || wait_for_change(notify, process);
        file_close(&process);
    }
    free(last);
    file_close(&notify);
    return e;
}

#define STOP_WAIT 15000 /* ms */

enum err link_state_stop(const char *dir)
{
    json_t *all = link_state_json(dir);
    int process = watch_process(all);
    enum err e = ERR_OK;
    json_decref(all);
    if (process < 0)
        return err_set(ERR_NOINPUT, "no feldsher-sync keeps this station's link");
    if (syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0) < 0 && errno != ESRCH)
        e = err_errno(ERR_DENIED, "cannot end feldsher-sync");
    struct pollfd on = {.fd = process, .events = POLLIN};
    if (!e && poll(&on, 1, STOP_WAIT) <= 0)
        e = err_set(ERR_AGAIN, "feldsher-sync is ending; it takes longer than usual");
    file_close(&process);
    return e;
}
