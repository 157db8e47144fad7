#ifndef TUI_RECORDING_ROW_H
#define TUI_RECORDING_ROW_H

#include "storage/records/recording.h"

/* A recording as `recordings list --json` prints it: a new object. */
json_t *recording_row(const struct recording *r, const struct recording_held *w);

#endif
