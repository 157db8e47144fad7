#include "storage/records/records_apply.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"
#include "storage/records/recording_entry.h"

#include <stdlib.h>
#include <string.h>

#define POS_BITS 22
#define TEXT_MAX 65536u /* of one entry in the full text */

static const char *string_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* A free place among the rows of that second. */
static enum err next_pos(struct records *r, int64_t time, int64_t *pos)
{
    enum err e;
    int64_t second = time > 0 ? time / 1000 : 0, last;
    sqlite3_stmt *s = records_sql(&r->sql, SQL_LAST_POS, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, (second + 1) << POS_BITS);
    e = records_sql_number(&r->sql, s, &last);
    *pos = last >= second << POS_BITS ? last + 1 : second << POS_BITS;
    return e;
}

enum err records_apply_fault(struct records *r, int64_t chain, uint64_t seq, int64_t n, int64_t time,
                             const char *recording, const char *why)
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, SQL_FAULT_ADD, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, chain);
    sqlite3_bind_int64(s, 2, (int64_t)seq);
    sqlite3_bind_int64(s, 3, n);
    sqlite3_bind_int64(s, 4, time);
    records_sql_id(s, 5, recording);
    records_sql_text(s, 6, why);
    sqlite3_bind_int64(s, 7, r->opening);
    r->faults++;
    return records_sql_run(&r->sql, s);
}

static enum err add_text(struct records *r, enum records_stmt id, int64_t pos, const struct buf *text)
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, id, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, pos);
    sqlite3_bind_text(s, 2, (const char *)text->p, (int)text->len, SQLITE_STATIC);
    return records_sql_run(&r->sql, s);
}

/* Signed texts and the like are no words of a person. */
static bool is_searched(const char *key)
{
    static const char *const not [] = {"notice", "manifest", "minisig", "path_b64"};
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        if (strcmp(not [i], key) == 0)
            return false;
    return true;
}

/* An ID or a hash. */
static bool is_name(const char *s)
{
    size_t n = strspn(s, "0123456789abcdef");
    return n >= ENTRY_ID - 1 && s[n] == '\0';
}

/* Every text of an entry's data, whatever its type. */
static enum err texts_of(const json_t *j, struct buf *out)
{
    enum err e = ERR_OK;
    size_t i;
    const char *key;
    json_t *v;
    if (json_is_string(j)) {
        const char *s = json_string_value(j);
        if (s[0] && !is_name(s) && out->len + strlen(s) < TEXT_MAX)
            e = buf_fmt(out, "%s%s", out->len ? " " : "", s);
    } else if (json_is_array(j)) {
        for (i = 0; i < json_array_size(j) && !e; i++)
            e = texts_of(json_array_get(j, i), out);
    } else {
        json_object_foreach((json_t *)(uintptr_t)j, key, v)
        {
            if (!e && is_searched(key))
                e = texts_of(v, out);
        }
    }
    return e;
}

/* The unit that a label is delivered to; "" none. */
static void unit_of(char out[static NAME_LEN], const struct label *l)
{
    const char *at = strncmp(l->to, "unit/", 5) == 0 ? l->to : strstr(l->to, " unit/");
    out[0] = '\0';
    if (at) {
        struct span unit = {strchr(at, '/') + 1, strcspn(strchr(at, '/') + 1, " ")};
        if (!span_copy(unit, out, NAME_LEN))
            out[0] = '\0';
    }
}

/* The entry that this one answers, where its type says so. */
static const char *about_of(const char *type, const json_t *data)
{
    static const char *const answers[][2] = {{"approve", "request"},
                                             {"export", "request"},
                                             {"order", "order"},
                                             {"confirm", "note"},
                                             {"accepted", "handover"}};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (strcmp(type, answers[i][0]) == 0)
            return string_of(data, answers[i][1]);
    return "";
}

/* The data of a recording without the names of its blobs: those stand in its
 * row, and for a long film they are most of it. */
static json_t *lean(const json_t *data)
{
    json_t *copy = json_copy((json_t *)(uintptr_t)data);
    json_t *sidecars = json_array();
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(data, "sidecars"), i, one)
    {
        json_t *without = json_copy(one);
        json_object_del(without, "blobs");
        json_array_append_new(sidecars, without);
    }
    json_object_del(copy, "blobs");
    if (!copy || json_object_set_new(copy, "sidecars", sidecars) < 0) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

