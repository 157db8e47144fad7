#include "drivers/fat/visited.h"

#include "drivers/limits.h"

#include <stdlib.h>

#define PLANE (VISITED_PAGE / 8) /* bytes */

static size_t byte_of(uint32_t cluster, enum visited_mark m)
{
    return (size_t)m * PLANE + cluster % VISITED_PAGE / 8;
}

enum err visited_set(struct visited *v, uint32_t cluster, enum visited_mark m)
{
    if (!v->page)
        v->page = calloc(VISITED_PAGES, sizeof *v->page);
    if (!v->page)
        return err_set(ERR_NOMEM, "out of memory");
    uint8_t **page = &v->page[cluster / VISITED_PAGE];
    if (!*page && (v->n + 1) * (VISITED_MARKS * PLANE) > FAT_VISITED_MAX) {
        v->full = true;
        return ERR_OK;
    }
    if (!*page) {
        *page = calloc(VISITED_MARKS, PLANE);
        if (!*page)
            return err_set(ERR_NOMEM, "out of memory");
        v->n++;
    }
    uint8_t *byte = *page + byte_of(cluster, m);
    *byte = (uint8_t)(*byte | 1u << cluster % 8);
    return ERR_OK;
}

bool visited_has(const struct visited *v, uint32_t cluster, enum visited_mark m)
{
    const uint8_t *page = v->page ? v->page[cluster / VISITED_PAGE] : NULL;
    return page && (page[byte_of(cluster, m)] >> cluster % 8 & 1) != 0;
}

void visited_clear(struct visited *v)
{
    for (uint32_t i = 0; v->page && i < VISITED_PAGES; i++)
        free(v->page[i]);
    free(v->page);
    *v = (struct visited){0};
}
