#include "drivers/fat/trail.h"

#include "drivers/limits.h"
#include "storage/base/lang.h"

#include <stdlib.h>

const char *trail_fault_text(enum trail_fault f)
{
    switch (f) {
    case TRAIL_ENDS:
        return N_("its chain of clusters ends too early");
    case TRAIL_CYCLIC:
        return N_("its chain of clusters leads back into itself");
    case TRAIL_BAD:
        return N_("its chain of clusters leads to a place marked as bad");
    case TRAIL_FREE:
        return N_("its chain of clusters leads through free ones");
    case TRAIL_NOWHERE:
        return N_("its chain of clusters leads nowhere");
    case TRAIL_UNREAD:
        return N_("the part of the FAT with its chain of clusters cannot be read");
    case TRAIL_WHOLE:
        break;
    }
    return "";
}

void trail_begin(struct trail *t, struct volume *v, uint32_t first, bool contiguous, uint64_t bytes)
{
    uint64_t cluster = v->boot.cluster;
    *t = (struct trail){.volume = v,
                        .fixed = TRAIL_NONE,
                        .first = first,
                        .contiguous = contiguous,
                        .shared = TRAIL_NONE,
                        .cut = TRAIL_NONE};
    t->need = bytes == TRAIL_NONE ? TRAIL_NONE : bytes / cluster + (bytes % cluster != 0);
    uint64_t folder = (v->boot.type == BOOT_EXFAT ? EXFAT_FOLDER_MAX : FAT_FOLDER_MAX) / cluster + 1;
    t->most = t->need == TRAIL_NONE ? folder : t->need;
    t->cluster = first;
    t->step = 1;
}

void trail_end(struct trail *t)
{
    free(t->marks);
    t->marks = NULL;
    t->n_marks = 0;
}

uint64_t trail_bytes(const struct trail *t)
{
    if (t->fixed != TRAIL_NONE)
        return t->volume->boot.root_bytes;
    return t->length * t->volume->boot.cluster;
}

static enum trail_fault fault_of(enum volume_link link)
{
    return link == VOLUME_END      ? TRAIL_ENDS
           : link == VOLUME_BAD    ? TRAIL_BAD
           : link == VOLUME_FREE   ? TRAIL_FREE
           : link == VOLUME_NEXT   ? TRAIL_WHOLE
           : link == VOLUME_UNREAD ? TRAIL_UNREAD
                                   : TRAIL_NOWHERE;
}

/* Remembers the number of cluster index; when there is no more room, of every
 * second one only. */
static void keep_mark(struct trail *t, uint64_t index, uint32_t cluster)
{
    if (!t->marks || index % t->step != 0)
        return;
    if (t->n_marks == TRAIL_MARKS) {
        for (size_t i = 0; i < TRAIL_MARKS / 2; i++)
            t->marks[i] = t->marks[2 * i];
        t->n_marks = TRAIL_MARKS / 2;
        t->step *= 2;
        if (index % t->step != 0)
            return;
    }
    t->marks[t->n_marks++] = cluster;
}

static enum err count_unallocated(struct trail *t, uint32_t cluster)
{
    bool is_free = false;
    enum err e = t->volume->boot.type == BOOT_EXFAT ? volume_is_free(t->volume, cluster, &is_free) : ERR_OK;
    t->unallocated += is_free;
    return e;
}

/* Is cluster among the first n? */
static enum err is_own(struct trail *t, uint64_t n, uint32_t cluster, bool *own)
{
    uint32_t at = t->first;
    *own = false;
    for (uint64_t i = 0; i < n; i++) {
        enum volume_link link;
        if (at == cluster) {
            *own = true;
            return ERR_OK;
        }
        enum err e = volume_next(t->volume, at, &at, &link);
        if (e)
            return e;
    }
    return ERR_OK;
}

/* Marks cluster, the one behind before. *met: it belongs to something. */
static enum err claim(struct trail *t, uint64_t index, uint32_t cluster, uint32_t before, bool *met)
{
    struct volume *v = t->volume;
    bool own = false;
    *met = visited_has(&v->visited, cluster, VISITED_SEEN);
    if (!*met)
        return visited_set(&v->visited, cluster, VISITED_SEEN);
    if (index >= t->need) /* nothing of its own is in danger */
        return ERR_OK;
    enum err e = t->contiguous ? ERR_OK : is_own(t, index, cluster, &own);
    if (e)
        return e;
    if (own) {
        t->fault = TRAIL_CYCLIC;
        return ERR_OK;
    }
    t->shared = index;
    e = visited_set(&v->visited, cluster, VISITED_SHARED);
    return !e && index > 0 ? visited_set(&v->visited, before, VISITED_CUT) : e;
}

