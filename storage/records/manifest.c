#include "storage/records/manifest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STEM_MAX 80u

/* Is it a name that the package needs itself? */
static bool is_reserved(const char *name)
{
    static const char *const taken[] = {"sha256sums", "b2sums", "check.txt", "batches",
                                        "labels",     "parts",  "receipts",  "keys"};
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        if (strncasecmp(name, taken[i], strlen(taken[i])) == 0)
            return true;
    return strncasecmp(name, "manifest.", 9) == 0 || strncasecmp(name, "roster", 6) == 0;
}

/* The last part of a camera's path in letters that no shell, no file system
 * and no terminal takes for anything else. Long ones lose their middle. */
static void safe_name(char out[static STEM_MAX + 1], const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t len = strlen(name), n = 0;
    for (size_t i = 0; i < len && n < STEM_MAX; i++) {
        if (len > STEM_MAX && n == STEM_MAX - 16)
            i = len - 16;
        char c = name[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
        out[n] = fine ? c : '_';
        if (n == 0 && (c == '.' || c == '-'))
            out[n] = '_';
        n++;
    }
    out[n] = '\0';
    if (n == 0)
        memcpy(out, "recording", sizeof "recording");
}

static bool is_taken(const struct manifest *m, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(m->files[i].name, name) == 0)
            return true;
    return is_reserved(name);
}

enum err manifest_names(struct manifest *m)
{
    const struct recording *r = m->recording;
    if (r->n_files > MANIFEST_FILES_MAX)
        return err_set(ERR_DATA, "recording %s has more than %u files", r->id, MANIFEST_FILES_MAX);
    for (size_t i = 0; i < r->n_files; i++) {
        char stem[STEM_MAX + 1];
        safe_name(stem, r->files[i].path);
        snprintf(m->files[i].name, MANIFEST_NAME, "%s", stem);
        for (unsigned k = 1; is_taken(m, i, m->files[i].name); k++)
            snprintf(m->files[i].name, MANIFEST_NAME, "file%u-%s", k, stem);
    }
    m->n_files = r->n_files;
    return ERR_OK;
}

static json_t *hex_json(const void *p)
{
    struct hash h;
    char hex[HASH_HEX];
    memcpy(h.b, p, HASH_LEN);
    hash_hex(hex, &h);
    return json_string(hex);
}

static json_t *files_json(const struct manifest *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->n_files; i++) {
        const struct recording_file *f = &m->recording->files[i];
        char mtime[CLOCK_TEXT] = "unknown";
        if (f->mtime != INT64_MIN)
            clock_text(mtime, f->mtime);
        json_array_append_new(list, json_pack("{s:s,s:s,s:I,s:s,s:o,s:o}", "name", m->files[i].name, "path", f->path,
                                              "size", (json_int_t)m->files[i].size, "mtime", mtime, "sha256",
                                              hex_json(m->files[i].sha256), "blake2b", hex_json(&m->files[i].blake2b)));
    }
    return list;
}

static json_t *batches_json(const struct manifest *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->n_batches; i++) {
        const struct manifest_batch *b = &m->batches[i];
        const struct roster_station *s = roster_chain(m->roster, b->chain);
        char key[SIGN_PUBLIC_TEXT] = "unknown";
        if (s)
            sign_public_text(key, &s->key);
        json_array_append_new(list,
                              json_pack("{s:s,s:I,s:o,s:o,s:o,s:s,s:s}", "chain", b->chain, "seq", (json_int_t)b->seq,
                                        "label", hex_json(&b->label), "content", hex_json(&b->content), "parts",
                                        hash_is_zero(&b->parts) ? json_string("-") : hex_json(&b->parts), "station",
                                        s ? s->name : "-", "key", key));
    }
    return list;
}

static json_t *request_json(const struct recording_event *v)
{
    char when[CLOCK_TEXT], key[SIGN_PUBLIC_TEXT];
    const char *why = json_string_value(json_object_get(v->data, "why"));
    clock_text(when, v->time);
    sign_public_text(key, &v->author_key);
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", v->id, "by", v->author, "key", key, "time", when, "why",
                     why ? why : "");
}

enum err manifest_write(const struct manifest *m, struct buf *out)
{
    const struct recording *r = m->recording;
    char authority[SIGN_PUBLIC_TEXT], when[CLOCK_TEXT];
    struct hash roster = hash_of(m->roster->text.p, m->roster->text.len);
    sign_public_text(authority, &m->roster->authority);
    clock_text(when, r->time);
    json_t *j = json_pack("{s:i,s:s,s:s,s:{s:I,s:o},s:{s:s,s:s,s:s,s:s,s:s,s:s},s:o,s:s,s:o,s:o}", "feldsher-manifest",
                          1, "district", m->roster->district, "authority", authority, "roster", "number",
                          (json_int_t)m->roster->number, "blake2b", hex_json(&roster), "recording", "id", r->id,
                          "station", r->station, "unit", r->unit, "camera", r->camera, "mode", r->mode, "time", when,
                          "request", request_json(m->request), "approver", m->approver, "files", files_json(m),
                          "batches", batches_json(m));
    char *text = j ? json_dumps(j, JSON_SORT_KEYS | JSON_INDENT(1) | JSON_ENSURE_ASCII) : NULL;
    out->max = MANIFEST_MAX;
    enum err e = text ? buf_str(out, text) : err_set(ERR_NOMEM, "out of memory");
    if (!e)
        e = buf_str(out, "\n");
    free(text);
    json_decref(j);
    return e;
}

enum err manifest_read(const char *text, size_t n, struct manifest *m, char approver[static NAME_LEN], uint64_t *roster)
{
    json_error_t why;
    json_t *j = n <= MANIFEST_MAX ? json_loadb(text, n, JSON_REJECT_DUPLICATES, &why) : NULL;
    const json_t *list = json_object_get(j, "batches");
    const char *name = json_string_value(json_object_get(j, "approver"));
    json_int_t number = json_integer_value(json_object_get(json_object_get(j, "roster"), "number"));
    bool good = json_is_array(list) && json_array_size(list) <= MANIFEST_BATCHES_MAX && name &&
                strlen(name) < NAME_LEN && number > 0;
    m->n_batches = good ? json_array_size(list) : 0;
    for (size_t i = 0; i < m->n_batches && good; i++) {
        const json_t *b = json_array_get(list, i);
        const char *chain = json_string_value(json_object_get(b, "chain"));
        json_int_t seq = json_integer_value(json_object_get(b, "seq"));
        good = chain && strlen(chain) == CHAIN_ID - 1 && seq > 0;
        if (good) {
            memcpy(m->batches[i].chain, chain, CHAIN_ID);
            m->batches[i].seq = (uint64_t)seq;
        }
    }
    if (good) {
        memcpy(approver, name, strlen(name) + 1);
        *roster = (uint64_t)number;
    }
    json_decref(j);
    return good ? ERR_OK : err_set(ERR_DATA, "the manifest in the approval is malformed");
}
