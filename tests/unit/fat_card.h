#ifndef TESTS_UNIT_FAT_CARD_H
#define TESTS_UNIT_FAT_CARD_H

/*
 * A card in memory, made entry by entry, so that a test can make one that no
 * sane program would: FAT32 (few clusters, which its 32-bit FAT size allows)
 * or exFAT, sectors and clusters of 512 bytes.
 */
#include "drivers/fat/boot.h"
#include "drivers/fat/fat.h"
#include "drivers/fat/record.h"
#include "storage/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define S 512u
#define CARD_END 0x0fffffffu

struct card {
    uint8_t *p;
    uint32_t sectors, sector;
    uint32_t reserved, fat_sectors, heap, clusters; /* sectors, but for the last */
    bool exfat;
    uint64_t bad_from, bad_to; /* sectors that cannot be read */
    bool gone;
    uint64_t reads, read_sectors; /* how often it was asked, for how much */
    bool freed;
    struct camera camera;
    struct buf lines;
};

static inline void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void put32(uint8_t *p, uint32_t v)
{
    put16(p, v);
    put16(p + 2, v >> 16);
}

static inline void put64(uint8_t *p, uint64_t v)
{
    put32(p, (uint32_t)v);
    put32(p + 4, (uint32_t)(v >> 32));
}

static inline enum err card_read(void *self, uint64_t first, uint32_t n, void *p, uint32_t *good)
{
    struct card *c = self;
    *good = 0;
    c->reads++;
    if (c->gone)
        return err_set(ERR_AGAIN, "unplugged");
    for (uint32_t i = 0; i < n; i++, ++*good) {
        if (first + i >= c->sectors || (first + i >= c->bad_from && first + i < c->bad_to))
            return err_set(ERR_IO, "medium error");
        memcpy((uint8_t *)p + (size_t)i * c->sector, c->p + (first + i) * c->sector, c->sector);
        c->read_sectors++;
    }
    return ERR_OK;
}

static inline void card_freed(void *self)
{
    ((struct card *)self)->freed = true;
}

static inline uint8_t *card_cluster(const struct card *c, uint32_t cluster)
{
    return c->p + (size_t)(c->heap + cluster - 2) * S;
}

/* Both FATs (exFAT: the one). */
static inline void card_link(const struct card *c, uint32_t cluster, uint32_t value)
{
    put32(c->p + (size_t)c->reserved * S + 4 * (size_t)cluster, value);
    if (!c->exfat)
        put32(c->p + (size_t)(c->reserved + c->fat_sectors) * S + 4 * (size_t)cluster, value);
}

/* from, from + 1, ... n of them, and the end mark. */
static inline void card_chain(const struct card *c, uint32_t from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        card_link(c, from + i, i + 1 < n ? from + i + 1 : c->exfat ? 0xffffffffu : CARD_END);
}

static inline void card_fat32_boot(const struct card *c, uint8_t *p)
{
    memcpy(p, "\xeb\x58\x90MSDOS5.0", 11);
    put16(p + 11, S);
    p[13] = 1;
    put16(p + 14, c->reserved);
    p[16] = 2;
    p[21] = 0xf8;
    put32(p + 32, c->heap + c->clusters);
    put32(p + 36, c->fat_sectors);
    put32(p + 44, 2);
    put16(p + 48, 1);
    put16(p + 50, 6);
    p[66] = 0x29;
    put32(p + 67, 0x12345678);
    memcpy(p + 71, "BOOTLABEL  FAT32   ", 19);
    put16(p + 510, 0xaa55);
}

static inline struct card *card_new(uint32_t clusters, bool exfat)
{
    struct card *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->sector = S;
    c->exfat = exfat;
    c->clusters = clusters;
    c->reserved = 32;
    c->fat_sectors = (4 * (clusters + 2) + S - 1) / S;
    c->heap = c->reserved + (exfat ? 1 : 2) * c->fat_sectors;
    c->sectors = c->heap + clusters;
    c->p = calloc(c->sectors, S);
    assert_non_null(c->p);
    return c;
}

