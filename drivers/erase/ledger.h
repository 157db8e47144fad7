#ifndef DRIVERS_ERASE_LEDGER_H
#define DRIVERS_ERASE_LEDGER_H

#include "drivers/erase/permit.h"

#include <jansson.h>

/*
 * What is done, in the station's chain: entries of type erase, sealed to the
 * units' circles, with nobody logged in. The label of the first and of the last
 * says in the clear which licence it is. An entry about a file stands in a
 * batch that is about its recording alone, so that it may go into its evidence.
 */
struct ledger {
    struct station *s;
    json_t *waiting; /* entries about one recording */
    char recording[LICENCE_ID];
    char unit[NAME_LEN];
};

struct ledger_file {
    const struct notice *n;
    const struct licence_file *f;
    const char *state; /* "erased", "gone", "left", "failed" */
    const char *path;  /* NULL: it was not found */
    const char *why;   /* NULL: none */
};

/* Before anything goes: durable when it returns. */
enum err ledger_begin(struct ledger *l, const struct permit_licence *licence, const char *serial, const char *volume,
                      const char *how) MUST_USE;
/* Kept until another recording's comes, or ledger_flush: then it is durable. */
enum err ledger_file(struct ledger *l, const struct ledger_file *f) MUST_USE;
enum err ledger_flush(struct ledger *l) MUST_USE;
/* over: nothing of the licence is left to do. */
struct ledger_counts {
    uint64_t erased, gone, left, failed;
};
enum err ledger_end(struct ledger *l, const struct notice *n, const struct ledger_counts *c, bool over) MUST_USE;
void ledger_free(struct ledger *l);

#endif
