#ifndef SYNC_CLIENT_REPORT_H
#define SYNC_CLIENT_REPORT_H

#include "sync/client/offers.h"
#include "sync/folder/tell.h"

/*
 * What other programs, and whoever sits in front of this one, see of it:
 * DIR/log/sync.status, one JSON object, replaced at most four times a second
 * and only when something changed; a line on the terminal; events with --json.
 * What it says is what this process believes. That the district holds
 * something is for receipts to say, not for this.
 */
#define REPORT_LINKS_MAX 8u
#define REPORT_EVERY 250 /* ms */

enum report_state { REPORT_DIALLING, REPORT_CONNECTED, REPORT_PAUSING };

struct report_link {
    char to[320];
    char hub[NAME_LEN];
    enum report_state state;
    int64_t since; /* ms since 1970: of the state */
    uint64_t rate, rtt;
    uint64_t sent, received; /* bytes, of this process on this link */
    char error[320];
};

struct report {
    struct report_link links[REPORT_LINKS_MAX];
    size_t n_links;
    struct offers_left left;
    const char *withheld[LANES]; /* why a lane may not go; NULL: it may */
    uint64_t given;              /* items that the hub took, by this process */
    uint64_t taken_labels, taken_objects, taken_bytes;
    uint64_t head;           /* our chain's last label */
    uint64_t receipt_labels; /* of the receipt that says most; 0 without one */
    int64_t receipt_time;    /* 0: none */
    uint64_t used;           /* bytes of this day, all links */
    bool ended;
};

struct reporter {
    char path[4096];
    const struct tell *tell;
    bool terminal;
    struct buf last; /* text as written last, without its time */
    int64_t due;     /* may write again; ms of the caller's clock */
    uint64_t given, start;
};

enum err reporter_open(struct reporter *r, const char *dir, const struct tell *tell) MUST_USE;
/* Writes what changed, if it may; *again: when to call again, INT64_MAX never.
 * Trouble with the file is no reason to stop syncing: it is passed over. */
void reporter_show(struct reporter *r, const struct report *s, int64_t now, bool force, int64_t *again);
void reporter_close(struct reporter *r);

/* Bytes a second that the last process measured, 0 if none did. */
uint64_t reporter_rate(const char *dir);
/* "12 min" */
void reporter_time(char out[static 32], uint64_t seconds);

#endif
