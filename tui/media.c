#include "tui/media.h"

#include "storage/base/mounts.h"

#include <string.h>

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
    m->n = 0;
    for (struct mount one; mounts_next(&text, &one);)
        if (mounts_is_removable(one.folder))
            add(m, one.folder);
}
