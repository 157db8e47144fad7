#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/vault/station.h"
#include "tui/glyphs.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/spawn.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/landlock.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DAY ((int64_t)86400 * 1000)
#define ROSTER_OLD (90 * DAY)
#define SPACE_LOW ((uint64_t)2 << 30)
#define LOCKED_MIN ((rlim_t)1 << 20)

enum verdict { FINE, WARN, BAD };

struct exam {
    const struct call *c;
    unsigned bad;
};

static void say(struct exam *x, enum verdict v, const char *what, const char *fmt, ...) PRINTF_LIKE(4, 5);
static void say(struct exam *x, enum verdict v, const char *what, const char *fmt, ...)
{
    static const char *const word[] = {FIELD(5, "ok"), FIELD(5, "warn"), FIELD(5, "bad")};
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    x->bad += v == BAD;
    if (x->c->json) {
        print_json(json_pack("{s:s,s:s,s:s}", "check", what, "result", word[v], "text", text));
        return;
    }
    print_padded(_(word[v]), 6);
    print_padded(_(what), 12);
    printf(" ");
    print_text(text);
    printf("\n");
}

static void check_mode(struct exam *x, const char *path, mode_t may)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return;
    if (st.st_mode & 07777 & ~may)
        say(x, BAD, "permissions", _("%s has mode %04o; chmod %04o"), path, (unsigned)(st.st_mode & 07777),
            (unsigned)may);
    else if (st.st_uid != geteuid())
        say(x, BAD, "permissions", _("%s belongs to another account; chown it"), path);
}

static void check_permissions(struct exam *x, const char *dir)
{
    char keys[4096], path[4096];
    unsigned before = x->bad;
    check_mode(x, dir, 0700);
    if (file_path(keys, dir, "keys") != ERR_OK)
        return;
    check_mode(x, keys, 0700);
    DIR *d = opendir(keys);
    for (struct dirent *f; d && (f = readdir(d));)
        if (f->d_type == DT_REG && file_path(path, keys, f->d_name) == ERR_OK)
            check_mode(x, path, 0600);
    if (d)
        closedir(d);
    if (x->bad == before)
        say(x, FINE, "permissions", _("folder and keys are for one account alone"));
}

static void check_space(struct exam *x, const char *dir)
{
    uint64_t bytes;
    char size[PRINT_SIZE];
    if (file_free_space(dir, &bytes) != ERR_OK) {
        say(x, BAD, "space", "%s", err_text());
        return;
    }
    print_size(size, bytes);
    if (bytes < RESERVE_RECORDS)
        say(x, BAD, "space", _("%s free: nothing can be taken in; sync, then feldsher purge"), size);
    else if (bytes < SPACE_LOW)
        say(x, WARN, "space", _("%s free; sync, then feldsher purge"), size);
    else
        say(x, FINE, "space", _("%s free"), size);
}

static void check_roster(struct exam *x, const struct station *s)
{
    enum clock_mark mark;
    int64_t now = station_now(s, &mark);
    const struct roster_station *me = roster_chain(s->roster, s->chain);
    if (mark == CLOCK_FINE)
        say(x, FINE, "clock", _("agrees with what signed things say"));
    else
        say(x, WARN, "clock", "%s",
            mark == CLOCK_BEHIND ? _("behind what signed things say; set it")
                                 : _("more than a year ahead of what signed things say; set it"));
    if (!me || me->revoked)
        say(x, BAD, "roster",
            me ? _("this station is revoked by roster %" PRIu64 "; ask the administrator to enrol it anew")
               : _("this station is not named by roster %" PRIu64 "; ask the administrator to enrol it anew"),
            s->roster->number);
    else if (now - s->roster->time > ROSTER_OLD)
        say(x, WARN, "roster", _("number %" PRIu64 " is %" PRId64 " days old; sync"), s->roster->number,
            (now - s->roster->time) / DAY);
    else
        say(x, FINE, "roster", _("number %" PRIu64), s->roster->number);
}

static void check_kernel(struct exam *x)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct rlimit locked;
    if (abi > 0)
        say(x, FINE, "landlock", _("version %ld"), abi);
    else
        say(x, WARN, "landlock", _("this kernel does not have it; programs limit themselves by seccomp alone"));
    if (file_exists("/proc/sys/kernel/seccomp/actions_avail"))
        say(x, FINE, "seccomp", _("there"));
    else
        say(x, BAD, "seccomp", _("this kernel does not have it; take one that does"));
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur < LOCKED_MIN)
        say(x, WARN, "memory", _("only %lu bytes may be locked, so secrets may reach the swap; raise ulimit -l"),
            (unsigned long)locked.rlim_cur);
    else
        say(x, FINE, "memory", _("secrets are kept from the swap"));
}

static void say_sum(void *ctx, const char *name, const char *what)
{
    say(ctx, BAD, "sums", _("%s: %s; restore it from a backup"), name, what);
}

static enum err say_stop(void *ctx, const char *name, const char *text, size_t n)
{
    say(ctx, BAD, "chain", _("%s: %s; feldsher status"), name, n ? text : _("stopped"));
    return ERR_OK;
}

static void check_station(struct exam *x, const struct station *s)
{
    check_roster(x, s);
    if (station_sums(s, say_sum, x) == ERR_OK)
        say(x, FINE, "sums", _("settings and keys are as they were written"));
    if (s->queue &&
        (queue_each_job(s->queue, "frozen", say_stop, x) || queue_each_job(s->queue, "restored", say_stop, x)))
        say(x, BAD, "index", _("%s; feldsher rebuild"), err_text());
}

