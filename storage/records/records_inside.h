#ifndef STORAGE_RECORDS_RECORDS_INSIDE_H
#define STORAGE_RECORDS_RECORDS_INSIDE_H

#include "storage/records/records.h"
#include "storage/records/records_sql.h"

/* What the files of records.h share. */

struct records_chain {
    int64_t n; /* its number in the tables */
    char chain[CHAIN_ID];
    char station[NAME_LEN];
    uint64_t seq; /* applied up to here */
    struct hash hash;
    struct receipt *receipt; /* the latest known to be good; NULL none */
};

struct records {
    struct records_sql sql;
    const struct station *s;
    pid_t owner; /* the process that opened it */
    char path[4096];
    char name[32];
    struct records_chain *chains; /* chains[i].n == i + 1 */
    size_t n_chains;
    int64_t opening; /* a random number: what was tried again since */
    int64_t state;   /* of the user's keys, as of the last catch-up */
    bool counted;    /* the following are right */
    uint64_t closed, faults;
    uint64_t closed_again, faults_again; /* of these, to be tried again */
    int64_t at_closed[2], at_fault[2];   /* chain and number of the last one that was */
};

/* The chain's row, made where there is none. */
enum err records_chain(struct records *r, const char *chain, struct records_chain **out) MUST_USE;
/* Chains and their heads as the file has them; frees what was known. */
enum err records_read_chains(struct records *r) MUST_USE;

#endif
