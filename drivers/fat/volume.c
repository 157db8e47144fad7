#include "drivers/fat/volume.h"

#include "drivers/fat/letters.h"
#include "drivers/limits.h"
#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool volume_has(const struct volume *v, uint32_t cluster)
{
    return cluster >= 2 && cluster - 2 < v->boot.clusters;
}

uint64_t volume_place(const struct volume *v, uint32_t cluster)
{
    return v->start + v->boot.heap + (uint64_t)(cluster - 2) * v->boot.cluster;
}

/* The bytes of a page, from the second FAT where the first cannot be read. */
static enum err load(struct volume *v, struct volume_page *page, uint64_t number)
{
    uint64_t offset = number * VOLUME_PAGE;
    size_t n = v->boot.fat_bytes - offset < VOLUME_PAGE ? (size_t)(v->boot.fat_bytes - offset) : VOLUME_PAGE;
    page->number = UINT64_MAX;
    page->bad = 0;
    for (size_t at = 0; at < n;) {
        size_t good, step = 512;
        enum err e = view_read(v->view, v->start + v->boot.fat[0] + offset + at, page->p + at, n - at, &good);
        if (e && e != ERR_IO)
            return e;
        at += good - good % step;
        if (at >= n)
            break;
        wrong_note(&v->wrong, N_("a sector of the FAT cannot be read"));
        e = ERR_IO;
        if (v->boot.fats > 1)
            e = view_read(v->view, v->start + v->boot.fat[1] + offset + at, page->p + at, step, &good);
        if (e && e != ERR_IO)
            return e;
        if (e)
            page->bad |= 1u << at / step;
        else
            wrong_note(&v->wrong, N_("the second FAT was used where the first cannot be read"));
        at += step;
    }
    page->number = number;
    return ERR_OK;
}

static enum err page_of(struct volume *v, uint64_t offset, struct volume_page **out)
{
    uint64_t number = offset / VOLUME_PAGE;
    struct volume_page *page = &v->fat[number % VOLUME_PAGES];
    *out = page;
    if (page->p && page->number == number)
        return ERR_OK;
    if (!page->p)
        page->p = malloc(VOLUME_PAGE);
    return page->p ? load(v, page, number) : err_set(ERR_NOMEM, "out of memory");
}

/* What the number in the FAT means. */
static enum volume_link meaning(const struct volume *v, uint32_t value)
{
    uint32_t bad = v->boot.type == BOOT_FAT16 ? 0xfff7 : v->boot.type == BOOT_FAT32 ? 0x0ffffff7 : 0xfffffff7;
    if (volume_has(v, value))
        return VOLUME_NEXT;
    if (value == 0)
        return VOLUME_FREE;
    return value == bad ? VOLUME_BAD : value > bad ? VOLUME_END : VOLUME_NOWHERE;
}

enum err volume_next(struct volume *v, uint32_t cluster, uint32_t *next, enum volume_link *link)
{
    uint32_t width = v->boot.type == BOOT_FAT16 ? 2 : 4;
    uint64_t offset = (uint64_t)cluster * width;
    struct volume_page *page;
    *link = VOLUME_NOWHERE;
    *next = 0;
    if (!volume_has(v, cluster))
        return ERR_OK;
    enum err e = page_of(v, offset, &page);
    if (e)
        return e;
    size_t at = offset % VOLUME_PAGE;
    if (page->bad >> at / 512 & 1) {
        *link = VOLUME_UNREAD;
        return ERR_OK;
    }
    uint32_t value = width == 2 ? bytes_le16(page->p + at) : bytes_le32(page->p + at);
    *next = v->boot.type == BOOT_FAT32 ? value & 0x0fffffff : value;
    *link = meaning(v, *next);
    return ERR_OK;
}

/* The bitmap is a file of its own; where its FAT entries say nothing of use it
 * is taken to lie in one piece. */
static enum err bitmap_cluster(struct volume *v, uint64_t index, uint32_t *cluster)
{
    if (index < v->bitmap_index || v->bitmap_index == 0) {
        v->bitmap_index = 0;
        v->bitmap_cluster = v->bitmap_first;
    }
    for (; v->bitmap_index < index; v->bitmap_index++) {
        enum volume_link link;
        uint32_t next;
        enum err e = volume_next(v, v->bitmap_cluster, &next, &link);
        if (e)
            return e;
        v->bitmap_cluster = link == VOLUME_NEXT ? next : v->bitmap_cluster + 1;
    }
    *cluster = v->bitmap_cluster;
    return ERR_OK;
}

