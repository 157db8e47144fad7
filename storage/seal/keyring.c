#include "storage/seal/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Possessor: everything; the account: view, read, write, search, link.
 * A service's session keyring does not hold the account's (systemd's
 * KeyringMode=), so that what it may do goes by the account's rights alone.
 * The bits are in keyctl_setperm(3). */
#define RIGHTS 0x3f1f0000ul

static const char type[] = "user";

static enum err failed(const char *what)
{
    if (errno == ENOKEY || errno == EKEYEXPIRED || errno == EKEYREVOKED)
        return err_set(ERR_NOINPUT, "the keyring does not hold it");
    if (errno == EDQUOT)
        return err_set(ERR_FULL, "the account's keyring is full; raise kernel.keys.maxbytes");
    if (errno == ENOMEM)
        return err_set(ERR_NOMEM, "out of memory");
    return err_errno(ERR_DENIED, "the kernel's keyring cannot be used (%s)", what);
}

static long find(const char *name)
{
    return syscall(SYS_keyctl, KEYCTL_SEARCH, (long)KEY_SPEC_USER_KEYRING, type, name, 0L);
}

enum err keyring_put(const char *name, const void *p, size_t n)
{
    if (n == 0 || n > KEYRING_MAX || strlen(name) >= KEYRING_NAME_LEN)
        return err_set(ERR_BUG, "a secret that does not fit the keyring");
    long key = syscall(SYS_add_key, type, name, p, n, (long)KEY_SPEC_USER_KEYRING);
    if (key < 0)
        return failed("add_key");
    if (syscall(SYS_keyctl, KEYCTL_SETPERM, key, RIGHTS) < 0) {
        enum err e = failed("setperm");
        return keyring_drop(name) == ERR_OK ? e : ERR_DENIED;
    }
    return ERR_OK;
}

enum err keyring_get(const char *name, struct keyring_secret **out)
{
    *out = NULL;
    long key = find(name);
    if (key < 0)
        return failed("search");
    struct keyring_secret *s = sodium_malloc(sizeof *s);
    if (!s)
        return err_set(ERR_NOMEM, "out of locked memory");
    long n = syscall(SYS_keyctl, KEYCTL_READ, key, s->p, sizeof s->p);
    enum err e = n < 0 ? failed("read") : ERR_OK;
    if (!e && (n == 0 || (size_t)n > sizeof s->p)) /* what is larger is cut off, its full size returned */
        e = err_set(ERR_DENIED, "the kernel's keyring holds something else under that name");
    if (e) {
        sodium_free(s);
        return e;
    }
    s->n = (size_t)n;
    *out = s;
    return ERR_OK;
}

enum err keyring_drop(const char *name)
{
    long key = find(name);
    if (key < 0 && (errno == ENOKEY || errno == EKEYEXPIRED || errno == EKEYREVOKED))
        return ERR_OK;
    if (key < 0 || syscall(SYS_keyctl, KEYCTL_UNLINK, key, (long)KEY_SPEC_USER_KEYRING) < 0)
        return failed("drop");
    return ERR_OK;
}
