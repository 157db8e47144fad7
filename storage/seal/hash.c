#include "storage/seal/hash.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"

#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum err hash_start(void)
{
    return sodium_init() < 0 ? err_set(ERR_BUG, "the cryptographic library does not start") : ERR_OK;
}

void hash_init(struct hash_state *s)
{
    crypto_generichash_init(&s->s, NULL, 0, HASH_LEN);
}

void hash_add(struct hash_state *s, const void *p, size_t n)
{
    crypto_generichash_update(&s->s, p, n);
}

struct hash hash_end(struct hash_state *s)
{
    struct hash h;
    crypto_generichash_final(&s->s, h.b, sizeof h.b);
    return h;
}

struct hash hash_of(const void *p, size_t n)
{
    struct hash h;
    crypto_generichash(h.b, sizeof h.b, p, n, NULL, 0);
    return h;
}

struct hash hash_keyed(const uint8_t key[static 32], const void *p, size_t n)
{
    struct hash h;
    crypto_generichash(h.b, sizeof h.b, p, n, key, 32);
    return h;
}

bool hash_same(const struct hash *a, const struct hash *b)
{
    return memcmp(a->b, b->b, HASH_LEN) == 0; /* names are no secret */
}

bool hash_is_zero(const struct hash *h)
{
    return sodium_is_zero(h->b, HASH_LEN);
}

void hash_hex(char out[static HASH_HEX], const struct hash *h)
{
    bytes_hex(out, h->b, HASH_LEN);
}

bool hash_unhex(struct hash *h, const char *s, size_t n)
{
    return bytes_unhex(h->b, HASH_LEN, s, n);
}

static enum err hash_fd(int fd, const char *path, struct hash *h, uint64_t *size)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(ERR_IO, "cannot look at %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(ERR_DATA, "%s is not a regular file", path);

    struct hash_state s;
    hash_init(&s);
    uint64_t total = 0;
    for (;;) {
        uint8_t chunk[65536];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(ERR_IO, "cannot read %s", path);
        if (n == 0)
            break;
        hash_add(&s, chunk, (size_t)n);
        total += (uint64_t)n;
    }
    *h = hash_end(&s);
    if (size)
        *size = total;
    return ERR_OK;
}

enum err hash_file(const char *path, struct hash *h, uint64_t *size)
{
    /* O_NONBLOCK: a pipe of that name must not hold us up */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_errno(errno == ENOENT || errno == ENOTDIR ? ERR_NOINPUT : ERR_IO, "cannot open %s", path);
    enum err e = hash_fd(fd, path, h, size);
    file_close(&fd);
    return e;
}
