#ifndef TUI_SCREENS_PLUGGED_WORDS_H
#define TUI_SCREENS_PLUGGED_WORDS_H

#include "tui/screens/plugged.h"

/* For people, translated. Of the status line: "" where nothing is plugged in. */
void plugged_status(struct plugged *p, char *out, size_t cap);
/* In a list: how it stands, at most 26 columns. */
void plugged_standing(const struct plugged *p, const struct plugged_camera *c, char *out, size_t cap);
/* What came of it, or what to do with it: a sentence. */
void plugged_result(const struct plugged *p, const struct plugged_camera *c, char *out, size_t cap);

#endif
