#include "storage/records/records.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"
#include "storage/records/records_inside.h"
#include "storage/vault/object.h"

#include <stdlib.h>
#include <string.h>

#define CONDS_MAX 16

/* A query on its way to SQL. */
struct find {
    struct records *r;
    const struct records_query *q;
    enum records_table table;
    struct buf words; /* empty: no text */
    bool by_id;       /* the text is the beginning of an ID */
    uint8_t low[10], high[10];
    enum records_cond cond[CONDS_MAX];
    size_t n;
};

static void narrow(struct find *f, enum records_cond c, bool when)
{
    if (when)
        f->cond[f->n++] = c;
}

static void conditions(struct find *f)
{
    const struct records_query *q = f->q;
    bool recordings = f->table == TABLE_RECORDINGS;
    f->n = 0;
    if (f->table == TABLE_FAULTS)
        return;
    narrow(f, COND_POS_FROM, q->from > 0);
    narrow(f, COND_POS_TO, q->to > 0);
    narrow(f, COND_UNIT, q->unit);
    narrow(f, recordings ? COND_STATION : COND_STATION_OF_CHAIN, q->station);
    narrow(f, COND_CAMERA, recordings && q->camera);
    narrow(f, COND_AUTHOR, !recordings && q->author);
    narrow(f, COND_TYPE, q->kind == RECORDS_NOTES || (q->kind == RECORDS_ENTRIES && q->type));
    narrow(f, recordings ? COND_ID : COND_RECORDING, q->recording);
    narrow(f, COND_ID_FROM, f->by_id);
    narrow(f, COND_ID_TO, f->by_id);
    narrow(f, COND_HELD, recordings && q->only & RECORDS_HELD);
    narrow(f, COND_FLAGGED, recordings && q->only & RECORDS_FLAGGED);
    narrow(f, COND_WAITING, q->kind == RECORDS_WAITING);
}

/* The first row of the second in which a time lies, or of the next. */
static int64_t pos_of(int64_t time)
{
    return (time + 999) / 1000 << 22;
}

static void bind(const struct find *f, sqlite3_stmt *s, uint64_t most, bool rows)
{
    const struct records_query *q = f->q;
    int i = 1;
    if (f->words.len && !f->by_id)
        records_sql_text(s, i++, (const char *)f->words.p);
    for (size_t k = 0; k < f->n; k++) {
        switch (f->cond[k]) {
        case COND_POS_FROM:
            sqlite3_bind_int64(s, i++, pos_of(q->from));
            break;
        case COND_POS_TO:
            sqlite3_bind_int64(s, i++, pos_of(q->to));
            break;
        case COND_UNIT:
            records_sql_text(s, i++, q->unit);
            break;
        case COND_STATION:
        case COND_STATION_OF_CHAIN:
            records_sql_text(s, i++, q->station);
            break;
        case COND_CAMERA:
            records_sql_text(s, i++, q->camera);
            break;
        case COND_AUTHOR:
            records_sql_text(s, i++, q->author);
            break;
        case COND_TYPE:
            records_sql_text(s, i++, q->kind == RECORDS_NOTES ? "note" : q->type);
            break;
        case COND_ID:
        case COND_RECORDING:
            records_sql_id(s, i++, q->recording);
            break;
        case COND_ID_FROM:
            records_sql_blob(s, i++, f->low, sizeof f->low);
            break;
        case COND_ID_TO:
            records_sql_blob(s, i++, f->high, sizeof f->high);
            break;
        case COND_HELD:
        case COND_FLAGGED:
        case COND_WAITING:
        case CONDS:
            break;
        }
    }
    sqlite3_bind_int64(s, i++, (int64_t)most);
    if (rows)
        sqlite3_bind_int64(s, i, q->skip > INT64_MAX ? INT64_MAX : (int64_t)q->skip);
}

static json_t *text_at(sqlite3_stmt *s, int i)
{
    const char *text = (const char *)sqlite3_column_text(s, i);
    return text ? json_string(text) : NULL;
}

/* What is not known is an empty text to some members and null to others. */
static json_t *text_or(json_t *text, json_t *otherwise)
{
    if (!text)
        return otherwise;
    json_decref(otherwise);
    return text;
}

