/* Tables of partitions, boot sectors and disks that lie. */
#include "tests/unit/fat_card.h"

#include "drivers/fat/gpt.h"
#include "drivers/fat/image.h"
#include "storage/base/file.h"

#include <sys/stat.h>
#include <unistd.h>

/* A disk of n sectors with nothing on it. */
static struct card *disk_new(uint32_t sectors)
{
    struct card *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->sector = S;
    c->sectors = sectors;
    c->p = calloc(sectors, S);
    assert_non_null(c->p);
    return c;
}

/* A small volume with one file, whose name begins with a letter, at a sector. */
static void put_volume(struct card *c, uint32_t at, char letter)
{
    struct card *v = card_fat32(60);
    char name[12];
    snprintf(name, sizeof name, "%c       MP4", letter);
    card_entry(v, 2, 0, name, 0x20, 0, 0);
    assert_true(at + v->sectors <= c->sectors);
    memcpy(c->p + (size_t)at * S, v->p, (size_t)v->sectors * S);
    card_free(v);
}
#define VOLUME 94u /* sectors of it */

static void put_mbr(struct card *c, uint32_t sector, unsigned slot, unsigned type, uint32_t first, uint32_t count)
{
    uint8_t *p = c->p + (size_t)sector * S, *e = p + 446 + 16 * slot;
    put16(p + 510, 0xaa55);
    e[4] = (uint8_t)type;
    put32(e + 8, first);
    put32(e + 12, count);
}

/* A header and its entries at a sector, for partitions `first` and `second`. */
static void put_gpt(struct card *c, uint32_t self, uint32_t other, uint32_t table, uint32_t first, uint32_t second)
{
    uint8_t *h = c->p + (size_t)self * S, *t = c->p + (size_t)table * S;
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t at = i ? second : first;
        memset(t + 128 * (size_t)i, 0x11, 16);
        put64(t + 128 * (size_t)i + 32, at);
        put64(t + 128 * (size_t)i + 40, at + VOLUME - 1);
    }
    memcpy(h, "EFI PART", 8);
    put32(h + 8, 0x10000);
    put32(h + 12, 92);
    put64(h + 24, self);
    put64(h + 32, other);
    put64(h + 72, table);
    put32(h + 80, 4);
    put32(h + 84, 128);
    put32(h + 88, gpt_crc(0, t, 4 * 128));
    put32(h + 16, 0);
    put32(h + 16, gpt_crc(0, h, 92));
}

static struct card *disk_gpt(void)
{
    struct card *c = disk_new(400);
    put_mbr(c, 0, 0, 0xee, 1, 399);
    put_gpt(c, 1, 399, 2, 40, 200);
    put_gpt(c, 399, 1, 398, 40, 200);
    put_volume(c, 40, 'A');
    put_volume(c, 200, 'B');
    return c;
}

static bool facts_say(struct card *c, const char *words)
{
    json_t *o = c->camera.facts(c->camera.self);
    assert_non_null(o);
    char *text = json_dumps(o, JSON_SORT_KEYS);
    bool has = strstr(text, words) != NULL;
    free(text);
    json_decref(o);
    return has;
}

