#ifndef STORAGE_VAULT_RECEIPT_H
#define STORAGE_VAULT_RECEIPT_H

#include "storage/trust/roster.h"

/* The hub's signed word that it holds things durably; storage/README.md. */

struct receipt {
    char chain[CHAIN_ID];
    char hub[NAME_LEN];
    uint64_t labels;
    struct hash head; /* zero when labels is 0 */
    uint64_t *missing;
    size_t n_missing;
    uint64_t *parts_missing;
    size_t n_parts_missing;
    uint64_t alarm_seq; /* 0: none */
    struct hash alarm_a, alarm_b;
    int64_t time;
    struct sign_text sig;
    struct buf text;
};

enum err receipt_parse(struct receipt **out, const char *text, size_t n) MUST_USE;
void receipt_free(struct receipt *r);
/* ERR_BAD unless the named hub of the roster signed it. */
enum err receipt_check(const struct receipt *r, const struct roster *roster) MUST_USE;
/* Makes the signed text from the members. */
enum err receipt_write(struct receipt *r, const struct sign_secret *hub) MUST_USE;
/* Are label and batch object of seq held; are its parts, too. */
bool receipt_holds(const struct receipt *r, uint64_t seq);
bool receipt_holds_parts(const struct receipt *r, uint64_t seq);

#endif
