#ifndef STORAGE_BASE_PROGRAM_H
#define STORAGE_BASE_PROGRAM_H

#include <stdbool.h>

/* Where another program of ours is: in the folder of the running one, else in
 * $PATH. False: nowhere that it could be run from. */
bool program_find(char out[static 4096], const char *name);

#endif
