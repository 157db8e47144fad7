#ifndef DRIVERS_FAT_WRONG_H
#define DRIVERS_FAT_WRONG_H

#include <jansson.h>
#include <stddef.h>

/* What was found wrong with a disk or a volume without ending the reading:
 * constant sentences, each once, in the order in which they were met. */
#define WRONG_MAX 16u

struct wrong {
    const char *what[WRONG_MAX];
    size_t n;
};

void wrong_note(struct wrong *w, const char *what);
/* An array; NULL: out of memory. */
json_t *wrong_json(const struct wrong *w);

#endif
