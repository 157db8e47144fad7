#include "storage/base/grow.h"

#include "storage/base/err.h"

#include <stdlib.h>

void *grow(void *array, size_t n, size_t *cap, size_t first, size_t size)
{
    if (n < *cap)
        return array;
    size_t more = *cap ? 2 * *cap : first;
    void *larger = reallocarray(array, more, size);
    if (larger)
        *cap = more;
    else
        err_set(ERR_NOMEM, "out of memory");
    return larger;
}
