#include "drivers/probe/inside/poster.h"
#include "drivers/probe/inside/sidecar.h"
#include "drivers/probe/inside/usage.h"

#include "drivers/probe/freegps.h"
#include "storage/base/bytes.h"
#include "storage/base/confine.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Positions between the frames of MP4 and QuickTime files, if there are some. */
static void find_track(struct asking *a, struct report *r)
{
    struct track t;
    uint64_t unknown;
    const struct probe_source source = {asking_read, a, a->size};
    track_init(&t);
    freegps_video(&source, &t, &unknown);
    report_track(r, &t, "freegps");
    if (unknown)
        json_object_set_new(r->o, "unknown_blocks", json_integer((json_int_t)unknown));
}

/* The facts go before the picture: a decoder that dies takes that alone. */
static bool video(struct asking *a, struct report *r)
{
    struct media m;
    struct buf picture = {.max = PROBE_POSTER_MAX};
    bool open = media_open(&m, a, r);
    find_track(a, r);
    bool good = report_say(r, a);
    if (good && open && poster_make(&m, &picture))
        good = asking_say(a, TALK_POSTER, picture.p, picture.len);
    media_close(&m);
    buf_free(&picture);
    return good;
}

static int probe(int fd, enum probe_kind kind)
{
    struct asking a = {.fd = fd};
    struct report r;
    media_prepare();
    enum err e = confine_to_fd(fd, PROBE_MEMORY, PROBE_CPU_S);
    if (e)
        return err_report(PROBE, e);
    if (!report_new(&r))
        return err_report(PROBE, err_set(ERR_NOMEM, "out of memory"));
    bool good;
    if (kind == PROBE_VIDEO) {
        good = video(&a, &r);
    } else {
        sidecar_read(&a, kind, &r);
        good = report_say(&r, &a);
    }
    report_free(&r);
    return good && asking_say(&a, TALK_DONE, NULL, 0) ? 0 : 75;
}

static bool is_socket(const char *text, int *fd)
{
    uint64_t n;
    int type;
    socklen_t len = sizeof type;
    if (!bytes_decimal(&n, text, strlen(text), 1023) || n < 3)
        return false;
    *fd = (int)n;
    return getsockopt(*fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {[PROBE_VIDEO] = "video", [PROBE_NMEA] = "nmea", [PROBE_GPX] = "gpx"};
    int fd;
    if (argc == 4 && strcmp(argv[1], "--fd") == 0 && is_socket(argv[2], &fd))
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
            if (strcmp(argv[3], kinds[i]) == 0)
                return probe(fd, (enum probe_kind)i);
    enum err e = lang_start(NULL);
    if (e)
        return err_report(PROBE, e);
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return manual_help(&usage_probe);
    if (argc == 2 && strcmp(argv[1], "--man") == 0)
        return manual_page(&usage_probe);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf(PROBE " " FELDSHER_VERSION "\n");
        return 0;
    }
    return err_report(PROBE, err_set(ERR_USAGE, "it is started by feldsher-dock alone; feldsher-probe --help"));
}
