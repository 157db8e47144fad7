#ifndef SYNC_CLIENT_TAKING_H
#define SYNC_CLIENT_TAKING_H

#include "storage/vault/station.h"
#include "sync/folder/tell.h"

/*
 * What arrives at a station, by whatever road: each item is checked, kept,
 * counted and told. Errors are those of one item, unless stick_stops says
 * that they are our own disk's.
 */
struct taking {
    struct station *station;
    struct tell tell;
    bool receipt_news;    /* a newer receipt for our own chain came */
    uint64_t told_labels; /* of the receipt that a person heard of last */
    bool full;            /* our disk: blobs were left where they are */
    struct {
        uint64_t rosters, notices, receipts, labels, objects, bytes;
    } taken;
};

/* ERR_AGAIN: not higher than ours. */
enum err taking_roster(struct taking *t, const char *text, size_t n) MUST_USE;
/* ERR_AGAIN: known. */
enum err taking_notice(struct taking *t, const char *text, size_t n) MUST_USE;
/* chain and hub: whose it must be, NULL for anyone's. ERR_AGAIN: it says no
 * more than what we have, or it is of a chain of which we hold nothing. */
enum err taking_receipt(struct taking *t, const char *text, size_t n, const char *chain, const char *hub) MUST_USE;

/* Is a label for this station: its own (after a restore), or delivered to it? */
bool taking_delivered(const struct taking *t, const struct label *l);
/* A label of ours, of a number that we hold. ERR_BAD: it is authentic and
 * another one: the station was cloned, and is frozen by now. */
enum err taking_compare(struct taking *t, const struct label *l) MUST_USE;
/* The next one of its chain, authentic, its batch being here where it is for
 * us. After a restore our own blobs are asked back, too. ERR_AGAIN: known. */
enum err taking_label(struct taking *t, const struct label *l) MUST_USE;
void taking_tell_labels(const struct taking *t, const char *chain, uint64_t from, uint64_t to);

#endif
