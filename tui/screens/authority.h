#ifndef TUI_SCREENS_AUTHORITY_H
#define TUI_SCREENS_AUTHORITY_H

#include "tui/screens/authority_decree.h"
#include "tui/screens/desk.h"

#define AUTHORITY_FOLDER 1024

/* What the screen "decree" is opened with; copied. */
struct authority_order {
    enum decree_kind kind;
    const char *folder;
    const char *name, *unit, *circles; /* of whom it is about; NULL: nobody yet */
    struct view *list;                 /* the authority's screen, below */
};

/* The roster has changed; folder: it is there from now on, or NULL. */
void authority_again(struct view *v, const char *folder);

#endif
