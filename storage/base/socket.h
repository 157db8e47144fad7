#ifndef STORAGE_BASE_SOCKET_H
#define STORAGE_BASE_SOCKET_H

#include "storage/base/err.h"

#include <stddef.h>

/* All n bytes over a stream socket to another program of ours, waiting.
 * ERR_END: the other side has hung up; ERR_IO. */
enum err socket_send(int fd, const void *p, size_t n) MUST_USE;
enum err socket_receive(int fd, void *p, size_t n) MUST_USE;

#endif
