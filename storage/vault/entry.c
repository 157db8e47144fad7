#include "storage/vault/entry.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"
#include "storage/limits.h"

#include <stdlib.h>
#include <string.h>

static json_t *number(uint64_t v)
{
    return json_integer((json_int_t)v);
}

static json_t *camera_json(const struct intake_camera *c)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:o}", "vendor", c->vendor, "product", c->product, "serial", c->serial,
                     "profile", c->profile, "volume", c->volume, "clock", clock_json(c->clock));
}

/* "path", and "path_b64" where the path had to be escaped. */
static bool set_path(json_t *o, const char *path)
{
    size_t n = strlen(path);
    struct buf clean = {0};
    char *b64 = NULL;
    bool good = text_escape(&clean, path, n) == ERR_OK &&
                json_object_set_new(o, "path", json_stringn((const char *)clean.p, clean.len)) == 0;
    if (good && (clean.len != n || memcmp(clean.p, path, n) != 0)) {
        b64 = malloc(BYTES_B64(n));
        if (b64)
            bytes_b64(b64, (const uint8_t *)path, n, true);
        good = b64 && json_object_set_new(o, "path_b64", json_string(b64)) == 0;
    }
    free(b64);
    buf_free(&clean);
    return good;
}

static json_t *blobs_json(const struct blobs *b)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < b->n; i++) {
        char name[HASH_HEX];
        hash_hex(name, &b->v[i].name);
        json_t *one = json_pack("{s:s,s:o,s:o,s:o}", "name", name, "offset", number((uint64_t)i * BLOB_PLAIN_MAX),
                                "length", number(b->v[i].length), "size", number(b->v[i].size));
        if (json_array_append_new(list, one) < 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

/* What the camera's side has to add, over what stands there. */
static bool set_facts(json_t *o, const struct intake_source *f)
{
    json_t *more = f->facts ? f->facts(f->ctx) : json_object();
    bool good = more && json_object_update(o, more) == 0;
    json_decref(more);
    return good;
}

static bool set_file(json_t *o, const struct piece *f)
{
    char plain[HASH_HEX];
    hash_hex(plain, &f->plain);
    return set_path(o, f->source->path) && json_object_set_new(o, "size", number(f->source->size)) == 0 &&
           json_object_set_new(o, "mtime", clock_json(f->source->mtime)) == 0 &&
           json_object_set_new(o, "blake2b", json_string(plain)) == 0 &&
           json_object_set_new(o, "blobs", blobs_json(&f->blobs)) == 0;
}

static json_t *sidecars_json(const struct piece *pieces, size_t n)
{
    json_t *list = json_array();
    bool good = list != NULL;
    for (size_t i = 0; i < n && good; i++) {
        json_t *one = json_object();
        good =
            one && set_file(one, &pieces[i]) && set_facts(one, pieces[i].source) && json_array_append(list, one) == 0;
        json_decref(one);
    }
    if (!good) {
        json_decref(list);
        return NULL;
    }
    return list;
}

/* Takes data. */
static json_t *entry(const char *type, json_t *data, char id[static ENTRY_ID])
{
    batch_entry_id(id);
    return json_pack("{s:s,s:s,s:o}", "id", id, "type", type, "data", data);
}

json_t *entry_recording(const struct station *s, const struct intake_camera *camera, const struct piece *pieces,
                        size_t n, char id[static ENTRY_ID])
{
    json_t *data = json_pack("{s:o}", "camera", camera_json(camera));
    json_t *rest =
        json_pack("{s:o,s:i,s:[],s:n,s:s,s:s,s:n,s:n}", "sidecars", sidecars_json(pieces + 1, n - 1), "retries", 0,
                  "holes", "operator", "station", s->name, "unit", s->unit, "mode", "mode_reason");
    bool good = data && rest && set_file(data, &pieces[0]) && json_object_update(data, rest) == 0 &&
                set_facts(data, pieces[0].source);
    json_decref(rest);
    if (!good) {
        json_decref(data);
        return NULL;
    }
    return entry("recording", data, id);
}

json_t *entry_seen(const struct intake_camera *camera, const struct intake_source *f, uint64_t seq)
{
    char id[ENTRY_ID];
    json_t *data = json_pack("{s:o,s:o}", "seq", number(seq), "camera", camera_json(camera));
    if (!data || !set_path(data, f->path)) {
        json_decref(data);
        return NULL;
    }
    return entry("seen", data, id);
}
