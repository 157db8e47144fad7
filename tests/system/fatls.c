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
#include "tests/system/files.h"

/* From its end to its beginning, to stdout. */
static enum err read_back(const struct camera *c, void *file, uint64_t size)
{
    static uint8_t p[FILES_PIECE];
    size_t got;
    enum err e = ERR_OK;
    for (uint64_t at = size / FILES_PIECE * FILES_PIECE; !e; at -= FILES_PIECE) {
        e = c->read(file, at, p, sizeof p, &got);
        if (!e && (fseek(stdout, (long)at, SEEK_SET) || fwrite(p, 1, got, stdout) != got))
            e = err_set(ERR_IO, "cannot write");
        if (at == 0)
            break;
    }
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
    uint64_t at = 0;
    void *file;
    enum err e = c->open(c->self, f, &file);
    if (e)
        return e;
    if (strcmp(mode, "--file") == 0)
        files_facts(c->file_facts(file), JSON_SORT_KEYS);
    else if (strcmp(mode, "--list") == 0)
        puts(f->path);
    else if (strcmp(mode, "--cat") == 0 && getenv("FROM"))
        e = read_mib(c, file, strtoull(getenv("FROM"), NULL, 10));
    else if (strcmp(mode, "--cat") == 0)
        e = getenv("OFFSETS") ? read_back(c, file, f->size) : files_read(c, file, &at, NULL);
    else if (files_line(c, f, file))
        err_clear(); /* it stands in the line */
    c->close(file);
    return e;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
    const char *image = argv[*mode ? 2 : 1], *wanted = *mode && argc > 3 ? argv[3] : NULL;
    struct disk disk;
    struct camera camera;
    struct files a = {0};
    enum err e = hash_start();
    if (!image)
        return 64;
    if (!e)
        e = image_open(&disk, image);
    if (!e)
        e = fat_camera(&camera, &disk, &(struct camera_name){.serial = "image"});
    if (e)
        return err_report("fatls", e);
    e = camera.list(camera.self, files_note, &a);
    bool facts = strcmp(mode, "--facts") == 0;
    if (!e && facts)
        files_facts(camera.facts(camera.self), JSON_SORT_KEYS);
    for (size_t i = 0; i < a.n && !e && !facts; i++)
        if (!wanted || strcmp(wanted, a.v[i].path) == 0)
            e = one(&camera, &a.v[i], mode);
    camera.free(camera.self);
    files_free(&a);
    return err_report("fatls", e);
}