/* For the survey: what the listing found out about sharing. */
static void look_for_shared(struct trail *t, uint64_t index, uint32_t cluster)
{
    const struct visited *seen = &t->volume->visited;
    if (t->shared == TRAIL_NONE && visited_has(seen, cluster, VISITED_SHARED))
        t->shared = index;
    if (t->cut == TRAIL_NONE && visited_has(seen, cluster, VISITED_CUT))
        t->cut = index + 1;
}

/* exFAT: one piece. */
static enum err look_over_piece(struct trail *t, bool marking)
{
    struct volume *v = t->volume;
    uint64_t there = volume_has(v, t->first) ? (uint64_t)v->boot.clusters - (t->first - 2) : 0;
    enum err e = ERR_OK;
    t->length = t->need < there ? t->need : there;
    t->fault = t->length < t->need ? TRAIL_NOWHERE : TRAIL_WHOLE;
    t->fragments = t->length > 0;
    for (uint64_t i = 0; i < t->length && !e; i++) {
        uint32_t cluster = t->first + (uint32_t)i;
        bool met = false;
        if (marking)
            e = claim(t, i, cluster, cluster - 1, &met);
        else
            look_for_shared(t, i, cluster);
        if (e || met)
            break;
        e = count_unallocated(t, cluster);
    }
    return e;
}

/* Walks on from cluster, at most n steps; *end: the walk ended before. */
static enum err step(struct trail *t, uint32_t *cluster, uint64_t n, bool *end)
{
    enum volume_link link = VOLUME_NEXT;
    enum err e = ERR_OK;
    for (uint64_t i = 0; i < n && link == VOLUME_NEXT && !e; i++)
        e = volume_next(t->volume, *cluster, cluster, &link);
    *end = link != VOLUME_NEXT;
    return e;
}

/* The first index whose cluster came before (TRAIL_NONE: none among those
 * that are needed), without remembering them all: Brent, "An improved Monte
 * Carlo factorization algorithm", BIT 20, 1980. He sees a return of index r
 * after at most 3 r steps. */
static enum err find_return(struct trail *t, uint64_t *index)
{
    uint64_t most = t->most < t->volume->boot.clusters ? t->most : t->volume->boot.clusters;
    uint64_t power = 1, lap = 0, before = 0;
    uint32_t slow = t->first, fast = t->first;
    enum err e = ERR_OK;
    bool end = !volume_has(t->volume, t->first);
    *index = TRAIL_NONE;
    for (uint64_t i = 0; !end && !e; i++) {
        if (i > 3 * most + 3)
            return ERR_OK;
        if (lap == power) {
            slow = fast;
            power *= 2;
            lap = 0;
        }
        e = step(t, &fast, 1, &end);
        lap++;
        if (!end && slow == fast)
            break;
    }
    if (e || end)
        return e;
    slow = fast = t->first;
    e = step(t, &fast, lap, &end);
    for (; slow != fast && !e; before++) {
        e = step(t, &slow, 1, &end);
        if (!e)
            e = step(t, &fast, 1, &end);
    }
    *index = before + lap;
    return e;
}

/* One cluster more. *stop: it cannot be had, or need not. */
static enum err look_at(struct trail *t, uint64_t i, uint32_t cluster, uint32_t before, bool marking, bool *stop)
{
    enum err e = ERR_OK;
    *stop = false;
    if (marking)
        e = claim(t, i, cluster, before, stop);
    else
        look_for_shared(t, i, cluster);
    if (!e && i >= t->need) {
        t->beyond++;
        *stop = *stop || !marking;
        return ERR_OK;
    }
    if (e || *stop)
        return e;
    keep_mark(t, i, cluster);
    t->length = i + 1;
    t->fragments += i == 0 || cluster != before + 1;
    return count_unallocated(t, cluster);
}

/* back: where it leads back into itself; TRAIL_NONE: nowhere, or claim sees it. */
static enum err look_over(struct trail *t, bool marking, uint64_t back)
{
    uint32_t at = t->first, before = 0;
    bool stop = false;
    enum err e = ERR_OK;
    enum volume_link link = volume_has(t->volume, at) ? VOLUME_NEXT : VOLUME_NOWHERE;
    for (uint64_t i = 0; link == VOLUME_NEXT && !stop && !e; i++) {
        /* visited may be full: then nothing else ends a chain that has no end */
        if (i == back || i > t->volume->boot.clusters) {
            t->fault = TRAIL_CYCLIC;
            break;
        }
        if (t->need == TRAIL_NONE && i >= t->most)
            return ERR_OK;
        e = look_at(t, i, at, before, marking, &stop);
        before = at;
        if (!e && !stop)
            e = volume_next(t->volume, before, &at, &link);
    }
    if (e || t->fault == TRAIL_CYCLIC)
        return e;
    if (marking && t->shared != TRAIL_NONE) {
        t->length = t->need == TRAIL_NONE ? t->length : t->need;
        return ERR_OK;
    }
    if (t->length < t->need && (t->need != TRAIL_NONE || link != VOLUME_END))
        t->fault = fault_of(link);
    return ERR_OK;
}

