#ifndef STORAGE_CATALOG_RETENTION_H
#define STORAGE_CATALOG_RETENTION_H

#include <stdint.h>

/* How long a class of objects is kept, from the dated rows of retention.csv
 * (built in): the row with the latest valid_from not after `at` counts.
 * Returns the end in ms since 1970; INT64_MAX: open, or class unknown. */
int64_t retention_until(const char *class, int64_t at);

#endif
