#ifndef STORAGE_VAULT_MARK_H
#define STORAGE_VAULT_MARK_H

#include "storage/vault/intake.h"

/*
 * Marks: fingerprints of a camera's file under the station's own key, so that
 * a file that is held already is recognised while nobody is logged in, and the
 * index and the parts lists still tell nothing about cameras.
 *
 *   fast     camera, path, size, mtime, and samples of the bytes
 *   full     path, size, hash of the plaintext
 *   content  size, hash of the plaintext; there is none of an empty file
 *   copy     camera, path, size, mtime, first and last sample, and how much of
 *            it could not be read, as a power of two (0: nothing)
 *
 * A file with holes has no fast mark: it is read again each time, and is known
 * when the holes are the same, or a copy of it with no more is held.
 *
 * Sixteen samples of 4 KiB lie evenly from head to tail; a file up to
 * MARK_WHOLE is one sample. One that can only be read in order is sampled at its
 * head alone: MARK_WHOLE bytes.
 */
#define MARK_WHOLE (64u << 10)

/* Reads the samples. Of a file up to MARK_WHOLE, bytes (cleared first) holds
 * all of it afterwards. Errors as of intake_file. */
enum err mark_fast(struct hash *out, const uint8_t key[static 32], const char *camera, const struct intake_source *f,
                   struct buf *bytes, bool *changed) MUST_USE;
/* The same; ends is what mark_copy needs. */
enum err mark_begin(struct hash *fast, struct hash *ends, const uint8_t key[static 32], const char *camera,
                    const struct intake_source *f, struct buf *bytes, bool *changed) MUST_USE;
/* level: of mark_level. */
enum err mark_copy(struct hash *out, const uint8_t key[static 32], const struct hash *ends, unsigned level) MUST_USE;
unsigned mark_level(uint64_t holes);
enum err mark_full(struct hash *out, const uint8_t key[static 32], const char *path, uint64_t size,
                   const struct hash *plain) MUST_USE;
enum err mark_content(struct hash *out, const uint8_t key[static 32], uint64_t size, const struct hash *plain) MUST_USE;

/*
 * What the station holds. The index says which label a mark belongs to; that
 * label counts only if our own key signed it, its parts list has the mark, and
 * the blobs that stand before the mark there are here or rightly gone: held by
 * the hub, destroyed under an order, freed. A parts list's blobs are followed
 * by the marks of their file. The list looked at last is remembered.
 */
struct marks {
    struct station *s;
    uint64_t seq; /* of the label remembered; 0: none */
    bool gone;    /* its blobs may rightly be gone */
    struct mark_line *lines;
    size_t n;
    bool *here; /* one for each blob of the list */
    size_t n_blobs;
};

void marks_init(struct marks *m, struct station *s);
void marks_free(struct marks *m);
/* seq: of the label. */
enum err marks_know(struct marks *m, const struct hash *mark, bool *known, uint64_t *seq) MUST_USE;

#endif
