#ifndef TUI_WIDGETS_PAGE_H
#define TUI_WIDGETS_PAGE_H

#include "storage/base/buf.h"
#include "tui/widgets/term.h"

/*
 * Text to read, longer than the screen: broken into lines, scrolled by
 * arrows, pages, Home and End. A line that begins with a tab is a heading.
 */
struct page {
    struct buf text;
    size_t top;   /* line */
    size_t lines; /* at the last painting */
    int rows;
};

void page_clear(struct page *p); /* zero-initialised is an empty one */
void page_free(struct page *p);
/* Appends a line. What running out of memory drops is dropped: a text on a
 * screen ends early. */
void page_line(struct page *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Appends the lines of a text of any length. */
void page_text(struct page *p, const char *text);
void page_title(struct page *p, const char *title);
/* "label      value", the values below each other. */
void page_pair(struct page *p, const char *label, const char *value);
bool page_key(struct page *p, const struct key *k);
void page_paint(struct page *p, const struct area *a);

#endif
