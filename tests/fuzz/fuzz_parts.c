/* A parts list: reading it ends, and sizes stay under their ceiling. */
#include "storage/limits.h"
#include "storage/vault/parts.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct parts parts;
    bool mark;
    struct hash name;
    uint64_t size;
    if (parts_open(&parts, (const char *)p, n))
        return 0;
    while (parts_next(&parts, &mark, &name, &size) == ERR_OK)
        assert(mark ? size == 0 : size > 0 && size <= BLOB_SEALED_MAX);
    return 0;
}
