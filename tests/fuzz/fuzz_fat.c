/*
 * A card: whatever is on it, listing and reading it ends, within its bounds,
 * and says the same twice. The input is a patch of a small card: its first byte
 * chooses the card (FAT16, FAT32 in an MBR, exFAT, a GPT with one, FAT32,
 * nothing), the second what cannot be read; then follow pieces: a place that
 * means something on that card, an offset behind it (2 bytes), a length, and as
 * many bytes. Checksums that would end it all at once are mended.
 */
#include "drivers/fat/boot.h"
#include "drivers/fat/fat.h"
#include "drivers/fat/gpt.h"
#include "drivers/fat/record.h"
#include "drivers/limits.h"
#include "storage/base/bytes.h"
#include "storage/seal/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define S 512u
#define SECTORS 4700u
#define KINDS 6u
#define READ_MAX (1u << 20) /* bytes of all files together that are looked at */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct card {
    uint8_t p[SECTORS * S];
    uint32_t bad; /* the sector that cannot be read; 0 none */
    uint64_t reads;
};

struct sum {
    struct camera *camera;
    struct hash_state h;
    uint64_t rows, left;
};

static void put(uint8_t *p, uint64_t v, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static enum err read_card(void *self, uint64_t first, uint32_t n, void *p, uint32_t *good)
{
    struct card *c = self;
    c->reads++;
    assert(n > 0 && n <= FAT_AHEAD / S && first < SECTORS && n <= SECTORS - first);
    for (*good = 0; *good < n; ++*good) {
        if (c->bad && first + *good == c->bad)
            return err_set(ERR_IO, "medium error");
        memcpy((uint8_t *)p + (size_t)*good * S, c->p + (first + *good) * S, S);
    }
    return ERR_OK;
}

static void free_card(void *self)
{
    (void)self;
}

static void entry(uint8_t *p, const char *name, unsigned attributes, uint32_t first, uint32_t size)
{
    memcpy(p, name, 11);
    p[11] = (uint8_t)attributes;
    put(p + 20, first >> 16, 2);
    put(p + 22, 0x6000, 2);
    put(p + 24, 0x5c79, 2);
    put(p + 26, first, 2);
    put(p + 28, size, 4);
}

/* FAT16 at sector `at`: 4200 clusters; FAT32: 200. Files, a folder, a long name. */
static void make_fat(uint8_t *disk, bool fat32)
{
    uint32_t fat = fat32 ? 2 : 17, reserved = fat32 ? 8 : 1, roots = fat32 ? 0 : 1, clusters = fat32 ? 200 : 4200;
    uint32_t data = reserved + 2 * fat + roots, width = fat32 ? 4 : 2;
    memcpy(disk, "\xeb\x3c\x90MSDOS5.0", 11);
    put(disk + 11, S, 2);
    disk[13] = 1;
    put(disk + 14, reserved, 2);
    disk[16] = 2;
    disk[21] = 0xf8;
    if (fat32) {
        put(disk + 32, data + clusters, 4);
        put(disk + 36, fat, 4);
        put(disk + 44, 2, 4);
        put(disk + 50, 6, 2);
    } else {
        put(disk + 17, 16, 2);
        put(disk + 19, data + clusters, 2);
        put(disk + 22, fat, 2);
    }
    disk[fat32 ? 66 : 38] = 0x29;
    put(disk + (fat32 ? 67 : 39), 0x1234abcd, 4);
    memcpy(disk + (fat32 ? 71 : 43), "CARD       ", 11);
    put(disk + 510, 0xaa55, 2);
    if (fat32)
        memcpy(disk + 6 * S, disk, S);
    for (uint32_t copy = 0; copy < 2; copy++) {
        uint8_t *f = disk + (reserved + copy * fat) * S;
        put(f, 0x0ffffff8, (int)width);
        put(f + width, 0x0fffffff, (int)width);
        put(f + 2 * width, 0x0fffffff, (int)width);
        for (uint32_t i = 3; i < 12; i++) /* 3 to 11, in two pieces */
            put(f + i * width, i == 6 ? 20 : i == 11 ? 0x0fffffff : i + 1, (int)width);
        put(f + 20 * width, 7, (int)width);
        put(f + 12 * width, 0x0fffffff, (int)width);
    }
    uint8_t *root = disk + (data - (fat32 ? 0 : roots)) * S, *folder = disk + (data + 10) * S;
    entry(root, "LABEL      ", 0x08, 0, 0);
    entry(root + 32, "MOV_0001MP4", 0x20, 3, 5000);
    entry(root + 64, "DCIM       ", 0x10, 12, 0);
    memcpy(root + 96, "\x41l\0o\0n\0g\0.\0\x0f\0\0n\0a\0m\0e\0\0\0\xff\xff\0\0\xff\xff\xff\xff", 32);
    root[96 + 13] = record_short_sum((const uint8_t *)"LONG~1  NAM");
    entry(root + 128, "LONG~1  NAM", 0x20, 0, 0);
    entry(folder, ".          ", 0x10, 12, 0);
    entry(folder + 32, "..         ", 0x10, 0, 0);
    entry(folder + 64, "\xe5LD     MP4", 0x20, 30, 100);
    entry(folder + 96, "NEW     MP4", 0x20, 31, 100);
}

static void sum_region(uint8_t *region)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < 11; i++)
        sum = boot_sum(sum, region + i * S, S, i == 0);
    for (uint32_t i = 0; i < S; i += 4)
        put(region + 11 * S + i, sum, 4);
}

