#include "tui/play/player.h"

#include "tui/play/ask.h"
#include "tui/play/cage.h"
#include "tui/play/mpv.h"
#include "tui/play/place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PROTOCOL "feldsher"

/* mpv's own bindings are off: some of them write files. Letters stand with
 * those that the same keys give in the Russian and Kazakh layouts. */
const struct player_key player_keys[] = {
    {"q й Q Й ESC CLOSE_WIN POWER STOP", "quit", "q, Esc", "end"},
    {"SPACE ENTER p з PLAYPAUSE PAUSE PLAY", "cycle pause", "Space, Enter", "pause and go on"},
    {"RIGHT", "osd-bar seek 5", "Right", "5 seconds on"},
    {"LEFT", "osd-bar seek -5", "Left", "5 seconds back"},
    {"UP", "osd-bar seek 60", "Up", "a minute on"},
    {"DOWN", "osd-bar seek -60", "Down", "a minute back"},
    {"PGUP", "osd-bar seek 600", "Page up", "10 minutes on"},
    {"PGDWN", "osd-bar seek -600", "Page down", "10 minutes back"},
    {"0", "osd-bar seek 0 absolute-percent", "0 ... 9", "to that tenth of the recording"},
    {"1", "osd-bar seek 10 absolute-percent", NULL, NULL},
    {"2", "osd-bar seek 20 absolute-percent", NULL, NULL},
    {"3", "osd-bar seek 30 absolute-percent", NULL, NULL},
    {"4", "osd-bar seek 40 absolute-percent", NULL, NULL},
    {"5", "osd-bar seek 50 absolute-percent", NULL, NULL},
    {"6", "osd-bar seek 60 absolute-percent", NULL, NULL},
    {"7", "osd-bar seek 70 absolute-percent", NULL, NULL},
    {"8", "osd-bar seek 80 absolute-percent", NULL, NULL},
    {"9", "osd-bar seek 90 absolute-percent", NULL, NULL},
    {". ю", "frame-step", ".", "one frame on, and pause"},
    {", б", "frame-back-step", ",", "one frame back, and pause"},
    {"] ъ", "multiply speed 1.25", "]", "faster"},
    {"[ х", "multiply speed 0.8", "[", "slower"},
    {"BS", "set speed 1", "Backspace", "at its own speed"},
    {"+ =", "add volume 5", "+", "louder"},
    {"-", "add volume -5", "-", "quieter"},
    {"m ь", "cycle mute", "m", "sound off and on"},
    {"f а", "cycle fullscreen", "f", "the whole screen, or a window"},
};
const size_t player_n_keys = sizeof player_keys / sizeof player_keys[0];

/* Everything that reads settings, runs scripts, opens other files or writes. */
static const struct {
    const char *name, *value;
} fixed[] = {
    {"config", "no"},
    {"load-scripts", "no"},
    {"ytdl", "no"},
    {"osc", "no"},
    {"load-stats-overlay", "no"},
    {"load-osd-console", "no"},
    {"load-auto-profiles", "no"},
    {"input-default-bindings", "no"},
    {"input-builtin-bindings", "no"},
    {"input-vo-keyboard", "yes"},
    {"input-media-keys", "no"},
    {"input-cursor", "no"},
    {"resume-playback", "no"},
    {"save-position-on-quit", "no"},
    {"cache", "no"},
    {"cache-on-disk", "no"},
    {"demuxer-max-bytes", "32MiB"},
    {"demuxer-max-back-bytes", "16MiB"},
    {"autoload-files", "no"},
    {"sub-auto", "no"},
    {"audio-file-auto", "no"},
    {"cover-art-auto", "no"},
    {"ordered-chapters", "no"},
    {"access-references", "no"},
    {"load-unsafe-playlists", "no"},
    {"gpu-shader-cache-dir", ""},
    {"icc-cache-dir", ""},
    {"audio-fallback-to-null", "yes"},
    {"title", "${media-title}"},
    /* libavformat alone, and of its formats those that cameras write: no playlist, no list of other files */
    {"demuxer", "lavf"},
    {"demuxer-lavf-o",
     "format_whitelist=%73%mov,avi,matroska,mpegts,mpeg,asf,flv,ogg,h264,hevc,mjpeg,wav,mp3,aac,flac"},
};

struct player {
    struct mpv mpv;
    mpv_handle *h;
    struct ask ask;
    int said;    /* ours, while what libmpv calls writes to nowhere */
    int woken;   /* by libmpv */
    int signals; /* to end */
    bool blind;  /* nothing could be opened to show it on */
};

static int64_t on_read(void *cookie, char *p, uint64_t n)
{
    return ask_read(cookie, p, n);
}