static json_t *hex_at(sqlite3_stmt *s, int i)
{
    char hex[HASH_HEX];
    int n = sqlite3_column_bytes(s, i);
    if (n <= 0 || n > HASH_LEN)
        return json_null();
    bytes_hex(hex, sqlite3_column_blob(s, i), (size_t)n);
    return json_string(hex);
}

static json_t *time_at(sqlite3_stmt *s, int i)
{
    char text[CLOCK_TEXT];
    if (sqlite3_column_type(s, i) == SQLITE_NULL)
        return json_null();
    clock_text(text, sqlite3_column_int64(s, i));
    return json_string(text);
}

static struct records_chain *chain_at(struct records *r, sqlite3_stmt *s, int i)
{
    int64_t n = sqlite3_column_int64(s, i);
    return n < 1 || (uint64_t)n > r->n_chains ? NULL : &r->chains[n - 1];
}

/* The hub's latest word about a chain; NULL: none that is valid. A receipt's
 * signature is checked once, as long as the text is the same. */
static const struct receipt *receipt_of(struct records *r, struct records_chain *c)
{
    struct buf text = {.max = RECEIPT_MAX};
    enum err e = queue_receipt(r->s->queue, c->chain, &text);
    bool same =
        !e && c->receipt && c->receipt->text.len == text.len && memcmp(c->receipt->text.p, text.p, text.len) == 0;
    if (!same) {
        receipt_free(c->receipt);
        c->receipt = NULL;
        if (!e)
            e = receipt_parse(&c->receipt, (const char *)text.p, text.len);
        if (!e)
            e = receipt_check(c->receipt, r->s->roster);
        if (e || strcmp(c->receipt->chain, c->chain) != 0) {
            receipt_free(c->receipt);
            c->receipt = NULL;
            err_clear();
        }
    }
    buf_free(&text);
    return c->receipt;
}

/* How many of a recording's blobs stand here with their size. */
static uint64_t count_here(const struct records *r, sqlite3_stmt *s, int i, uint64_t *blobs)
{
    const uint8_t *p = sqlite3_column_blob(s, i);
    uint64_t here = 0;
    *blobs = (uint64_t)sqlite3_column_bytes(s, i) / (HASH_LEN + 8);
    for (uint64_t k = 0; k < *blobs; k++, p += HASH_LEN + 8) {
        struct hash name;
        uint64_t is, size = 0;
        memcpy(name.b, p, HASH_LEN);
        for (int b = 7; b >= 0; b--)
            size = size << 8 | p[HASH_LEN + b];
        here += object_size(r->s->dir, &name, &is) && is == size;
    }
    return here;
}

static json_t *recording_row(struct records *r, sqlite3_stmt *s)
{
    char as_of[CLOCK_TEXT];
    struct records_chain *c = chain_at(r, s, 11);
    uint64_t seq = (uint64_t)sqlite3_column_int64(s, 12), blobs;
    if (!c)
        return NULL;
    const struct receipt *w = receipt_of(r, c);
    bool hub = w && receipt_holds(w, seq) && receipt_holds_parts(w, seq);
    uint64_t here = count_here(r, s, 17, &blobs);
    if (hub)
        clock_text(as_of, w->time);
    return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:o,s:o,s:s,s:I,s:o,s:I,s:I,s:o,s:o,s:b,s:o,s:b}", "id",
                     hex_at(s, 0), "time", time_at(s, 1), "clock_mark", text_or(text_at(s, 2), json_string("")),
                     "station", text_or(text_at(s, 3), json_string("")), "unit",
                     text_or(text_at(s, 4), json_string("")), "camera", text_or(text_at(s, 5), json_string("")), "mode",
                     text_or(text_at(s, 6), json_string("")), "path", text_or(text_at(s, 7), json_string("")), "size",
                     (json_int_t)sqlite3_column_int64(s, 8), "mtime", time_at(s, 9), "blake2b", hex_at(s, 10), "chain",
                     c->chain, "seq", (json_int_t)seq, "parts", hex_at(s, 13), "blobs", (json_int_t)blobs, "here",
                     (json_int_t)here, "hub", hub ? json_string(w->hub) : json_null(), "hub_as_of",
                     hub ? json_string(as_of) : json_null(), "held", sqlite3_column_int(s, 14), "destroyed_under",
                     hex_at(s, 15), "flagged", sqlite3_column_int(s, 16));
}

