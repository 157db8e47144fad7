#ifndef STORAGE_RECORDS_RECORDING_ENTRY_H
#define STORAGE_RECORDS_RECORDING_ENTRY_H

#include "storage/records/recording.h"

/* One entry of the type recording, read and checked: everything but events,
 * holds and orders. ERR_DATA: malformed; then r is empty. gathered: recordings
 * in its batch. */
enum err recording_entry_read(struct recording *r, const struct station *s, const struct label *l, const json_t *entry,
                              unsigned gathered) MUST_USE;
/* What hangs on it. */
void recording_entry_free(struct recording *r);

#endif
