/* Runs a fuzz target over files and folders of files: its corpus as a
 * regression test, under any compiler. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t n = 0, got;
    if (!f) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        return -1;
    }
    do {
        uint8_t *more = realloc(data, n + 65536);
        if (!more)
            abort();
        data = more;
        got = fread(data + n, 1, 65536, f);
        n += got;
    } while (got);
    fclose(f);
    /* a copy of the exact size, so that a sanitizer sees reading beyond it */
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        abort();
    memcpy(exact, data, n);
    free(data);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 1;
}

/* How many inputs there were, -1 if one could not be read. */
static int replay(const char *path)
{
    DIR *d = opendir(path);
    if (!d)
        return replay_file(path);
    int count = 0;
    for (struct dirent *f; count >= 0 && (f = readdir(d));) {
        char inner[4096];
        if (f->d_name[0] == '.')
            continue;
        int len = snprintf(inner, sizeof inner, "%s/%s", path, f->d_name);
        int n = len > 0 && (size_t)len < sizeof inner ? replay(inner) : -1;
        count = n < 0 ? n : count + n;
    }
    closedir(d);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        int n = replay(argv[i]);
        if (n < 0)
            return 1;
        count += n;
    }
    printf("%d inputs\n", count);
    return 0;
}
