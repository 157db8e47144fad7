#include "storage/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void drop(struct buf *b)
{
    if (b->p && b->secret)
        explicit_bzero(b->p, b->cap);
    free(b->p);
}

enum err buf_reserve(struct buf *b, size_t more)
{
    size_t max = b->max ? b->max : BUF_MAX;
    if (more > max || b->len > max - more)
        return err_set(ERR_DATA, "input is larger than the %zu bytes allowed here", max);
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return ERR_OK;
    size_t cap = b->cap ? b->cap : 256;
    while (cap < need)
        cap *= 2;
    uint8_t *p;
    if (b->secret) {
        p = malloc(cap);
        if (p && b->len)
            memcpy(p, b->p, b->len);
        if (p)
            drop(b);
    } else {
        p = realloc(b->p, cap);
    }
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    b->p = p;
    b->cap = cap;
    return ERR_OK;
}

enum err buf_add(struct buf *b, const void *bytes, size_t n)
{
    enum err e = buf_reserve(b, n);
    if (e)
        return e;
    if (n)
        memcpy(b->p + b->len, bytes, n);
    b->len += n;
    b->p[b->len] = 0;
    return ERR_OK;
}

enum err buf_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

enum err buf_fmt(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return err_set(ERR_BUG, "a format string does not fit its arguments");
    enum err e = buf_reserve(b, (size_t)n);
    if (e)
        return e;
    va_start(ap, fmt);
    vsnprintf((char *)b->p + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
    return ERR_OK;
}

void buf_clear(struct buf *b)
{
    if (b->p && b->secret)
        explicit_bzero(b->p, b->cap);
    b->len = 0;
    if (b->p)
        b->p[0] = 0;
}

void buf_free(struct buf *b)
{
    drop(b);
    b->p = NULL;
    b->len = b->cap = 0;
}

enum err buf_sink(void *buf, const uint8_t *bytes, size_t n)
{
    return buf_add(buf, bytes, n);
}