static char *dump(const json_t *data, bool recording)
{
    json_t *short_one = recording ? lean(data) : NULL;
    char *text = recording && !short_one ? NULL : json_dumps(short_one ? short_one : data, JSON_COMPACT);
    json_decref(short_one);
    return text;
}

static enum err add_entry(struct records *r, const struct records_chain *c, const struct label *l,
                          const struct batch *b, const json_t *entry, size_t n, int64_t pos)
{
    enum err e;
    char unit[NAME_LEN];
    const char *type = string_of(entry, "type");
    const json_t *data = json_object_get(entry, "data");
    bool recording = strcmp(type, "recording") == 0;
    char *text = dump(data, recording);
    if (!text)
        return err_set(ERR_NOMEM, "out of memory");
    sqlite3_stmt *s = records_sql(&r->sql, SQL_ENTRY_ADD, &e);
    if (!e) {
        unit_of(unit, l);
        sqlite3_bind_int64(s, 1, pos);
        records_sql_id(s, 2, string_of(entry, "id"));
        sqlite3_bind_int64(s, 3, c->n);
        sqlite3_bind_int64(s, 4, (int64_t)l->seq);
        sqlite3_bind_int64(s, 5, (int64_t)n);
        sqlite3_bind_text(s, 6, type, -1, SQLITE_STATIC);
        sqlite3_bind_int64(s, 7, l->time);
        records_sql_text(s, 8, string_of(json_object_get(entry, "clock"), "mark"));
        records_sql_text(s, 9, b->author);
        records_sql_text(s, 10, unit);
        records_sql_id(s, 11, string_of(data, "recording"));
        records_sql_id(s, 12, about_of(type, data));
        sqlite3_bind_text(s, 13, text, -1, SQLITE_STATIC);
        e = records_sql_run(&r->sql, s);
        sqlite3_clear_bindings(s);
    }
    free(text);
    struct buf words = {.secret = 1};
    if (!e && !recording) {
        e = texts_of(data, &words);
        if (!e && words.len && b->author[0])
            e = buf_fmt(&words, " %s", b->author);
        if (!e && words.len)
            e = add_text(r, SQL_ENTRY_TEXT, pos, &words);
    }
    buf_free(&words);
    return e;
}

static enum err words_of(struct buf *out, const char *path, const char *camera, const char *unit, const char *station,
                         const char *mode)
{
    return buf_fmt(out, "%s %s %s %s %s", path, camera, unit, station, mode);
}

static const char *column(sqlite3_stmt *s, int i)
{
    const char *text = (const char *)sqlite3_column_text(s, i);
    return text ? text : "";
}

/* Of two recordings with one ID the earlier stands. *stands: the one that is
 * here already. */
static enum err settle_double(struct records *r, const struct recording *rec, size_t n, bool *stands)
{
    static const char why[] = "its recording has the ID of another one";
    struct buf words = {0};
    enum err e;
    *stands = false;
    sqlite3_stmt *s = records_sql(&r->sql, SQL_RECORDING_ID, &e);
    if (!s)
        return e;
    records_sql_id(s, 1, rec->id);
    e = records_sql_row(&r->sql, s);
    if (e) {
        sqlite3_reset(s);
        return e == ERR_NOINPUT ? ERR_OK : e;
    }
    int64_t pos = sqlite3_column_int64(s, 0), chain = sqlite3_column_int64(s, 1), time = sqlite3_column_int64(s, 4);
    uint64_t seq = (uint64_t)sqlite3_column_int64(s, 2);
    int64_t old_n = sqlite3_column_int64(s, 3);
    int order = (time > rec->time) - (time < rec->time);
    if (!order)
        order = strcmp(column(s, 5), rec->chain);
    if (!order)
        order = (seq > rec->seq) - (seq < rec->seq);
    *stands = order <= 0;
    e = words_of(&words, column(s, 6), column(s, 7), column(s, 8), column(s, 9), column(s, 10));
    sqlite3_reset(s);
    if (!e && *stands) {
        struct records_chain *c;
        e = records_chain(r, rec->chain, &c);
        if (!e)
            e = records_apply_fault(r, c->n, rec->seq, (int64_t)n, rec->time, rec->id, why);
    } else if (!e) {
        e = add_text(r, SQL_RECORDING_UNTEXT, pos, &words);
        s = e ? NULL : records_sql(&r->sql, SQL_RECORDING_DROP, &e);
        if (s) {
            sqlite3_bind_int64(s, 1, pos);
            e = records_sql_run(&r->sql, s);
        }
        if (!e)
            e = records_apply_fault(r, chain, seq, old_n, time, rec->id, why);
    }
    buf_free(&words);
    return e;
}

