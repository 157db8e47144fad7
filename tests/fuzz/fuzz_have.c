/* A stick's index: a have text. What parses finds what it lists, and written
 * anew under another key it says the same. */
#include "sync/folder/have.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const uint8_t seed[32] = {7};
    struct sign_secret key;
    struct have *h, *again;
    if (hash_start() || have_parse(&h, (const char *)p, n) != ERR_OK)
        return 0;
    for (size_t i = 0; i < h->n_heads; i++)
        assert(have_head(h, h->heads[i].chain) == &h->heads[i]);
    for (size_t i = 0; i < h->n_notices; i++)
        assert(have_notice(h, h->notices[i]));
    sign_from_seed(&key, seed);
    if (have_write(h, &key) == ERR_OK) {
        enum err e = have_parse(&again, (const char *)h->text.p, h->text.len);
        assert(e == ERR_OK);
        assert(again->n_heads == h->n_heads && again->n_notices == h->n_notices && again->n_wants == h->n_wants);
        assert(again->roster == h->roster && again->time == h->time && strcmp(again->station, h->station) == 0);
        assert(again->n_wants == 0 || memcmp(again->wants, h->wants, h->n_wants * sizeof *h->wants) == 0);
        have_free(again);
    }
    have_free(h);
    return 0;
}
