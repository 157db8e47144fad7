#ifndef SYNC_CLIENT_CLIENT_H
#define SYNC_CLIENT_CLIENT_H

#include "sync/client/taking.h"
#include "sync/folder/stick.h"
#include "sync/folder/walk.h"

/* One contact of a station with a stick. */
struct client {
    struct taking in;
    struct stick stick;
    struct refuse refuse;
    struct walk walk;
};

struct client_options {
    const char *dir;
    const char *folder;
    const char *label; /* NULL: the stick's own, or a new one */
    const char *due;   /* YYYY-MM-DD; NULL: not said */
    bool plan;
    bool json;
    bool progress; /* as JSON objects, too */
};

/* The whole contact: take in, put on, tell. ERR_AGAIN: something stays or was
 * refused; ERR_DENIED: this station is revoked; ERR_UNREACHABLE: no folder.
 * Limits this process for good. */
enum err client_run(const struct client_options *o) MUST_USE;
/* The same in a child process, which says itself what went wrong: ERR_AGAIN. */
enum err client_run_apart(const struct client_options *o) MUST_USE;

/* Copies an object from the stick into the station's objects/, unless it is
 * there; exact: it must have size bytes, else at most these. Errors as
 * stick_read; ERR_BAD: the bytes do not match the name. */
enum err client_take_object(struct client *c, const struct hash *name, uint64_t size, bool exact) MUST_USE;
/* Refuses name with the sentence of e unless e stops everything. */
enum err client_refuse(struct client *c, const char *name, enum err e) MUST_USE;

#endif
