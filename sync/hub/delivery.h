#ifndef SYNC_HUB_DELIVERY_H
#define SYNC_HUB_DELIVERY_H

#include "sync/hub/room.h"

/*
 * The giving side of one conversation: its own chain's receipt, the roster if
 * ours is higher, notices that it lacks, confirmations of orders about what it
 * holds; labels of its own chain beyond its head (a restored backup) and of
 * chains with labels delivered to it, whole up to the last of these, batches
 * only of those delivered; parts lists of these; blobs that it wants of a list
 * that a label delivered to it names. Only cursors are kept, a few items of
 * each lane stand offered.
 */
struct delivery;

enum err delivery_new(struct delivery **out, struct room *r, const struct roster_station *station) MUST_USE;
void delivery_free(struct delivery *d);
void delivery_bind(struct delivery *d, struct wire *w);

/* Calls of struct wire_side. */
enum err delivery_hello(struct delivery *d, const struct wire_hello *h) MUST_USE;
enum err delivery_heads(struct delivery *d, const struct wire_head *list, size_t n, bool last) MUST_USE;
enum err delivery_want(struct delivery *d, const struct wire_want *list, size_t n) MUST_USE;
enum err delivery_notices(struct delivery *d, const char (*ids)[NOTICE_ID], size_t n, bool last) MUST_USE;
enum err delivery_load(struct delivery *d, const struct wire_item *item, struct buf *text, struct buf *batch) MUST_USE;
enum err delivery_read(struct delivery *d, const struct wire_item *item, uint64_t offset, void *p, size_t n) MUST_USE;
void delivery_answered(struct delivery *d, const struct wire_item *item, enum wire_answer a, const char *why);

/* Tops up what is offered. */
enum err delivery_fill(struct delivery *d) MUST_USE;
/* See talk.h. */
enum err delivery_label(struct delivery *d, const char *chain, uint64_t seq, bool urgent) MUST_USE;
enum err delivery_roster(struct delivery *d) MUST_USE;
enum err delivery_notice(struct delivery *d, const char *id) MUST_USE;
void delivery_changed(struct delivery *d);
/* The store may hold things that no call told of: chains are looked for anew. */
void delivery_resumed(struct delivery *d);
/* Something waits for a commit or for an object to arrive: fill it again after
 * each commit. */
bool delivery_waits(const struct delivery *d);

#endif
