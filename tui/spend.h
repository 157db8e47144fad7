#ifndef TUI_SPEND_H
#define TUI_SPEND_H

#include "storage/base/err.h"

/* A file under a one-time code was used: it is overwritten where it stands,
 * cut, and says so. ERR_IO: the medium is read-only, the file still opens. */
enum err spend_file(const char *path) MUST_USE;

#endif
