#ifndef DRIVERS_DOCK_MODELS_H
#define DRIVERS_DOCK_MODELS_H

#include "drivers/profiles/profile.h"

/* `profiles` and `check FILE`: which camera models a station knows, and whether
 * a file is one. */
struct models {
    const char *file; /* to check; NULL: list */
};

/* Are these words (behind the options) for us? */
bool models_take(struct models *m, int n, char **words);
/* ERR_DATA: file, line and what is wrong. Limits the process first. */
enum err models_run(const struct models *m, const char *dir, bool json) MUST_USE;
/* What is wrong with the station's models that are refused: a row each, or a line on stderr. */
void models_say_refused(const struct profiles *all, bool json);

#endif
