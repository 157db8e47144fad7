#ifndef SYNC_LINK_RESOLVER_H
#define SYNC_LINK_RESOLVER_H

#include "sync/link/address.h"

/*
 * Names to addresses by the machine's own ways (getaddrinfo), which may block
 * for half a minute and load libraries: so in a child process, made before the
 * program limits itself and before it holds a key. A name that hangs holds up
 * nothing, answers of name servers are read where no key is, and the program
 * needs no right to read /etc. One a process; one thread.
 */
struct resolver;

#define RESOLVER_ANSWERS 8u /* addresses taken of one name */

/* Call it before threads are started, keys read, or confine_self. The child
 * ends when the thread that called does. */
enum err resolver_start(struct resolver **out) MUST_USE;
void resolver_free(struct resolver *r);

/* *fd becomes readable when there is an answer; it is the caller's, who may
 * close it to forget the question. */
enum err resolver_ask(struct resolver *r, const struct address *name, int *fd) MUST_USE;
/* ERR_AGAIN: none yet; ERR_UNREACHABLE: no such name, or no way to ask. */
enum err resolver_answer(int fd, struct address out[static RESOLVER_ANSWERS], size_t *n) MUST_USE;

#endif
