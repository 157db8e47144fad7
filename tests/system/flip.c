/*
 * flip [--all] STATION: flips bits of a station folder one at a time and asks
 * verify each time. Without --all one bit of every byte, and of the index and
 * the big objects (over 4 KiB) one byte in 64; with it every bit of every
 * byte. Prints each flip that verify did not name, and how many it tried. The
 * folder is as it was afterwards.
 */
#include "storage/base/file.h"
#include "storage/seal/hash.h"
#include "storage/vault/verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct flip {
    const char *dir;
    const char *token; /* what a fault must mention */
    bool named;
    bool all;
    unsigned long tried, unnamed, files;
};

static void see(void *ctx, const char *what, const char *why)
{
    struct flip *f = ctx;
    if (strstr(what, f->token) || strstr(why, f->token))
        f->named = true;
}

/* The word by which a person finds the file: the object's name, the path. */
static void token_of(const char *relative, char out[300])
{
    const char *base = strrchr(relative, '/');
    base = base ? base + 1 : relative;
    if (strncmp(relative, "objects/", 8) == 0)
        snprintf(out, 300, "%s", base);
    else if (strncmp(relative, "queue.db", 8) == 0)
        snprintf(out, 300, "queue.db");
    else if (strcmp(relative, "keys/station.key") == 0 || strcmp(relative, "keys/link.key") == 0)
        snprintf(out, 300, "key");
    else
        snprintf(out, 300, "%s", relative);
}

static int verify(struct flip *f)
{
    struct verify_totals t;
    f->named = false;
    enum err e = verify_station(f->dir, NULL, see, f, NULL, &t);
    return e == ERR_OK || e == ERR_BAD ? 0 : -1;
}

static int flip_file(struct flip *f, const char *path, const char *relative)
{
    char token[300];
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -1;
    token_of(relative, token);
    f->token = token;
    f->files++;
    off_t step = !f->all && st.st_size > 4096 ? 64 : 1;
    for (off_t i = 0; i < st.st_size; i += step)
        for (unsigned bit = 0; bit < 8; bit++) {
            unsigned char was, is;
            if (!f->all && bit != (unsigned)(i / step) % 8)
                continue;
            if (pread(fd, &was, 1, i) != 1)
                return -1;
            is = (unsigned char)(was ^ 1u << bit);
            if (pwrite(fd, &is, 1, i) != 1)
                return -1;
            int bad = verify(f);
            if (pwrite(fd, &was, 1, i) != 1)
                return -1;
            f->tried++;
            if (bad || !f->named) {
                f->unnamed++;
                printf("not named: %s byte %lld bit %u%s%s\n", relative, (long long)i, bit, bad ? ": " : "",
                       bad ? err_text() : "");
            }
        }
    close(fd);
    return 0;
}

static int walk(struct flip *f, const char *folder, const char *relative)
{
    DIR *d = opendir(folder);
    int bad = d ? 0 : -1;
    for (struct dirent *e; d && !bad && (e = readdir(d)) != NULL;) {
        char path[4096], rel[300];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(rel, sizeof rel, "%.40s%s%.200s", relative, *relative ? "/" : "", e->d_name);
        if (file_path(path, folder, e->d_name) || lstat(path, &st) < 0)
            bad = -1;
        else if (S_ISDIR(st.st_mode))
            bad = walk(f, path, rel);
        else if (S_ISREG(st.st_mode))
            bad = flip_file(f, path, rel);
    }
    if (d)
        closedir(d);
    return bad;
}

int main(int argc, char **argv)
{
    struct flip f = {.token = ""};
    f.all = argc > 2 && strcmp(argv[1], "--all") == 0;
    if (argc < 2 || hash_start())
        return 64;
    f.dir = argv[argc - 1];
    struct verify_totals t;
    if (verify_station(f.dir, NULL, see, &f, NULL, &t) != ERR_OK) {
        printf("not clean before the first flip: %s\n", err_text());
        return 1;
    }
    if (walk(&f, f.dir, "")) {
        perror("flip");
        return 1;
    }
    if (verify_station(f.dir, NULL, see, &f, NULL, &t) != ERR_OK) {
        printf("not clean after the last flip: %s\n", err_text());
        return 1;
    }
    printf("%lu flips in %lu files, %lu not named\n", f.tried, f.files, f.unnamed);
    return f.unnamed ? 1 : 0;
}
