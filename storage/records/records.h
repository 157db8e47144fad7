#ifndef STORAGE_RECORDS_RECORDS_H
#define STORAGE_RECORDS_RECORDS_H

#include "storage/vault/chain.h"

#include <jansson.h>

/*
 * records-SET.db: the encrypted index of what the entries say, for fast lists
 * and search. SET names the circles that a person opens: persons with equal
 * circles share one. Its key is made of these circles' secrets, so it opens
 * for them alone and, after a new generation, not at all: it is an index, and
 * is then made anew from the chains. One process has it open at a time.
 */
struct records;

/*
 * Opens or makes it. s must outlive it; u is not kept. ERR_AGAIN: another
 * process has it. ERR_BAD: damaged, of another key or version, or older or
 * newer than the chains: records_remove, open again, catch up. ERR_FULL;
 * ERR_IO (a folder that can only be read): do without it.
 */
enum err records_open(struct records **out, const struct station *s, const struct user *u) MUST_USE;
/* In a child of fork it does nothing; a child uses nothing else of it. */
void records_close(struct records *r);
/* The station anew, after the one of the opening was closed. */
void records_attach(struct records *r, const struct station *s);
/* Deletes it with its journals. ERR_AGAIN: another process has it. */
enum err records_remove(const struct station *s, const struct user *u) MUST_USE;
/* Those of everybody; *n: how many there were. */
enum err records_remove_all(const char *dir, unsigned *n) MUST_USE;

struct records_progress {
    uint64_t done, total; /* labels; equal: nothing is left to do */
    uint64_t closed;      /* batches sealed to circles that the user does not have */
    uint64_t quarantined; /* batches and entries that failed a check */
};

/*
 * Applies at most so many labels in one transaction, and looks at the notices
 * again. u: as at the opening. To be called until done == total, and whenever
 * a label may have been added. Bad batches are listed (RECORDS_QUARANTINE) and
 * block nothing; they are tried once more after each opening, closed ones when
 * the user has gained keys. ERR_FULL, ERR_IO, ERR_BAD: nothing of this slice
 * was kept.
 */
enum err records_catch_up(struct records *r, const struct user *u, unsigned labels_at_most,
                          struct records_progress *out) MUST_USE;

enum records_kind {
    RECORDS_RECORDINGS,
    RECORDS_ENTRIES,
    RECORDS_WAITING, /* requests without approval, destruction orders with one signature */
    RECORDS_NOTES,
    RECORDS_QUARANTINE,
};

#define RECORDS_HELD 1u    /* recordings: by a hold notice in force */
#define RECORDS_FLAGGED 2u /* recordings */
#define RECORDS_COUNT_MAX 1000u

struct records_query {
    enum records_kind kind;
    const char *text; /* words or their beginnings, all of which must be found (or 8 digits of an ID); NULL: all rows */
    unsigned only;    /* RECORDS_HELD, RECORDS_FLAGGED */
    const char *unit, *station, *camera, *author, *type, *recording; /* exactly; NULL: any */
    int64_t from, to;                                                /* ms, to not included; 0: open */
    uint64_t skip, count;
};

/* Found rows, counted no further than RECORDS_COUNT_MAX. */
struct records_total {
    uint64_t n;
    bool more;
};

/*
 * Newest first. Rows live until fn returns; an error of fn ends the query and
 * is returned. Members as of `recordings list --json`, with "flagged", without
 * "sidecars"; of the others "id", "type", "time", "clock_mark", "author",
 * "station", "unit", "chain", "seq", "recording", "data" ("notes" also
 * "confirmed": who, or null); of quarantine "chain", "seq", "why".
 */
typedef enum err records_row_fn(void *ctx, const json_t *row);
enum err records_find(struct records *r, const struct records_query *q, records_row_fn *fn, void *ctx,
                      struct records_total *total) MUST_USE;

/*
 * Where everything stands that matters for one recording: its own batch, and
 * all that name it or another recording of that batch, in order of chain and
 * number. id: its ID or a unique beginning of it (ERR_NOINPUT), or, with a
 * type (request, approve, ...), that of an entry about it.
 */
struct records_position {
    char chain[CHAIN_ID];
    uint64_t seq;
};
enum err records_positions(struct records *r, const char *type, const char *id, struct records_position **out,
                           size_t *n) MUST_USE;

#endif
