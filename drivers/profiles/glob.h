#ifndef DRIVERS_PROFILES_GLOB_H
#define DRIVERS_PROFILES_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Patterns of paths, as "DCIM/100*_CAM/MOV_????.MP4": '*' stands for any
 * letters within the name of one file or folder, '?' for one; two stars as a
 * whole name stand for any number of folders. A-Z and a-z are the same. Time
 * grows with pattern times path, never beyond.
 */
bool glob_takes(const char *pattern, const char *path, size_t n);
/* One name, no folders: '*' and '?'. */
bool glob_name(const char *pattern, size_t pattern_n, const char *s, size_t n);
/* Why it is no pattern; NULL: it is one. */
const char *glob_mistake(const char *pattern, size_t n);

#endif