static void crc_is_the_one_of_ieee(void **state)
{
    (void)state;
    assert_int_equal(gpt_crc(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(gpt_crc(gpt_crc(0, "1234", 4), "56789", 5), 0xcbf43926);
}

static void one_volume_has_its_paths_and_several_have_numbers(void **state)
{
    (void)state;
    struct card *c = disk_new(500);
    put_mbr(c, 0, 1, 0x0c, 50, VOLUME);
    put_volume(c, 50, 'A');
    card_open(c);
    assert_string_equal(card_list(c), "file A.MP4 0\n");
    card_free(c);
    c = disk_new(500);
    put_mbr(c, 0, 1, 0x0c, 50, VOLUME);
    put_mbr(c, 0, 2, 0x83, 150, VOLUME); /* of another system: named, not read */
    put_mbr(c, 0, 3, 0x07, 250, VOLUME); /* whatever its type says */
    put_volume(c, 50, 'A');
    put_volume(c, 250, 'B');
    card_open(c);
    assert_string_equal(card_list(c), "file 2/A.MP4 0\nfile 4/B.MP4 0\n");
    assert_true(facts_say(c, "\"not_read\": \"there is no FAT16, FAT32 or exFAT file system\", \"number\": 3"));
    void *f = card_file_open(c, "4/B.MP4", 0, CARD_MTIME);
    c->camera.close(f);
    f = card_file_open(c, "2/A.MP4", 0, CARD_MTIME);
    c->camera.close(f);
    struct camera_file wrong[] = {{"A.MP4", 0, CARD_MTIME, CAMERA_FILE, ""},
                                  {"2/B.MP4", 0, CARD_MTIME, CAMERA_FILE, ""},
                                  {"3/B.MP4", 0, CARD_MTIME, CAMERA_FILE, ""},
                                  {"2", 0, CARD_MTIME, CAMERA_FILE, ""}};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(c->camera.open(c->camera.self, &wrong[i], &f), ERR_AGAIN);
    card_free(c);
}

static void chains_of_logical_partitions_end(void **state)
{
    (void)state;
    for (int damage = 0; damage < 5; damage++) {
        struct card *c = disk_new(1000);
        put_mbr(c, 0, 0, 0x05, 100, 900);
        put_mbr(c, 100, 0, 0x0c, 10, VOLUME);
        put_mbr(c, 100, 1, 0x05, 200, 200);
        put_mbr(c, 300, 0, 0x0c, 10, VOLUME);
        put_volume(c, 110, 'A');
        put_volume(c, 310, 'B');
        if (damage == 1)
            put_mbr(c, 300, 1, 0x05, 0x200000, 200); /* behind the disk's end */
        if (damage == 2)
            put_mbr(c, 300, 1, 0x05, 200, 200); /* itself */
        if (damage == 3)
            c->p[300 * S + 510] = 0;
        if (damage == 4)
            for (uint32_t i = 0; i < 80; i++) /* longer than any */
                put_mbr(c, 300 + i, 1, 0x05, 201 + i, 1);
        card_open(c);
        assert_string_equal(card_list(c), damage == 3 ? "file A.MP4 0\n" : "file 5/A.MP4 0\nfile 6/B.MP4 0\n");
        assert_int_equal(facts_say(c, damage == 2   ? "returns to itself"
                                      : damage == 4 ? "is too long"
                                                    : "logical partitions is broken"),
                         damage != 0);
        card_free(c);
    }
}

static void gpt_is_read_from_its_copy(void **state)
{
    (void)state;
    for (int damage = 0; damage < 6; damage++) {
        struct card *c = disk_gpt();
        if (damage == 1)
            c->p[S + 20] ^= 1;
        if (damage == 2)
            c->p[2 * S + 33] ^= 1;
        if (damage == 3) { /* its own place is another's */
            put64(c->p + S + 24, 2);
            put32(c->p + S + 16, 0);
            put32(c->p + S + 16, gpt_crc(0, c->p + S, 92));
        }
        if (damage == 4) {
            c->bad_from = 1;
            c->bad_to = 3;
        }
        if (damage == 5) { /* more entries than anybody has, rightly summed */
            put32(c->p + S + 80, 0x7fffffff);
            put32(c->p + S + 16, 0);
            put32(c->p + S + 16, gpt_crc(0, c->p + S, 92));
        }
        card_open(c);
        assert_string_equal(card_list(c), "file 1/A.MP4 0\nfile 2/B.MP4 0\n");
        assert_int_equal(facts_say(c, "its copy was used"), damage != 0);
        assert_true(facts_say(c, "\"table\": \"gpt\""));
        card_free(c);
    }
}

static void image_of_a_disk_with_large_sectors_is_read(void **state)
{
    (void)state;
    struct card *c = disk_new(400);
    put_mbr(c, 0, 0, 0xee, 1, 49);
    put_gpt(c, 1, 49, 2, 10, 25); /* in sectors of 4096 */
    memcpy(c->p + 8 * S, c->p + S, S);
    memcpy(c->p + 16 * S, c->p + 2 * S, S);
    memset(c->p + S, 0, 2 * S);
    put_volume(c, 80, 'A');
    put_volume(c, 200, 'B');
    card_open(c);
    assert_string_equal(card_list(c), "file 1/A.MP4 0\nfile 2/B.MP4 0\n");
    card_free(c);
}

static void gpt_without_a_good_copy_is_said(void **state)
{
    (void)state;
    struct card *c = disk_gpt();
    c->p[S + 20] ^= 1;
    c->p[399 * S + 20] ^= 1;
    assert_int_equal(card_try(c), ERR_DATA);
    card_free(c);
}

static void copy_of_a_boot_sector_is_not_taken_from_an_earlier_format(void **state)
{
    (void)state;
    struct card *c = card_fat32(60);
    card_entry(c, 2, 0, "A       MP4", 0x20, 0, 0);
    memset(c->p, 0, S);
    card_open(c);
    assert_string_equal(card_list(c), "file A.MP4 0\n");
    assert_true(facts_say(c, "its copy was used"));
    card_free(c);
    c = card_fat32(60);
    memset(c->p, 0, S);
    memset(c->p + (size_t)c->reserved * S, 0, 8); /* what came later began to overwrite it */
    assert_int_equal(card_try(c), ERR_DATA);
    assert_true(c->freed);
    card_free(c);
}

static void boot_sectors_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        size_t at;
        unsigned n;
        uint32_t value;
    } fields[] = {{11, 2, 0}, {11, 2, 256}, {11, 2, 8192},       {11, 2, 513}, {13, 1, 0},  {13, 1, 3},   {14, 2, 0},
                  {16, 1, 0}, {16, 1, 255}, {21, 1, 0},          {32, 4, 0},   {32, 4, 10}, {36, 4, 0},   {44, 4, 0},
                  {44, 4, 1}, {44, 4, 62},  {44, 4, 0x0fffffff}, {42, 2, 1},   {510, 2, 0}, {36, 4, ~0u}, {32, 4, 33}};
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct card *c = card_fat32(60);
        for (int copy = 0; copy < 2; copy++) {
            uint8_t *p = c->p + (copy ? 6 * S : 0) + fields[i].at;
            for (unsigned k = 0; k < fields[i].n; k++)
                p[k] = (uint8_t)(fields[i].value >> (8 * k));
        }
        assert_int_equal(card_try(c), ERR_DATA);
        assert_true(c->freed);
        card_free(c);
    }
}

