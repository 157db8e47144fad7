#ifndef SYNC_CLIENT_OFFERS_H
#define SYNC_CLIENT_OFFERS_H

#include "storage/vault/receipt.h"
#include "sync/wire/wire.h"

/*
 * What a station gives to its hub by conversation, in which order: its own
 * labels and batches (lane 0, then 1), parts lists (2), blobs of flagged
 * recordings (3), other blobs (4). It remembers from one conversation to the
 * next what went out, so that a new one begins with what certainly has not
 * arrived, and fills the gaps once the hub's hello says which. Several
 * conversations may run at once: none offers what another has under way.
 *
 * It knows no station folder: the stock stands for one, or for a test's.
 */
struct offers;      /* one a process */
struct offers_road; /* one a conversation */

struct offers_stock {
    void *ctx;
    enum err (*head)(void *ctx, uint64_t *seq);                              /* our chain's last label; may grow */
    enum err (*label)(void *ctx, uint64_t seq, struct buf *text);            /* replaces text */
    bool (*size)(void *ctx, const struct hash *name, uint64_t *size);        /* a sealed object that is here whole */
    enum err (*parts)(void *ctx, const struct hash *name, struct buf *text); /* a parts list that is here */
    bool (*flagged)(void *ctx, const struct hash *parts);
};

enum err offers_new(struct offers **out, const struct offers_stock *stock, const char *chain) MUST_USE;
void offers_free(struct offers *o);

/* The receipt that says most (checked by the caller): what it covers is not
 * offered any more, what it says is missing is offered anew. */
enum err offers_receipt(struct offers *o, const struct receipt *r) MUST_USE;

enum err offers_begin(struct offers *o, struct offers_road **out) MUST_USE;
/* The hub's hello: where our chain ends there. */
enum err offers_hello(struct offers_road *r, const struct wire_hello *h) MUST_USE;
/* Tops up the lanes of w. Call it after anything happened: a new label (the
 * stock's head grew), an answer, a receipt, a flag. */
enum err offers_fill(struct offers_road *r, struct wire *w) MUST_USE;
/* What was answered with "later" may be offered again, and flags be looked at
 * anew; call it once a minute, and when a flag was set. */
void offers_again(struct offers *o);
/* An answer to an item of ours (labels, batches, parts lists, blobs). */
void offers_answered(struct offers_road *r, const struct wire_item *item, enum wire_answer a, const char *why);
/* The conversation is over, cut or not: what had no last word is remembered
 * with how far it went. Frees r. w may be NULL. */
void offers_end(struct offers_road *r, const struct wire *w);

struct offers_left {
    uint64_t items[LANES], bytes[LANES]; /* not known to be at the hub; batches count with their label */
    uint64_t refused;                    /* labels and objects that the hub answered as bad */
};
/* What stays to do; walks what is not covered by the receipt. */
enum err offers_count(struct offers *o, struct offers_left *left) MUST_USE;

#endif