/* A hub is known if link.conf or the roster says where one is. */
static void check_hub(struct exam *x, const struct station *s)
{
    char path[4096];
    const char *address = NULL;
    struct buf text = {.max = 65536};
    bool own = false;
    for (size_t i = 0; i < s->roster->n_hubs && !address; i++)
        if (s->roster->hubs[i].address[0])
            address = s->roster->hubs[i].address;
    if (file_path(path, s->dir, "link.conf") == ERR_OK && file_read(path, text.max, &text) == ERR_OK)
        own = strstr((const char *)text.p, "\nhub: ") != NULL;
    buf_free(&text);
    if (own)
        say(x, FINE, "hub", _("link.conf says where it is; feldsher sync --once says whether it answers"));
    else if (address)
        say(x, FINE, "hub", _("at %s by the roster; feldsher sync --once says whether it answers"), address);
    else if (s->roster->n_hubs)
        say(x, WARN, "hub",
            _("the roster names no address; a stick works, for a network put hub: HOST:PORT into link.conf"));
    else
        say(x, WARN, "hub", _("the roster names none; ask the administrator for a newer one"));
}

static void check_tools(struct exam *x)
{
    static const char *const programs[] = {"feldsher-dock", "feldsher-erase", "feldsher-sync"};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        if (spawn_can(programs[i]))
            say(x, FINE, "programs", _("%s is there"), programs[i]);
        else
            say(x, BAD, "programs", _("%s is not there; install it"), programs[i]);
    }
}

/* What feldsher-dock needs to reach cameras; a folder needs none of it. */
static void check_usb(struct exam *x)
{
    static const char *const rules[] = {"/etc/udev/rules.d/70-feldsher.rules",
                                        "/usr/local/lib/udev/rules.d/70-feldsher.rules",
                                        "/usr/lib/udev/rules.d/70-feldsher.rules"};
    bool ruled = geteuid() == 0;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && !ruled; i++)
        ruled = access(rules[i], F_OK) == 0;
    if (access("/sys/bus/usb/devices", F_OK) < 0)
        say(x, WARN, "usb", _("this machine has no USB; cameras come in as folders and images"));
    else if (access("/dev/bus/usb", F_OK) < 0)
        say(x, WARN, "usb", _("there is nothing in /dev/bus/usb; start udev"));
    else if (!ruled)
        say(x, WARN, "usb",
            _("this account may not use cameras: the udev rule is not there; make install, then plug "
              "them in again"));
    else if (access("/run/udev/control", F_OK) < 0)
        say(x, WARN, "usb", _("no udev runs: a camera is noticed within a second, not at once"));
    else
        say(x, FINE, "usb", _("cameras can be used, and are noticed as they are plugged in"));
}

/* font: a file to judge instead of the console. */
static enum err check_letters(struct exam *x, const char *font)
{
    struct glyphs ours = {0}, shown = {0};
    char few[256];
    enum err e = glyphs_ours(&ours);
    if (e) {
        say(x, BAD, "letters", _("%s; install Feldsher again"), err_text());
        return font ? e : ERR_OK;
    }
    if (font && (e = glyphs_font(&shown, font)))
        return e;
    if (!font && !glyphs_console(&shown, STDOUT_FILENO) && !glyphs_console(&shown, STDIN_FILENO)) {
        say(x, FINE, "letters", _("this is no bare console: its font cannot be asked"));
        return ERR_OK;
    }
    size_t n = glyphs_missing(&ours, &shown, few, sizeof few);
    if (n)
        say(x, BAD, "letters",
            ngettext("%zu character of our texts cannot be shown: %s; run: setfont FullCyrAsia-TerminusBold16",
                     "%zu characters of our texts cannot be shown: %s; run: setfont FullCyrAsia-TerminusBold16", n),
            n, few);
    else
        say(x, FINE, "letters", _("all %zu characters of our texts can be shown"), ours.n);
    return ERR_OK;
}

static enum err finish(const struct exam *x)
{
    return x->bad ? err_set(ERR_BAD, "%u checks are bad; see above", x->bad) : ERR_OK;
}

static enum err doctor(struct call *c)
{
    struct exam x = {.c = c};
    if (command_has(c, "font")) {
        enum err bad = check_letters(&x, command_option(c, "font"));
        return bad ? bad : finish(&x);
    }
    struct station *s;
    enum err e = queue_check_file(c->dir); /* before anybody opens it */
    char index[512];
    snprintf(index, sizeof index, "%.500s", e ? err_text() : "");
    enum err opened = session_station(c, STATION_READ_ONLY, &s);
    if (opened)
        return opened;
    check_permissions(&x, c->dir);
    check_space(&x, c->dir);
    check_station(&x, s);
    check_hub(&x, s);
    if (e)
        say(&x, BAD, "index", "%s", index);
    else
        say(&x, FINE, "index", _("as it was left"));
    check_kernel(&x);
    check_tools(&x);
    check_usb(&x);
    station_close(s);
    opened = check_letters(&x, NULL);
    return opened ? opened : finish(&x);
}

static const struct command rows[] = {
    {.name = "doctor",
     .args = "",
     .help = N_("what is wrong with this station, and what to do"),
     .run = doctor,
     .options = {{"font", "FILE", N_("only whether this console font shows all our texts")}}},
};
const struct command_group group_doctor = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
