#ifndef SYNC_WIRE_COMPACT_H
#define SYNC_WIRE_COMPACT_H

#include "storage/vault/label.h"

/*
 * A label on the wire: what the other side can work out is left out. Each
 * direction of a conversation has one context, the label before; README.md.
 * A label whose text says more than this version knows goes as it stands.
 */
struct compact {
    bool any; /* there was a label before: */
    char chain[CHAIN_ID];
    uint64_t seq;
    uint64_t roster;
    int64_t time;
    struct hash hash;
    char to[LABEL_TO_MAX * CIRCLE_LEN];
    char retain_class[NAME_LEN];
};

/* Appends the payload for a label's text; own: the chain that goes without
 * saying. batch: its object's bytes, n 0: they do not come with it. Brings c
 * up to date. ERR_DATA: text is no label, or the bytes are not its object. */
enum err compact_write(struct compact *c, const char *own, const void *text, size_t len, const void *batch, size_t n,
                       struct buf *out) MUST_USE;
/* The text again (replaced), and where the batch stands in the payload (n 0:
 * none). *next is the context to go on with once the label is taken. ERR_DATA.
 * Nothing is checked but the form. */
enum err compact_read(const struct compact *c, const char *own, const uint8_t *payload, size_t len, struct buf *text,
                      const uint8_t **batch, size_t *n, struct compact *next) MUST_USE;

#endif
