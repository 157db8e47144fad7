#ifndef TUI_SCREENS_DOCK_H
#define TUI_SCREENS_DOCK_H

#include "tui/screens/desk.h"
#include "tui/screens/plugged.h"

/*
 * The desk's cameras: looks at what is plugged in as long as the screens run
 * and keeps desk->camera for the status line; takes in by itself what is
 * plugged in to USB (`dock`, unless another program does), and one after the
 * other what a person asks for, whatever views are open and whoever is
 * unlocked. The dock ends with the screens; what it had begun goes on with the
 * next one. An offload that a person asked for ends in its own time.
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
/* Erases on the camera with this number what licences name, as the job
 * "erase"; false: it cannot begin, and it was said. */
bool dock_erase(struct desk *d, const char *serial);
/* The rows "file" and "summary" of the last erase on it; NULL: there was none. */
const json_t *dock_erased(const struct desk *d, const char *serial);

#endif
