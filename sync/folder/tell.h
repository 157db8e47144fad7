#ifndef SYNC_FOLDER_TELL_H
#define SYNC_FOLDER_TELL_H

#include "storage/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a program says on stdout: a line a fact, for people or (json) as one
 * object a line. Text from outside must be escaped by the caller. */
struct tell {
    bool json;
    bool wipe; /* a line of progress may stand on the terminal: it goes first */
};

/* fact is consumed; NULL (out of memory) prints nothing in json. */
void tell_line(const struct tell *s, json_t *fact, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* For a struct pulse (ctx: the struct tell): an object, at once; nothing for
 * people. */
void tell_progress(void *ctx, uint64_t done, uint64_t total);
/* ERR_IO if stdout took not everything. */
enum err tell_end(void) MUST_USE;

/* "12.5 MB" */
#define TELL_SIZE 24
void tell_size(char out[static TELL_SIZE], uint64_t bytes);

/*
 * Items refused one by one: printed up to STICK_REFUSED_LISTED, the rest
 * counted. keep (may be NULL) remembers those that are printed; what it
 * returns comes back.
 */
struct refuse {
    const struct tell *tell;
    bool quiet;                                                     /* neither printed nor kept nor counted */
    enum err (*keep)(void *ctx, const char *name, const char *why); /* both escaped */
    void *ctx;
    uint64_t n;
};
/* name may hold any bytes, why is a sentence (err_text). */
enum err refuse_item(struct refuse *r, const char *name, const char *why) MUST_USE;
/* Says how many were not printed. */
void refuse_end(const struct refuse *r);

#endif
