#ifndef STORAGE_BASE_GROW_H
#define STORAGE_BASE_GROW_H

#include <stddef.h>

/*
 * Room for one more of size bytes behind the n of an array that has room for
 * *cap: the array itself, or a larger copy in its place, which doubles from
 * first on. NULL, with a sentence (ERR_NOMEM): there is no memory; the array
 * stands as it was.
 */
void *grow(void *array, size_t n, size_t *cap, size_t first, size_t size);

#endif
