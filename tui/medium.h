#ifndef TUI_MEDIUM_H
#define TUI_MEDIUM_H

#include "storage/limits.h"

#include <stdbool.h>
#include <stdint.h>

/* A folder that may travel, mounted or not: what is on it for us. */
struct medium {
    const char *folder;
    uint64_t free, size;     /* bytes */
    bool writable;           /* by this account */
    char stick[NAME_LEN];    /* label of a stick of ours (sync/README.md); "": it is none */
    char district[NAME_LEN]; /* of that stick */
    bool backup;             /* a whole backup of a station lies on it */
};

void medium_look(const char *folder, struct medium *out);

#endif
