#ifndef SYNC_HUB_KEYRING_H
#define SYNC_HUB_KEYRING_H

#include "storage/trust/roster.h"

/* Link keys of a roster's stations, for looking one up at every handshake. */
struct keyring {
    struct keyring_one {
        uint8_t link[32];
        char chain[CHAIN_ID];
        bool revoked;
    } * list; /* by key; one in force before those revoked */
    size_t n;
};

/* Replaces what is in k. */
enum err keyring_make(struct keyring *k, const struct roster *r) MUST_USE;
void keyring_free(struct keyring *k);
/* NULL: the roster has no such key. */
const struct keyring_one *keyring_find(const struct keyring *k, const struct sign_public *link);

#endif
