#ifndef STORAGE_VAULT_CAMERA_SECRET_H
#define STORAGE_VAULT_CAMERA_SECRET_H

#include "storage/seal/keyring.h"
#include "storage/vault/station.h"

/*
 * The secret that unlocks the cameras of one profile: keys/cameras/PROFILE.age,
 * its bytes sealed to every user in force who has a key on this station, and,
 * while the machine is on, in the kernel's keyring, where feldsher-dock finds
 * it with nobody logged in.
 */
#define CAMERA_SECRET_MAX 64u

/* Seals and puts into the keyring; n 0: forgotten. Where there is no keyring
 * the sealed copy stands all the same: ERR_DENIED with a sentence. */
enum err camera_secret_keep(const struct station *s, const char *profile, const void *p, size_t n) MUST_USE;
/* At an unlock: whatever is sealed to this person goes into the keyring.
 * Nothing to open, and no keyring, are no errors: who unlocks came for
 * something else. */
void camera_secret_bring(const struct station *s, const struct user *u);
/* For the dock. ERR_NOINPUT: nobody entered one, or nobody has unlocked this
 * station since it was switched on. The caller frees with sodium_free. */
enum err camera_secret_get(const struct station *s, const char *profile, struct keyring_secret **out) MUST_USE;

#endif
