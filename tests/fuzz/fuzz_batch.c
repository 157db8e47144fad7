/* A batch's plaintext, as it comes out of an object that anybody may have
 * sealed to a circle's public key. */
#include "storage/vault/batch.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct batch *b;
    if (hash_start())
        return 0;
    if (batch_parse(&b, (const char *)p, n) == ERR_OK) {
        assert(b->seq > 0 && json_array_size(b->entries) <= BATCH_ENTRIES_MAX);
        batch_free(b);
    }
    return 0;
}