/* Who confirmed a note; null nobody. */
static json_t *confirmed(struct records *r, sqlite3_stmt *note)
{
    enum err e;
    sqlite3_stmt *s = records_sql(&r->sql, SQL_CONFIRMED, &e);
    if (!s)
        return NULL;
    sqlite3_bind_value(s, 1, sqlite3_column_value(note, 0));
    e = records_sql_row(&r->sql, s);
    json_t *who = e == ERR_OK ? text_or(text_at(s, 0), json_null()) : e == ERR_NOINPUT ? json_null() : NULL;
    sqlite3_reset(s);
    return who;
}

static json_t *entry_row(const struct find *f, sqlite3_stmt *s)
{
    struct records_chain *c = chain_at(f->r, s, 6);
    if (!c)
        return NULL;
    json_t *data = json_loadb((const char *)sqlite3_column_text(s, 9), (size_t)sqlite3_column_bytes(s, 9), 0, NULL);
    json_t *row =
        json_pack("{s:o,s:o,s:o,s:o,s:o,s:s,s:o,s:s,s:I,s:o,s:o}", "id", hex_at(s, 0), "type",
                  text_or(text_at(s, 1), json_string("")), "time", time_at(s, 2), "clock_mark",
                  text_or(text_at(s, 3), json_string("")), "author", text_or(text_at(s, 4), json_string("")), "station",
                  c->station, "unit", text_or(text_at(s, 5), json_string("")), "chain", c->chain, "seq",
                  (json_int_t)sqlite3_column_int64(s, 7), "recording", hex_at(s, 8), "data", data ? data : json_null());
    if (row && f->q->kind == RECORDS_NOTES && json_object_set_new(row, "confirmed", confirmed(f->r, s)) < 0) {
        json_decref(row);
        row = NULL;
    }
    return row;
}

static json_t *fault_row(struct records *r, sqlite3_stmt *s)
{
    struct records_chain *c = chain_at(r, s, 0);
    return c ? json_pack("{s:s,s:s,s:I,s:o,s:o,s:o}", "chain", c->chain, "station", c->station, "seq",
                         (json_int_t)sqlite3_column_int64(s, 1), "time", time_at(s, 2), "recording", hex_at(s, 3),
                         "why", text_or(text_at(s, 4), json_string("")))
             : NULL;
}

static enum err each_row(const struct find *f, records_row_fn *fn, void *ctx)
{
    sqlite3_stmt *s;
    enum err e = records_sql_search(&f->r->sql, f->table, f->words.len && !f->by_id, f->cond, f->n, true, &s);
    if (e)
        return e;
    bind(f, s, f->q->count > INT64_MAX ? INT64_MAX : f->q->count, true);
    for (;;) {
        e = records_sql_row(&f->r->sql, s);
        if (e) {
            e = e == ERR_NOINPUT ? ERR_OK : e;
            break;
        }
        json_t *row = f->table == TABLE_RECORDINGS ? recording_row(f->r, s)
                      : f->table == TABLE_ENTRIES  ? entry_row(f, s)
                                                   : fault_row(f->r, s);
        e = row ? fn(ctx, row) : err_set(ERR_BAD, "%s holds a row that makes no sense", f->r->name);
        json_decref(row);
        if (e)
            break;
    }
    sqlite3_finalize(s);
    return e;
}

static enum err count(const struct find *f, struct records_total *total)
{
    sqlite3_stmt *s;
    int64_t n;
    enum err e = records_sql_search(&f->r->sql, f->table, f->words.len && !f->by_id, f->cond, f->n, false, &s);
    if (e)
        return e;
    bind(f, s, RECORDS_COUNT_MAX + 1, false);
    e = records_sql_number(&f->r->sql, s, &n);
    sqlite3_finalize(s);
    *total = (struct records_total){(uint64_t)n > RECORDS_COUNT_MAX ? RECORDS_COUNT_MAX : (uint64_t)n,
                                    (uint64_t)n > RECORDS_COUNT_MAX};
    return e;
}

/* At least so many of the 20 digits of an ID: the lowest and the highest that
 * begin so. */