static void exfat_boot_sectors_that_make_no_sense_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } fields[] = {{105, 2}, {108, 8}, {108, 13}, {109, 17}, {110, 0}, {110, 3},
                  {3, 'X'}, {20, 1},  {80, 1},   {96, 1},   {96, 150}};
    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct card *c = card_exfat(100);
        c->p[fields[i].at] = fields[i].value;
        c->p[12 * S + fields[i].at] = fields[i].value;
        assert_int_equal(card_try(c), ERR_DATA);
        card_free(c);
    }
}

static void volume_larger_than_its_disk_is_read_so_far(void **state)
{
    (void)state;
    struct card *c = card_fat32(60);
    enum err e;
    card_entry(c, 2, 0, "A       MP4", 0x20, 40, 20 * S);
    card_chain(c, 40, 20);
    card_entry(c, 2, 1, "B       MP4", 0x20, 10, S);
    card_chain(c, 10, 1);
    c->sectors -= 10; /* the capacity was a lie */
    card_open(c);
    assert_string_equal(card_list(c), "file A.MP4 10240\nfile B.MP4 512\n");
    assert_true(facts_say(c, "the volume claims to be larger than its disk"));
    void *f = card_file_open(c, "A.MP4", 20 * S, CARD_MTIME);
    assert_int_equal(card_readable(c, f, 77, &e), 12 * S);
    assert_int_equal(e, ERR_IO);
    c->camera.close(f);
    card_free(c);
}

