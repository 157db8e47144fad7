#ifndef TUI_WIDGETS_TABLE_H
#define TUI_WIDGETS_TABLE_H

#include "storage/base/err.h"
#include "tui/widgets/term.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * A list with a line to find by typing. Two kinds:
 *
 *   asked   (table_init with want) of any length: it holds the rows around
 *           those in view and asks its source for others, one question at a
 *           time; the source finds;
 *   held    (want NULL) all rows are here, at most TABLE_HELD; it finds by
 *           itself, in every cell.
 *
 * The selection stays on the row with the same id when rows change.
 */
#define TABLE_COLUMNS 10
#define TABLE_WINDOW 256 /* rows of an asked list that are here at once */
#define TABLE_HELD 20000
#define TABLE_FIND 120 /* bytes of what is typed */
#define TABLE_ID 80

struct table_column {
    const char *title; /* N_(); also for the width test */
    int width;         /* columns, at least; room for other languages included */
    int grow;          /* share of what the screen has beyond; 0: stays */
    int side;          /* enum cells_side */
};

struct table;
/* Rows from to from + count - 1 of those that text finds are wanted: answer,
 * later or at once, by table_add for each and table_end, with this ticket. */
typedef void table_want_fn(void *ctx, unsigned ticket, const char *text, size_t from, size_t count);

struct table_row {
    char *id; /* and the cells behind it in one piece of memory */
    const char *cells[TABLE_COLUMNS];
    enum look look;
};

struct table {
    const struct table_column *columns;
    size_t n_columns;
    table_want_fn *want;
    void *ctx;
    const char *empty;               /* N_(): the sentence when there is nothing */
    struct table_row *rows, *coming; /* coming: of the answer under way */
    size_t n_rows, cap_rows, n_coming, cap_coming;
    size_t *shown; /* held: indices of rows that are found */
    size_t n_shown;
    size_t first; /* asked: place of rows[0] among all found */
    size_t total; /* of those found */
    bool more;    /* the source did not count further: set by the screen, shown as + */
    size_t at;    /* selected, among all found */
    size_t top;   /* uppermost in view */
    size_t page;  /* rows in view at the last painting */
    char id[TABLE_ID];
    char find[TABLE_FIND];
    unsigned ticket;
    size_t coming_first;
    bool waiting, stale; /* an answer is under way; and is out of date */
    bool known, failed;  /* there was one ever; the last one was none */
};

void table_init(struct table *l, const struct table_column *columns, size_t n, table_want_fn *want, void *ctx);
void table_free(struct table *l);

/* Asked: rows may have changed, ask again (also to begin). Held: forget all
 * rows, they come anew. The selection is kept either way. */
void table_reload(struct table *l);
/* A row; cells: as many as columns, NULL is empty; copied. Held lists give
 * ticket 0. An outdated ticket is passed over. ERR_NOMEM, ERR_DATA: too many. */
enum err table_add(struct table *l, unsigned ticket, const char *id, enum look look,
                   const char *const cells[]) MUST_USE;
/* No more rows of this answer; total: all that the text finds (held: any). */
void table_end(struct table *l, unsigned ticket, size_t total);
/* There is no answer: what was here stays. */
void table_fail(struct table *l, unsigned ticket);

/* Arrows, pages, Home, End; letters, Backspace and a first Esc for the find
 * line. True: the key was for it. Enter is not: the screen takes the row. */
bool table_key(struct table *l, const struct key *k);
/* The selected row; NULL: none, or not here yet. */
const struct table_row *table_selected(const struct table *l);
/* Titles, rows, and in the last line what is typed and how many there are. */
void table_paint(struct table *l, const struct area *a);

#endif