/* Names and sizes of all blobs of a recording, 40 bytes each. */
static enum err blobs_of(const struct recording *rec, struct buf *out)
{
    enum err e = ERR_OK;
    for (size_t i = 0; i < rec->n_files && !e; i++) {
        for (size_t k = 0; k < rec->files[i].n_blobs && !e; k++) {
            uint8_t size[8];
            bytes_put_le64(size, rec->files[i].blobs[k].size);
            e = buf_add(out, rec->files[i].blobs[k].name.b, HASH_LEN);
            if (!e)
                e = buf_add(out, size, sizeof size);
        }
    }
    return e;
}

static enum err put_recording(struct records *r, int64_t chain, const struct recording *rec, size_t n, int64_t pos)
{
    enum err e;
    struct buf blobs = {0}, words = {0};
    const struct recording_file *f = &rec->files[0];
    sqlite3_stmt *s = records_sql(&r->sql, SQL_RECORDING_ADD, &e);
    if (!e)
        e = blobs_of(rec, &blobs);
    if (!e)
        e = words_of(&words, f->path, rec->camera, rec->unit, rec->station, rec->mode);
    if (!e) {
        sqlite3_bind_int64(s, 1, pos);
        records_sql_id(s, 2, rec->id);
        sqlite3_bind_int64(s, 3, chain);
        sqlite3_bind_int64(s, 4, (int64_t)rec->seq);
        sqlite3_bind_int64(s, 5, (int64_t)n);
        sqlite3_bind_int64(s, 6, rec->time);
        records_sql_text(s, 7, rec->clock);
        records_sql_text(s, 8, rec->station);
        records_sql_text(s, 9, rec->unit);
        records_sql_text(s, 10, rec->camera);
        records_sql_text(s, 11, rec->mode);
        records_sql_text(s, 12, f->path);
        sqlite3_bind_int64(s, 13, (int64_t)f->size);
        if (f->mtime != INT64_MIN)
            sqlite3_bind_int64(s, 14, f->mtime);
        records_sql_blob(s, 15, f->hash.b, HASH_LEN);
        if (!hash_is_zero(&rec->parts))
            records_sql_blob(s, 16, rec->parts.b, HASH_LEN);
        records_sql_blob(s, 17, blobs.p, blobs.len);
        e = records_sql_run(&r->sql, s);
    }
    if (!e)
        e = add_text(r, SQL_RECORDING_TEXT, pos, &words);
    buf_free(&blobs);
    buf_free(&words);
    return e;
}

static enum err add_recording(struct records *r, const struct records_chain *c, const struct label *l,
                              const json_t *entry, unsigned gathered, size_t n, int64_t pos)
{
    struct recording rec;
    bool stands;
    enum err e = recording_entry_read(&rec, r->s, l, entry, gathered);
    if (e == ERR_DATA)
        return records_apply_fault(r, c->n, l->seq, (int64_t)n, l->time, string_of(entry, "id"), err_text());
    if (e)
        return e;
    e = settle_double(r, &rec, n, &stands);
    if (!e && !stands)
        e = put_recording(r, c->n, &rec, n, pos);
    recording_entry_free(&rec);
    return e;
}

enum err records_apply(struct records *r, const struct records_chain *c, const struct label *l, const struct batch *b)
{
    size_t n;
    const json_t *entry;
    unsigned gathered = 0;
    enum err e = ERR_OK;
    json_array_foreach(b->entries, n, entry) gathered += strcmp(string_of(entry, "type"), "recording") == 0;
    json_array_foreach(b->entries, n, entry)
    {
        int64_t pos = 0;
        e = next_pos(r, l->time, &pos);
        if (!e)
            e = add_entry(r, c, l, b, entry, n, pos);
        if (!e && strcmp(string_of(entry, "type"), "recording") == 0)
            e = add_recording(r, c, l, entry, gathered, n, pos);
        if (e)
            return e;
    }
    return ERR_OK;
}
