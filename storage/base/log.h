#ifndef STORAGE_BASE_LOG_H
#define STORAGE_BASE_LOG_H

#include "storage/base/buf.h"
#include "storage/base/err.h"

/*
 * DIR/log/PROGRAM.log: one event a line, ids only (never a name of a person,
 * a file or a place): "TIME PROGRAM[PID] EVENT #CHECK", CHECK being 8 hex
 * digits of the BLAKE2b-256 of the line before the blank, so that verify can
 * name a flipped bit. The log is the house's only global state. Without
 * log_open, lines go nowhere. Past LOG_MAX it becomes PROGRAM.log.1 and a new
 * one begins.
 */
#define LOG_MAX (4u << 20)

enum err log_open(const char *dir, const char *program) MUST_USE;
void log_line(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_close(void);

/* Checks one log file's lines; calls bad with the line number of each that
 * does not match. A torn last line without its own end is no fault. */
enum err log_check(const char *path, void (*bad)(void *ctx, unsigned line), void *ctx) MUST_USE;

#endif
