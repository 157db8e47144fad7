#ifndef STORAGE_RECORDS_BLOCK_DISK_H
#define STORAGE_RECORDS_BLOCK_DISK_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sealed blocks on disk: what block_file.h reads and writes whole blocks of.
 *
 * Pages of 4096 bytes: a head ("feldsher-blocks\n", version, kind, file id of
 * 16 random bytes, keyed BLAKE2b-256 of these and of the parent's id), then
 * groups of one page of seals and the 48 blocks behind it. A block has two
 * seals of 42 bytes: tag (16), nonce (24), length of its plaintext and a
 * serial number (2, little-endian; 13 and 3 bits). XChaCha20-Poly1305 of the
 * whole block, zeros behind its length; file id, block number and those last 2
 * bytes are authenticated. Writing a block puts its new seal in the place of
 * the one not in force, and then the block: whichever of these writes was the
 * last before a kill, one of the two seals fits.
 */
#define BLOCK_SIZE 4096u
#define BLOCK_KEY 32
#define BLOCK_ID 16
#define BLOCK_RUN 32u        /* blocks written at once, at most */
#define BLOCK_SEAL_PAGES 512 /* in memory: the seals of 96 MiB */

enum block_kind {
    BLOCK_MAIN, /* a database: locked against other processes while open */
    BLOCK_LOG,  /* its journal or WAL: bound to the database's id */
    BLOCK_TEMP, /* path is a folder; under a key that nobody keeps, without a name */
};

struct block_seals;

struct block_disk {
    uint8_t key[BLOCK_KEY]; /* the caller gives the struct locked memory */
    uint8_t id[BLOCK_ID];
    enum block_kind kind;
    int fd;
    bool torn;    /* a block of a log, or its head, was passed over: no seal fits */
    bool unnamed; /* its name in the folder is not durable yet */
    uint64_t blocks;
    uint8_t *sealed;                             /* BLOCK_RUN blocks on their way */
    struct block_seals *pages[BLOCK_SEAL_PAGES]; /* by group, modulo */
    char path[4096];
};

/* *last: length of the last block. Errors as of block_file_open; close after
 * an error, too. */
enum err block_disk_open(struct block_disk *d, const char *path, enum block_kind kind,
                         const uint8_t key[static BLOCK_KEY], const uint8_t *parent, bool create,
                         unsigned *last) MUST_USE;
void block_disk_close(struct block_disk *d);
/* For messages. */
const char *block_disk_name(const struct block_disk *d);

/* A block that stands there. Of a log one that no seal fits is zeros, else
 * ERR_BAD. */
enum err block_disk_read(struct block_disk *d, uint64_t no, uint8_t plain[static BLOCK_SIZE]) MUST_USE;
/* n (at most BLOCK_RUN) blocks from no on, no further than behind the last;
 * length: of the last of them, the others are full. */
enum err block_disk_write(struct block_disk *d, uint64_t no, const uint8_t *const plain[], unsigned n,
                          unsigned length) MUST_USE;
enum err block_disk_sync(struct block_disk *d) MUST_USE;
enum err block_disk_cut(struct block_disk *d, uint64_t blocks) MUST_USE;

#endif
