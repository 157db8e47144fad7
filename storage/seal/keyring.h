#ifndef STORAGE_SEAL_KEYRING_H
#define STORAGE_SEAL_KEYRING_H

#include "storage/base/err.h"

#include <stddef.h>

/*
 * The kernel's keyring of the account (user_keyring(7)): secrets that every
 * program of the account can have while the machine is on, that lie in no file
 * and in no process, and that are gone when it is switched off. By the system
 * calls alone; a program that has limited itself needs what
 * confine_self_keys allows.
 *
 * ERR_NOINPUT: there is none of this name. ERR_DENIED: the kernel has no
 * keyrings, or they are closed to this program (a container, a sandbox);
 * ERR_FULL: the account's quota of keys is used up.
 */
#define KEYRING_NAME_LEN 128u /* with NUL */
#define KEYRING_MAX 1024u     /* bytes of a secret */

struct keyring_secret {
    size_t n;
    char p[KEYRING_MAX];
};

/* Replaces one of the same name. */
enum err keyring_put(const char *name, const void *p, size_t n) MUST_USE;
/* In locked memory; the caller frees with sodium_free. */
enum err keyring_get(const char *name, struct keyring_secret **out) MUST_USE;
/* Absence is no error. */
enum err keyring_drop(const char *name) MUST_USE;

#endif
