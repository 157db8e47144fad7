#ifndef TUI_PLAY_PIECES_H
#define TUI_PLAY_PIECES_H

#include "storage/base/pulse.h"
#include "storage/records/recording.h"

/*
 * The opener's side of playing: one file of a recording, unsealed blob by blob
 * as a player asks for pieces of it (wire.h). The blobs unsealed last stay in
 * memory, PIECES_KEPT of them, wiped at the end; memory is locked as far as
 * the system lets us. Nothing goes to disk.
 */
#define PIECES_KEPT 3

struct pieces;

/* Keeps the three pointers. The caller frees. ERR_NOMEM. */
enum err pieces_new(struct pieces **out, const struct station *s, const struct user *u,
                    const struct recording_file *f) MUST_USE;
void pieces_free(struct pieces *p);

/* At most n bytes from offset on, fewer where a blob ends, none at the end of
 * the file. *bytes lives until the next call. Errors as recording_read. */
enum err pieces_get(struct pieces *p, uint64_t offset, size_t n, const uint8_t **bytes, size_t *got) MUST_USE;

/* Waits until the player asks for something. ERR_AGAIN: it hung up first. */
enum err pieces_wait(int fd) MUST_USE;
/* Answers until the player hangs up; *served counts the bytes, pulse (NULL:
 * nobody) hears that it still asks. A piece that
 * cannot be had is answered with a code, and its error comes back at the end;
 * ERR_DATA: the player broke the rules. */
enum err pieces_serve(struct pieces *p, int fd, struct pulse *pulse, uint64_t *served) MUST_USE;

#endif
