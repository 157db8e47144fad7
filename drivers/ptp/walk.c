#include "drivers/ptp/inside.h"
#include "drivers/ptp/naming.h"
#include "storage/base/grow.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEEP_FROM 2u /* objects in a folder that make asking for all at once worth it */

/* What is in one folder. */
struct entry {
    uint32_t handle, parent;
    bool has_name, has_format, has_size, folder;
    uint64_t size;
    int64_t mtime;
    size_t name; /* in names */
    const char *why;
};

struct folder {
    struct entry *entries; /* by handle */
    struct naming *order;  /* by name */
    size_t n;
    struct buf names;
    bool told;         /* GetObjectPropList told of one of them */
    struct object one; /* that it is telling of */
};

/* Folders that were entered: a set of handles, 0 is none. */
struct entered {
    uint32_t *slots;
    size_t n, cap;
};

struct walk {
    struct ptp *p;
    camera_list_fn *fn;
    void *ctx;
    uint32_t storage;
    size_t files;
    struct entered entered;
    char path[CAMERA_PATH_MAX];
    size_t len;
};

/* --- what was found -------------------------------------------------------- */

static size_t slot_of(const struct entered *s, uint32_t handle)
{
    size_t mask = s->cap - 1, i = handle * (size_t)2654435761u & mask; /* cap is a power of two */
    while (s->slots[i] && s->slots[i] != handle)
        i = (i + 1) & mask;
    return i;
}

static enum err enter(struct entered *s, uint32_t handle, bool *again)
{
    if (2 * s->n >= s->cap) {
        struct entered more = {.cap = s->cap ? 2 * s->cap : 64};
        more.slots = calloc(more.cap, sizeof *more.slots);
        if (!more.slots)
            return err_set(ERR_NOMEM, "out of memory");
        for (size_t i = 0; i < s->cap; i++)
            if (s->slots[i])
                more.slots[slot_of(&more, s->slots[i])] = s->slots[i];
        more.n = s->n;
        free(s->slots);
        *s = more;
    }
    size_t i = slot_of(s, handle);
    *again = s->slots[i] != 0;
    s->n += !*again;
    s->slots[i] = handle;
    return ERR_OK;
}

static enum err remember(struct walk *w, uint32_t handle, uint64_t size)
{
    struct ptp *p = w->p;
    struct ptp_listed *all = grow(p->listed, p->n_listed, &p->cap_listed, 64, sizeof *all);
    if (!all)
        return ERR_NOMEM;
    p->listed = all;
    p->listed[p->n_listed++] = (struct ptp_listed){hash_of(w->path, w->len), handle, size};
    return ERR_OK;
}

static enum err tell(struct walk *w, enum camera_state state, const struct entry *entry, const char *why)
{
    struct camera_file f = {
        .path = w->len ? w->path : ".",
        .size = entry ? entry->size : 0,
        .mtime = entry ? entry->mtime : INT64_MIN,
        .state = state,
        .why = why ? _(why) : "",
    };
    return w->fn ? w->fn(w->ctx, &f) : ERR_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct ptp_listed *x = a, *y = b;
    return memcmp(x->path.b, y->path.b, sizeof x->path.b);
}

const struct ptp_listed *walk_find(const struct ptp *p, const char *path)
{
    struct ptp_listed key = {.path = hash_of(path, strlen(path))};
    return p->n_listed ? bsearch(&key, p->listed, p->n_listed, sizeof key, by_path) : NULL;
}

/* --- what a folder holds --------------------------------------------------- */

static int by_handle(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->handle > y->handle) - (x->handle < y->handle);
}

static struct entry *find(struct folder *f, uint32_t handle)
{
    struct entry key = {.handle = handle};
    return f->n ? bsearch(&key, f->entries, f->n, sizeof key, by_handle) : NULL;
}

static void folder_free(struct folder *f)
{
    free(f->entries);
    free(f->order);
    buf_free(&f->names);
    *f = (struct folder){.n = 0};
}

