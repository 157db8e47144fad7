/* ptpls VENDOR:PRODUCT             each file: BLAKE2b-256, size, seconds since 1970, path; what cannot be taken
 * ptpls --list VENDOR:PRODUCT      each file: its path
 * ptpls --facts VENDOR:PRODUCT     what is known of the device, after listing it
 * ptpls --file VENDOR:PRODUCT PATH what is known of a file
 * ptpls --status VENDOR:PRODUCT    battery, room, clock
 * ptpls --clock VENDOR:PRODUCT MS  sets its clock
 * ptpls --cut VENDOR:PRODUCT PATH  reads its beginning, leaves it, reads it again from FROM on, to stdout
 *
 * The reader of MTP devices on USB, for comparing what it reads with what was put on them. */
#include "drivers/ptp/ptp.h"
#include "drivers/usb/bus.h"
#include "storage/seal/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 1000003u /* no multiple of anything */

static volatile sig_atomic_t stop;

struct all {
    struct camera_file *files;
    size_t n, cap;
};

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static enum err note(void *ctx, const struct camera_file *f)
{
    struct all *a = ctx;
    if (f->state != CAMERA_FILE) {
        printf("failed %s: %s\n", f->path, f->why);
        return ERR_OK;
    }
    if (a->n == a->cap)
        a->files = must(realloc(a->files, (a->cap = 2 * a->cap + 64) * sizeof *a->files));
    a->files[a->n] = *f;
    a->files[a->n++].path = must(strdup(f->path));
    return ERR_OK;
}

static enum err read_from(const struct camera *c, void *file, uint64_t at, struct hash_state *h)
{
    static uint8_t p[PIECE];
    size_t got = 1;
    enum err e = ERR_OK;
    for (; !e && got; at += got) {
        e = c->read(file, at, p, sizeof p, &got);
        if (h)
            hash_add(h, p, got);
        else if (fwrite(p, 1, got, stdout) != got)
            return err_set(ERR_IO, "cannot write");
    }
    return e;
}

static enum err hash_one(const struct camera *c, const struct camera_file *f)
{
    struct hash_state h;
    struct hash sum;
    char hex[HASH_HEX];
    void *file = NULL;
    enum err e = c->open(c->self, f, &file);
    hash_init(&h);
    if (!e)
        e = read_from(c, file, 0, &h);
    if (file)
        c->close(file);
    sum = hash_end(&h);
    hash_hex(hex, &sum);
    if (e)
        printf("failed %s: %s\n", f->path, err_text());
    else
        printf("%s %" PRIu64 " %" PRId64 " %s\n", hex, f->size, f->mtime == INT64_MIN ? -1 : f->mtime / 1000, f->path);
    return e == ERR_AGAIN ? e : ERR_OK;
}

static enum err one_file(const struct camera *c, const struct all *a, const char *path, bool cut)
{
    const char *from = getenv("FROM");
    uint8_t p[100];
    size_t got;
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->files[i].path, path) != 0)
            continue;
        void *file = NULL;
        enum err e = c->open(c->self, &a->files[i], &file);
        if (!e)
            e = c->read(file, 0, p, sizeof p, &got);
        if (!e && cut) {
            c->close(file);
            e = c->open(c->self, &a->files[i], &file);
            if (!e)
                e = read_from(c, file, from ? strtoull(from, NULL, 10) : 0, NULL);
        } else if (!e) {
            json_dumpf(c->file_facts(file), stdout, JSON_INDENT(1));
        }
        if (file)
            c->close(file);
        return e;
    }
    return err_set(ERR_NOINPUT, "no file %s", path);
}

static enum err show_status(const struct camera *c)
{
    struct camera_status s;
    int64_t ms = INT64_MIN;
    enum err e = c->status(c->self, &s);
    if (!e && c->clock && c->clock(c->self, &ms))
        printf("clock: %s\n", err_text());
    if (!e)
        printf("battery %d free %" PRIu64 " total %" PRIu64 " clock %" PRId64 "\n", s.battery, s.free, s.total, ms);
    return e;
}

static enum err find(struct usb_bus *bus, const char *ids, struct usb *out)
{
    struct usb_list l;
    char text[16];
    enum err e = usb_bus_list(bus, &l);
    if (e)
        return e;
    e = err_set(ERR_NOINPUT, "no device %s", ids);
    for (size_t i = 0; i < l.n; i++) {
        const struct usb_seen *s = &l.seen[i];
        snprintf(text, sizeof text, "%04x:%04x", s->vendor_id, s->product_id);
        for (size_t k = 0; k < s->n_interfaces && strcmp(text, ids) == 0 && e == ERR_NOINPUT; k++)
            if (s->interfaces[k].in && s->interfaces[k].out)
                e = usb_open(out, bus, s, s->interfaces[k].number, &stop);
    }
    usb_list_free(&l);
    return e;
}

static enum err run(const char *what, struct camera *c, const char *argument)
{
    struct all a = {0};
    if (strcmp(what, "--status") == 0)
        return show_status(c);
    if (strcmp(what, "--clock") == 0)
        return c->set_clock ? c->set_clock(c->self, strtoll(argument, NULL, 10))
                            : err_set(ERR_DENIED, "it has no clock that can be set");
    enum err e = c->list(c->self, note, &a);
    if (e)
        return e;
    if (strcmp(what, "--facts") == 0)
        json_dumpf(c->facts(c->self), stdout, JSON_INDENT(1));
    else if (strcmp(what, "--file") == 0 || strcmp(what, "--cut") == 0)
        e = one_file(c, &a, argument, what[2] == 'c');
    for (size_t i = 0; i < a.n && !e; i++)
        if (strcmp(what, "--list") == 0)
            printf("%s\n", a.files[i].path);
        else if (what[0] != '-')
            e = hash_one(c, &a.files[i]);
    for (size_t i = 0; i < a.n; i++)
        free((void *)(uintptr_t)a.files[i].path);
    free(a.files);
    return e;
}

int main(int argc, char **argv)
{
    struct camera_name name = {.profile = "generic-mtp"};
    struct usb_bus *bus = NULL;
    struct usb u;
    struct ptp *p;
    struct camera c;
    bool option = argc > 1 && argv[1][0] == '-';
    if (argc < 2 + option) {
        fprintf(stderr, "usage: ptpls [--list|--facts|--file|--status|--clock|--cut] VENDOR:PRODUCT [ARGUMENT]\n");
        return 64;
    }
    enum err e = hash_start();
    if (!e)
        e = usb_bus_open(&bus);
    if (!e)
        e = find(bus, argv[1 + option], &u);
    if (!e)
        e = ptp_open(&p, &u);
    if (!e && !(e = ptp_camera(&c, p, &name))) {
        e = run(argv[1], &c, argc > 2 + option ? argv[2 + option] : "");
        int code = err_report("ptpls", e);
        c.free(c.self);
        usb_bus_close(bus);
        return code;
    }
    int code = err_report("ptpls", e);
    usb_bus_close(bus);
    return code;
}