/* Root: cluster 2. */
static inline struct card *card_fat32(uint32_t clusters)
{
    struct card *c = card_new(clusters, false);
    card_fat32_boot(c, c->p);
    card_fat32_boot(c, c->p + 6 * S);
    card_link(c, 0, 0x0ffffff8);
    card_link(c, 1, CARD_END);
    card_chain(c, 2, 1);
    return c;
}

static inline void card_exfat_region(const struct card *c, uint8_t *p)
{
    uint32_t sum = 0;
    memcpy(p,
           "\xeb\x76\x90"
           "EXFAT   ",
           11);
    put64(p + 72, c->heap + c->clusters);
    put32(p + 80, c->reserved);
    put32(p + 84, c->fat_sectors);
    put32(p + 88, c->heap);
    put32(p + 92, c->clusters);
    put32(p + 96, 4);
    put32(p + 100, 0xcafe0123);
    put16(p + 104, 0x0100);
    p[108] = 9;
    p[110] = 1;
    for (int i = 0; i < 9; i++)
        put16(p + S * (size_t)i + 510, 0xaa55);
    for (uint32_t i = 0; i < 11; i++)
        sum = boot_sum(sum, p + S * i, S, i == 0);
    for (uint32_t i = 0; i < S; i += 4)
        put32(p + 11 * S + i, sum);
}

/* The bitmap says that a cluster is in use. */
static inline void card_use(const struct card *c, uint32_t cluster)
{
    uint8_t *byte = card_cluster(c, 2) + (cluster - 2) / 8;
    *byte = (uint8_t)(*byte | 1u << (cluster - 2) % 8);
}

/* Bitmap: cluster 2; up-case table: 3; root: 4. Its first three entries are
 * the label, the bitmap and the table. At most 4096 clusters. */
static inline struct card *card_exfat(uint32_t clusters)
{
    struct card *c = card_new(clusters, true);
    card_exfat_region(c, c->p);
    card_exfat_region(c, c->p + 12 * S);
    card_link(c, 0, 0xfffffff8);
    card_link(c, 1, 0xffffffff);
    for (uint32_t i = 2; i < 5; i++) {
        card_chain(c, i, 1);
        card_use(c, i);
    }
    uint8_t *root = card_cluster(c, 4);
    root[0] = 0x83;
    root[1] = 4;
    memcpy(root + 2, "C\0A\0R\0D\0", 8);
    root[32] = 0x81;
    put32(root + 32 + 20, 2);
    put64(root + 32 + 24, (clusters + 7) / 8);
    root[64] = 0x82;
    put32(root + 64 + 20, 3);
    put64(root + 64 + 24, 128);
    return c;
}

static inline void card_free(struct card *c)
{
    if (c->camera.self) {
        c->camera.free(c->camera.self);
        assert_true(c->freed);
    }
    buf_free(&c->lines);
    free(c->p);
    free(c);
}

static inline struct disk card_disk(struct card *c)
{
    return (struct disk){c, c->sector, c->sectors, card_read, card_freed};
}

static inline enum err card_try(struct card *c)
{
    struct disk d = card_disk(c);
    enum err e = fat_camera(&c->camera, &d, &(struct camera_name){.serial = "SN"});
    if (e)
        c->camera.self = NULL;
    return e;
}

