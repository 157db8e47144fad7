/* A receipt: what parses can be asked for any label. */
#include "storage/vault/receipt.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct receipt *r;
    if (hash_start())
        return 0;
    if (receipt_parse(&r, (const char *)p, n) == ERR_OK) {
        assert(!receipt_holds(r, 0) && !receipt_holds(r, r->labels + 1));
        for (size_t i = 0; i < r->n_missing; i++)
            assert(!receipt_holds(r, r->missing[i]));
        for (size_t i = 0; i < r->n_parts_missing; i++)
            assert(!receipt_holds_parts(r, r->parts_missing[i]));
        receipt_free(r);
    }
    return 0;
}