static void set(uint8_t *p, const char *name, unsigned attributes, unsigned flags, uint32_t first, uint64_t valid,
                uint64_t size)
{
    p[0] = 0x85;
    p[1] = 2;
    put(p + 4, attributes, 2);
    put(p + 12, 0x5c796000, 4);
    p[32] = 0xc0;
    p[33] = (uint8_t)flags;
    p[35] = (uint8_t)strlen(name);
    put(p + 40, valid, 8);
    put(p + 52, first, 4);
    put(p + 56, size, 8);
    p[64] = 0xc1;
    for (size_t i = 0; name[i]; i++)
        put(p + 66 + 2 * i, (uint8_t)name[i], 2);
    put(p + 2, record_set_sum(p, 96), 2);
}

static void make_exfat(uint8_t *disk)
{
    const uint32_t fat = 32, heap = 40, clusters = 500;
    memcpy(disk,
           "\xeb\x76\x90"
           "EXFAT   ",
           11);
    put(disk + 72, heap + clusters, 8);
    put(disk + 80, fat, 4);
    put(disk + 84, 4, 4);
    put(disk + 88, heap, 4);
    put(disk + 92, clusters, 4);
    put(disk + 96, 4, 4);
    put(disk + 100, 0xcafe0123, 4);
    put(disk + 104, 0x100, 2);
    disk[108] = 9;
    disk[110] = 1;
    put(disk + 510, 0xaa55, 2);
    sum_region(disk);
    memcpy(disk + 12 * S, disk, 12 * S);
    put(disk + fat * S, 0xfffffff8, 4);
    for (uint32_t i = 1; i < 5; i++)
        put(disk + fat * S + 4 * i, 0xffffffff, 4);
    for (uint32_t i = 10; i < 15; i++)
        put(disk + fat * S + 4 * i, i < 14 ? i + 1 : 0xffffffff, 4);
    memset(disk + heap * S, 0xff, 10);
    uint8_t *root = disk + (heap + 2) * S, *folder = disk + (heap + 18) * S;
    memcpy(root,
           "\x83\x03"
           "A\0B\0C\0",
           8);
    root[32] = 0x81;
    put(root + 52, 2, 4);
    put(root + 56, 63, 8);
    root[64] = 0x82;
    put(root + 84, 3, 4);
    put(root + 88, 100, 8);
    set(root + 96, "chain.mp4", 0x20, 1, 10, 2000, 2500);
    set(root + 192, "piece.mp4", 0x20, 3, 30, 3000, 3000);
    set(root + 288, "dir", 0x10, 3, 20, 512, 512);
    set(folder, "in.mp4", 0x20, 3, 40, 10, 20);
    folder[96] = 0x05;
}