static inline void card_open(struct card *c)
{
    enum err e = card_try(c);
    if (e)
        fprintf(stderr, "card: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
}

/* FAT: entry i of the folder at a cluster. name: 8 + 3. */
static inline uint8_t *card_entry(const struct card *c, uint32_t folder, uint32_t i, const char *name,
                                  uint32_t attributes, uint32_t first, uint32_t size)
{
    uint8_t *p = card_cluster(c, folder) + 32 * (size_t)i;
    memset(p, 0, 32);
    memcpy(p, name, 11);
    p[11] = (uint8_t)attributes;
    put16(p + 20, first >> 16);
    put16(p + 26, first);
    put16(p + 22, 12 << 11 | 34 << 5 | 28); /* 12:34:56 */
    put16(p + 24, 46 << 9 | 11 << 5 | 25);  /* 2026-11-25 */
    put32(p + 28, size);
    return p;
}

/* FAT: a piece of a long name; number: with 0x40 for the last one. */
static inline void card_long(const struct card *c, uint32_t folder, uint32_t i, uint32_t number, uint8_t sum,
                             const uint16_t units[13])
{
    static const uint8_t at[13] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    uint8_t *p = card_cluster(c, folder) + 32 * (size_t)i;
    memset(p, 0, 32);
    p[0] = (uint8_t)number;
    p[11] = 0x0f;
    p[13] = sum;
    for (int k = 0; k < 13; k++)
        put16(p + at[k], units[k]);
}

static inline void card_sum_set(uint8_t *p)
{
    put16(p + 2, record_set_sum(p, 32 * (1 + (size_t)p[1])));
}

/* exFAT: a set at entry i of a folder of one piece; the next free entry. flags:
 * 1 allocated, 2 no FAT chain. */
static inline uint32_t card_set(const struct card *c, uint32_t folder, uint32_t i, const char *name,
                                uint32_t attributes, uint32_t flags, uint32_t first, uint64_t valid, uint64_t size)
{
    uint8_t *p = card_cluster(c, folder) + 32 * (size_t)i;
    size_t n = strlen(name), pieces = (n + 14) / 15;
    memset(p, 0, 32 * (2 + pieces));
    p[0] = 0x85;
    p[1] = (uint8_t)(1 + pieces);
    put16(p + 4, attributes);
    put32(p + 12, (46u << 9 | 11u << 5 | 25u) << 16 | 12 << 11 | 34 << 5 | 28);
    p[21] = 150;            /* and 1.5 s */
    p[23] = 0x80 | (5 * 4); /* UTC+5 */
    p[32] = 0xc0;
    p[33] = (uint8_t)flags;
    p[35] = (uint8_t)n;
    put64(p + 40, valid);
    put32(p + 52, first);
    put64(p + 56, size);
    for (size_t k = 0; k < n; k++) {
        p[64 + 32 * (k / 15)] = 0xc1;
        put16(p + 64 + 32 * (k / 15) + 2 + 2 * (k % 15), (uint8_t)name[k]);
    }
    card_sum_set(p);
    return i + 2 + (uint32_t)pieces;
}

static inline enum err card_note(void *ctx, const struct camera_file *f)
{
    struct card *c = ctx;
    static const char *const states[] = {"file", "not taken", "failed"};
    if (f->state == CAMERA_FILE)
        return buf_fmt(&c->lines, "file %s %llu\n", f->path, (unsigned long long)f->size);
    return buf_fmt(&c->lines, "%s %s: %s\n", states[f->state], f->path, f->why);
}

static inline const char *card_list(struct card *c)
{
    buf_clear(&c->lines);
    enum err e = c->camera.list(c->camera.self, card_note, c);
    if (e)
        fprintf(stderr, "list: %s\n", err_text());
    assert_int_equal(e, ERR_OK);
    return c->lines.len ? (const char *)c->lines.p : "";
}

static inline void *card_file_open(struct card *c, const char *path, uint64_t size, int64_t mtime)
{
    void *file;
    struct camera_file f = {path, size, mtime, CAMERA_FILE, ""};
    enum err e = c->camera.open(c->camera.self, &f, &file);
    if (e)
        fprintf(stderr, "%s: %s\n", path, err_text());
    assert_int_equal(e, ERR_OK);
    return file;
}
#define CARD_MTIME ((int64_t)1795610096000) /* 2026-11-25T12:34:56Z */
#define CARD_MTIME_EXFAT (CARD_MTIME - 5 * 3600000 + 1500)

/* How many of the bytes from 0 on can be read, in steps of n; *e why not all. */
static inline uint64_t card_readable(struct card *c, void *file, size_t n, enum err *e)
{
    uint8_t *p = malloc(n);
    uint64_t at = 0;
    size_t got = 1;
    assert_non_null(p);
    *e = ERR_OK;
    while (got && !*e) {
        *e = c->camera.read(file, at, p, n, &got);
        assert_true(got <= n);
        at += got;
    }
    free(p);
    return at;
}

#endif
