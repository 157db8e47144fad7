#include "drivers/fat/reader.h"

#include "drivers/limits.h"
#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdlib.h>
#include <string.h>

#define SHORT_AHEAD 65536u /* where somebody reads here and there */

struct reader {
    struct reader_ahead *ahead;
    struct record r;
    struct trail t;
    uint64_t entry; /* where its entry is on the disk, in bytes */
    uint64_t next;  /* where the last reading ended */
};

enum err reader_new(struct reader **out, struct reader_ahead *a, struct level *in, const struct record *r)
{
    struct reader *f = calloc(1, sizeof *f);
    *out = NULL;
    if (!f)
        return err_set(ERR_NOMEM, "out of memory");
    f->ahead = a;
    f->r = *r;
    trail_begin(&f->t, in->volume, r->first, r->contiguous, r->size);
    enum err e = trail_survey(&f->t, true);
    if (!e)
        e = trail_place(&in->trail, (uint64_t)r->position * RECORD_BYTES, &f->entry);
    if (e) {
        reader_free(f);
        return e;
    }
    *out = f;
    return ERR_OK;
}

void reader_free(struct reader *f)
{
    if (!f)
        return;
    if (f->ahead->owner == f)
        f->ahead->owner = NULL;
    trail_end(&f->t);
    free(f);
}

/* Where the bytes that are read from the disk end. */
static uint64_t reach(const struct reader *f)
{
    uint64_t bytes = trail_bytes(&f->t);
    return f->r.valid < bytes ? f->r.valid : bytes;
}

/* Reads on from offset, a multiple of a sector. */
static enum err fill(struct reader *f, uint64_t offset, size_t want)
{
    struct reader_ahead *a = f->ahead;
    uint64_t left = reach(f) - offset;
    size_t n = left < want ? (size_t)left : want;
    a->owner = NULL;
    enum err e = trail_read(&f->t, offset, a->p, n, &a->n);
    if (e && e != ERR_IO)
        return e;
    a->owner = f;
    a->offset = offset;
    a->bad = e == ERR_IO;
    return ERR_OK;
}

/* At most n bytes from offset on, which is below reach. */
static enum err read_data(struct reader *f, uint64_t offset, void *p, size_t n, size_t *got)
{
    struct reader_ahead *a = f->ahead;
    bool mine = a->owner == f && offset >= a->offset;
    if (mine && a->bad && offset == a->offset + a->n) {
        a->owner = NULL; /* another try asks the disk */
        return err_set(ERR_IO, "it cannot be read");
    }
    if (!mine || offset >= a->offset + a->n) {
        uint64_t sector = f->t.volume->view->disk->sector;
        bool in_order = offset == f->next;
        enum err e = fill(f, offset - offset % sector, in_order || n > SHORT_AHEAD ? FAT_AHEAD : SHORT_AHEAD);
        if (e)
            return e;
        if (offset >= a->offset + a->n) {
            a->owner = NULL;
            return err_set(ERR_IO, "it cannot be read");
        }
    }
    uint64_t there = a->offset + a->n - offset;
    *got = there < n ? (size_t)there : n;
    memcpy(p, a->p + (offset - a->offset), *got);
    f->next = offset + *got;
    return ERR_OK;
}

enum err reader_read(struct reader *f, uint64_t offset, void *p, size_t n, size_t *got)
{
    *got = 0;
    if (offset >= f->r.size || n == 0)
        return ERR_OK;
    if (offset >= f->r.valid) {
        uint64_t left = f->r.size - offset;
        *got = left < n ? (size_t)left : n;
        memset(p, 0, *got);
        return ERR_OK;
    }
    uint64_t end = reach(f);
    if (offset >= end)
        return err_set(ERR_IO, "%s", _(trail_fault_text(f->t.fault)));
    return read_data(f, offset, p, end - offset < n ? (size_t)(end - offset) : n, got);
}

static bool put(json_t *o, const char *key, json_t *value)
{
    return json_object_set_new(o, key, value) == 0;
}

static bool put_number(json_t *o, const char *key, uint64_t n)
{
    return put(o, key, json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n));
}

/* 8 + 3 bytes as they are where they are plain letters, else in hexadecimal. */
static json_t *short_name(const struct record *r)
{
    char text[2 * sizeof r->short_name + 1];
    for (size_t i = 0; i < sizeof r->short_name; i++) {
        if (r->short_name[i] < 0x20 || r->short_name[i] > 0x7e) {
            bytes_hex(text, r->short_name, sizeof r->short_name);
            return json_pack("{s:s}", "hex", text);
        }
        text[i] = (char)r->short_name[i];
    }
    text[sizeof r->short_name] = '\0';
    return json_string(text);
}

static bool put_damage(json_t *o, const struct reader *f)
{
    uint64_t cluster = f->t.volume->boot.cluster;
    bool ok = true;
    if (f->t.fault != TRAIL_WHOLE)
        ok = put(o, "damage",
                 json_pack("{s:I, s:s}", "at", (json_int_t)trail_bytes(&f->t), "why", trail_fault_text(f->t.fault)));
    if (f->t.shared != TRAIL_NONE)
        ok = ok && put_number(o, "shared_from", f->t.shared * cluster);
    if (f->t.beyond)
        ok = ok && put(o, "chain_is_longer", json_true());
    if (f->t.unallocated)
        ok = ok && put_number(o, "unallocated_clusters", f->t.unallocated);
    if (f->r.bad_sum)
        ok = ok && put(o, "checksum_is_wrong", json_true());
    return ok;
}

json_t *reader_facts(struct reader *f)
{
    const struct record *r = &f->r;
    const struct volume *v = f->t.volume;
    uint64_t sector = v->view->disk->sector;
    bool exfat = v->boot.type == BOOT_EXFAT;
    json_t *o = json_object();
    if (!o)
        return NULL;
    bool ok = put(o, "file_system", json_string(boot_type_name(v->boot.type))) && put_number(o, "volume", v->number) &&
              put_number(o, "entry_sector", f->entry / sector) && put_number(o, "entry_offset", f->entry % sector) &&
              put_number(o, "first_cluster", r->first) && put_number(o, "clusters", f->t.length) &&
              put_number(o, "fragments", f->t.fragments) && put_number(o, "attributes", r->attributes) &&
              put(o, "created", stamp_json(&r->created)) && put(o, "modified", stamp_json(&r->modified)) &&
              put(o, "accessed", stamp_json(&r->accessed)) && put_damage(o, f);
    if (ok && exfat)
        ok = put_number(o, "valid", r->valid) && put(o, "contiguous", json_boolean(r->contiguous));
    if (ok && !exfat)
        ok = put(o, "short_name", short_name(r));
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}
