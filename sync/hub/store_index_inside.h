#ifndef SYNC_HUB_STORE_INDEX_INSIDE_H
#define SYNC_HUB_STORE_INDEX_INSIDE_H

#include "sync/hub/store_index.h"

#include <sqlite3.h>

/* Inside the index: store_index.c, store_index_open.c. */
#define STORE_INDEX_STMTS 40

struct store_index {
    sqlite3 *db;
    sqlite3_stmt *st[STORE_INDEX_STMTS]; /* prepared when first used */
    int version;
    bool unclean;
    enum store_index_mode mode;
};

/* The sentence and the code for what SQLite returned. */
enum err store_index_fail(const struct store_index *x, int rc) MUST_USE;

#endif
