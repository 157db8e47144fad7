#ifndef TUI_OPENER_SLOW_H
#define TUI_OPENER_SLOW_H

#include "storage/records/records.h"

/*
 * Rows without records.db, where it cannot be had (a full disk, a folder that
 * can only be read): out of the batches themselves, which are opened once.
 * Recordings, what waits for a second person, quarantine; the rest is empty.
 */
struct recording_list;

/* l: by recording_load. As records_find. */
enum err slow_find(const struct station *s, const struct recording_list *l, const struct records_query *q,
                   records_row_fn *fn, void *ctx, struct records_total *total) MUST_USE;

#endif
