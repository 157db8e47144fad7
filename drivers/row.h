#ifndef DRIVERS_ROW_H
#define DRIVERS_ROW_H

#include <jansson.h>

/* One object on one line of standard output, in one write, for several
 * processes may say theirs on one pipe; consumed. NULL (there was no memory) is
 * an empty line. */
void row_put(json_t *o);

#endif
