/* exFAT volumes that lie. */
#include "tests/unit/fat_card.h"

#define LIST(card, text) assert_string_equal(card_list(card), text)
#define ROOT 4u /* the root's cluster; its entries 0 to 2 are taken */

static void *exfat_open(struct card *c, const char *path, uint64_t size)
{
    return card_file_open(c, path, size, CARD_MTIME_EXFAT);
}

static json_t *facts(struct card *c, const char *path, uint64_t size)
{
    void *f = exfat_open(c, path, size);
    json_t *o = c->camera.file_facts(f);
    assert_non_null(o);
    c->camera.close(f);
    return o;
}

static bool is_wrong(struct card *c, const char *words)
{
    json_t *o = c->camera.facts(c->camera.self);
    assert_non_null(o);
    char *text = json_dumps(o, 0);
    bool has = strstr(text, words) != NULL;
    free(text);
    json_decref(o);
    return has;
}

static void file_in_one_piece_needs_no_fat(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    enum err e;
    card_set(c, ROOT, 3, "movie.mp4", 0x20, 3, 20, 5 * S - 7, 5 * S - 7);
    for (uint32_t i = 20; i < 25; i++) {
        memset(card_cluster(c, i), (int)i, S);
        card_use(c, i);
        card_link(c, i, 0x12345678); /* means nothing */
    }
    card_open(c);
    LIST(c, "file movie.mp4 2553\n");
    void *f = exfat_open(c, "movie.mp4", 5 * S - 7);
    uint8_t p[8 * S];
    size_t got;
    assert_int_equal(c->camera.read(f, 1000, p, sizeof p, &got), ERR_OK);
    assert_int_equal(got, 5 * S - 7 - 1000);
    for (size_t i = 0; i < got; i++)
        assert_int_equal(p[i], 20 + (1000 + i) / S);
    assert_int_equal(card_readable(c, f, 64, &e), 5 * S - 7);
    assert_int_equal(e, ERR_OK);
    c->camera.close(f);
    assert_true(is_wrong(c, "\"wrong\": []}], \"wrong\": []"));
    assert_true(is_wrong(c, "\"label\": \"CARD\""));
    assert_true(is_wrong(c, "\"id\": \"CAFE-0123\""));
    card_free(c);
}

static void bytes_behind_the_valid_length_are_zeros_and_not_read(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    uint8_t p[6 * S];
    size_t got;
    card_set(c, ROOT, 3, "a", 0x20, 3, 20, S + 100, 6 * S);
    for (uint32_t i = 20; i < 26; i++) {
        memset(card_cluster(c, i), 0xff, S);
        card_use(c, i);
    }
    c->bad_from = c->heap + 20; /* behind: of an earlier file, and broken, too */
    c->bad_to = c->heap + 24;
    card_open(c);
    LIST(c, "file a 3072\n");
    void *f = exfat_open(c, "a", 6 * S);
    size_t all = 0;
    memset(p, 1, sizeof p);
    while (all < sizeof p) {
        assert_int_equal(c->camera.read(f, all, p + all, sizeof p - all, &got), ERR_OK);
        assert_true(got > 0);
        all += got;
    }
    for (size_t i = 0; i < sizeof p; i++)
        assert_int_equal(p[i], i < S + 100 ? 0xff : 0);
    c->camera.close(f);
    json_t *o = facts(c, "a", 6 * S);
    assert_int_equal(json_integer_value(json_object_get(o, "valid")), S + 100);
    json_decref(o);
    card_free(c);
}

static void set_whose_checksum_is_wrong_is_taken_and_said(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    card_set(c, ROOT, 3, "a", 0x20, 3, 20, 5, 5);
    card_use(c, 20);
    card_cluster(c, ROOT)[3 * 32 + 8] ^= 1; /* its time of creation */
    card_open(c);
    LIST(c, "file a 5\n");
    json_t *o = facts(c, "a", 5);
    assert_true(json_is_true(json_object_get(o, "checksum_is_wrong")));
    json_decref(o);
    assert_true(is_wrong(c, "\"wrong_checksums\": 1"));
    card_free(c);
}

static void sets_that_make_no_sense_are_named_and_the_next_is_read(void **state)
{
    (void)state;
    for (int damage = 0; damage < 8; damage++) {
        struct card *c = card_exfat(100);
        uint32_t next = card_set(c, ROOT, 3, "a name of 18 chars", 0x20, 0, 0, 0, 0);
        card_set(c, ROOT, next, "z", 0x20, 0, 0, 0, 0);
        uint8_t *p = card_cluster(c, ROOT) + 3 * 32;
        switch (damage) {
        case 0:
            break;
        case 1: /* more entries than there are */
            p[1] = 9;
            break;
        case 2:
            p[1] = 1;
            break;
        case 3:
            p[1] = 255;
            break;
        case 4: /* no stream */
            p[32] = 0xc1;
            break;
        case 5: /* a longer name than its pieces */
            p[35] = 31;
            break;
        case 6:
            p[35] = 0;
            break;
        default: /* a deleted piece */
            p[96] = 0x41;
        }
        card_open(c);
        LIST(c, damage == 0 ? "file a name of 18 chars 0\nfile z 0\n"
                            : "failed .: an entry in it makes no sense (byte 96)\nfile z 0\n");
        card_free(c);
    }
}

