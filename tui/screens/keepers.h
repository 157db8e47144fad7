#ifndef TUI_SCREENS_KEEPERS_H
#define TUI_SCREENS_KEEPERS_H

#include "tui/screens/desk.h"
#include "tui/screens/keeper.h"

/*
 * The desk's own programs: feldsher-sync --watch, which the screens start when
 * nobody has and a hub is known, and `link --follow`, which tells them how it
 * goes. Both survive the locking of the screens, the first one their end.
 */
#define KEEPERS_SYNC "sync" /* names of the jobs */
#define KEEPERS_LINK "link"

struct keepers {
    struct keeper sync, link;
    unsigned sync_seen, link_seen; /* jobs whose end was taken note of */
    json_int_t receipt, head;      /* of the link's last word */
    bool running;
    int64_t ask_again; /* when ours is asked (again) to end, where it is to */
    bool rebuild;      /* wanted: as soon as nobody has the index open */
};

/* What is due; from desk_settle. */
void keepers_settle(struct desk *d, int64_t now);
/* When to call it again; INT64_MAX: at news. */
int64_t keepers_due(const struct desk *d, int64_t now);

/* How feldsher-sync stands: the newest that is known of it; NULL: nothing. */
const json_t *keepers_link(const struct desk *d);
bool keepers_runs(const struct desk *d);
/* Did these screens start the one that runs? */
bool keepers_is_ours(const struct desk *d);
/* Why it does not run, translated; NULL: it does, or is about to. */
const char *keepers_why_not(const struct desk *d);

void keepers_start(struct desk *d);
void keepers_stop(struct desk *d);
/* With new settings, if it runs. */
void keepers_restart(struct desk *d);
/* The job "rebuild", which nobody may have the index open for: the link is
 * ended first, and kept again afterwards. */
void keepers_rebuild(struct desk *d);

#endif
