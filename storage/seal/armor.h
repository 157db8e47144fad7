#ifndef STORAGE_SEAL_ARMOR_H
#define STORAGE_SEAL_ARMOR_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * age's ASCII armor (https://c2sp.org/age, "ASCII armor"; RFC 7468 strict):
 * padded base64 in lines of 64 columns between a BEGIN and an END line, LF or
 * CR LF, blank lines and blanks around it at most ARMOR_BLANK_MAX bytes. Read
 * only; we write binary files. Bytes are pushed in, the sink gets the binary
 * file; all malformed is ERR_DATA. A failed reader must not be used further.
 */
#define ARMOR_LINE 66 /* 64 columns, CR and one more to see what is too long */
#define ARMOR_BLANK_MAX 1024u

struct armor {
    sink_fn *sink;
    void *ctx;
    enum { ARMOR_BEFORE, ARMOR_DATA, ARMOR_END_DUE, ARMOR_BEHIND } at;
    size_t blanks;
    char line[ARMOR_LINE]; /* begun */
    size_t len;
};

/* Whether a file that begins with this byte can be armored; no binary one can. */
bool armor_starts(uint8_t first);
void armor_begin(struct armor *a, sink_fn *sink, void *ctx);
enum err armor_write(struct armor *a, const uint8_t *p, size_t n) MUST_USE;
enum err armor_finish(struct armor *a) MUST_USE;

#endif
