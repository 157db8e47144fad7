#ifndef TUI_OPENER_SERVE_H
#define TUI_OPENER_SERVE_H

#include "storage/base/err.h"

#include <stdbool.h>

/* The worker's side of opener.h: serves the painter on descriptor fd until it
 * has gone and what it asked for has ended. keys: the opener; else the starter. */
enum err serve(const char *dir, bool keys, int fd) MUST_USE;

#endif
