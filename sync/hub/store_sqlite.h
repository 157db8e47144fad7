#ifndef SYNC_HUB_STORE_SQLITE_H
#define SYNC_HUB_STORE_SQLITE_H

#include "sync/hub/store_index.h"

/* Inside the embedded store (store_sqlite_open is in store.h). */

struct store_index *store_sqlite_index(struct store *s);
/* As the store would be after it was opened for writing, but nothing is
 * changed: for who looks while nobody writes (verify). */
enum err store_sqlite_open_trial(struct store **out, const char *dir) MUST_USE;
/* Brings the index up to the files of dir, in one transaction. trial: which is
 * left open, and no file is changed. */
enum err store_catch_up(struct store *s, const char *dir, bool trial) MUST_USE;

#endif
