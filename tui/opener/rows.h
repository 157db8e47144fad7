#ifndef TUI_OPENER_ROWS_H
#define TUI_OPENER_ROWS_H

#include "storage/records/records.h"

/*
 * The request
 *
 *   rows recordings|entries|waiting|notes|quarantine [--text T] [--filter F]
 *        [--unit U] [--station S] [--camera C] [--author A] [--type T]
 *        [--recording ID] [--since MS] [--until MS] [--from N] [--count M]
 *
 * F: words with commas, held and flagged; of recordings also here (all their
 * blobs) or away (not all of them), for which every row is looked at, up to
 * RECORDS_COUNT_MAX of them. The answer is a row per hit, newest
 * first, and last {"total":N,"more":true|false}: more were not counted.
 */
#define ROWS_COUNT_MAX 1000u

enum rows_where { ROWS_ANYWHERE, ROWS_HERE, ROWS_AWAY };

/* argv: "rows" and the words behind it. ERR_USAGE. The query points into them. */
enum err rows_query(const json_t *argv, struct records_query *q, enum rows_where *where) MUST_USE;
/* Is a recording's row of those? */
bool rows_are_there(enum rows_where where, const json_t *row);

#endif
