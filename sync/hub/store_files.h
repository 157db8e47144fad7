#ifndef SYNC_HUB_STORE_FILES_H
#define SYNC_HUB_STORE_FILES_H

#include "storage/vault/label.h"
#include "sync/limits.h"

/*
 * The files of the embedded store, which are the truth:
 *
 *   chains/CHAIN.labels         labels one behind the other, as accepted
 *   quarantine/CHAIN/labels     labels that were not
 *   quarantine/CHAIN/HASH       their batch objects
 *   quarantine/CHAIN/alarm      feldsher-alarm 1: chain, seq, held, other, time
 *   and why: store_refused.h
 *   removed                     feldsher-removed 1: "expired: PARTS TIME" and
 *                               "destroyed: PARTS ORDER TIME", appended before
 *                               the blobs of a parts list go
 */
#define STORE_PATH 4096
#define ASIDE_FILE_MAX ((size_t)ASIDE_LABELS_MAX * LABEL_MAX)

enum err store_files_chain_path(char out[static STORE_PATH], const char *dir, const char *chain) MUST_USE;
/* Appends at offset; durable with the next flush of the file system. ERR_BAD:
 * the file does not end there. */
enum err store_files_append(const char *dir, const char *chain, uint64_t offset, const void *p, size_t n) MUST_USE;
/* Reads n bytes at offset; out is cleared first. ERR_BAD: they are not there. */
enum err store_files_read(const char *dir, const char *chain, uint64_t offset, size_t n, struct buf *out) MUST_USE;
/* Cuts off what stands behind end; durable. */
enum err store_files_cut(const char *dir, const char *chain, uint64_t end) MUST_USE;
/* fn for every chain that has a file, or (aside) a folder in quarantine/. */
typedef enum err store_files_fn(void *ctx, const char *chain);
enum err store_files_each(const char *dir, bool aside, store_files_fn *fn, void *ctx) MUST_USE;

/* Pushes the bytes of an object that stands at path, and checks them against
 * its name. ERR_NOINPUT, ERR_BAD. */
enum err store_files_get(const char *path, const struct hash *name, sink_fn *sink, void *ctx) MUST_USE;
/* n bytes of it, unchecked. ERR_NOINPUT, ERR_BAD: they are not there. */
enum err store_files_part(const char *path, uint64_t offset, void *p, size_t n) MUST_USE;

/* quarantine/CHAIN/NAME; its folder. */
enum err store_files_aside_path(char out[static STORE_PATH], const char *dir, const char *chain,
                                const char *name) MUST_USE;
enum err store_files_aside_folder(const char *dir, const char *chain) MUST_USE;
/* The batch is durable with the next flush of the file system. */
enum err store_files_aside(const char *dir, const struct label *l, const void *batch, size_t n, bool *kept) MUST_USE;
struct store_alarm {
    uint64_t seq;
    struct hash held, other;
};
enum err store_files_alarm(const char *dir, const char *chain, const struct store_alarm *a) MUST_USE;
/* ERR_NOINPUT: no alarm. */
enum err store_files_read_alarm(const char *dir, const char *chain, struct store_alarm *a) MUST_USE;

enum err store_files_retire(const char *dir, const struct hash *parts, const char *order, int64_t now) MUST_USE;
/* Lines of `removed` from byte offset on (0: all); *end gets the place behind
 * the last whole line. A torn last line is passed over. order is "" for
 * retention. */
typedef enum err store_files_retired_fn(void *ctx, const struct hash *parts, const char *order);
enum err store_files_each_retired(const char *dir, uint64_t from, uint64_t *end, store_files_retired_fn *fn,
                                  void *ctx) MUST_USE;

#endif
