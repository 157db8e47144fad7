#ifndef SYNC_CLIENT_KEEPER_INSIDE_H
#define SYNC_CLIENT_KEEPER_INSIDE_H

#include "sync/client/contact.h"
#include "sync/client/keeper.h"
#include "sync/client/settings.h"
#include "sync/client/sticks.h"
#include "sync/client/usage.h"
#include "sync/link/meter.h"
#include "sync/link/watch.h"

struct keeper {
    const struct keeper_options *o;
    struct settings conf;
    struct taking in;
    struct offers *offers;
    struct receipt *receipt; /* the one of our chain that says most; NULL */
    struct tls_keys *keys;
    struct resolver *resolver;
    struct sticks sticks;
    struct watch *watch;
    struct meter *meter;
    struct usage usage;
    struct reporter reporter;
    struct report report;
    struct contact_shared all;
    struct contact contacts[REPORT_LINKS_MAX];
    size_t n;
    int lock, signals, notify;

    /* when to look again, ms; INT64_MAX not by itself */
    int64_t stir_at, lanes_at, count_at, again_at, report_at, judge_at;
    size_t stirs;
    uint64_t bytes;        /* of all links, as counted last */
    uint64_t events;       /* of all conversations, as counted last */
    bool changed;          /* since what is left was counted */
    int64_t count_min;     /* not before */
    int64_t alone_since;   /* no conversation since; INT64_MAX: there is one */
    uint64_t stood_roster; /* roster and receipt by which we looked how we stand */
    int64_t stood_receipt;
    bool stopping; /* goodbyes are said */
    int64_t stop_at;
    enum err verdict; /* what it ends with */
    char why[800];
    struct buf wishes; /* hashes of jobs "want" that were asked for */
};

/* Reads the best receipt anew, and tells the offers. */
enum err keeper_receipt(struct keeper *k) MUST_USE;
/* Something changed in the folder: labels, receipts, rosters, wishes. */
enum err keeper_stir(struct keeper *k) MUST_USE;
/* New wishes are said in a new conversation's first flight. */
enum err keeper_wishes(struct keeper *k) MUST_USE;
/* What is left to give: when something changed, not too often, or at once. */
enum err keeper_count(struct keeper *k, int64_t now, bool at_once) MUST_USE;
/* Is this contact over? Says goodbye, and *over when that is done. */
enum err keeper_judge(struct keeper *k, int64_t now, bool *over) MUST_USE;
void keeper_stop(struct keeper *k, int64_t now);
void keeper_summary(struct keeper *k, enum err e);

#endif
