#include "tui/media.h"

#include <string.h>

/* Blank, tab, LF and backslash stand there as \ooo. */
static void unescape(char *path)
{
    char *to = path;
    for (const char *p = path; *p; to++) {
        if (p[0] == '\\' && p[1] && p[2] && p[3]) {
            *to = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            p += 4;
        } else {
            *to = *p++;
        }
    }
    *to = '\0';
}

static int is_removable(const char *path)
{
    static const char *const below[] = {"/media/", "/run/media/", "/mnt/"};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
        if (strncmp(path, below[i], strlen(below[i])) == 0)
            return 1;
    return strcmp(path, "/mnt") == 0;
}

static void add(struct media *m, const char *path)
{
    for (size_t i = 0; i < m->n; i++)
        if (strcmp(m->path[i], path) == 0)
            return;
    if (m->n < MEDIA_MAX && strlen(path) < MEDIA_PATH)
        strcpy(m->path[m->n++], path);
}

void media_read(struct media *m, char *text)
{
    char *save = NULL;
    m->n = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *word[5] = {0}, *rest = line;
        for (size_t i = 0; i < 5 && rest; i++)
            word[i] = strsep(&rest, " ");
        if (!rest || !word[4])
            continue;
        unescape(word[4]);
        if (is_removable(word[4]))
            add(m, word[4]);
    }
}
