#include "storage/seal/keyfile.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

#include <sodium.h>
#include <string.h>

#define KEYFILE_MAX 4096u

enum err keyfile_text(struct buf *out, const struct sign_secret *k)
{
    char seed[BYTES_B64(32)], pub[SIGN_PUBLIC_TEXT];
    out->secret = 1;
    bytes_b64(seed, k->seed, sizeof k->seed, true);
    sign_public_text(pub, &k->pub);
    enum err e = buf_fmt(out, "feldsher-key 1\nseed: %s\npublic: %s\n", seed, pub);
    explicit_bzero(seed, sizeof seed);
    return e;
}

enum err keyfile_read(const char *path, struct sign_secret **out)
{
    struct buf b = {.secret = 1};
    struct text t;
    struct field f;
    unsigned version;
    uint8_t seed[32] = {0};
    struct sign_public pub;
    size_t n;
    bool has_seed = false, has_pub = false;
    *out = NULL;
    enum err e = file_read(path, KEYFILE_MAX, &b);
    if (!e)
        e = text_open(&t, "key", &version, (const char *)b.p, b.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        if (span_is(f.key, "seed"))
            has_seed = bytes_unb64(seed, sizeof seed, &n, f.value.p, f.value.n, true) && n == sizeof seed;
        else if (span_is(f.key, "public"))
            has_pub = sign_public_parse(&pub, f.value.p, f.value.n);
    }
    buf_free(&b);
    if (e == ERR_END || e == ERR_DATA)
        e = has_seed && has_pub ? ERR_OK : ERR_BAD;
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
    return e == ERR_BAD ? err_set(ERR_BAD, "%s is damaged; restore it from a backup", path) : e;
}