/* The handles, each once. */
static enum err take_handles(struct walk *w, struct folder *f, const struct buf *b, bool strict)
{
    size_t n;
    const uint8_t *p = dataset_array32(b->p, b->len, PTP_FOLDER_MAX, &n);
    if (!p || (strict && b->len != 4 + 4 * n))
        return err_set(ERR_IO, "the camera speaks nonsense: a list of objects");
    f->entries = calloc(n ? n : 1, sizeof *f->entries);
    if (!f->entries)
        return err_set(ERR_NOMEM, "out of memory");
    struct dataset d = {p, 4 * n, false};
    for (size_t i = 0; i < n; i++)
        f->entries[i] = (struct entry){.handle = dataset_u32(&d), .mtime = INT64_MIN};
    qsort(f->entries, n, sizeof *f->entries, by_handle);
    for (size_t i = 0; i < n; i++) /* 0 and all ones are no objects */
        if (f->entries[i].handle && f->entries[i].handle != HANDLE_ROOT &&
            (f->n == 0 || f->entries[f->n - 1].handle != f->entries[i].handle))
            f->entries[f->n++] = f->entries[i];
    w->files += f->n;
    return w->files > CAMERA_FILES_MAX
               ? err_set(ERR_DATA, "there are more than %u files on the camera", CAMERA_FILES_MAX)
               : ERR_OK;
}

/* ERR_IO: it cannot be listed. */
static enum err list_handles(struct walk *w, struct folder *f, uint32_t parent)
{
    struct session_op op = {.code = OP_OBJECT_HANDLES, .n_params = 3, .params = {w->storage, 0, parent}};
    struct session_answer a;
    struct buf b = {.max = 4 + 4 * PTP_FOLDER_MAX};
    enum err e = ERR_IO;
    for (unsigned i = 0; e == ERR_IO && i < PTP_TRIES; i++) {
        e = ptp_ask(w->p, &op, &b, &a);
        if (!e && a.code != ANSWER_OK && parent == HANDLE_ROOT && op.params[2] == parent) {
            op.params[2] = 0; /* there are devices that take the other name of the root alone */
            e = ptp_ask(w->p, &op, &b, &a);
        }
        if (!e && a.code != ANSWER_OK) {
            e = session_refused(&a, "it cannot be listed");
            break;
        }
        if (!e)
            e = take_handles(w, f, &b, i + 1 < PTP_TRIES);
        if (e)
            folder_free(f);
    }
    buf_free(&b);
    return e;
}

static enum err take_in(struct folder *f, const struct object *o)
{
    struct entry *entry = find(f, o->handle);
    if (!entry || !o->has_name)
        return ERR_OK;
    entry->parent = o->parent;
    entry->folder = object_is_folder(o);
    entry->has_format = o->has_format;
    entry->has_size = o->has_size || entry->folder;
    entry->size = entry->folder ? 0 : o->size;
    entry->mtime = object_mtime(o);
    enum err e = entry->has_name ? ERR_OK : naming_add(&f->names, o->name, &entry->name);
    entry->has_name = !e;
    return e;
}

/* The properties of one object end where those of another begin. */
static enum err end_one(struct folder *f)
{
    f->one.has_size = f->one.size_property != UINT64_MAX;
    f->one.size = f->one.has_size ? f->one.size_property : 0;
    return take_in(f, &f->one);
}

static enum err take_element(void *ctx, const struct dataset_element *element)
{
    struct folder *f = ctx;
    enum err e = ERR_OK;
    if (element->handle != f->one.handle) {
        e = end_one(f);
        object_start(&f->one, element->handle);
        f->told = f->told || find(f, element->handle);
    }
    object_property(&f->one, element);
    return e;
}

/* All of them at once, where the device can. What it leaves out is asked for one by one. */
static enum err look_at_all(struct walk *w, struct folder *f, uint32_t parent)
{
    struct ptp *p = w->p;
    struct session_answer a = {0};
    if (p->deep == PTP_FAILS || f->n < DEEP_FROM || !ptp_can(p, OP_OBJECT_PROPLIST))
        return ERR_OK;
    object_start(&f->one, 0);
    enum err e = object_proplist(p, parent == HANDLE_ROOT ? 0 : parent, 1, take_element, f, &a);
    if (!e)
        e = end_one(f);
    if (p->deep == PTP_UNTRIED && (!e || e == ERR_IO || e == ERR_DATA))
        p->deep = !e && a.code == ANSWER_OK && f->told ? PTP_WORKS : PTP_FAILS;
    return e == ERR_IO || e == ERR_DATA ? ERR_OK : e;
}

static enum err look_at_one(struct walk *w, struct folder *f, struct entry *entry)
{
    struct object *o = malloc(sizeof *o);
    char name[24];
    if (!o)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = object_look(w->p, entry->handle, false, o);
    if (!e) {
        e = take_in(f, o);
    } else if (e != ERR_AGAIN && e != ERR_NOMEM) {
        entry->why = N_("the camera does not tell what it is");
        snprintf(name, sizeof name, "object-%08X", (unsigned)entry->handle);
        e = entry->has_name ? ERR_OK : naming_add(&f->names, name, &entry->name);
    }
    free(o);
    return e;
}

