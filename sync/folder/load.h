#ifndef SYNC_FOLDER_LOAD_H
#define SYNC_FOLDER_LOAD_H

#include "storage/base/pulse.h"
#include "storage/vault/label.h"
#include "sync/folder/tell.h"
#include "sync/folder/stick.h"

/*
 * What goes onto a stick: item by item, in the order of the calls; what is
 * there already is not written again; the first item that does not fit (with
 * the reserve left) makes the load full, and everything behind it stays.
 * With plan set nothing is written, only counted.
 */
struct load_lane {
    uint64_t items, bytes;       /* put on the stick (plan: would be) */
    uint64_t there;              /* items that stood on it already */
    uint64_t stays, stays_bytes; /* what does not fit */
};

struct load {
    struct stick *stick;
    struct refuse *refuse;
    bool plan;
    bool full;
    uint64_t reserve; /* bytes that stay free: STICK_RESERVE, unless set otherwise */
    uint64_t room;    /* plan: bytes still free */
    struct load_lane lanes[LANES];
    struct pulse *pulse; /* counts bytes that are put on; NULL after load_begin */
};

enum err load_begin(struct load *l, struct stick *stick, struct refuse *refuse, bool plan) MUST_USE;
/* An immutable item: there if a file of that size has its name. fill as for
 * stick_write; when fill says ERR_BAD or ERR_NOINPUT (our copy is damaged or
 * gone) or the stick's name is occupied, the item is refused and the next may
 * do. */
enum err load_object(struct load *l, enum lane lane, const struct hash *name, uint64_t size, stick_fill *fill,
                     void *ctx) MUST_USE;
/* A text: there if the file has the same bytes. */
enum err load_text(struct load *l, enum lane lane, const char *name, const void *p, size_t n) MUST_USE;

/* After a second go over the same items: what the first one put counts as put,
 * not as found there. */
void load_merge(struct load *second, const struct load *first);
void load_total(const struct load *l, struct load_lane *sum);
/* A line a lane that has something. */
void load_say(const struct load *l, const struct tell *s);
const char *load_lane_name(enum lane lane);

#endif
