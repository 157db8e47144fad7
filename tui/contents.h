#ifndef TUI_CONTENTS_H
#define TUI_CONTENTS_H

#include <jansson.h>

/*
 * What is known of a recording's contents, in words: of the members media,
 * skew and name_says of `recordings show --json`, which a camera's file or
 * another station may have filled with anything. Not escaped. "" unknown.
 */
#define CONTENTS_TEXT 640

void contents_video(char out[static CONTENTS_TEXT], const json_t *row); /* how long, in which codecs */
const char *contents_start(const json_t *row);                          /* RFC 3339, when it began */
/* start, as it is shown here, and who says so. */
void contents_begins(char out[static CONTENTS_TEXT], const json_t *row, const char *start);
void contents_clock(char out[static CONTENTS_TEXT], const json_t *row); /* how wrong the camera's was */
void contents_place(char out[static CONTENTS_TEXT], const json_t *row); /* the first position */

#endif
