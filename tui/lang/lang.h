#ifndef TUI_LANG_LANG_H
#define TUI_LANG_LANG_H

#include "storage/base/lang.h" /* _(), N_(), lang_start: how to add a string stands there */

/*
 * Labels that have a field of a fixed width on a screen. The macro gives C the
 * text alone; xgettext collects it, and tests/system/lang.sh measures its
 * translations (columns of a terminal) against the width, a plain number here.
 *
 *     static const struct column columns[] = {{FIELD(12, "Camera"), 12}, ...};
 *     ... _(columns[i].title)
 */
#define FIELD(width, text) text

#endif
