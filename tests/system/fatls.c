/* fatls IMAGE             each file: BLAKE2b-256, size, seconds since 1970, path; what cannot be taken
 * fatls --list IMAGE      each file: its path
 * fatls --facts IMAGE     what is known of the disk, after listing it
 * fatls --file IMAGE PATH what is known of a file
 * fatls --cat IMAGE PATH  its bytes; read from the end to the beginning if OFFSETS=back;
 *                         the MiB from FROM on, if it is set
 *
 * The reader of FAT and exFAT images, for comparing it with other programs. */
#include "drivers/fat/fat.h"
#include "drivers/fat/image.h"
#include "storage/seal/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 1000003u /* no multiple of anything */

struct all {
    struct camera *camera;
    const char *wanted; /* NULL: every file */
    struct camera_file found;
    char *paths; /* of all files, with their sizes and times before them */
    size_t len, cap;
};

static void *must(void *p)
{
    if (!p)
        abort();
    return p;
}

static enum err note(void *ctx, const struct camera_file *f)
{
    struct all *a = ctx;
    if (f->state != CAMERA_FILE) {
        printf("failed %s: %s\n", f->path, f->why);
        return ERR_OK;
    }
    size_t n = strlen(f->path) + 1;
    while (a->len + n + 16 > a->cap)
        a->paths = must(realloc(a->paths, a->cap = 2 * a->cap + 65536));
    memcpy(a->paths + a->len, &f->size, 8);
    memcpy(a->paths + a->len + 8, &f->mtime, 8);
    memcpy(a->paths + a->len + 16, f->path, n);
    a->len += n + 16;
    return ERR_OK;
}

static bool next(const struct all *a, size_t *at, struct camera_file *f)
{
    if (*at >= a->len)
        return false;
    f->state = CAMERA_FILE;
    f->why = "";
    memcpy(&f->size, a->paths + *at, 8);
    memcpy(&f->mtime, a->paths + *at + 8, 8);
    f->path = a->paths + *at + 16;
    *at += 16 + strlen(f->path) + 1;
    return true;
}

/* Every byte, to stdout or into a hash. */
static enum err read_all(const struct camera *c, void *file, uint64_t size, struct hash_state *h, bool back)
{
    static uint8_t p[PIECE];
    uint64_t at = back ? size / PIECE * PIECE : 0;
    size_t got = 1;
    enum err e = ERR_OK;
    while (!e) {
        e = c->read(file, at, p, sizeof p, &got);
        if (h)
            hash_add(h, p, got);
        else if ((back && fseek(stdout, (long)at, SEEK_SET)) || fwrite(p, 1, got, stdout) != got)
            e = err_set(ERR_IO, "cannot write");
        if (e || (back ? at == 0 : got == 0))
            break;
        at = back ? at - PIECE : at + got;
    }
    if (e && h)
        printf("broken at %" PRIu64 ": %s: ", at + got, err_text());
    return e;
}

static enum err read_mib(const struct camera *c, void *file, uint64_t from)
{
    static uint8_t p[1 << 20];
    size_t n = 0, got = 1;
    enum err e = ERR_OK;
    while (!e && got && n < sizeof p) {
        e = c->read(file, from + n, p + n, sizeof p - n, &got);
        n += got;
    }
    return e ? e : fwrite(p, 1, n, stdout) == n ? ERR_OK : err_set(ERR_IO, "cannot write");
}

static enum err one(const struct camera *c, const struct camera_file *f, const char *mode)
{
    char hex[HASH_HEX];
    struct hash_state h;
    void *file;
    enum err e = c->open(c->self, f, &file);
    if (e)
        return e;
    hash_init(&h);
    if (strcmp(mode, "--file") == 0) {
        json_t *facts = must(c->file_facts(file));
        json_dumpf(facts, stdout, JSON_SORT_KEYS);
        json_decref(facts);
        puts("");
    } else if (strcmp(mode, "--list") == 0) {
        puts(f->path);
    } else if (strcmp(mode, "--cat") == 0 && getenv("FROM")) {
        e = read_mib(c, file, strtoull(getenv("FROM"), NULL, 10));
    } else if (strcmp(mode, "--cat") == 0) {
        e = read_all(c, file, f->size, NULL, getenv("OFFSETS") != NULL);
    } else {
        if (read_all(c, file, f->size, &h, false) == ERR_OK) {
            struct hash sum = hash_end(&h);
            hash_hex(hex, &sum);
        } else {
            strcpy(hex, "-");
        }
        int64_t seconds = f->mtime == INT64_MIN ? 0 : f->mtime / 1000;
        printf("%s %" PRIu64 " %" PRId64 " %s\n", hex, f->size, seconds, f->path);
    }
    c->close(file);
    return e;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
    const char *image = argv[*mode ? 2 : 1], *wanted = *mode && argc > 3 ? argv[3] : NULL;
    struct disk disk;
    struct camera camera;
    struct all a = {.wanted = wanted};
    enum err e = hash_start();
    if (!image)
        return 64;
    if (!e)
        e = image_open(&disk, image);
    if (!e)
        e = fat_camera(&camera, &disk, &(struct camera_name){.serial = "image"});
    if (e)
        return err_report("fatls", e);
    a.camera = &camera;
    e = camera.list(camera.self, note, &a);
    if (!e && strcmp(mode, "--facts") == 0) {
        json_t *facts = must(camera.facts(camera.self));
        json_dumpf(facts, stdout, JSON_SORT_KEYS);
        json_decref(facts);
        puts("");
    }
    struct camera_file f;
    for (size_t at = 0; !e && strcmp(mode, "--facts") != 0 && next(&a, &at, &f);)
        if (!wanted || strcmp(wanted, f.path) == 0)
            e = one(&camera, &f, mode);
    camera.free(camera.self);
    free(a.paths);
    return err_report("fatls", e);
}
