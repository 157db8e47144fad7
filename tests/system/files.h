#ifndef TESTS_SYSTEM_FILES_H
#define TESTS_SYSTEM_FILES_H

/* For the programs here that show what a driver reads: the files of a camera,
 * and what is in one of them. */
#include "drivers/camera.h"
#include "storage/seal/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_PIECE 1000003u /* no multiple of anything */

struct files {
    struct camera_file *v;
    size_t n, cap;
};

static inline void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

/* For camera.list, with a struct files; what cannot be taken is said. */
static inline enum err files_note(void *ctx, const struct camera_file *f)
{
    struct files *a = ctx;
    if (f->state != CAMERA_FILE) {
        printf("failed %s: %s\n", f->path, f->why);
        return ERR_OK;
    }
    if (a->n == a->cap)
        a->v = must(realloc(a->v, (a->cap = 2 * a->cap + 64) * sizeof *a->v));
    a->v[a->n] = *f;
    a->v[a->n++].path = must(strdup(f->path));
    return ERR_OK;
}

static inline void files_free(struct files *a)
{
    for (size_t i = 0; i < a->n; i++)
        free((void *)(uintptr_t)a->v[i].path);
    free(a->v);
}

/* From a place on, to stdout or into a hash; *at: how far it came. */
static inline enum err files_read(const struct camera *c, void *file, uint64_t *at, struct hash_state *h)
{
    static uint8_t p[FILES_PIECE];
    size_t got = 1;
    enum err e = ERR_OK;
    for (; !e && got; *at += got) {
        e = c->read(file, *at, p, sizeof p, &got);
        if (h)
            hash_add(h, p, got);
        else if (fwrite(p, 1, got, stdout) != got)
            return err_set(ERR_IO, "cannot write");
    }
    return e;
}

/* Its line: hash (or "-" where it breaks off, which is said first), size, seconds since 1970 (0: unknown), path. */
static inline enum err files_line(const struct camera *c, const struct camera_file *f, void *file)
{
    struct hash_state h;
    char hex[HASH_HEX] = "-";
    uint64_t at = 0;
    hash_init(&h);
    enum err e = files_read(c, file, &at, &h);
    struct hash sum = hash_end(&h);
    if (e)
        printf("broken at %" PRIu64 ": %s: ", at, err_text());
    else
        hash_hex(hex, &sum);
    printf("%s %" PRIu64 " %" PRId64 " %s\n", hex, f->size, f->mtime == INT64_MIN ? 0 : f->mtime / 1000, f->path);
    return e;
}

/* Consumes it. flags: of jansson. */
static inline void files_facts(json_t *facts, size_t flags)
{
    json_dumpf(must(facts), stdout, flags);
    json_decref(facts);
    puts("");
}

#endif