static bool id_range(const char *id, size_t least, uint8_t low[10], uint8_t high[10])
{
    char a[ENTRY_ID], b[ENTRY_ID];
    size_t n = strspn(id, "0123456789abcdef");
    if (n < least || n >= ENTRY_ID || id[n])
        return false;
    memset(a, '0', sizeof a - 1);
    memset(b, 'f', sizeof b - 1);
    memcpy(a, id, n);
    memcpy(b, id, n);
    return bytes_unhex(low, 10, a, ENTRY_ID - 1) && bytes_unhex(high, 10, b, ENTRY_ID - 1);
}

enum err records_find(struct records *r, const struct records_query *q, records_row_fn *fn, void *ctx,
                      struct records_total *total)
{
    struct find f = {.r = r, .q = q};
    enum err e = ERR_OK;
    *total = (struct records_total){0};
    f.table = q->kind == RECORDS_RECORDINGS   ? TABLE_RECORDINGS
              : q->kind == RECORDS_QUARANTINE ? TABLE_FAULTS
                                              : TABLE_ENTRIES;
    if (q->text && f.table != TABLE_FAULTS)
        e = records_sql_words(&r->sql, q->text, &f.words);
    /* as many digits as lists show are an ID, if one begins so */
    f.by_id = !e && q->text && f.table != TABLE_FAULTS && id_range(q->text, 8, f.low, f.high);
    conditions(&f);
    if (!e)
        e = count(&f, total);
    if (!e && f.by_id && total->n == 0) {
        f.by_id = false;
        conditions(&f);
        e = count(&f, total);
    }
    if (!e && q->count)
        e = each_row(&f, fn, ctx);
    buf_free(&f.words);
    return e;
}

/* The batch of the one recording that an ID or an entry's ID means. */
static enum err find_one(struct records *r, const char *type, const char *id, int64_t *chain, int64_t *seq)
{
    uint8_t low[10], high[10];
    const char *what = type ? type : "recording";
    size_t found = 0;
    enum err e;
    if (!id_range(id, 4, low, high))
        return err_set(ERR_NOINPUT, "%s is no %s; give at least the first 4 of its 20 digits", id, _(what));
    sqlite3_stmt *s = records_sql(&r->sql, type ? SQL_FIND_ENTRY : SQL_FIND_RECORDING, &e);
    if (!s)
        return e;
    records_sql_blob(s, 1, low, sizeof low);
    records_sql_blob(s, 2, high, sizeof high);
    if (type)
        records_sql_text(s, 3, type);
    while (!(e = records_sql_row(&r->sql, s))) {
        *chain = sqlite3_column_int64(s, 1);
        *seq = sqlite3_column_int64(s, 2);
        found++;
    }
    sqlite3_reset(s);
    if (e != ERR_NOINPUT)
        return e;
    if (found > 1)
        return found > 8 ? err_set(ERR_NOINPUT, "more than 8 %ss begin with %s; give more digits", _(what), id)
                         : err_set(ERR_NOINPUT, "%zu %ss begin with %s; give more digits", found, _(what), id);
    return found ? ERR_OK : err_set(ERR_NOINPUT, "no %s begins with %s; see feldsher recordings list", _(what), id);
}

enum err records_positions(struct records *r, const char *type, const char *id, struct records_position **out,
                           size_t *n)
{
    int64_t chain = 0, seq = 0;
    struct buf all = {0}; /* of positions */
    *out = NULL;
    *n = 0;
    enum err e = find_one(r, type, id, &chain, &seq);
    sqlite3_stmt *s = e ? NULL : records_sql(&r->sql, SQL_POSITIONS, &e);
    if (!s)
        return e;
    sqlite3_bind_int64(s, 1, chain);
    sqlite3_bind_int64(s, 2, seq);
    while (!(e = records_sql_row(&r->sql, s))) {
        struct records_position at = {.seq = (uint64_t)sqlite3_column_int64(s, 1)};
        snprintf(at.chain, CHAIN_ID, "%s", (const char *)sqlite3_column_text(s, 0));
        e = buf_add(&all, &at, sizeof at);
        if (e)
            break;
    }
    sqlite3_reset(s);
    if (e != ERR_NOINPUT) {
        buf_free(&all);
        return e;
    }
    *n = all.len / sizeof **out;
    *out = (void *)all.p;
    return ERR_OK;
}
