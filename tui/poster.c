#include "tui/poster.h"

#include "storage/base/bytes.h"

#include <ctype.h>
#include <string.h>

#define FILE_MAX (3 * POSTER_SIDE_MAX * POSTER_SIDE_MAX + 64)
#define NAME_END ".poster.ppm"

void poster_free(struct poster *p)
{
    buf_free(&p->bytes);
    p->rgb = NULL;
}

/* One number of the head and the blank behind it. */
static bool number(const char **p, const char *end, unsigned max, unsigned *out)
{
    const char *from = *p;
    uint64_t v;
    while (*p < end && isdigit((unsigned char)**p))
        *p += 1;
    if (*p == end || !isspace((unsigned char)**p) || !bytes_decimal(&v, from, (size_t)(*p - from), max) || v == 0)
        return false;
    *p += 1;
    *out = (unsigned)v;
    return true;
}

enum err poster_parse(struct poster *p)
{
    const char *at = (const char *)p->bytes.p, *end = at + p->bytes.len;
    unsigned most;
    bool good = p->bytes.len > 3 && memcmp(at, "P6\n", 3) == 0;
    if (good) {
        at += 3;
        good = number(&at, end, POSTER_SIDE_MAX, &p->w) && number(&at, end, POSTER_SIDE_MAX, &p->h) &&
               number(&at, end, 255, &most) && most == 255 && (size_t)(end - at) == (size_t)3 * p->w * p->h;
    }
    p->rgb = (const uint8_t *)at;
    return good ? ERR_OK : err_set(ERR_DATA, "the recording's poster is no picture");
}

bool poster_is(const char *path)
{
    size_t n = strlen(path), tail = strlen(NAME_END);
    return n >= tail && strcmp(path + n - tail, NAME_END) == 0;
}

enum err poster_read(const struct station *s, const struct user *u, const struct recording *r, struct poster *out)
{
    *out = (struct poster){0};
    for (size_t i = 1; i < r->n_files; i++) {
        const struct recording_file *f = &r->files[i];
        if (!poster_is(f->path) || f->size > FILE_MAX)
            continue;
        enum err e = recording_read(s, u, f, 0, UINT64_MAX, buf_sink, &out->bytes);
        return e ? e : poster_parse(out);
    }
    return err_set(ERR_NOINPUT, "recording %s has no poster: nothing in it could be shown when it was taken in", r->id);
}
