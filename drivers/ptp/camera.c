#include "drivers/ptp/inside.h"

#include "storage/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mtp {
    struct ptp *p;
    struct camera_name name;
};

static void describe(void *self, struct intake_camera *out)
{
    const struct camera_name *n = &((const struct mtp *)self)->name;
    *out = (struct intake_camera){n->vendor, n->product, n->serial, n->profile, n->volume, INT64_MIN};
}

static enum err list(void *self, camera_list_fn *fn, void *ctx)
{
    return walk(((struct mtp *)self)->p, fn, ctx);
}

static enum err open_file(void *self, const struct camera_file *f, void **file)
{
    struct ptp *p = ((struct mtp *)self)->p;
    struct content *c = NULL;
    enum err e = p->is_listed ? ERR_OK : walk(p, NULL, NULL);
    const struct ptp_listed *l = e ? NULL : walk_find(p, f->path);
    if (!e && !l)
        e = err_set(ERR_AGAIN, "it is not on the camera any more");
    if (!e && l && l->size != f->size)
        e = err_set(ERR_BAD, "it is not what the camera listed any more; run offload again");
    if (!e)
        e = content_open(p, l, &c);
    *file = c;
    return e;
}

static enum err read_file(void *file, uint64_t offset, void *p, size_t n, size_t *got)
{
    return content_read(file, offset, p, n, got);
}

static void close_file(void *file)
{
    content_close(file);
}

static void free_camera(void *self)
{
    struct mtp *m = self;
    ptp_close(m->p);
    free(m);
}

static json_t *file_facts(void *file)
{
    return content_facts(file);
}

static json_t *facts(void *self)
{
    return ptp_facts(((struct mtp *)self)->p);
}

static enum err status(void *self, struct camera_status *out)
{
    return ptp_status(((struct mtp *)self)->p, out);
}

static enum err clock_of(void *self, int64_t *ms)
{
    return ptp_clock(((struct mtp *)self)->p, ms);
}

static enum err set_clock(void *self, int64_t ms)
{
    return ptp_set_clock(((struct mtp *)self)->p, ms);
}

static void complete(char name[static NAME_LEN], const char *told)
{
    if (!name[0])
        text_escape_cut(name, NAME_LEN, told, strlen(told));
}

/* The volume is told by its storages: numbers, and what they are called. */
static void name_volume(struct camera_name *n, const struct ptp *p)
{
    char all[PTP_STORAGES_MAX * 16 + PTP_TEXT_MAX] = "";
    size_t len = 0;
    for (size_t i = 0; i < p->n_storages && len + 16 < sizeof all; i++) {
        const char *label = p->storages[i].info.label;
        int w = snprintf(all + len, sizeof all - len, "%s%08X%s%s", i ? " " : "", (unsigned)p->storages[i].id,
                         label[0] ? " " : "", label);
        len = w > 0 && (size_t)w < sizeof all - len ? len + (size_t)w : sizeof all;
    }
    text_escape_cut(n->volume, NAME_LEN, all, strlen(all));
}

enum err ptp_camera(struct camera *out, struct ptp *p, const struct camera_name *name)
{
    struct mtp *m = calloc(1, sizeof *m);
    if (!m) {
        ptp_close(p);
        return err_set(ERR_NOMEM, "out of memory");
    }
    m->p = p;
    m->name = *name;
    complete(m->name.vendor, p->device.manufacturer);
    complete(m->name.product, p->device.model);
    complete(m->name.serial, p->device.serial);
    if (!m->name.volume[0])
        name_volume(&m->name, p);
    bool pieces = ptp_can(p, OP_PARTIAL) || ptp_can(p, OP_PARTIAL_64);
    bool clock = dataset_has(&p->device.properties, PROP_DATE_TIME) && ptp_can(p, OP_PROPERTY_DESC);
    *out = (struct camera){.self = m,
                           .grain = pieces ? PTP_GRAIN : 0,
                           .in_order = !pieces,
                           .describe = describe,
                           .list = list,
                           .open = open_file,
                           .read = read_file,
                           .close = close_file,
                           .free = free_camera,
                           .file_facts = file_facts,
                           .facts = facts,
                           .status = status,
                           .clock = clock ? clock_of : NULL,
                           .set_clock = clock && ptp_can(p, OP_SET_PROPERTY) ? set_clock : NULL};
    return ERR_OK;
}

struct ptp *ptp_of(const struct camera *c)
{
    return ((const struct mtp *)c->self)->p;
}

void ptp_said(const struct camera *c, struct ptp_said *out)
{
    const struct ptp *p = ptp_of(c);
    *out = (struct ptp_said){p->device.manufacturer, p->device.model, p->device.extension_text,
                             p->n_storages ? p->storages[0].info.label : ""};
}

enum err ptp_has(const struct camera *c, const char *folder, bool *has)
{
    return walk_has(ptp_of(c), folder, has);
}

enum err ptp_handle(const struct camera *c, const char *path, uint32_t *handle)
{
    struct ptp *p = ptp_of(c);
    enum err e = p->is_listed ? ERR_OK : walk(p, NULL, NULL);
    const struct ptp_listed *l = e ? NULL : walk_find(p, path);
    if (e)
        return e;
    if (!l)
        return err_set(ERR_NOINPUT, "it is not on the camera");
    *handle = l->handle;
    return ERR_OK;
}

static json_t *codes(const struct dataset_codes *c)
{
    json_t *all = json_array();
    char text[8];
    for (size_t i = 0; i < c->n && all; i++) {
        snprintf(text, sizeof text, "%04X", c->code[i]);
        if (json_array_append_new(all, json_string(text)) < 0) {
            json_decref(all);
            all = NULL;
        }
    }
    return all;
}

static json_t *storages(const struct ptp *p)
{
    json_t *all = json_array();
    for (size_t i = 0; i < p->n_storages && all; i++) {
        const struct storage_info *s = &p->storages[i].info;
        json_t *one =
            json_pack("{s:I,s:i,s:i,s:i,s:I,s:I,s:s,s:s}", "id", (json_int_t)p->storages[i].id, "type", (int)s->type,
                      "filesystem", (int)s->filesystem, "access", (int)s->access, "total", (json_int_t)s->total, "free",
                      (json_int_t)s->free, "description", s->description, "label", s->label);
        if (!one || json_array_append_new(all, one) < 0) {
            json_decref(all);
            all = NULL;
        }
    }
    return all;
}

json_t *ptp_facts(struct ptp *p)
{
    const struct device_info *d = &p->device;
    const struct session_counts *n = session_counted(p->s);
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:i,s:I,s:i,s:s,s:o,s:o,s:o,s:o,s:{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}}",
        "manufacturer", d->manufacturer, "model", d->model, "version", d->version, "serial", d->serial, "standard",
        (int)d->standard, "extension", (json_int_t)d->extension, "extension_version", (int)d->extension_version,
        "extension_text", d->extension_text, "operations", codes(&d->operations), "events", codes(&d->events),
        "properties", codes(&d->properties), "storages", storages(p), "counts", "transactions",
        (json_int_t)n->transactions, "retries", (json_int_t)p->retries, "cancels", (json_int_t)n->cancels, "resets",
        (json_int_t)n->resets, "stalls", (json_int_t)n->stalls, "junk_ids", (json_int_t)n->junk_ids, "stale",
        (json_int_t)n->stale, "split", (json_int_t)n->split, "glued", (json_int_t)n->glued, "empty",
        (json_int_t)n->empty, "events", (json_int_t)p->events);
}