static int64_t on_seek(void *cookie, int64_t offset)
{
    struct ask *a = cookie;
    if (offset < 0)
        return -20; /* MPV_ERROR_GENERIC */
    a->at = (uint64_t)offset;
    return offset;
}

static int64_t on_size(void *cookie)
{
    const struct ask *a = cookie;
    return (int64_t)a->size;
}

static void on_close(void *cookie)
{
    (void)cookie;
}

static void on_cancel(void *cookie)
{
    ask_end(cookie);
}

static int on_open(void *ctx, char *uri, struct mpv_stream *out)
{
    (void)uri;
    *out = (struct mpv_stream){ctx, on_read, on_seek, on_size, on_close, on_cancel};
    return 0;
}

static void on_wakeup(void *ctx)
{
    const int *fd = ctx;
    if (write(*fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
        return; /* full: it is awake anyway */
}

static enum err set(const struct player *p, const char *name, const char *value)
{
    int bad = p->mpv.set_option_string(p->h, name, value);
    return bad >= 0 ? ERR_OK
                    : err_set(ERR_BUG, "libmpv does not take %s=%s: %s", name, value, p->mpv.error_string(bad));
}

/* A window where there is a window system, else the bare screen, else letters
 * in the terminal: something can be seen everywhere. */
static enum err choose_video(const struct player *p, const char *wish)
{
    const char *colours = getenv("COLORTERM");
    bool window = place_has_windows(), terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    bool screen = access("/dev/dri/card0", R_OK | W_OK) == 0;
    const char *video = wish ? wish : window ? "gpu,wlshm,xv,x11,sdl" : screen ? (terminal ? "drm,tct" : "drm") : "tct";
    if (!wish && !window && !screen && !terminal)
        return err_set(ERR_UNREACHABLE, "there is no window system, no screen and no terminal to show a recording on; "
                                        "start it from one of them");
    enum err e = set(p, "vo", video);
    if (!e && wish && strcmp(wish, "null") == 0) {
        e = set(p, "untimed", "yes");
        if (!e)
            e = set(p, "ao", "null");
        if (!e)
            e = set(p, "ao-null-untimed", "yes");
    }
    if (!e && !(colours && (strcmp(colours, "truecolor") == 0 || strcmp(colours, "24bit") == 0)))
        e = set(p, "vo-tct-256", "yes");
    if (!e && !window && terminal) {
        /* its keys come from the terminal, and its lines would tear the picture */
        e = set(p, "terminal", "yes");
        if (!e)
            e = set(p, "input-terminal", "yes");
        if (!e)
            e = set(p, "really-quiet", "yes");
    }
    return e;
}

static enum err bind_keys(const struct player *p)
{
    for (size_t i = 0; i < player_n_keys; i++) {
        char keys[128], *rest = keys;
        snprintf(keys, sizeof keys, "%s", player_keys[i].keys);
        for (char *key; (key = strsep(&rest, " ")) != NULL;) {
            int bad = p->mpv.command(p->h, (const char *[]){"keybind", key, player_keys[i].command, NULL});
            if (bad < 0)
                return err_set(ERR_BUG, "libmpv does not take the key %s: %s", key, p->mpv.error_string(bad));
        }
    }
    return ERR_OK;
}

static enum err begin(struct player *p, const struct player_options *o)
{
    p->h = p->mpv.create();
    if (!p->h)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = ERR_OK;
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && !e; i++)
        e = set(p, fixed[i].name, fixed[i].value);
    if (!e)
        e = choose_video(p, o->video);
    if (!e && o->title)
        e = set(p, "force-media-title", o->title);
    if (!e && o->start && p->mpv.set_option_string(p->h, "start", o->start) < 0)
        e = err_set(ERR_USAGE, "--start %s is no place in a video; give seconds, 1:30 or 50%%", o->start);
    if (e)
        return e;
    p->mpv.set_wakeup_callback(p->h, on_wakeup, &p->woken);
    int bad = p->mpv.initialize(p->h);
    if (bad >= 0)
        bad = p->mpv.request_log_messages(p->h, "fatal");
    if (bad >= 0)
        bad = p->mpv.stream_cb_add_ro(p->h, PROTOCOL, &p->ask, on_open);
    if (bad >= 0 && o->report)
        bad = p->mpv.hook_add(p->h, 0, "on_unload", 0);
    if (bad < 0)
        return err_set(ERR_IO, "libmpv does not start: %s", p->mpv.error_string(bad));
    return bind_keys(p);
}

static enum err load(const struct player *p)
{
    int bad = p->mpv.command(p->h, (const char *[]){"loadfile", PROTOCOL "://recording", NULL});
    return bad < 0 ? err_set(ERR_IO, "libmpv does not open the recording: %s", p->mpv.error_string(bad)) : ERR_OK;
}

/* Numbers only, so that no text of a video's comes out unescaped. */
static void report(const struct player *p)
{
    static const char *const names[] = {"file-size",
                                        "duration",
                                        "time-pos",
                                        "estimated-frame-number",
                                        "estimated-frame-count",
                                        "width",
                                        "height",
                                        "audio-params/samplerate"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *value = p->mpv.get_property_string(p->h, names[i]);
        bool number = value && value[0] && strspn(value, "0123456789.-") == strlen(value);
        printf("%s\"%s\":%s", i ? "," : "{", names[i], number ? value : "null");
        p->mpv.free(value);
    }
    printf("}\n");
    fflush(stdout);
}

static enum err file_ended(const struct player *p, const struct mpv_end_file *end)
{
    enum err e = ask_error(&p->ask);
    if (e || end->reason != MPV_END_ERROR)
        return e;
    if (p->blind)
        return err_set(ERR_UNREACHABLE,
                       "no window, screen or terminal that shows a recording could be opened; start it "
                       "from another one, or with --vo tct in a terminal");
    return err_set(ERR_DATA, "the recording is no video that can be played: %s; export gives the file itself",
                   p->mpv.error_string(end->error));
}

/* Takes libmpv's events; *done at the last one. */
static enum err take_events(struct player *p, bool *done)
{
    enum err e = ERR_OK;
    for (struct mpv_event *v; !*done && (v = p->mpv.wait_event(p->h, 0))->id != MPV_NONE;) {
        if (v->id == MPV_HOOK) {
            const struct mpv_hook *hook = v->data;
            report(p);
            if (p->mpv.hook_continue(p->h, hook->id) < 0)
                *done = true;
        } else if (v->id == MPV_LOG) {
            p->blind = true; /* its only fatal message while a file is played is that one */
        } else if (v->id == MPV_END_FILE) {
            e = file_ended(p, v->data);
            *done = true;
        } else if (v->id == MPV_SHUTDOWN) {
            *done = true;
        }
    }
    return e;
}

static enum err play(struct player *p)
{
    bool done = false;
    enum err e = ERR_OK;
    while (!done && !e) {
        struct pollfd fds[] = {{.fd = p->woken, .events = POLLIN},
                               {.fd = atomic_load(&p->ask.ended) ? -1 : p->ask.fd, .events = POLLRDHUP},
                               {.fd = p->signals, .events = POLLIN}};
        if (poll(fds, 3, -1) < 0 && errno != EINTR)
            return err_errno(ERR_IO, "cannot wait");
        uint64_t count;
        if (fds[0].revents && read(p->woken, &count, sizeof count) < 0 && errno != EINTR)
            return err_errno(ERR_IO, "cannot wait");
        if (fds[0].revents)
            e = take_events(p, &done);
        if (!done && !e && fds[1].revents && !atomic_load(&p->ask.ended)) {
            atomic_store(&p->ask.failed, ASK_GONE);
            e = ask_error(&p->ask);
        }
        done = done || fds[2].revents;
    }
    return e;
}

static enum err open_descriptors(struct player *p)
{
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGINT);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGHUP);
    sigprocmask(SIG_BLOCK, &end, NULL); /* in the threads to come, too */
    p->signals = signalfd(-1, &end, SFD_CLOEXEC);
    p->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* drivers of sound and graphics complain there, across the screen that started us */
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    p->said = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    bool good = p->signals >= 0 && p->woken >= 0 && nowhere >= 0 && p->said >= 0 && dup2(nowhere, STDERR_FILENO) >= 0;
    enum err e = good ? ERR_OK : err_errno(ERR_IO, "cannot begin");
    if (nowhere >= 0)
        close(nowhere);
    return e;
}

static void close_descriptors(const struct player *p)
{
    if (p->said >= 0) {
        dup2(p->said, STDERR_FILENO);
        close(p->said);
    }
    if (p->woken >= 0)
        close(p->woken);
    if (p->signals >= 0)
        close(p->signals);
}

enum err player_run(const struct player_options *o)
{
    struct player p = {.ask.fd = o->fd, .said = -1, .woken = -1, .signals = -1};
    enum err e = mpv_load(&p.mpv, o->library);
    if (!e)
        e = cage_enter(o->fd);
    if (!e)
        e = open_descriptors(&p);
    if (!e)
        e = begin(&p, o);
    if (!e)
        e = ask_begin(&p.ask, o->fd); /* the first question: from here on it is a view */
    if (!e)
        e = load(&p);
    if (!e)
        e = play(&p);
    ask_end(&p.ask);
    if (p.h)
        p.mpv.terminate_destroy(p.h);
    close_descriptors(&p);
    return e;
}
