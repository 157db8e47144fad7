#ifndef TUI_SCREENS_DOCK_H
#define TUI_SCREENS_DOCK_H

#include "tui/screens/desk.h"
#include "tui/screens/plugged.h"

/*
 * The desk's cameras: looks at what is plugged in as long as the screens run
 * and keeps desk->camera for the status line; takes one camera in after the
 * other, whatever views are open and whoever is unlocked.
 */
struct dock;

enum err dock_new(struct dock **out) MUST_USE;
void dock_free(struct dock *k);
/* Begins to look, and anew when the looking has ended. */
void dock_settle(struct desk *d, int64_t now);
int64_t dock_due(const struct desk *d);

struct plugged *dock_plugged(struct desk *d);
/* Takes it in, at once or when its turn comes; false: nothing was to do. */
bool dock_offload(struct desk *d, struct plugged_camera *c);
/* All that are plugged in and not done; how many that are. */
size_t dock_offload_all(struct desk *d);
/* Ends the one under way, and with all those that wait, too. */
void dock_stop(struct desk *d, bool all);
/* Looks anew at everything. */
void dock_look(struct desk *d);
/* Looks into this folder, too; false: there are too many. */
bool dock_add(struct desk *d, const char *path);

#endif