static void pieces_in_one_that_overlap_are_told(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    uint32_t next = card_set(c, ROOT, 3, "a", 0x20, 3, 20, 5 * S, 5 * S);
    next = card_set(c, ROOT, next, "b", 0x20, 3, 18, 5 * S, 5 * S);
    card_set(c, ROOT, next, "c", 0x20, 3, 2, S, S); /* the bitmap's own place */
    for (uint32_t i = 18; i < 25; i++)
        card_use(c, i);
    card_open(c);
    LIST(c, "file a 2560\nfile b 2560\n"
            "failed b: from byte 1024 on it has the same place on the card as another file; it is taken as it is, but "
            "one of the two holds the other's bytes\n"
            "file c 512\n"
            "failed c: from byte 0 on it has the same place on the card as another file; it is taken as it is, but "
            "one of the two holds the other's bytes\n");
    json_t *o = facts(c, "a", 5 * S);
    assert_int_equal(json_integer_value(json_object_get(o, "shared_from")), 0);
    json_decref(o);
    card_free(c);
}

static void clusters_that_the_bitmap_calls_free_are_said(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    card_set(c, ROOT, 3, "a", 0x20, 3, 20, 3 * S, 3 * S);
    card_use(c, 21);
    card_open(c);
    LIST(c, "file a 1536\n");
    json_t *o = facts(c, "a", 3 * S);
    assert_int_equal(json_integer_value(json_object_get(o, "unallocated_clusters")), 2);
    json_decref(o);
    assert_true(is_wrong(c, "\"in_free_clusters\": 1"));
    card_free(c);
}

static void piece_that_ends_behind_the_volume_is_cut(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    enum err e;
    card_set(c, ROOT, 3, "a", 0x20, 3, 98, 10 * S, 10 * S);
    card_set(c, ROOT, 6, "huge", 0x20, 3, 98, UINT64_MAX, UINT64_MAX);
    card_open(c);
    LIST(c, "file a 5120\n"
            "failed a: from byte 2048 on it is missing, what is before is taken: its chain of clusters leads nowhere\n"
            "failed huge: it is damaged, and the damaged files claim more bytes than the card holds\n");
    void *f = exfat_open(c, "a", 10 * S);
    assert_int_equal(card_readable(c, f, 100, &e), 4 * S);
    assert_int_equal(e, ERR_IO);
    c->camera.close(f);
    card_free(c);
}

static void entries_that_are_not_known_are_passed_over(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    uint8_t *root = card_cluster(c, ROOT);
    root[3 * 32] = 0xa0; /* the volume's GUID */
    root[4 * 32] = 0xa1; /* TexFAT */
    root[5 * 32] = 0x05; /* deleted */
    root[6 * 32] = 0x41;
    uint32_t next = card_set(c, ROOT, 7, "a", 0x20, 0, 0, 0, 0);
    root[7 * 32 + 1] = 3; /* and an extension of another maker's */
    root[next * 32] = 0xe0;
    card_sum_set(root + 7 * 32);
    card_set(c, ROOT, next + 1, "b", 0x20, 0, 0, 0, 0);
    card_open(c);
    LIST(c, "file a 0\nfile b 0\n");
    assert_true(is_wrong(c, "\"deleted_entries\": 1"));
    card_free(c);
}

static void folders_with_sizes_and_themselves_in_them_end(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    uint32_t next = card_set(c, ROOT, 3, "dir", 0x10, 3, 20, 2 * S, 2 * S);
    next = card_set(c, ROOT, next, "top", 0x10, 1, ROOT, S, S);
    next = card_set(c, ROOT, next, "none", 0x10, 0, 0, 0, 0);
    card_set(c, ROOT, next, "short", 0x10, 3, 30, 20, 20); /* not even one entry */
    uint8_t *dir = card_cluster(c, 20);
    uint32_t at = 0;
    for (uint32_t i = 0; i < 5; i++)
        at = card_set(c, 20, at, i ? (const char[]){(char)('a' + i), 0} : "self", i ? 0x20 : 0x10, i ? 0 : 3,
                      i ? 0 : 20, i ? 0 : 2 * S, i ? 0 : 2 * S);
    dir[at * 32] = 0x05; /* no end of the folder in its first sector */
    card_use(c, 20);
    card_use(c, 21);
    card_set(c, 21, 0, "last", 0x20, 0, 0, 0, 0);
    memset(card_cluster(c, 22), 0xff, S); /* not its own any more */
    card_open(c);
    LIST(c, "file dir/b 0\nfile dir/c 0\nfile dir/d 0\nfile dir/e 0\nfile dir/last 0\n"
            "failed dir/self: it is another folder's or file's place, too: a folder inside itself, or a damaged entry\n"
            "failed top: it is another folder's or file's place, too: a folder inside itself, or a damaged entry\n");
    card_free(c);
}