/* The page of the bitmap with the byte at offset. */
static enum err load_bitmap(struct volume *v, uint64_t offset)
{
    struct volume_page *page = &v->bitmap;
    uint64_t number = offset / VOLUME_PAGE;
    if (page->p && page->number == number)
        return ERR_OK;
    if (!page->p)
        page->p = malloc(VOLUME_PAGE);
    if (!page->p)
        return err_set(ERR_NOMEM, "out of memory");
    page->number = UINT64_MAX;
    memset(page->p, 0xff, VOLUME_PAGE); /* what cannot be read is taken to be in use */
    for (size_t at = 0; at < VOLUME_PAGE;) {
        uint64_t from = number * VOLUME_PAGE + at;
        uint32_t inside = (uint32_t)(from % v->boot.cluster), cluster;
        size_t n = v->boot.cluster - inside < VOLUME_PAGE - at ? v->boot.cluster - inside : VOLUME_PAGE - at, good;
        if (from >= v->bitmap_bytes)
            break;
        enum err e = bitmap_cluster(v, from / v->boot.cluster, &cluster);
        if (e)
            return e;
        if (volume_has(v, cluster))
            e = view_read(v->view, volume_place(v, cluster) + inside, page->p + at, n, &good);
        if (e && e != ERR_IO)
            return e;
        if (e) {
            memset(page->p + at, 0xff, n);
            wrong_note(&v->wrong, N_("the allocation bitmap cannot be read everywhere"));
        }
        at += n;
    }
    page->number = number;
    return ERR_OK;
}

enum err volume_is_free(struct volume *v, uint32_t cluster, bool *is_free)
{
    uint64_t bit = cluster - 2;
    *is_free = false;
    if (v->bitmap_first == 0 || bit / 8 >= v->bitmap_bytes)
        return ERR_OK;
    enum err e = load_bitmap(v, bit / 8);
    if (!e)
        *is_free = (v->bitmap.p[bit / 8 % VOLUME_PAGE] >> bit % 8 & 1) == 0;
    return e;
}

enum err volume_free(struct volume *v, uint64_t *clusters, bool *known)
{
    bool exfat = v->boot.type == BOOT_EXFAT;
    uint64_t bytes = exfat ? v->bitmap_bytes : v->boot.fat_bytes;
    enum err e = ERR_OK;
    *clusters = 0;
    *known = bytes <= FAT_COUNT_MAX && (!exfat || v->bitmap_first != 0);
    for (uint32_t i = 0; *known && i < v->boot.clusters && !e; i++) {
        enum volume_link link = VOLUME_END;
        uint32_t next;
        bool is_free = false;
        if (exfat)
            e = volume_is_free(v, i + 2, &is_free);
        else
            e = volume_next(v, i + 2, &next, &link);
        *clusters += is_free || link == VOLUME_FREE;
    }
    return e;
}

enum err volume_open(struct volume *out, struct view *v, unsigned number, uint64_t start, const char **why)
{
    struct buf label = {.max = 4 * (size_t)NAME_LEN};
    *out = (struct volume){.view = v, .number = number, .start = start};
    enum err e = boot_read(&out->boot, v, start, &out->wrong, why);
    if (e || *why)
        return e;
    if (out->boot.serial)
        snprintf(out->id, sizeof out->id, "%04X-%04X", out->boot.serial >> 16, out->boot.serial & 0xffff);
    if (start > v->size || out->boot.bytes > v->size - start)
        wrong_note(&out->wrong, N_("the volume claims to be larger than its disk"));
    if (out->boot.type != BOOT_EXFAT && memcmp(out->boot.label, "NO NAME    ", sizeof out->boot.label) != 0) {
        e = letters_label(&label, out->boot.label);
        if (!e && label.len < sizeof out->label)
            memcpy(out->label, label.p, label.len + 1);
    }
    buf_free(&label);
    return e;
}

void volume_close(struct volume *v)
{
    for (unsigned i = 0; i < VOLUME_PAGES; i++)
        free(v->fat[i].p);
    free(v->bitmap.p);
    visited_clear(&v->visited);
}