/* In the root some devices list everything: what lies in a folder is found there. */
static bool lies_elsewhere(struct folder *f, const struct entry *entry, uint32_t parent)
{
    return parent == HANDLE_ROOT && entry->parent && entry->parent != entry->handle && find(f, entry->parent);
}

static enum err read_folder(struct walk *w, struct folder *f, uint32_t parent)
{
    enum err e = list_handles(w, f, parent);
    if (e)
        return e;
    f->order = calloc(f->n ? f->n : 1, sizeof *f->order);
    if (!f->order)
        return err_set(ERR_NOMEM, "out of memory");
    e = look_at_all(w, f, parent);
    size_t n = 0;
    for (size_t i = 0; i < f->n && !e; i++) {
        struct entry *entry = &f->entries[i];
        if (!entry->has_name || !entry->has_format || !entry->has_size)
            e = look_at_one(w, f, entry);
        if (!e && !lies_elsewhere(f, entry, parent))
            f->order[n++] = (struct naming){entry->name, entry->handle, i};
    }
    if (!e)
        e = naming_settle(f->order, n, &f->names);
    f->n = e ? 0 : n;
    return e;
}

/* --- the tree -------------------------------------------------------------- */

static enum err walk_folder(struct walk *w, uint32_t handle, unsigned depth);

static enum err walk_one(struct walk *w, const struct entry *entry, unsigned depth)
{
    bool again = false;
    if (entry->why)
        return tell(w, CAMERA_FAILED, entry, entry->why);
    if (!entry->folder && !entry->has_size)
        return tell(w, CAMERA_FAILED, entry, N_("it is 4 GiB or longer, and the camera does not tell how long"));
    if (!entry->folder) {
        enum err e = remember(w, entry->handle, entry->size);
        return e ? e : tell(w, CAMERA_FILE, entry, NULL);
    }
    enum err e = enter(&w->entered, entry->handle, &again);
    if (!e && again)
        return tell(w, CAMERA_FAILED, entry, N_("the folder is listed twice or contains itself"));
    if (!e && depth == CAMERA_DEPTH_MAX)
        return tell(w, CAMERA_FAILED, entry, N_("too many folders inside folders"));
    return e ? e : walk_folder(w, entry->handle, depth + 1);
}

static enum err walk_below(struct walk *w, const char *name, const struct entry *entry, unsigned depth)
{
    size_t len = w->len, slash = len > 0, n = strlen(name);
    if (len + slash + n >= sizeof w->path)
        return tell(w, CAMERA_FAILED, NULL, N_("a path in it is too long"));
    if (slash)
        w->path[len] = '/';
    memcpy(w->path + len + slash, name, n + 1);
    w->len = len + slash + n;
    enum err e = entry ? walk_one(w, entry, depth) : walk_folder(w, HANDLE_ROOT, depth);
    w->len = len;
    w->path[len] = '\0';
    return e;
}

static enum err walk_folder(struct walk *w, uint32_t handle, unsigned depth)
{
    struct folder f = {0};
    enum err e = ptp_events(w->p);
    if (!e)
        e = read_folder(w, &f, handle);
    if (e && e != ERR_AGAIN && e != ERR_NOMEM && w->files <= CAMERA_FILES_MAX)
        e = tell(w, CAMERA_FAILED, NULL, err_text());
    for (size_t i = 0; i < f.n && !e; i++) {
        const struct naming *name = &f.order[i];
        e = walk_below(w, (const char *)f.names.p + name->at, &f.entries[name->index], depth);
    }
    folder_free(&f);
    return e;
}

enum err walk(struct ptp *p, camera_list_fn *fn, void *ctx)
{
    struct walk *w = calloc(1, sizeof *w);
    if (!w)
        return err_set(ERR_NOMEM, "out of memory");
    *w = (struct walk){.p = p, .fn = fn, .ctx = ctx};
    p->n_listed = 0;
    p->is_listed = false;
    enum err e = hash_start();
    if (!e)
        e = ptp_storages(p);
    for (size_t i = 0; i < p->n_storages && !e; i++) {
        char name[16];
        snprintf(name, sizeof name, "%08X", (unsigned)p->storages[i].id);
        w->storage = p->storages[i].id;
        /* several storages are folders, named by their numbers */
        e = p->n_storages > 1 ? walk_below(w, name, NULL, 0) : walk_folder(w, HANDLE_ROOT, 0);
    }
    if (p->n_listed)
        qsort(p->listed, p->n_listed, sizeof *p->listed, by_path);
    p->is_listed = !e;
    free(w->entered.slots);
    free(w);
    return e;
}
