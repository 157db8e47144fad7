#ifndef STORAGE_RECORDS_RECORDING_H
#define STORAGE_RECORDS_RECORDING_H

#include "storage/vault/chain.h"

#include <jansson.h>

/*
 * What the entries of all chains of a station say about recordings and their
 * custody: a projection in memory, made anew by each command. Believed are
 * only entries of labels that are authentic by the roster, in batches that
 * the unlocked user opens and that pass every check.
 */
struct recording_blob {
    struct hash name;
    uint64_t offset, length; /* of the plaintext */
    uint64_t size;           /* of the sealed object */
};

/* The recording itself, or a sidecar of it. */
struct recording_file {
    char *path;    /* on the camera, as the entry has it: escaped */
    uint64_t size; /* blobs cover it without a gap */
    int64_t mtime; /* ms; INT64_MIN unknown */
    struct hash hash;
    struct recording_blob *blobs;
    size_t n_blobs;
};

/* An entry that names a recording: request, approve, export, view, flag, ... */
struct recording_event {
    char recording[ENTRY_ID];
    char id[ENTRY_ID];
    char chain[CHAIN_ID];
    uint64_t seq;
    int64_t time; /* of the label: the station's logical clock */
    char type[24];
    char author[NAME_LEN]; /* who signed the batch; "" nobody */
    struct sign_public author_key;
    bool alone; /* its batch is about this recording alone */
    json_t *data;
};

struct recording {
    char id[ENTRY_ID];
    char chain[CHAIN_ID];
    uint64_t seq;
    int64_t time;
    char clock[8];                           /* the mark of its station's clock then: ok, behind, ahead */
    struct hash parts;                       /* of its batch's label; zero when there is no blob */
    unsigned gathered;                       /* recordings in its batch, itself included */
    char station[NAME_LEN];                  /* by the roster */
    char unit[NAME_LEN];                     /* as the entry says, or the station's */
    char *camera;                            /* vendor, product, serial; "" unknown */
    char serial[NAME_LEN], volume[NAME_LEN]; /* the camera's; "" unknown, or longer than names are */
    char *mode;                              /* "" unknown */
    json_t *more;                            /* how it was found and read, as the entry has it: session, holes, ... */
    struct recording_file *files;            /* [0] the recording, sidecars behind it */
    size_t n_files;
    const struct recording_event *events; /* in order of time */
    size_t n_events;
    bool doubled;          /* while loading: its ID is another's */
    bool held;             /* by a hold notice in force */
    char order[NOTICE_ID]; /* a destruction order in force names its parts; "" none */
};

struct recording_fault {
    char chain[CHAIN_ID];
    uint64_t seq;
    char why[256];
};

struct recording_list {
    struct recording *r; /* by time, chain, number */
    struct recording **by_id;
    size_t n;
    struct recording_event *events;
    size_t n_events;
    uint64_t batches;               /* opened */
    uint64_t closed;                /* sealed to circles that the user does not have */
    struct recording_fault *faults; /* quarantined: batches that failed a check */
    size_t n_faults;
    struct receipt **receipts; /* valid, one a chain at most */
    size_t n_receipts;
};

/* One bad batch stops nothing: it is listed. The caller frees. ERR_NOMEM,
 * ERR_IO (the index). u opens the batches; not kept. */
enum err recording_load(const struct station *s, const struct user *u, struct recording_list **out) MUST_USE;
/* The same by the same checks, but of the labels at these positions alone
 * (records_positions: what matters for one recording). */
struct records_position;
enum err recording_load_at(const struct station *s, const struct user *u, const struct records_position *at, size_t n,
                           struct recording_list **out) MUST_USE;
void recording_free(struct recording_list *l);

/* By ID or a unique beginning of it, at least 4 digits. ERR_NOINPUT. */
enum err recording_find(const struct recording_list *l, const char *id, const struct recording **out) MUST_USE;
/* An entry of a type, by the same kind of ID, and its recording. ERR_NOINPUT. */
enum err recording_event(const struct recording_list *l, const char *type, const char *id,
                         const struct recording_event **out, const struct recording **r) MUST_USE;

/* Those gathered in one batch, and so in one parts list, stand side by side:
 * the end of the row that begins at first. */
size_t recording_group(const struct recording_list *l, size_t first);

/* Where the sealed blobs are. A receipt says "at the hub", nothing else does. */
struct recording_held {
    uint64_t here, blobs; /* how many of them stand in objects/ with their size */
    bool hub;             /* by a receipt: label, batch and blobs */
    char by[NAME_LEN];    /* that hub */
    int64_t as_of;        /* the receipt's time */
};
void recording_where(const struct station *s, const struct recording_list *l, const struct recording *r,
                     struct recording_held *out);

/*
 * Plaintext of a file's bytes from..to (to beyond the end: the end) into the
 * sink, one blob at a time, at most 16 MiB of memory. Each blob's name, age,
 * zstd and length are checked before a byte of it goes out; a whole read also
 * checks the entry's hash, at the end (ERR_BAD). ERR_NOINPUT: a blob is not
 * here; ERR_DENIED: the user is not in the evidence circle.
 */
enum err recording_read(const struct station *s, const struct user *u, const struct recording_file *f, uint64_t from,
                        uint64_t to, sink_fn *sink, void *ctx) MUST_USE;

#endif
