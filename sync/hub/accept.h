#ifndef SYNC_HUB_ACCEPT_H
#define SYNC_HUB_ACCEPT_H

#include "sync/hub/store.h"

/*
 * What a hub accepts, by whatever road it comes: the one place where a label
 * is judged against its chain, an object against who needs it.
 */
struct accept {
    struct store *store;
    const struct roster *roster;
    uint64_t quota; /* bytes a station */
};

enum accept_verdict {
    ACCEPT_NEXT,    /* it follows the head: accept_append */
    ACCEPT_KNOWN,   /* held already, byte for byte */
    ACCEPT_EARLY,   /* authentic, but those before it are not here */
    ACCEPT_CLONED,  /* another label of a number held, or one behind another head: alarm, set aside */
    ACCEPT_FROZEN,  /* authentic, of a chain with an alarm: set aside */
    ACCEPT_REVOKED, /* behind its station's revocation: set aside */
    ACCEPT_QUOTA,   /* it would be the next, but its station has used its quota */
    ACCEPT_BAD,     /* not signed by its chain, or against our own damaged file */
};

/* Two labels of one number. */
struct accept_clone {
    uint64_t seq;
    struct hash held, other;
};

/* at is the chain as the store has it. err_text says why, unless NEXT, KNOWN
 * or EARLY. An error: trouble of our own (stick_stops). */
enum err accept_judge(const struct accept *a, const struct store_chain *at, const struct label *l,
                      enum accept_verdict *v, struct accept_clone *c) MUST_USE;
/* Appends a label judged as next; blobs of its parts list, if that came
 * before, become needs. */
enum err accept_append(const struct accept *a, const struct label *l) MUST_USE;
/* May an object of that size be taken for this need? ERR_DATA: over the
 * quota. ERR_FULL: a blob, and the disk has room for labels and batches alone. */
enum err accept_room(const struct accept *a, const struct store_need *need, uint64_t size) MUST_USE;
/* A parts list, whole: checked, kept, and its blobs become needs. ERR_DATA: no
 * parts text; ERR_BAD: its bytes are not its name's. */
enum err accept_parts(const struct accept *a, const struct store_need *need, const struct buf *text) MUST_USE;

#endif
