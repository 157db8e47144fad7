#ifndef TUI_WIDGETS_SHEET_H
#define TUI_WIDGETS_SHEET_H

#include "tui/widgets/edit.h"
#include "tui/widgets/term.h"

/*
 * A text being typed that is longer than a line: broken at the edge, as a
 * letter is. Up and Down go by the lines that are seen. Pure but for painting.
 */
struct sheet {
    struct edit edit;
    size_t top; /* uppermost line in view */
    int cols;   /* of the last painting; 0: not painted yet */
    int rows;
};

/* Memory as of edit_init. */
void sheet_init(struct sheet *s, char *p, size_t cap);
/* True: the key was for it. Enter begins a line. */
bool sheet_key(struct sheet *s, const struct key *k);
void sheet_paint(struct sheet *s, const struct area *a);

/* Which line the caret is in, from 0, in lines of cols columns, and its column. */
size_t sheet_caret(const struct edit *e, int cols, int *column);

#endif
