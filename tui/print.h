#ifndef TUI_PRINT_H
#define TUI_PRINT_H

#include <jansson.h>
#include <stdint.h>

/* What commands say on stdout. Whether it arrived is asked once, at the end
 * (main.c). */

/* s with control characters, direction marks and broken UTF-8 escaped;
 * backslashes stand as they are (paths come escaped). */
void print_text(const char *s);
/* s, and blanks up to that many columns of the terminal: printf counts bytes. */
void print_padded(const char *s, int columns);
/* One object on one line; consumed. */
void print_json(json_t *j);
/* Of a struct pulse, for --json with --progress: {"event":"progress","done",
 * "bytes"} as feldsher-dock has it, and out at once. */
void print_progress(void *ctx, uint64_t done, uint64_t total);

#define PRINT_SIZE 24
/* "12.3 MB" */
void print_size(char out[static PRINT_SIZE], uint64_t bytes);
/* Members for print_json: a hash in hex, a time as text (null for INT64_MIN
 * and INT64_MAX). */
struct hash;
json_t *print_hash(const struct hash *h);
json_t *print_time(int64_t ms);

#endif
