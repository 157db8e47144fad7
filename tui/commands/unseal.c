#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/seal/age.h"
#include "storage/seal/compress.h"
#include "tui/lang/lang.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define IDENTITIES_MAX 1024u
#define CHUNK (64u << 10)

static enum err to_stdout(void *ctx, const uint8_t *bytes, size_t n)
{
    (void)ctx;
    return fwrite(bytes, 1, n, stdout) == n ? ERR_OK : err_errno(ERR_IO, "cannot write the output");
}

static enum err to_zstd(void *ctx, const uint8_t *bytes, size_t n)
{
    return decompress_write(ctx, bytes, n);
}

/* The identities of a file, which may itself be sealed under a passphrase. */
static enum err read_identities(struct call *c, const char *path, struct identity *ids, size_t *n)
{
    static const char magic[] = "age-encryption.org/";
    struct buf file = {.secret = 1}, plain = {.secret = 1};
    struct secret *pass = NULL;
    enum err e = file_read(path, 1u << 20, &file);
    if (!e && file.len > sizeof magic && memcmp(file.p, magic, sizeof magic - 1) == 0) {
        e = secret_ask(c->secrets, _("Passphrase of the identity file"), &pass);
        if (!e)
            e = age_open_bytes_pass(pass->p, pass->len, file.p, file.len, &plain);
    } else if (!e) {
        plain = file;
        file = (struct buf){0};
    }
    if (!e)
        e = identity_file(ids, IDENTITIES_MAX, n, (const char *)plain.p, plain.len);
    secret_free(pass);
    buf_free(&plain);
    buf_free(&file);
    return e;
}

static enum err pump(struct age_open *age)
{
    uint8_t chunk[CHUNK];
    enum err e = ERR_OK;
    while (!e) {
        ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            e = err_errno(ERR_IO, "cannot read the input");
        else if (n == 0)
            break;
        else
            e = age_open_write(age, chunk, (size_t)n);
    }
    return e ? e : age_open_finish(age);
}

static enum err unseal(struct call *c)
{
    struct age_open *age = NULL;
    struct decompress *zstd = NULL;
    const char *path = "";
    size_t n = 0;
    struct identity *ids = sodium_allocarray(IDENTITIES_MAX, sizeof *ids);
    bool unzstd = command_has(c, "unzstd");
    enum err e = ids ? command_need(c, "identity", &path) : err_set(ERR_NOMEM, "out of memory");
    if (!e)
        e = read_identities(c, path, ids, &n);
    if (!e && unzstd)
        e = decompress_new(&zstd, UINT64_MAX, to_stdout, NULL);
    if (!e)
        e = age_open_new(&age, ids, n, unzstd ? to_zstd : to_stdout, zstd);
    if (!e)
        e = pump(age);
    if (!e && unzstd)
        e = decompress_finish(zstd);
    age_open_free(age);
    decompress_free(zstd);
    sodium_free(ids);
    return e;
}

static const struct command rows[] = {
    {.name = "unseal",
     .args = "",
     .help = N_("opens any age file: its plaintext goes from stdin to stdout"),
     .run = unseal,
     .options = {{"identity", "FILE", N_("an age identity file, or keys/USER.age of a station")},
                 {"unzstd", NULL, N_("unpacks it, too: what `age -d | zstd -d` would give")}}},
};
const struct command_group group_unseal = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