static void boot_region_is_taken_from_its_copy(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    card_set(c, ROOT, 3, "a", 0x20, 0, 0, 0, 0);
    c->p[92] ^= 8; /* the number of clusters */
    card_open(c);
    LIST(c, "file a 0\n");
    assert_true(is_wrong(c, "its copy was used"));
    card_free(c);
    c = card_exfat(100);
    card_set(c, ROOT, 3, "a", 0x20, 0, 0, 0, 0);
    c->p[11 * S] ^= 1; /* the sums alone, of both */
    c->p[23 * S] ^= 1;
    card_open(c);
    LIST(c, "file a 0\n");
    assert_true(is_wrong(c, "are both wrong"));
    card_free(c);
    c = card_exfat(100);
    card_set(c, ROOT, 3, "a", 0x20, 0, 0, 0, 0);
    c->bad_to = 12; /* and when it cannot be read */
    card_open(c);
    LIST(c, "file a 0\n");
    card_free(c);
}

static void flags_of_the_volume_are_not_summed(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    c->p[106] = 2; /* dirty */
    c->p[112] = 50;
    card_open(c);
    LIST(c, "");
    assert_false(is_wrong(c, "copy was used"));
    card_free(c);
}

static void free_bytes_come_from_the_bitmap(void **state)
{
    (void)state;
    struct card *c = card_exfat(100);
    struct camera_status s;
    card_use(c, 50);
    card_open(c);
    assert_int_equal(c->camera.status(c->camera.self, &s), ERR_OK);
    assert_int_equal(s.battery, -1);
    assert_int_equal(s.total, 100 * S);
    assert_int_equal(s.free, 96 * S);
    card_free(c);
}

static void hundred_thousand_files_in_one_folder(void **state)
{
    (void)state;
    const uint32_t n = 100000, clusters = 3 * n / 16 + 10;
    struct card *c = card_exfat(clusters + 100);
    char name[16];
    enum err e;
    uint8_t p[4];
    card_set(c, ROOT, 3, "many", 0x10, 3, 80, (uint64_t)clusters * S, (uint64_t)clusters * S);
    for (uint32_t i = 0, at = 0; i < n; i++) {
        snprintf(name, sizeof name, "f%07u.mp4", i * 7919 % n); /* in no order */
        at = card_set(c, 80, at, name, 0x20, 0, 0, 0, 0);
    }
    memset(card_cluster(c, 2), 0xff, 40); /* the bitmap is too short for it; what it has says: in use */
    card_open(c);
    card_list(c);
    const char *text = (const char *)c->lines.p;
    uint32_t lines = 0;
    for (const char *q = text; (q = strchr(q, '\n')) != NULL; q++) {
        lines++;
    }
    assert_int_equal(lines, n);
    assert_memory_equal(text, "file many/f0000000.mp4 0\nfile many/f0000001.mp4 0\n", 50);
    uint64_t reads = c->reads;
    for (uint32_t i = 0; i < n; i++) {
        size_t got;
        char path[32];
        snprintf(path, sizeof path, "many/f%07u.mp4", i);
        void *f = exfat_open(c, path, 0);
        e = c->camera.read(f, 0, p, sizeof p, &got);
        assert_int_equal(e, ERR_OK);
        c->camera.close(f);
    }
    assert_true(c->reads - reads < 2000); /* the folder is not read anew for each */
    card_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_in_one_piece_needs_no_fat),
        cmocka_unit_test(bytes_behind_the_valid_length_are_zeros_and_not_read),
        cmocka_unit_test(set_whose_checksum_is_wrong_is_taken_and_said),
        cmocka_unit_test(sets_that_make_no_sense_are_named_and_the_next_is_read),
        cmocka_unit_test(pieces_in_one_that_overlap_are_told),
        cmocka_unit_test(clusters_that_the_bitmap_calls_free_are_said),
        cmocka_unit_test(piece_that_ends_behind_the_volume_is_cut),
        cmocka_unit_test(entries_that_are_not_known_are_passed_over),
        cmocka_unit_test(folders_with_sizes_and_themselves_in_them_end),
        cmocka_unit_test(boot_region_is_taken_from_its_copy),
        cmocka_unit_test(flags_of_the_volume_are_not_summed),
        cmocka_unit_test(free_bytes_come_from_the_bitmap),
        cmocka_unit_test(hundred_thousand_files_in_one_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
