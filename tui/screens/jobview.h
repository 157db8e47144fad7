#ifndef TUI_SCREENS_JOBVIEW_H
#define TUI_SCREENS_JOBVIEW_H

#include "tui/screens/desk.h"
#include "tui/widgets/progress.h"

/*
 * How one of the desk's jobs goes, in a few rows of a screen: a bar while it
 * runs, how it ended afterwards.
 */
struct jobview {
    const char *name; /* of the job */
    unsigned seen;    /* the job that progress is of */
    struct progress progress;
};

/* From the screen's news. */
void jobview_news(struct jobview *j, const struct desk *d);
bool jobview_runs(const struct jobview *j, const struct desk *d);
/* It has ended, well or not, and what it said is here; NULL: it runs, or there
 * was none. */
const struct desk_job *jobview_ended(const struct jobview *j, const struct desk *d);
/* Rows it used: what it is, bar, how long; or the error. bytes: units are
 * bytes. */
int jobview_paint(const struct jobview *j, const struct desk *d, const struct area *a, int row, const char *what,
                  bool bytes);
/* The last row of its result with this member; NULL. */
const json_t *jobview_row(const struct desk_job *job, const char *member);

#endif
