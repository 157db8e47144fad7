#ifndef TUI_WIDGETS_LOOKS_H
#define TUI_WIDGETS_LOOKS_H

#include "tui/widgets/term.h"

/* The table of named attributes, for as many colours as the terminal has. */
void looks_start(void);
/* Sets the attributes of what is painted next. */
void looks_set(enum look look);

#endif
