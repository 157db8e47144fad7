#include "drivers/fat/fat.h"

#include "drivers/fat/facts.h"
#include "drivers/fat/reader.h"
#include "storage/base/lang.h"

#include <stdlib.h>
#include <string.h>

static void describe(void *self, struct intake_camera *out)
{
    const struct fat *f = self;
    const struct camera_name *n = &f->name;
    *out = (struct intake_camera){n->vendor, n->product, n->serial, n->profile, n->volume, INT64_MIN};
}

static enum err list(void *self, camera_list_fn *fn, void *ctx)
{
    struct fat *f = self;
    return tree_list(&f->tree, fn, ctx);
}

static enum err open_file(void *self, const struct camera_file *listed, void **file)
{
    struct fat *f = self;
    struct level *in;
    const struct record *r;
    struct reader *reader;
    *file = NULL;
    enum err e = tree_find(&f->tree, listed->path, &in, &r);
    if (e)
        return e;
    if (r->attributes & RECORD_FOLDER)
        return err_set(ERR_BAD, "it is a folder now; run offload again");
    if (r->size != listed->size || stamp_ms(&r->modified) != listed->mtime)
        return err_set(ERR_BAD, "it changed since it was listed; run offload again");
    e = reader_new(&reader, &f->ahead, in, r);
    *file = e ? NULL : reader;
    return e;
}

static enum err read_file(void *file, uint64_t offset, void *p, size_t n, size_t *got)
{
    return reader_read(file, offset, p, n, got);
}

static void close_file(void *file)
{
    reader_free(file);
}

static void free_fat(void *self)
{
    struct fat *f = self;
    tree_clear(&f->tree);
    for (size_t i = 0; i < f->n; i++)
        volume_close(&f->volumes[i]);
    free(f->ahead.p);
    view_drop(&f->view);
    f->disk.free(f->disk.self);
    free(f);
}

static json_t *file_facts(void *file)
{
    return reader_facts(file);
}

static json_t *facts(void *self)
{
    return facts_of_disk(self);
}

static enum err status(void *self, struct camera_status *out)
{
    struct fat *f = self;
    *out = (struct camera_status){.battery = -1};
    for (size_t i = 0; i < f->n; i++) {
        struct volume *v = &f->volumes[i];
        uint64_t clusters;
        bool known;
        enum err e = volume_free(v, &clusters, &known);
        if (e)
            return e;
        if (!known) {
            *out = (struct camera_status){.battery = -1};
            return ERR_OK;
        }
        out->free += clusters * v->boot.cluster;
        out->total += (uint64_t)v->boot.clusters * v->boot.cluster;
    }
    return ERR_OK;
}

/* The root folder once, for its label and where exFAT's tables are. Why it
 * cannot be read is said again by the listing. */
static enum err look_at_root(struct volume *v)
{
    struct level root;
    bool taken;
    enum err e = level_load(&root, v, NULL, false, FAT_TREE_MAX, &taken);
    level_drop(&root);
    return e;
}

static enum err open_volumes(struct fat *f)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < f->table.n && !e; i++) {
        struct volume *v = &f->volumes[f->n];
        const char *why = NULL;
        if (f->n == FAT_VOLUMES_MAX) {
            f->why[i] = N_("there are too many volumes on the disk");
            continue;
        }
        e = volume_open(v, &f->view, f->table.at[i].number, f->table.at[i].first, &why);
        f->why[i] = why;
        f->n += !e && !why;
        if (!e && !why)
            e = look_at_root(v);
    }
    return e;
}

/* The reason that helps a person most: of the partition that came nearest. */
static enum err no_volume(const struct fat *f)
{
    const char *why = N_("there is no FAT16, FAT32 or exFAT file system");
    for (size_t i = f->table.n; i-- > 0;)
        if (f->why[i] && strcmp(f->why[i], why) != 0)
            return err_set(ERR_DATA, "the disk cannot be read: %s", _(f->why[i]));
    return err_set(ERR_DATA,
                   "the disk cannot be read: %s on it; if it has another one, mount it and take the folder in: --from "
                   "PATH",
                   _(why));
}

/* A volume that fills the disk has no table, though the code in its boot
 * sector may look like one. */
static enum err read_table(struct fat *f)
{
    uint8_t sector[512];
    struct boot boot;
    struct wrong wrong = {0};
    const char *why;
    size_t good;
    enum err e = view_read(&f->view, 0, sector, sizeof sector, &good);
    if (e && e != ERR_IO)
        return e;
    if (!e && (boot_parse(&boot, sector, &wrong, &why) || why)) {
        f->table = (struct partition_table){.scheme = PARTITION_NONE};
        partition_add(&f->table, &(struct partition){.bytes = f->view.size});
        return ERR_OK;
    }
    return partition_read(&f->table, &f->view);
}

enum err fat_camera(struct camera *out, struct disk *d, const struct camera_name *name)
{
    struct fat *f = calloc(1, sizeof *f);
    if (!f) {
        d->free(d->self);
        return err_set(ERR_NOMEM, "out of memory");
    }
    f->disk = *d;
    f->name = *name;
    f->ahead.p = malloc(FAT_AHEAD);
    enum err e = f->ahead.p ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
    if (!e)
        e = view_make(&f->view, &f->disk);
    if (!e)
        e = read_table(f);
    if (!e)
        e = open_volumes(f);
    if (!e && f->n == 0)
        e = no_volume(f);
    if (e) {
        free_fat(f);
        return e;
    }
    memcpy(f->name.volume, f->volumes[0].id, sizeof f->volumes[0].id);
    f->tree.volumes = f->volumes;
    f->tree.n_volumes = f->n;
    f->tree.numbered = f->n > 1;
    *out = (struct camera){.self = f,
                           .grain = f->disk.sector,
                           .describe = describe,
                           .list = list,
                           .open = open_file,
                           .read = read_file,
                           .close = close_file,
                           .free = free_fat,
                           .file_facts = file_facts,
                           .facts = facts,
                           .status = status};
    return ERR_OK;
}

enum err fat_has(const struct camera *c, const char *folder, bool *has)
{
    struct fat *f = c->self;
    struct level root;
    bool taken;
    enum err e = level_load(&root, &f->volumes[0], NULL, false, FAT_TREE_MAX, &taken);
    const struct record *r = e ? NULL : level_find(&root, folder, strlen(folder));
    *has = r && (r->attributes & RECORD_FOLDER);
    level_drop(&root);
    return e;
}

const char *fat_label(const struct camera *c)
{
    const struct fat *f = c->self;
    return f->volumes[0].label;
}
