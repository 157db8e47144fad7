#ifndef TESTS_UNIT_TEST_SEAL_TOOLS_H
#define TESTS_UNIT_TEST_SEAL_TOOLS_H

/*
 * What the tests of storage/seal share: a temporary folder as the working
 * folder, and the stock tools that are the other side of every format.
 */
#include "storage/base/buf.h"
#include "storage/base/err.h"
#include "storage/base/file.h"
#include "storage/seal/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_err(want, call) assert_int_equal((int)(want), (int)(call))
#define assert_ok(call) assert_err(ERR_OK, call)

static char tools_folder[64];

static inline int tools_setup(void **state)
{
    (void)state;
    snprintf(tools_folder, sizeof tools_folder, "/tmp/seal-test-XXXXXX");
    return hash_start() != ERR_OK || !mkdtemp(tools_folder) || chdir(tools_folder) != 0;
}

static inline int tools_teardown(void **state)
{
    (void)state;
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", tools_folder);
    return chdir("/") != 0 || system(cmd) != 0;
}

/* The exit code of a shell line; its output goes nowhere unless redirected. */
static inline int PRINTF_LIKE(1, 2) run(const char *fmt, ...)
{
    char cmd[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = snprintf(cmd, sizeof cmd, "exec 2>/dev/null >/dev/null; ");
    n += vsnprintf(cmd + n, sizeof cmd - (size_t)n, fmt, ap);
    va_end(ap);
    assert_true((size_t)n < sizeof cmd);
    int r = system(cmd);
    return r < 0 ? r : r >> 8;
}

static inline void save(const char *name, const void *p, size_t n)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_int_equal(n, n ? fwrite(p, 1, n, f) : 0);
    assert_int_equal(0, fclose(f));
}

static inline struct buf load(const char *name)
{
    struct buf b = {0};
    assert_ok(file_read(name, (size_t)1 << 28, &b));
    return b;
}

static inline void assert_same(const struct buf *b, const void *p, size_t n)
{
    assert_int_equal(n, b->len);
    if (n)
        assert_memory_equal(p, b->p, n);
}

/* Bytes that do not compress, the same in every run. */
static inline uint8_t *noise(size_t n)
{
    static const uint8_t seed[randombytes_SEEDBYTES] = {7};
    uint8_t *p = malloc(n ? n : 1);
    assert_non_null(p);
    randombytes_buf_deterministic(p, n, seed);
    return p;
}

/* A sink that fails once it has taken some bytes. */
struct full_disk {
    size_t room;
};

static inline enum err full_disk_sink(void *ctx, const uint8_t *p, size_t n)
{
    struct full_disk *d = ctx;
    (void)p;
    if (n > d->room)
        return err_set(ERR_FULL, "the test's disk is full");
    d->room -= n;
    return ERR_OK;
}

#endif
