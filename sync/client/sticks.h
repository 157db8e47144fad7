#ifndef SYNC_CLIENT_STICKS_H
#define SYNC_CLIENT_STICKS_H

#include "storage/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * A process beside this one that meets every stick which is mounted: those of
 * this machine's file systems that hold feldsher/link. It is made before this
 * one limits itself, since nobody knows yet where a stick will be; each
 * contact runs in a child of its own, limited to its stick, without network.
 */
struct sticks {
    pid_t pid;
    int fd; /* while it is open, the process goes on; -1: none */
};

/* Before keys are read. dir: the station's folder. */
enum err sticks_start(struct sticks *s, const char *dir, bool json) MUST_USE;
void sticks_stop(struct sticks *s);

#endif
