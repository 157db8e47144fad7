#ifndef TUI_OPENER_OPENED_H
#define TUI_OPENER_OPENED_H

#include "storage/records/records.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * What the opener has open: the person's keys and, with them, records.db. It
 * answers what needs no fork: unlock, lock, rows, draft.
 */
struct opened;

enum err opened_new(struct opened **out, const char *dir) MUST_USE;
void opened_free(struct opened *o);

/* The keys are wiped, the database closed. */
void opened_lock(struct opened *o);
/* NULL: locked. */
struct user *opened_user(const struct opened *o);

/* Rows go to fn, which owns them; id 0: an event. */
typedef void opened_row_fn(void *ctx, unsigned id, json_t *row);
/* false: not one of its words: a command. secrets: lines. */
bool opened_answer(struct opened *o, unsigned id, const json_t *argv, const char *secrets, size_t n, opened_row_fn *fn,
                   void *ctx, enum err *e);
/* One slice of what is to be caught up; true: there is more. To be called when
 * opened_fd can be read, too. */
bool opened_work(struct opened *o, opened_row_fn *fn, void *ctx);
/* Readable when a chain has grown or a notice has come; -1: never. */
int opened_fd(const struct opened *o);
/* How long opened_work may be left alone, ms; -1: until opened_fd. */
int opened_patience(const struct opened *o);
/* Where a command's recording stands in the chains, by records.db; *n 0: not
 * known, it looks through them all. The caller frees. */
void opened_positions(struct opened *o, const json_t *argv, struct records_position **at, size_t *n);
/* Before a fork: closes what must not be open in two processes. */
void opened_fork(struct opened *o);

#endif
