#ifndef STORAGE_BASE_CONFINE_H
#define STORAGE_BASE_CONFINE_H

#include "storage/base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A program limits itself at start, for ever, children included: Landlock
 * (where the kernel has it) to the paths it names, seccomp to no sockets but
 * those allowed, no exec, no tracing, no mounting, no kernel loading. Paths
 * that do not exist, or that the account cannot reach, are skipped. Built with a sanitizer, this does nothing.
 */
enum confine_access {
    CONFINE_READ,  /* everything below it may be read */
    CONFINE_WRITE, /* read, written, made, removed */
    CONFINE_USE,   /* what is there may be read and written, nothing made or removed: devices */
    CONFINE_MOVE,  /* files may be renamed to, removed, made and listed below it, but neither read nor written */
};

struct confine_path {
    const char *path;
    enum confine_access access;
};

enum confine_net {
    CONFINE_NO_NET,
    CONFINE_LOCAL, /* may connect to sockets of this machine (AF_UNIX), and type nothing into its terminal */
    CONFINE_NET,
};

enum confine_keys {
    CONFINE_NO_KEYS,
    CONFINE_READ_KEYS, /* may find and read what is in the account's keyring (storage/seal/keyring.h) */
    CONFINE_KEEP_KEYS, /* may put secrets there, too */
};

enum err confine_self(const struct confine_path *paths, size_t n, enum confine_net net) MUST_USE;
enum err confine_self_keys(const struct confine_path *paths, size_t n, enum confine_net net,
                           enum confine_keys keys) MUST_USE;

/* Closes every descriptor above 2 but fd; no core file is left behind. */
enum err confine_keep(int fd) MUST_USE;
/* For a program that needs nothing but one socket: it reads and writes fd,
 * takes memory bytes more than it has now, uses seconds of processor time,
 * sees the clock and exits. Anything else ends it at once: SIGSYS, SIGXCPU.
 * What opens files when it is first used (time zones, random seeds) is used before. */
enum err confine_to_fd(int fd, uint64_t memory, unsigned seconds) MUST_USE;

#endif
