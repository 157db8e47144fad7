#ifndef STORAGE_RECORDS_MANIFEST_H
#define STORAGE_RECORDS_MANIFEST_H

#include "storage/records/recording.h"

/*
 * manifest.json of an evidence package: what two persons sign. Made from
 * facts alone, members sorted: the same facts give the same bytes, so the
 * exporter makes it anew from what was written and compares.
 */
#define MANIFEST_NAME 112 /* a file's name in a package, with NUL */
#define MANIFEST_MAX (1u << 20)
#define MANIFEST_FILES_MAX 64u
#define MANIFEST_BATCHES_MAX 1024u

struct manifest_file {
    char name[MANIFEST_NAME];
    uint8_t sha256[32];
    struct hash blake2b;
    uint64_t size;
};

struct manifest_batch {
    char chain[CHAIN_ID];
    uint64_t seq;
    struct hash label, content, parts; /* parts: zero for none */
};

struct manifest {
    const struct roster *roster; /* in force at the approval */
    const struct recording *recording;
    const struct recording_event *request;
    const char *approver;
    size_t n_files; /* as recording->files */
    struct manifest_file files[MANIFEST_FILES_MAX];
    size_t n_batches;
    struct manifest_batch batches[MANIFEST_BATCHES_MAX];
};

/* Gives every file of the recording a name: the last part of its path in
 * [A-Za-z0-9._-], no two alike (case apart), none that the package itself
 * uses. Fills names and n_files. ERR_DATA: too many. */
enum err manifest_names(struct manifest *m) MUST_USE;

/* The text. ERR_DATA beyond a ceiling. */
enum err manifest_write(const struct manifest *m, struct buf *out) MUST_USE;

/* From a text: approver's name, roster's number, chain and number of each
 * batch; for a manifest made here, to make it anew. ERR_DATA. */
enum err manifest_read(const char *text, size_t n, struct manifest *m, char approver[static NAME_LEN],
                       uint64_t *roster) MUST_USE;

#endif
