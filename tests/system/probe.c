/* probe [--out PPM] KIND FILE...   what probe_file says of each file, as a line of JSON:
 *                     {"media", "why", "start", "gps_start", "gps_after", "duration", "poster", "requests", "bytes"}
 * probe --broken FILE    a source that fails behind its first 1000 bytes: "source: SENTENCE"
 *
 * KIND: video, nmea, gpx. The program confines itself first, as the dock does. */
#include "drivers/probe/probe.h"
#include "storage/base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
    int fd;
    int broken;
    uint64_t requests, bytes;
};

static enum err read_file(void *ctx, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct file *f = ctx;
    if (f->broken && offset + n > 1000)
        return err_set(ERR_IO, "a sector cannot be read");
    ssize_t r = pread(f->fd, p, n, (off_t)offset);
    if (r < 0)
        return err_errno(ERR_IO, "cannot read");
    f->requests++;
    f->bytes += (uint64_t)r;
    *got = (size_t)r;
    return ERR_OK;
}

static json_t *moment(int64_t ms)
{
    return ms == INT64_MIN ? json_null() : json_integer(ms);
}

static enum err one(struct probe *p, enum probe_kind kind, struct file *f, const char *out)
{
    struct stat st;
    struct probe_facts facts;
    if (fstat(f->fd, &st) < 0)
        return err_errno(ERR_IO, "fstat");
    const struct probe_source source = {read_file, f, (uint64_t)st.st_size};
    enum err e = probe_file(p, kind, &source, &facts);
    if (e) {
        printf("source: %s\n", err_text());
        return ERR_OK;
    }
    FILE *picture = out ? fopen(out, "wb") : NULL;
    if (picture) {
        fwrite(facts.poster.p, 1, facts.poster.len, picture);
        fclose(picture);
    }
    json_t *o = json_pack(
        "{s:O?,s:s,s:o,s:o,s:I,s:f,s:I,s:I,s:I}", "media", facts.media, "why", facts.why, "start", moment(facts.start),
        "gps_start", moment(facts.gps_start), "gps_after", (json_int_t)facts.gps_after, "duration", facts.duration,
        "poster", (json_int_t)facts.poster.len, "requests", (json_int_t)f->requests, "bytes", (json_int_t)f->bytes);
    if (!o)
        abort();
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(o);
    probe_facts_free(&facts);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"video", "nmea", "gpx"};
    const struct confine_path all = {"/", CONFINE_WRITE};
    const char *out = NULL;
    enum probe_kind kind = PROBE_VIDEO;
    int broken = 0, i = 1;
    if (i + 1 < argc && strcmp(argv[i], "--out") == 0) {
        out = argv[i + 1];
        i += 2;
    }
    if (i < argc && strcmp(argv[i], "--broken") == 0)
        broken = 1;
    for (size_t k = 0; i < argc && k < 3; k++)
        if (strcmp(argv[i], kinds[k]) == 0)
            kind = (enum probe_kind)k;
    struct probe *p;
    enum err e = probe_start(&p, NULL);
    if (!e)
        e = confine_self(&all, 1, CONFINE_NO_NET);
    for (i++; i < argc && !e; i++) {
        struct file f = {.fd = open(argv[i], O_RDONLY | O_CLOEXEC), .broken = broken};
        e = f.fd < 0 ? err_errno(ERR_NOINPUT, "%s", argv[i]) : one(p, kind, &f, out);
        close(f.fd);
    }
    probe_stop(p);
    return err_report("probe", e);
}
