#include "sync/hub/connected.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/text.h"
#include "sync/limits.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum err connected_read(struct connected *c, const char *dir)
{
    char path[4096];
    struct stat st;
    *c = (struct connected){.text = {.max = HUB_CONNECTED_MAX}};
    enum err e = file_path(path, dir, "connected");
    if (e || stat(path, &st) < 0 || st.st_mtime + CONNECTED_AGE_S < time(NULL))
        return e;
    e = file_read(path, HUB_CONNECTED_MAX, &c->text);
    return e == ERR_NOINPUT ? ERR_OK : e;
}

void connected_free(struct connected *c)
{
    buf_free(&c->text);
}

/* What stands behind key and chain in one line; false: another line. */
static bool line_of(struct span line, const char *key, const char *chain, struct span *rest)
{
    struct span word;
    *rest = line;
    return span_word(rest, &word) && span_is(word, key) && span_word(rest, &word) && span_is(word, chain);
}

void connected_find(const struct connected *c, const char *chain, unsigned *roads, char since[static 21],
                    uint64_t *floating)
{
    const char *p = (const char *)c->text.p, *end = p + c->text.len;
    *roads = 0;
    *floating = 0;
    since[0] = '\0';
    /* thousands of lines, asked for thousands of chains: only those that name it are looked at */
    while (p && (p = memmem(p, (size_t)(end - p), chain, strlen(chain))) != NULL) {
        const char *from = p, *lf = memchr(p, '\n', (size_t)(end - p));
        while (from > (const char *)c->text.p && from[-1] != '\n')
            from--;
        p = lf ? lf : end;
        struct span line = {from, (size_t)(p - from)}, rest, a, b;
        uint64_t first, last;
        if (line_of(line, "connected:", chain, &rest) && span_word(&rest, &a)) {
            if ((*roads)++ == 0 && !span_copy(a, since, 21))
                since[0] = '\0';
        } else if (line_of(line, "floating:", chain, &rest) && span_word(&rest, &a) && span_word(&rest, &b) &&
                   bytes_decimal(&first, a.p, a.n, INT64_MAX) && bytes_decimal(&last, b.p, b.n, INT64_MAX) &&
                   last >= first) {
            *floating += last - first + 1;
        }
    }
}
