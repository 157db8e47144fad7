#include "storage/records/recording_entry.h"

#include <stdlib.h>
#include <string.h>

#define FILES_MAX 64u /* a recording and its sidecars */

static const char *string_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* A whole number from an entry; false for anything else. */
static bool number_of(const json_t *o, const char *key, uint64_t max, uint64_t *out)
{
    const json_t *j = json_object_get(o, key);
    json_int_t v = json_integer_value(j);
    if (!json_is_integer(j) || v < 0 || (uint64_t)v > max)
        return false;
    *out = (uint64_t)v;
    return true;
}

static bool hash_of_text(const json_t *o, const char *key, struct hash *out)
{
    const char *s = string_of(o, key);
    return hash_unhex(out, s, strlen(s));
}

static enum err read_blobs(struct recording_file *f, const json_t *list)
{
    size_t n = json_array_size(list);
    if (n) {
        f->blobs = calloc(n, sizeof *f->blobs);
        if (!f->blobs)
            return err_set(ERR_NOMEM, "out of memory");
    }
    uint64_t end = 0;
    for (f->n_blobs = 0; f->n_blobs < n; f->n_blobs++) {
        const json_t *j = json_array_get(list, f->n_blobs);
        struct recording_blob *b = &f->blobs[f->n_blobs];
        if (!hash_of_text(j, "name", &b->name) || !number_of(j, "offset", INT64_MAX, &b->offset) ||
            !number_of(j, "length", BLOB_PLAIN_MAX, &b->length) || !number_of(j, "size", BLOB_SEALED_MAX, &b->size) ||
            b->length == 0 || b->offset != end)
            return err_set(ERR_DATA, "a recording's blob %zu is malformed", f->n_blobs);
        end += b->length;
    }
    if (end != f->size)
        return err_set(ERR_DATA, "a recording's blobs do not make up its size");
    return ERR_OK;
}

static enum err read_file(struct recording_file *f, const json_t *j)
{
    const char *path = string_of(j, "path");
    const char *mtime = string_of(j, "mtime");
    if (!clock_parse(&f->mtime, mtime, strlen(mtime)))
        f->mtime = INT64_MIN;
    if (!path[0] || !number_of(j, "size", INT64_MAX, &f->size) || !hash_of_text(j, "blake2b", &f->hash))
        return err_set(ERR_DATA, "a recording's path, size or hash is malformed");
    f->path = strdup(path);
    if (!f->path)
        return err_set(ERR_NOMEM, "out of memory");
    return read_blobs(f, json_object_get(j, "blobs"));
}

/* Cut short it would be another's. */
static void copy_name(char out[static NAME_LEN], const char *name)
{
    size_t n = strlen(name);
    if (n < NAME_LEN)
        memcpy(out, name, n + 1);
}

static char *camera_of(const json_t *camera)
{
    const char *part[] = {string_of(camera, "vendor"), string_of(camera, "product"), string_of(camera, "serial")};
    struct buf b = {.max = 4096};
    enum err e = buf_str(&b, "");
    for (size_t i = 0; i < 3 && !e; i++)
        if (part[i][0])
            e = buf_fmt(&b, "%s%s", b.len ? " " : "", part[i]);
    if (e) {
        buf_free(&b);
        return NULL;
    }
    return (char *)b.p;
}

void recording_entry_free(struct recording *r)
{
    for (size_t i = 0; i < r->n_files; i++) {
        free(r->files[i].path);
        free(r->files[i].blobs);
    }
    free(r->files);
    free(r->camera);
    free(r->mode);
    json_decref(r->more);
}

/* What is only shown. */
static json_t *more_of(const json_t *data)
{
    static const char *const keys[] = {"session", "name_says", "found", "holes", "retries", "waits", "skew"};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && o; i++) {
        json_t *one = json_object_get(data, keys[i]);
        if (one && json_object_set(o, keys[i], one) < 0) {
            json_decref(o);
            return NULL;
        }
    }
    return o;
}

static enum err read_files(struct recording *r, const json_t *data)
{
    const json_t *sidecars = json_object_get(data, "sidecars");
    size_t n = json_array_size(sidecars) + 1;
    if (n > FILES_MAX)
        return err_set(ERR_DATA, "a recording has more than %u sidecars", FILES_MAX - 1);
    r->files = calloc(n, sizeof *r->files);
    if (!r->files)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++) {
        r->n_files = i + 1;
        e = read_file(&r->files[i], i == 0 ? data : json_array_get(sidecars, i - 1));
        if (!e && r->files[i].n_blobs && hash_is_zero(&r->parts))
            e = err_set(ERR_DATA, "a recording's blobs stand in no parts list");
    }
    return e;
}

enum err recording_entry_read(struct recording *r, const struct station *s, const struct label *l, const json_t *entry,
                              unsigned gathered)
{
    const json_t *data = json_object_get(entry, "data");
    const struct roster_station *from = roster_chain(s->roster, l->chain);
    const char *unit = string_of(data, "unit");
    *r = (struct recording){.seq = l->seq, .time = l->time, .parts = l->parts, .gathered = gathered};
    memcpy(r->id, string_of(entry, "id"), ENTRY_ID);
    snprintf(r->clock, sizeof r->clock, "%s", string_of(json_object_get(entry, "clock"), "mark"));
    memcpy(r->chain, l->chain, CHAIN_ID);
    memcpy(r->station, from ? from->name : "-", from ? NAME_LEN : 2);
    bool known = false;
    for (size_t i = 0; i < s->roster->n_units && !known; i++)
        known = strcmp(s->roster->units[i], unit) == 0;
    snprintf(r->unit, sizeof r->unit, "%s", known ? unit : from ? from->unit : s->unit);
    const json_t *camera = json_object_get(data, "camera");
    copy_name(r->serial, string_of(camera, "serial"));
    copy_name(r->volume, string_of(camera, "volume"));
    r->camera = camera_of(camera);
    r->mode = strdup(string_of(data, "mode"));
    r->more = more_of(data);
    enum err e = r->camera && r->mode && r->more ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
    if (!e)
        e = read_files(r, data);
    if (e)
        recording_entry_free(r);
    return e;
}