static void mbr(uint8_t *p, unsigned slot, unsigned type, uint32_t first, uint32_t count)
{
    p[446 + 16 * slot + 4] = (uint8_t)type;
    put(p + 446 + 16 * slot + 8, first, 4);
    put(p + 446 + 16 * slot + 12, count, 4);
    put(p + 510, 0xaa55, 2);
}

static void gpt(uint8_t *disk, uint32_t self, uint32_t table, uint32_t first)
{
    uint8_t *h = disk + self * S, *t = disk + table * S;
    memset(t, 0x22, 16);
    put(t + 32, first, 8);
    put(t + 40, first + 1000, 8);
    memcpy(h, "EFI PART", 8);
    put(h + 12, 92, 4);
    put(h + 24, self, 8);
    put(h + 72, table, 8);
    put(h + 80, 4, 4);
    put(h + 84, 128, 4);
    put(h + 88, gpt_crc(0, t, 512), 4);
    put(h + 16, gpt_crc(0, h, 92), 4);
}

static void make(struct card *c, unsigned kind)
{
    memset(c, 0, sizeof *c);
    switch (kind) {
    case 0:
        make_fat(c->p, false);
        break;
    case 1: /* two volumes, one of them logical */
        mbr(c->p, 0, 0x0c, 100, 1000);
        mbr(c->p, 1, 0x05, 2000, 2000);
        mbr(c->p + 2000 * S, 0, 0x0c, 10, 1000);
        mbr(c->p + 2000 * S, 1, 0x05, 1500, 500);
        mbr(c->p + 3500 * S, 0, 0x0c, 10, 400);
        make_fat(c->p + 100 * S, true);
        make_fat(c->p + 2010 * S, true);
        break;
    case 2:
        make_exfat(c->p);
        break;
    case 3:
        mbr(c->p, 0, 0xee, 1, SECTORS - 1);
        gpt(c->p, 1, 2, 50);
        gpt(c->p, SECTORS - 1, SECTORS - 2, 50);
        make_exfat(c->p + 50 * S);
        break;
    case 4:
        make_fat(c->p, true);
        break;
    default:
        break;
    }
}

/* Sectors where something begins: tables, boot sectors, FATs, folders, files. */
static const uint16_t places[KINDS][8] = {
    {0, 1, 18, 35, 46, 36, 39, 60},  {0, 100, 106, 108, 112, 122, 2000, 2010},
    {0, 12, 32, 40, 42, 58, 48, 68}, {0, 1, 2, 50, 82, 92, SECTORS - 1, SECTORS - 2},
    {0, 6, 8, 10, 12, 22, 13, 40},   {0, 1, 2, 3, 4, 5, 6, SECTORS - 1},
};

static void mend(struct card *c, unsigned kind)
{
    uint8_t *region = c->p + (kind == 3 ? 50 * S : 0), *header = c->p + S;
    if (kind == 2 || kind == 3)
        sum_region(region);
    uint64_t table = bytes_le64(header + 72), bytes = (uint64_t)bytes_le32(header + 80) * bytes_le32(header + 84);
    if (kind != 3 || bytes > 4096 || table > SECTORS - 8)
        return;
    put(header + 88, gpt_crc(0, c->p + table * S, bytes), 4);
    put(header + 16, 0, 4);
    uint32_t length = bytes_le32(header + 12);
    put(header + 16, gpt_crc(0, header, length < S ? length : S), 4);
}

