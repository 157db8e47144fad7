#ifndef STORAGE_RECORDS_RECORDS_APPLY_H
#define STORAGE_RECORDS_RECORDS_APPLY_H

#include "storage/records/records_inside.h"

/* The rows of one opened batch, inside the caller's transaction. What cannot
 * be read of it becomes rows of faults. */
enum err records_apply(struct records *r, const struct records_chain *c, const struct label *l,
                       const struct batch *b) MUST_USE;

/* A fault of a batch (n -1) or of its entry n, about a recording or none (""). */
enum err records_apply_fault(struct records *r, int64_t chain, uint64_t seq, int64_t n, int64_t time,
                             const char *recording, const char *why) MUST_USE;

#endif
