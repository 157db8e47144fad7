#ifndef TESTS_UNIT_RECORDS_FIXTURE_H
#define TESTS_UNIT_RECORDS_FIXTURE_H

/* Entries of a station, and its index of records, for tests and benches. */

#include "tests/unit/station_fixture.h"

#include "storage/records/records.h"

/* Appends the entries (consumed) as one batch; its number in the chain. */
static uint64_t fixture_append(struct station *s, const struct user *author, enum roster_seal seal, json_t *entries,
                               const struct hash *parts)
{
    uint64_t seq = 0;
    struct append a = {.entries = entries,
                       .author = author,
                       .seal = seal,
                       .lane = LANE_BATCH,
                       .parts = parts,
                       .retain_class = "records"};
    enum err e = entries ? chain_append(s, &a, &seq) : ERR_NOMEM;
    if (e)
        fprintf(stderr, "chain_append: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    json_decref(entries);
    return seq;
}

/* One entry; data is consumed. id (NULL: not told) gets its ID. */
__attribute__((unused)) static json_t *fixture_entry(const char *type, json_t *data, char *id)
{
    char own[ENTRY_ID];
    batch_entry_id(own);
    if (id)
        memcpy(id, own, ENTRY_ID);
    return json_pack("{s:s,s:s,s:o}", "id", own, "type", type, "data", data);
}

/* The data of a recording of no bytes. */
__attribute__((unused)) static json_t *fixture_recording(const char *path, const char *serial)
{
    char zeros[HASH_HEX];
    memset(zeros, '0', sizeof zeros - 1);
    zeros[sizeof zeros - 1] = '\0';
    return json_pack("{s:{s:s,s:s,s:s},s:s,s:i,s:s,s:s,s:[],s:[],s:s,s:s,s:s}", "camera", "vendor", "Acme", "product",
                     "Badge", "serial", serial, "path", path, "size", 0, "mtime", "2026-11-20T10:00:00Z", "blake2b",
                     zeros, "blobs", "sidecars", "station", "amb-1", "unit", "brigade-1", "mode", "full");
}

/* Catches up to the end. */
__attribute__((unused)) static struct records_progress fixture_catch_up(struct records *r, const struct user *u,
                                                                        unsigned labels)
{
    struct records_progress p;
    do {
        enum err e = records_catch_up(r, u, labels, &p);
        if (e)
            fprintf(stderr, "records_catch_up: %s\n", err_text());
        assert_int_equal(e, ERR_OK);
    } while (p.done < p.total);
    return p;
}

__attribute__((unused)) static enum err fixture_collect(void *ctx, const json_t *row)
{
    json_t *copy = json_deep_copy(row);
    return json_array_append_new(ctx, copy) < 0 ? ERR_NOMEM : ERR_OK;
}

/* The rows of a query; the caller frees. */
__attribute__((unused)) static json_t *fixture_find(struct records *r, const struct records_query *q,
                                                    struct records_total *total)
{
    struct records_total own;
    json_t *rows = json_array();
    enum err e = records_find(r, q, fixture_collect, rows, total ? total : &own);
    if (e)
        fprintf(stderr, "records_find: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    return rows;
}

#endif