static enum err look(struct trail *t, bool marking)
{
    uint64_t back = TRAIL_NONE;
    if (t->fixed != TRAIL_NONE || (t->need == 0 && t->first == 0))
        return ERR_OK;
    if (t->contiguous)
        return look_over_piece(t, marking);
    enum err e = marking ? ERR_OK : find_return(t, &back);
    return e ? e : look_over(t, marking, back);
}

static enum err keep_marks(struct trail *t, bool keep)
{
    if (!keep || t->contiguous)
        return ERR_OK;
    t->marks = malloc(TRAIL_MARKS * sizeof *t->marks);
    return t->marks ? ERR_OK : err_set(ERR_NOMEM, "out of memory");
}

enum err trail_claim(struct trail *t, bool keep)
{
    enum err e = keep_marks(t, keep);
    return e ? e : look(t, true);
}

enum err trail_survey(struct trail *t, bool keep)
{
    enum err e = keep_marks(t, keep);
    return e ? e : look(t, false);
}

/* The number of cluster index, which is below length. */
static enum err find(struct trail *t, uint64_t index)
{
    if (t->contiguous) {
        t->cluster = t->first + (uint32_t)index;
        t->index = index;
        return ERR_OK;
    }
    uint64_t mark = index / t->step;
    if (t->marks && mark < t->n_marks && (t->index > index || t->index < mark * t->step)) {
        t->index = mark * t->step;
        t->cluster = t->marks[mark];
    } else if (t->index > index) {
        t->index = 0;
        t->cluster = t->first;
    }
    while (t->index < index) {
        enum volume_link link;
        uint32_t next;
        enum err e = volume_next(t->volume, t->cluster, &next, &link);
        if (e)
            return e;
        if (link != VOLUME_NEXT)
            return err_set(ERR_IO, "%s", _(trail_fault_text(fault_of(link))));
        t->cluster = next;
        t->index++;
    }
    return ERR_OK;
}

enum err trail_place(struct trail *t, uint64_t offset, uint64_t *place)
{
    uint64_t cluster = t->volume->boot.cluster;
    if (t->fixed != TRAIL_NONE) {
        *place = t->fixed + offset;
        return ERR_OK;
    }
    enum err e = find(t, offset / cluster);
    *place = volume_place(t->volume, t->cluster) + offset % cluster;
    return e;
}

/* How many of the n bytes from offset on lie in one piece from *place on. */
static enum err find_piece(struct trail *t, uint64_t offset, size_t n, uint64_t *place, size_t *piece)
{
    uint64_t cluster = t->volume->boot.cluster;
    enum err e = trail_place(t, offset, place);
    if (e)
        return e;
    *piece = n;
    if (t->fixed != TRAIL_NONE)
        return ERR_OK;
    uint64_t there = cluster - offset % cluster;
    while (there < n && t->index + 1 < t->length) {
        uint32_t before = t->cluster;
        e = find(t, t->index + 1);
        if (e == ERR_IO)
            break;
        if (e)
            return e;
        if (t->cluster != before + 1)
            break;
        there += cluster;
    }
    *piece = there < n ? (size_t)there : n;
    return ERR_OK;
}

enum err trail_read(struct trail *t, uint64_t offset, void *p, size_t n, size_t *good)
{
    *good = 0;
    while (*good < n) {
        uint64_t at = offset + *good, bytes = trail_bytes(t), place;
        size_t piece, got;
        if (at >= bytes && t->fault != TRAIL_WHOLE)
            return err_set(ERR_IO, "%s", _(trail_fault_text(t->fault)));
        if (at >= bytes)
            return err_set(ERR_IO, "it is shorter than its folder says");
        enum err e = find_piece(t, at, n - *good < bytes - at ? n - *good : (size_t)(bytes - at), &place, &piece);
        if (e)
            return e;
        e = view_read(t->volume->view, place, (uint8_t *)p + *good, piece, &got);
        *good += got;
        if (e)
            return e;
    }
    return ERR_OK;
}
