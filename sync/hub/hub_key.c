#include "sync/hub/hub_key.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "sync/limits.h"

#include <string.h>

enum err hub_key_write(const struct hub *h, const char *name, const struct sign_secret *k)
{
    char path[4096], seed[BYTES_B64(32)], pub[SIGN_PUBLIC_TEXT];
    struct buf text = {.secret = 1};
    bytes_b64(seed, k->seed, sizeof k->seed, true);
    sign_public_text(pub, &k->pub);
    enum err e = hub_path(h, path, name);
    if (!e)
        e = buf_fmt(&text, "feldsher-key 1\nseed: %s\npublic: %s\n", seed, pub);
    if (!e)
        e = file_write(path, text.p, text.len, 0600);
    buf_free(&text);
    explicit_bzero(seed, sizeof seed);
    return e;
}

enum err hub_key_read(const struct hub *h, const char *name, struct sign_secret **out)
{
    char path[4096];
    struct buf text = {.secret = 1};
    struct text t;
    struct field f;
    unsigned version, seen = 0;
    uint8_t seed[32] = {0};
    struct sign_public pub;
    size_t n;
    *out = NULL;
    enum err e = hub_path(h, path, name);
    if (!e)
        e = file_read(path, HUB_CONF_MAX, &text);
    if (!e)
        e = text_open(&t, "key", &version, (const char *)text.p, text.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        if (span_is(f.key, "seed") && bytes_unb64(seed, sizeof seed, &n, f.value.p, f.value.n, true) && n == 32)
            seen |= 1;
        else if (span_is(f.key, "public") && sign_public_parse(&pub, f.value.p, f.value.n))
            seen |= 2;
    }
    buf_free(&text);
    if (e == ERR_END || e == ERR_DATA)
        e = seen == 3 ? ERR_OK : ERR_BAD;
    if (!e && !(*out = sodium_malloc(sizeof **out)))
        e = err_set(ERR_NOMEM, "out of memory");
    if (!e) {
        sign_from_seed(*out, seed);
        if (!sign_same(&(*out)->pub, &pub)) {
            sodium_free(*out);
            *out = NULL;
            e = ERR_BAD;
        }
    }
    explicit_bzero(seed, sizeof seed);
    return e == ERR_BAD ? err_set(ERR_BAD, "%s is damaged; take it back from a backup", path) : e;
}
