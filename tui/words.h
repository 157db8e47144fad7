#ifndef TUI_WORDS_H
#define TUI_WORDS_H

#include "storage/trust/roster.h"

/* Words of the command line and of lists: roles, kinds, dates. ERR_USAGE
 * names the word and the choice. */
#define WORDS_ROLES 40

/* "crew,doctor"; at least one. */
enum err words_roles(const char *s, unsigned *roles) MUST_USE;
void words_roles_text(char out[static WORDS_ROLES], unsigned roles);
/* "station" or "supervisor" */
enum err words_kind(const char *s, enum station_kind *kind) MUST_USE;
/* A number in decimal, up to max; false: it is none. It and a date may have
 * been typed under another layout. */
bool words_number(uint64_t *out, const char *s, uint64_t max);
/* 2026-11-22 (its last second), 2026-11-22T10:00:00Z, or - (open: INT64_MAX). */
enum err words_date(const char *s, int64_t *ms) MUST_USE;

#endif
