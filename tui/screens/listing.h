#ifndef TUI_SCREENS_LISTING_H
#define TUI_SCREENS_LISTING_H

#include "tui/screens/desk.h"
#include "tui/widgets/table.h"

/*
 * What many screens are: the rows of one command in a list. A table stands
 * first in the state of its screen, whose callbacks call these.
 */
#define LISTING_CELL 256

struct listing_kind {
    const struct table_column *columns;
    size_t n_columns;
    const char *empty; /* N_() */
    /* Cells of a row, and its id; false: the row is none of the list's. */
    bool (*row)(struct view *v, const json_t *row, char cells[][LISTING_CELL], char id[static TABLE_ID],
                enum look *look);
};

struct listing {
    struct table table;
    const struct listing_kind *kind;
    bool asking;
    bool failed; /* the command ended with an error, which the message line said */
};

void listing_open(struct view *v, const struct listing_kind *kind);
/* Asks anew. argv ends with NULL. */
void listing_ask(struct view *v, const char *const argv[]);
/* The screen's callbacks. */
void listing_paint(struct view *v, const struct area *a);
bool listing_key(struct view *v, const struct key *k);
void listing_close(struct view *v);
/* Id of the selected row; NULL: none. */
const char *listing_selected(const struct view *v);

/* "2026-11-25 10:00", local, of "2026-11-25T05:00:00Z"; "" of anything else. */
#define LISTING_WHEN 17
void listing_when(char out[static LISTING_WHEN], const char *utc);

#endif
