/* A file of labels: whatever it holds, reading it ends, stays inside, and a
 * label that parses says the same when it is parsed again. */
#include "storage/vault/label.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static struct sign_secret key;
    static const uint8_t seed[32] = {1};
    if (hash_start())
        return 0;
    sign_from_seed(&key, seed);
    const char *text = (const char *)p;
    for (size_t i = 0; i < n;) {
        struct label l, again;
        enum err e = label_parse(&l, text + i, n - i);
        if (e == ERR_OK) {
            struct buf out = {0};
            assert(l.len > 0 && l.len <= n - i);
            if (label_write(&l, &key, &out) == ERR_OK) {
                assert(label_parse(&again, (const char *)out.p, out.len) == ERR_OK);
                assert(again.seq == l.seq && again.time == l.time && strcmp(again.to, l.to) == 0);
                assert(label_check(&again, &key.pub) == ERR_OK);
            }
            buf_free(&out);
            i += l.len;
        } else {
            size_t skip = label_skip(text + i, n - i);
            assert(skip > 0 && skip <= n - i);
            i += skip;
        }
    }
    return 0;
}
