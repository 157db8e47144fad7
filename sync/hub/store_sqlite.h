#ifndef SYNC_HUB_STORE_SQLITE_H
#define SYNC_HUB_STORE_SQLITE_H

#include "sync/hub/store_index.h"

/* Inside the embedded store (store_sqlite_open is in store.h). */

struct store_index *store_sqlite_index(struct store *s);
/* Brings the index up to the files of dir, in one transaction. */
enum err store_catch_up(struct store *s, const char *dir) MUST_USE;

#endif