/* The pieces of the input over the card. */
static void patch(struct card *c, unsigned kind, const uint8_t *p, size_t n)
{
    while (n > 4) {
        size_t at = (size_t)places[kind][p[0] % 8] * S + (p[1] | (size_t)p[2] << 8) % (4 * S), length = p[3] % 64 + 1u;
        p += 4;
        n -= 4;
        at = at < sizeof c->p ? at : 0;
        length = length < n ? length : n;
        length = length < sizeof c->p - at ? length : sizeof c->p - at;
        memcpy(c->p + at, p, length);
        p += length;
        n -= length;
    }
    mend(c, kind);
}

static enum err note(void *ctx, const struct camera_file *f)
{
    struct sum *s = ctx;
    assert(f->path[0] && f->path[0] != '/' && !strstr(f->path, "//") && strlen(f->path) < CAMERA_PATH_MAX);
    assert(!strstr(f->path, "/../") && strncmp(f->path, "../", 3) != 0);
    hash_add(&s->h, f->path, strlen(f->path) + 1);
    hash_add(&s->h, &f->size, sizeof f->size);
    hash_add(&s->h, &f->state, sizeof f->state);
    s->rows++;
    assert(s->rows < 1000000);
    return ERR_OK;
}

/* The files are opened in the order of the listing, and read. */
static enum err look(void *ctx, const struct camera_file *f)
{
    struct sum *s = ctx;
    static uint8_t p[100000];
    void *file;
    size_t got = 1;
    uint64_t at = 0;
    if (f->state != CAMERA_FILE || s->left == 0)
        return ERR_OK;
    char *path = strdup(f->path);
    assert(path);
    struct camera_file mine = *f;
    mine.path = path;
    enum err e = s->camera->open(s->camera->self, &mine, &file);
    assert(e == ERR_OK);
    json_t *facts = s->camera->file_facts(file);
    assert(facts);
    json_decref(facts);
    for (uint64_t spent = 0; !e && got && spent < 1000000 && spent < s->left; spent += got, at += got) {
        e = s->camera->read(file, at, p, sizeof p, &got);
        assert(got <= sizeof p && at + got <= f->size);
    }
    s->left = s->left > at ? s->left - at : 0;
    if (f->size > 1000)
        (void)s->camera->read(file, f->size - 700, p, 1000, &got);
    s->camera->close(file);
    free(path);
    return ERR_OK;
}

/* Paths of a listing, to be opened after it. */
struct rows {
    struct camera_file *at;
    size_t n;
};

static enum err keep(void *ctx, const struct camera_file *f)
{
    struct rows *r = ctx;
    if (f->state != CAMERA_FILE || r->n == 2000)
        return ERR_OK;
    r->at[r->n] = *f;
    r->at[r->n].path = strdup(f->path);
    assert(r->at[r->n].path);
    r->n++;
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static struct card card;
    struct camera camera;
    if (n < 2 || hash_start())
        return 0;
    unsigned kind = p[0] % KINDS;
    make(&card, kind);
    patch(&card, kind, p + 2, n - 2);
    card.bad = p[1] == 0 ? 0 : p[1] % 128;
    struct disk d = {&card, S, SECTORS, read_card, free_card};
    if (fat_camera(&camera, &d, &(struct camera_name){.serial = "S"}))
        return 0;
    struct sum first = {.camera = &camera, .left = READ_MAX}, second = first;
    struct rows rows = {calloc(2000, sizeof *rows.at), 0};
    assert(rows.at);
    hash_init(&first.h);
    hash_init(&second.h);
    enum err e = camera.list(camera.self, note, &first);
    assert(e == ERR_OK || e == ERR_DATA);
    e = camera.list(camera.self, note, &second);
    struct hash a = hash_end(&first.h), b = hash_end(&second.h);
    assert(hash_same(&a, &b) && first.rows == second.rows);
    if (!e)
        e = camera.list(camera.self, keep, &rows);
    for (size_t i = 0; i < rows.n; i++) {
        if (!e)
            e = look(&first, &rows.at[i]);
        free((char *)(uintptr_t)rows.at[i].path);
    }
    free(rows.at);
    json_t *facts = camera.facts(camera.self);
    assert(facts);
    json_decref(facts);
    camera.free(camera.self);
    return 0;
}
