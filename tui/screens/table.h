#ifndef TUI_SCREENS_TABLE_H
#define TUI_SCREENS_TABLE_H

#include "tui/screens/desk.h"
#include "tui/widgets/list.h"

/*
 * What many screens are: the rows of one command in a list. A table stands
 * first in the state of its screen, whose callbacks call these.
 */
#define TABLE_CELL 256

struct table_kind {
    const struct list_column *columns;
    size_t n_columns;
    const char *empty; /* N_() */
    /* Cells of a row, and its id; false: the row is none of the list's. */
    bool (*row)(struct view *v, const json_t *row, char cells[][TABLE_CELL], char id[static LIST_ID], enum look *look);
};

struct table {
    struct list list;
    const struct table_kind *kind;
    bool asking;
    bool failed; /* the command ended with an error, which the message line said */
};

void table_open(struct view *v, const struct table_kind *kind);
/* Asks anew. argv ends with NULL. */
void table_ask(struct view *v, const char *const argv[]);
/* The screen's callbacks. */
void table_paint(struct view *v, const struct area *a);
bool table_key(struct view *v, const struct key *k);
void table_close(struct view *v);
/* Id of the selected row; NULL: none. */
const char *table_selected(const struct view *v);

/* "2026-11-25 10:00", local, of "2026-11-25T05:00:00Z"; "" of anything else. */
#define TABLE_WHEN 17
void table_when(char out[static TABLE_WHEN], const char *utc);

#endif
