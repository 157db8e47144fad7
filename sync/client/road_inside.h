#ifndef SYNC_CLIENT_ROAD_INSIDE_H
#define SYNC_CLIENT_ROAD_INSIDE_H

#include "sync/client/needs.h"
#include "sync/client/road.h"
#include "sync/client/wants.h"

/* A notice of ours. */
struct road_notice {
    char id[NOTICE_ID];
    struct hash name;
    uint64_t size;
    bool theirs;
};

/* A label that cannot be taken yet. */
struct road_waiting {
    uint64_t id; /* of the wire */
    struct buf text, batch;
    bool tried; /* since the last change */
};

/* An object on its way in. */
struct road_open {
    uint64_t id;
    struct partial p;
    struct road_open *next;
};

struct road_want {
    uint64_t taken, missing;
};

struct road {
    struct taking *in;
    struct offers *offers;
    struct offers_road *way;
    struct wire *wire;
    char hub[NAME_LEN];
    uint64_t rtt;
    int64_t wall, began; /* at the start: wall clock, and the caller's */
    unsigned lanes;
    struct road_news news;
    bool own_fault; /* what load or read could not do, of our own copy */

    struct road_notice *notices; /* rising */
    size_t n_notices, next_notice;
    bool notices_known; /* the hub's list came: those not theirs go */

    struct {
        struct hash name;
        int fd; /* -1: none */
    } source;   /* the object read last */

    struct road_waiting waiting[ROAD_WAITING_MAX];
    size_t n_waiting;
    struct hash loose[ROAD_LOOSE_MAX];
    size_t n_loose;
    struct road_open *open;
    struct want *wants;
    struct road_want *progress;
    size_t n_wants;
    struct needs needs;
    bool needs_known; /* parts lists that labels here name were looked for */
};

/* Objects, and texts that come in pieces. */
enum err road_take_open(struct road *r, uint64_t id, const struct wire_item *item,
                        struct partial_range held[static PARTIAL_RUNS_MAX], size_t *n) MUST_USE;
enum err road_take_write(struct road *r, uint64_t id, const struct wire_item *item, uint64_t offset, const uint8_t *p,
                         size_t n) MUST_USE;
enum err road_take_done(struct road *r, uint64_t id, const struct wire_item *item) MUST_USE;
void road_take_gone(struct road *r, uint64_t id);
void road_take_end(struct road *r);

/* Labels. */
enum err road_label(struct road *r, uint64_t id, const uint8_t *text, size_t n, const uint8_t *batch,
                    size_t n_batch) MUST_USE;
/* A batch or a roster came: those that waited may go. */
enum err road_label_retry(struct road *r) MUST_USE;
void road_label_end(struct road *r);
/* A parts list of a wanted recording is here: its blobs may come. */
enum err road_expect(struct road *r, size_t want) MUST_USE;

/* Answers what came by an error: ERR_OK good, ERR_AGAIN have, trouble of our
 * disk later, anything else bad. Returns what ends the conversation. */
enum err road_answer(struct road *r, uint64_t id, const struct wire_item *item, enum err e) MUST_USE;
/* Keeps and tells why an item is bad. theirs: the hub says so. */
enum err road_refuse(struct road *r, const struct wire_item *item, bool theirs, const char *why) MUST_USE;
/* Receipt, roster, notice. */
enum err road_text(struct road *r, uint64_t id, const struct wire_item *item, const uint8_t *p, size_t n) MUST_USE;

#endif
