#ifndef SYNC_FOLDER_LABELS_H
#define SYNC_FOLDER_LABELS_H

#include "storage/vault/label.h"
#include "sync/folder/load.h"
#include "sync/folder/walk.h"

/*
 * labels/CHAIN/FROM-TO on a stick: labels one behind the other. Writers cut
 * at multiples of LABELS_PER_FILE, so that the same labels have the same file
 * whoever writes them; only the last file of a chain grows, under a new name.
 */

/* Calls fn for every well-formed label of chain on the stick, files in rising
 * order; a number may come twice. What is damaged is refused by file. No
 * signature is checked. fn returns an error to stop; ERR_END: quietly. */
typedef enum err labels_fn(void *ctx, const struct label *l, const char *file);
enum err labels_each(struct walk *w, const char *chain, labels_fn *fn, void *ctx) MUST_USE;

/* Puts labels from..to on the stick (with those before from that share its
 * file); source appends the text of label seq. Shorter files that a longer
 * one makes needless are removed. */
typedef enum err labels_source(void *ctx, uint64_t seq, struct buf *out);
enum err labels_put(struct load *l, const char *chain, uint64_t from, uint64_t to, labels_source *source,
                    void *ctx) MUST_USE;

#endif
