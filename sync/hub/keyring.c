#include "sync/hub/keyring.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    const struct keyring_one *x = a, *y = b;
    int d = memcmp(x->link, y->link, sizeof x->link);
    return d ? d : (int)x->revoked - (int)y->revoked;
}

enum err keyring_make(struct keyring *k, const struct roster *r)
{
    struct keyring_one *list = calloc(r->n_stations + 1, sizeof *list);
    if (!list)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < r->n_stations; i++) {
        memcpy(list[i].link, r->stations[i].link.pk, sizeof list[i].link);
        memcpy(list[i].chain, r->stations[i].chain, sizeof list[i].chain);
        list[i].revoked = r->stations[i].revoked;
    }
    qsort(list, r->n_stations, sizeof *list, compare);
    free(k->list);
    k->list = list;
    k->n = r->n_stations;
    return ERR_OK;
}

void keyring_free(struct keyring *k)
{
    free(k->list);
    *k = (struct keyring){0};
}

const struct keyring_one *keyring_find(const struct keyring *k, const struct sign_public *link)
{
    size_t lo = 0, hi = k->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (memcmp(k->list[mid].link, link->pk, sizeof link->pk) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < k->n && memcmp(k->list[lo].link, link->pk, sizeof link->pk) == 0 ? &k->list[lo] : NULL;
}
