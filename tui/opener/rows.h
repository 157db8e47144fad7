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
 * F: words with commas, held and flagged. The answer is a row per hit, newest
 * first, and last {"total":N,"more":true|false}: more were not counted.
 */
#define ROWS_COUNT_MAX 1000u

/* argv: the words behind "rows". ERR_USAGE. The query points into them. */
enum err rows_query(const json_t *argv, struct records_query *q) MUST_USE;

#endif
