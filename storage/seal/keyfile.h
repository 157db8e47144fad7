#ifndef STORAGE_SEAL_KEYFILE_H
#define STORAGE_SEAL_KEYFILE_H

#include "storage/seal/sign.h"

/* A machine's own signing key on disk, mode 0600: clear text "feldsher-key 1",
 * seed (base64), public key. A flipped bit is seen: the two must belong
 * together. */
enum err keyfile_text(struct buf *out, const struct sign_secret *k) MUST_USE; /* makes out secret */
/* In locked memory; freed with sodium_free. ERR_BAD damaged, ERR_NOINPUT. */
enum err keyfile_read(const char *path, struct sign_secret **out) MUST_USE;

#endif
