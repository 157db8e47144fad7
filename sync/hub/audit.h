#ifndef SYNC_HUB_AUDIT_H
#define SYNC_HUB_AUDIT_H

#include "sync/hub/hub.h"

/*
 * `feldsher-hub verify`: keys and card, roster, notices, every label and its
 * order, every object, quarantine, receipts and confirmations, the index
 * against the files. Changes nothing. What a power cut may leave (a torn last
 * label, files that the index does not know yet) is no fault: the next import
 * sets it right.
 */
struct audit {
    struct hub *hub; /* with store, opened read-only, and alone */
    void (*fault)(void *ctx, const char *what, const char *why);
    void *ctx;
    /* results */
    uint64_t labels, objects, bytes, faults, torn, alarms, wanted;
};

/* ERR_BAD if there was a fault; other errors: the check itself failed. */
enum err audit_run(struct audit *c) MUST_USE;

#endif
