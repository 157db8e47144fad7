#include "drivers/fat/boot.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <string.h>

#define REGION 11u /* sectors of an exFAT's boot region that are summed; the sum follows */

const char *boot_type_name(enum boot_type t)
{
    return t == BOOT_EXFAT ? "exfat" : t == BOOT_FAT32 ? "fat32" : "fat16";
}

static bool is_power(uint32_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

static bool none(const char **why, const char *text)
{
    *why = text;
    return false;
}

/* What FAT32 has in place of the older fields. */
static bool parse_fat32(struct boot *b, const uint8_t *p, const char **why)
{
    uint32_t flags = bytes_le16(p + 40);
    b->type = BOOT_FAT32;
    b->root = bytes_le32(p + 44) & 0x0fffffff;
    if (p[66] == 0x28 || p[66] == 0x29)
        b->serial = bytes_le32(p + 67);
    if (p[66] == 0x29)
        memcpy(b->label, p + 71, sizeof b->label);
    if (flags & 0x80)
        b->active = flags & 0x0f;
    if (bytes_le16(p + 42) != 0)
        return none(why, N_("it is a FAT32 of a version that is not known"));
    if (b->clusters > 0x0ffffff5)
        return none(why, N_("its boot sector claims more clusters than a FAT32 can have"));
    if (b->root < 2 || b->root - 2 >= b->clusters)
        return none(why, N_("its root folder lies nowhere"));
    return true;
}

static bool parse_fat16(struct boot *b, const uint8_t *p, const char **why)
{
    b->type = BOOT_FAT16;
    if (p[38] == 0x28 || p[38] == 0x29)
        b->serial = bytes_le32(p + 39);
    if (p[38] == 0x29)
        memcpy(b->label, p + 43, sizeof b->label);
    if (b->clusters < 4085)
        return none(why, N_("it is FAT12, which only the smallest of old cards have and which is not read"));
    if (b->clusters > 65524)
        return none(why, N_("its boot sector claims more clusters than a FAT16 can have"));
    if (b->root_bytes == 0)
        return none(why, N_("its root folder lies nowhere"));
    return true;
}

static void place_fats(struct boot *b, uint32_t n)
{
    uint64_t first = b->fat[0];
    b->fats = n > 1 ? 2 : 1;
    b->fat[1] = first + b->fat_bytes;
    if (b->active < n) {
        b->fat[0] = first + b->active * b->fat_bytes;
        b->fats = 1;
    }
}

/* A FAT too small for the clusters ends them. */
static void fit(struct boot *b, struct wrong *wrong)
{
    uint64_t entries = b->fat_bytes / (b->type == BOOT_FAT16 ? 2 : 4);
    if (entries >= (uint64_t)b->clusters + 2)
        return;
    wrong_note(wrong, N_("the FAT is too small for the volume; what lies behind it cannot be read"));
    b->clusters = entries > 2 ? (uint32_t)(entries - 2) : 0;
}

static bool parse_fat(struct boot *b, const uint8_t *p, struct wrong *wrong, const char **why)
{
    uint32_t sector = bytes_le16(p + 11), per = p[13], reserved = bytes_le16(p + 14), fats = p[16];
    uint32_t root = bytes_le16(p + 17), total = bytes_le16(p + 19), fat = bytes_le16(p + 22);
    bool is_fat32 = fat == 0;
    if (!is_power(sector) || sector < 512 || sector > 4096 || !is_power(per) || reserved == 0 || fats == 0 ||
        fats > 4 || (p[21] != 0xf0 && p[21] < 0xf8))
        return false;
    total = total ? total : bytes_le32(p + 32);
    fat = fat ? fat : bytes_le32(p + 36);
    uint64_t root_sectors = ((uint64_t)root * 32 + sector - 1) / sector;
    uint64_t data = reserved + (uint64_t)fats * fat + root_sectors;
    if (total == 0 || fat == 0)
        return false;
    *b = (struct boot){.sector = sector, .cluster = sector * per, .active = UINT32_MAX};
    memset(b->label, ' ', sizeof b->label);
    if (data >= total)
        return none(why, N_("its boot sector leaves no place for files"));
    b->bytes = (uint64_t)total * sector;
    b->clusters = (uint32_t)((total - data) / per);
    b->heap = data * sector;
    b->fat[0] = (uint64_t)reserved * sector;
    b->fat_bytes = (uint64_t)fat * sector;
    b->root_at = (data - root_sectors) * sector;
    b->root_bytes = root * 32;
    if (is_fat32 ? !parse_fat32(b, p, why) : !parse_fat16(b, p, why))
        return false;
    place_fats(b, fats);
    fit(b, wrong);
    return true;
}

static bool parse_exfat(struct boot *b, const uint8_t *p, struct wrong *wrong, const char **why)
{
    uint64_t total = bytes_le64(p + 72), fat_at = bytes_le32(p + 80), fat = bytes_le32(p + 84);
    uint64_t heap = bytes_le32(p + 88);
    uint32_t flags = bytes_le16(p + 106), sector_log = p[108], cluster_log = p[109], fats = p[110];
    if (p[105] != 1)
        return none(why, N_("it is an exFAT of a version that is not known"));
    if (sector_log < 9 || sector_log > 12 || cluster_log > 25 - sector_log || fats < 1 || fats > 2)
        return none(why, N_("its boot sector makes no sense"));
    *b = (struct boot){
        .type = BOOT_EXFAT,
        .sector = 1u << sector_log,
        .cluster = 1u << (sector_log + cluster_log),
        .clusters = bytes_le32(p + 92),
        .heap = heap << sector_log,
        .fat_bytes = fat << sector_log,
        .root = bytes_le32(p + 96),
        .serial = bytes_le32(p + 100),
        .active = fats == 2 ? flags & 1 : UINT32_MAX,
    };
    b->fat[0] = fat_at << sector_log;
    if (fat_at < 24 || fat == 0 || heap < fat_at + fat * fats || heap >= total || total > UINT64_MAX >> 12 ||
        b->clusters == 0 || b->clusters > UINT32_MAX - 10)
        return none(why, N_("its boot sector makes no sense"));
    b->bytes = total << sector_log;
    if (b->clusters > (total - heap) >> cluster_log) {
        wrong_note(wrong, N_("the volume claims more clusters than it has room for"));
        b->clusters = (uint32_t)((total - heap) >> cluster_log);
    }
    place_fats(b, fats);
    fit(b, wrong);
    if (b->root < 2 || b->root - 2 >= b->clusters)
        return none(why, N_("its root folder lies nowhere"));
    return true;
}

bool boot_parse(struct boot *b, const uint8_t p[static 512], struct wrong *wrong, const char **why)
{
    static const uint8_t zero[53];
    *why = NULL;
    if (p[510] != 0x55 || p[511] != 0xaa)
        return false;
    if (memcmp(p + 3, "EXFAT   ", 8) == 0 && memcmp(p + 11, zero, sizeof zero) == 0)
        return parse_exfat(b, p, wrong, why);
    return parse_fat(b, p, wrong, why);
}

uint32_t boot_sum(uint32_t sum, const uint8_t *p, size_t n, bool first)
{
    for (size_t i = 0; i < n; i++)
        if (!first || (i != 106 && i != 107 && i != 112))
            sum = (sum << 31 | sum >> 1) + p[i];
    return sum;
}

/* Is the sum over the exFAT boot region at offset right? */
static enum err check_region(struct view *v, uint64_t offset, uint32_t sector, bool *right)
{
    uint8_t p[4096];
    uint32_t sum = 0;
    size_t good;
    *right = false;
    for (uint32_t i = 0; i <= REGION; i++) {
        enum err e = view_read(v, offset + (uint64_t)i * sector, p, sector, &good);
        if (e)
            return e == ERR_IO ? ERR_OK : e;
        if (i < REGION)
            sum = boot_sum(sum, p, sector, i == 0);
    }
    *right = true;
    for (uint32_t i = 0; i < sector; i += 4)
        *right = *right && bytes_le32(p + i) == sum;
    return ERR_OK;
}

/* Does the FAT begin as it must? A copy of a boot sector may be what an
 * earlier format left there. */
static enum err check_fat(struct view *v, uint64_t start, const struct boot *b, bool *right)
{
    uint8_t p[8];
    size_t good;
    enum err e = view_read(v, start + b->fat[0], p, sizeof p, &good);
    *right = !e && (bytes_le32(p) & 0x0fffff00) == 0x0fffff00 && (bytes_le32(p + 4) & 0x03ffffff) == 0x03ffffff;
    return e == ERR_IO ? ERR_OK : e;
}

/* The sector at offset behind start, as a boot sector; exFAT's sum is in *sum. */
static enum err try_at(struct boot *b, struct view *v, uint64_t start, uint64_t offset, struct wrong *wrong,
                       bool *is_one, bool *sum, const char **why)
{
    uint8_t p[512];
    size_t good;
    *is_one = *sum = false;
    *why = NULL;
    enum err e = view_read(v, start + offset, p, sizeof p, &good);
    if (e) {
        *why = N_("its boot sector cannot be read");
        return e == ERR_IO ? ERR_OK : e;
    }
    *is_one = boot_parse(b, p, wrong, why);
    if (*is_one && b->type == BOOT_EXFAT)
        e = check_region(v, start + offset, b->sector, sum);
    return e;
}

/* The copy: sector 6 of a FAT32, sector 12 of an exFAT. */
static enum err try_copies(struct boot *b, struct view *v, uint64_t start, struct wrong *wrong, bool *is_one)
{
    static const uint32_t sectors[] = {512, 4096, 1024, 2048};
    const char *why;
    for (size_t i = 0; i < 2 * sizeof sectors / sizeof *sectors; i++) {
        uint32_t sector = sectors[i / 2];
        struct boot copy;
        struct wrong found = {0};
        bool sum, right = false;
        uint64_t offset = (uint64_t)sector * (i % 2 ? 12 : 6);
        enum err e = try_at(&copy, v, start, offset, &found, is_one, &sum, &why);
        bool fits =
            *is_one && copy.sector == sector && (i % 2 ? copy.type == BOOT_EXFAT && sum : copy.type == BOOT_FAT32);
        if (!e && fits)
            e = check_fat(v, start, &copy, &right);
        *is_one = fits && right;
        if (e)
            return e;
        if (*is_one) {
            *b = copy;
            *wrong = found;
            wrong_note(wrong, N_("the boot sector is damaged; its copy was used"));
            return ERR_OK;
        }
    }
    return ERR_OK;
}

enum err boot_read(struct boot *b, struct view *v, uint64_t start, struct wrong *wrong, const char **why)
{
    bool is_one, sum, copied = false;
    struct boot copy;
    struct wrong found = {0};
    enum err e = try_at(b, v, start, 0, &found, &is_one, &sum, why);
    if (!e && (!is_one || (b->type == BOOT_EXFAT && !sum)))
        e = try_copies(&copy, v, start, wrong, &copied);
    if (e)
        return e;
    if (copied) {
        *b = copy;
        *why = NULL;
        return ERR_OK;
    }
    if (!is_one) {
        *why = *why ? *why : N_("there is no FAT16, FAT32 or exFAT file system");
        return ERR_OK;
    }
    *wrong = found;
    *why = NULL;
    if (b->type == BOOT_EXFAT && !sum)
        wrong_note(wrong, N_("the checksums of the boot sector and of its copy are both wrong"));
    return ERR_OK;
}