static void fat_too_small_for_its_volume_ends_it(void **state)
{
    (void)state;
    struct card *c = card_fat32(60);
    put32(c->p + 32, 0x01000000);
    card_entry(c, 2, 0, "A       MP4", 0x20, 200, S);
    card_open(c);
    assert_string_equal(card_list(c), "failed A.MP4: its chain of clusters leads nowhere\n");
    assert_true(facts_say(c, "the FAT is too small for the volume"));
    card_free(c);
}

static void active_fat_is_the_one_that_counts(void **state)
{
    (void)state;
    struct card *c = card_fat32(60);
    enum err e;
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 3 * S);
    card_chain(c, 10, 3);
    memset(c->p + (size_t)c->reserved * S + 8, 0, 100); /* the first one is stale */
    put16(c->p + 40, 0x81);
    card_open(c);
    assert_string_equal(card_list(c), "file A.MP4 1536\n");
    void *f = card_file_open(c, "A.MP4", 3 * S, CARD_MTIME);
    assert_int_equal(card_readable(c, f, 1000, &e), 3 * S);
    assert_int_equal(e, ERR_OK);
    c->camera.close(f);
    card_free(c);
}

static void disks_of_nonsense_are_refused(void **state)
{
    (void)state;
    static const uint32_t sectors[] = {0, 1, 511, 513, 8192, 0x80000000u};
    for (size_t i = 0; i < sizeof sectors / sizeof *sectors; i++) {
        struct card *c = card_fat32(60);
        c->sector = sectors[i];
        assert_int_equal(card_try(c), ERR_DATA);
        card_free(c);
    }
    struct card *c = disk_new(1);
    assert_int_equal(card_try(c), ERR_DATA);
    card_free(c);
}

static void image_is_read_and_its_end_is_an_end(void **state)
{
    (void)state;
    char path[] = "/tmp/feldsher-image-XXXXXX";
    int fd = mkstemp(path);
    struct card *c = card_fat32(60);
    struct disk d;
    uint8_t p[4 * S];
    uint32_t good;
    card_entry(c, 2, 0, "A       MP4", 0x20, 0, 0);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, c->p, (size_t)c->sectors * S), (ssize_t)c->sectors * S);
    assert_int_equal(write(fd, "half", 4), 4); /* no whole sector */
    assert_int_equal(image_open(&d, path), ERR_OK);
    assert_int_equal(d.sector, 512);
    assert_int_equal(d.sectors, c->sectors);
    assert_int_equal(ftruncate(fd, (off_t)(c->sectors - 2) * S), 0);
    assert_int_equal(d.read(d.self, c->sectors - 4, 4, p, &good), ERR_IO);
    assert_int_equal(good, 2);
    d.free(d.self);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(image_open(&d, path), ERR_DATA);
    close(fd);
    unlink(path);
    assert_int_equal(image_open(&d, path), ERR_NOINPUT);
    assert_int_equal(image_open(&d, "/dev/null"), ERR_DATA);
    assert_int_equal(image_open(&d, "/tmp"), ERR_DATA);
    card_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_is_the_one_of_ieee),
        cmocka_unit_test(one_volume_has_its_paths_and_several_have_numbers),
        cmocka_unit_test(chains_of_logical_partitions_end),
        cmocka_unit_test(gpt_is_read_from_its_copy),
        cmocka_unit_test(image_of_a_disk_with_large_sectors_is_read),
        cmocka_unit_test(gpt_without_a_good_copy_is_said),
        cmocka_unit_test(copy_of_a_boot_sector_is_not_taken_from_an_earlier_format),
        cmocka_unit_test(boot_sectors_that_make_no_sense_are_refused),
        cmocka_unit_test(exfat_boot_sectors_that_make_no_sense_are_refused),
        cmocka_unit_test(volume_larger_than_its_disk_is_read_so_far),
        cmocka_unit_test(fat_too_small_for_its_volume_ends_it),
        cmocka_unit_test(active_fat_is_the_one_that_counts),
        cmocka_unit_test(disks_of_nonsense_are_refused),
        cmocka_unit_test(image_is_read_and_its_end_is_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
