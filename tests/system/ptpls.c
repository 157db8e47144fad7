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
#include "tests/system/files.h"

static volatile sig_atomic_t stop;

static enum err hash_one(const struct camera *c, const struct camera_file *f)
{
    void *file = NULL;
    enum err e = c->open(c->self, f, &file);
    if (e)
        printf("failed %s: %s\n", f->path, err_text());
    else
        e = files_line(c, f, file);
    if (file)
        c->close(file);
    return e == ERR_AGAIN ? e : ERR_OK;
}

static enum err one_file(const struct camera *c, const struct files *a, const char *path, bool cut)
{
    const char *from = getenv("FROM");
    uint64_t at = from ? strtoull(from, NULL, 10) : 0;
    uint8_t p[100];
    size_t got;
    for (size_t i = 0; i < a->n; i++) {
        if (strcmp(a->v[i].path, path) != 0)
            continue;
        void *file = NULL;
        enum err e = c->open(c->self, &a->v[i], &file);
        if (!e)
            e = c->read(file, 0, p, sizeof p, &got);
        if (!e && cut) {
            c->close(file);
            e = c->open(c->self, &a->v[i], &file);
            if (!e)
                e = files_read(c, file, &at, NULL);
        } else if (!e) {
            files_facts(c->file_facts(file), JSON_INDENT(1));
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
    struct files a = {0};
    if (strcmp(what, "--status") == 0)
        return show_status(c);
    if (strcmp(what, "--clock") == 0)
        return c->set_clock ? c->set_clock(c->self, strtoll(argument, NULL, 10))
                            : err_set(ERR_DENIED, "it has no clock that can be set");
    enum err e = c->list(c->self, files_note, &a);
    if (e)
        return e;
    if (strcmp(what, "--facts") == 0)
        files_facts(c->facts(c->self), JSON_INDENT(1));
    else if (strcmp(what, "--file") == 0 || strcmp(what, "--cut") == 0)
        e = one_file(c, &a, argument, what[2] == 'c');
    for (size_t i = 0; i < a.n && !e; i++)
        if (strcmp(what, "--list") == 0)
            printf("%s\n", a.v[i].path);
        else if (what[0] != '-')
            e = hash_one(c, &a.v[i]);
    files_free(&a);
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
