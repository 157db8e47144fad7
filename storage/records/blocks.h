#ifndef STORAGE_RECORDS_BLOCKS_H
#define STORAGE_RECORDS_BLOCKS_H

#include "storage/records/block_file.h"

/*
 * The SQLite VFS over sealed blocks (block_file.h): whatever file SQLite opens
 * through it is one of them. It knows nothing of SQLite's formats. For one
 * connection, in exclusive locking: the database is locked from its opening
 * to its closing; no shared memory, so WAL needs PRAGMA locking_mode=EXCLUSIVE
 * first. Small writes are held back, and given to the system before another
 * file is written, at each sync and at the end of each transaction: a commit
 * that was reported survives the process.
 */
struct blocks;

/* Registers a VFS of its own name under a copy of the key. ERR_NOMEM. */
enum err blocks_new(struct blocks **out, const uint8_t key[static BLOCK_KEY]) MUST_USE;
/* After the connection is closed. Wipes the key. */
void blocks_free(struct blocks *b);
/* For sqlite3_open_v2. */
const char *blocks_vfs(const struct blocks *b);

/* Why SQLite's last failure, if it was ours: ERR_BAD (another key, a block that
 * fails its check), ERR_AGAIN (locked), ERR_FULL, ERR_IO, with the sentence
 * set anew; ERR_OK: SQLite has its own reasons. */
enum err blocks_why(const struct blocks *b);
/* A journal or WAL had blocks that no seal fits, as a power cut leaves them:
 * SQLite went back to before them; let it check itself. */
bool blocks_torn(const struct blocks *b);

#endif
