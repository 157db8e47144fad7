/* FAT chains that lie. */
#include "tests/unit/fat_card.h"

#define LIST(card, text) assert_string_equal(card_list(card), text)

static uint64_t readable(struct card *c, const char *path, uint64_t size, enum err want)
{
    enum err e;
    void *f = card_file_open(c, path, size, CARD_MTIME);
    uint64_t n = card_readable(c, f, 100, &e);
    assert_int_equal(e, want);
    c->camera.close(f);
    return n;
}

static json_t *facts(struct card *c, const char *path, uint64_t size)
{
    void *f = card_file_open(c, path, size, CARD_MTIME);
    json_t *o = c->camera.file_facts(f);
    assert_non_null(o);
    c->camera.close(f);
    return o;
}

/* The number `name` of what the listing found on the first volume. */
static long long found(struct card *c, const char *name)
{
    json_t *o = c->camera.facts(c->camera.self);
    assert_non_null(o);
    json_t *all = json_object_get(json_array_get(json_object_get(o, "volumes"), 0), "found");
    long long n = json_integer_value(json_object_get(all, name));
    json_decref(o);
    return n;
}

static void chain_that_ends_before_the_size_is_read_so_far(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 5 * S);
    card_chain(c, 10, 3);
    card_open(c);
    LIST(c, "file A.MP4 2560\nfailed A.MP4: from byte 1536 on it is missing, what is before is taken: its chain of "
            "clusters ends too early\n");
    assert_int_equal(readable(c, "A.MP4", 5 * S, ERR_IO), 3 * S);
    json_t *o = facts(c, "A.MP4", 5 * S);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "damage"), "at")), 3 * S);
    json_decref(o);
    assert_int_equal(found(c, "truncated"), 1);
    card_free(c);
}

static void chain_into_itself_is_seen_at_its_place(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 50 * S);
    card_chain(c, 10, 7);
    card_link(c, 16, 13); /* 10..16, 13..16, ... */
    card_entry(c, 2, 1, "B       MP4", 0x20, 30, 4 * S);
    card_link(c, 30, 30);
    card_open(c);
    LIST(c, "file A.MP4 25600\nfailed A.MP4: from byte 3584 on it is missing, what is before is taken: its chain of "
            "clusters leads back into itself\nfile B.MP4 2048\nfailed B.MP4: from byte 512 on it is missing, what is "
            "before is taken: its chain of clusters leads back into itself\n");
    assert_int_equal(readable(c, "A.MP4", 50 * S, ERR_IO), 7 * S);
    assert_int_equal(readable(c, "B.MP4", 4 * S, ERR_IO), S);
    assert_int_equal(found(c, "cyclic"), 2);
    assert_int_equal(found(c, "cross_linked"), 0);
    /* the same without a listing, as after a replug */
    struct card *again = card_fat32(100);
    memcpy(again->p, c->p, (size_t)c->sectors * S);
    card_open(again);
    assert_int_equal(readable(again, "A.MP4", 50 * S, ERR_IO), 7 * S);
    card_free(again);
    card_free(c);
}

static void every_length_of_tail_and_loop_is_cut_where_it_returns(void **state)
{
    (void)state;
    for (uint32_t tail = 0; tail < 9; tail++)
        for (uint32_t loop = 1; loop < 9; loop++)
            for (uint32_t need = 1; need < 40; need += 3) {
                struct card *c = card_fat32(100);
                card_entry(c, 2, 0, "A       MP4", 0x20, 10, need * S);
                card_chain(c, 10, tail + loop);
                card_link(c, 10 + tail + loop - 1, 10 + tail);
                card_open(c);
                uint32_t there = need < tail + loop ? need : tail + loop;
                assert_int_equal(readable(c, "A.MP4", need * S, there < need ? ERR_IO : ERR_OK), there * S);
                card_list(c);
                assert_int_equal(found(c, "cyclic"), there < need);
                card_free(c);
            }
}

static void cross_linked_files_are_taken_and_told(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 6 * S);
    card_chain(c, 10, 6);
    card_entry(c, 2, 1, "B       MP4", 0x20, 30, 5 * S);
    card_chain(c, 30, 3);
    card_link(c, 32, 14);
    card_open(c);
    LIST(c, "file A.MP4 3072\nfile B.MP4 2560\n"
            "failed B.MP4: from byte 1536 on it has the same place on the card as another file; it is taken as it is, "
            "but one of the two holds the other's bytes\n");
    assert_int_equal(readable(c, "B.MP4", 5 * S, ERR_OK), 5 * S);
    json_t *o = facts(c, "A.MP4", 6 * S);
    assert_int_equal(json_integer_value(json_object_get(o, "shared_from")), 4 * S);
    json_decref(o);
    o = facts(c, "B.MP4", 5 * S);
    assert_int_equal(json_integer_value(json_object_get(o, "shared_from")), 3 * S);
    json_decref(o);
    assert_int_equal(found(c, "cross_linked"), 1);
    card_free(c);
}

static void marks_of_bad_free_and_impossible_clusters_end_a_chain(void **state)
{
    static const struct {
        uint32_t value;
        const char *leads;
    } marks[] = {{0x0ffffff7, "to a place marked as bad"},
                 {0, "through free ones"},
                 {1, "nowhere"},
                 {0x0ffffff0, "nowhere"},
                 {102, "nowhere"},
                 {0xf0000000, "through free ones"}};
    (void)state;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        struct card *c = card_fat32(100);
        card_entry(c, 2, 0, "A       MP4", 0x20, 10, 3 * S);
        card_chain(c, 10, 3);
        card_link(c, 11, marks[i].value);
        card_open(c);
        char want[200];
        snprintf(
            want, sizeof want,
            "file A.MP4 1536\nfailed A.MP4: from byte 1024 on it is missing, what is before is taken: its chain of "
            "clusters leads %s\n",
            marks[i].leads);
        LIST(c, want);
        assert_int_equal(readable(c, "A.MP4", 3 * S, ERR_IO), 2 * S);
        card_free(c);
    }
}

static void upper_four_bits_of_a_fat32_are_not_looked_at(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 3 * S);
    card_chain(c, 10, 3);
    card_link(c, 10, 0xf000000b);
    card_link(c, 12, 0x0ffffff8);
    card_open(c);
    LIST(c, "file A.MP4 1536\n");
    assert_int_equal(readable(c, "A.MP4", 3 * S, ERR_OK), 3 * S);
    assert_int_equal(found(c, "truncated"), 0);
    card_free(c);
}

static void chain_longer_than_the_size_is_cut_and_said(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 2 * S);
    card_chain(c, 10, 9);
    card_entry(c, 2, 1, "LOST    MP4", 0x20, 30, 0); /* power was lost before its size was written */
    card_chain(c, 30, 4);
    card_open(c);
    LIST(c, "file A.MP4 1024\nfile LOST.MP4 0\n");
    assert_int_equal(readable(c, "A.MP4", 2 * S, ERR_OK), 2 * S);
    assert_int_equal(found(c, "longer_than_their_size"), 2);
    json_t *o = facts(c, "LOST.MP4", 0);
    assert_true(json_is_true(json_object_get(o, "chain_is_longer")));
    json_decref(o);
    card_free(c);
}

static void file_that_begins_nowhere_fails_by_name(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    card_entry(c, 2, 0, "A       MP4", 0x20, 0, 2 * S);
    card_entry(c, 2, 1, "B       MP4", 0x20, 5000, 2 * S);
    card_entry(c, 2, 2, "C       MP4", 0x20, 0, 0);
    card_open(c);
    LIST(c, "failed A.MP4: its chain of clusters leads nowhere\nfailed B.MP4: its chain of clusters leads nowhere\n"
            "file C.MP4 0\n");
    card_free(c);
}

static void damaged_files_cannot_claim_more_than_the_card_holds(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    char name[12];
    card_chain(c, 10, 1);
    for (uint32_t i = 0; i < 15; i++) {
        snprintf(name, sizeof name, "F%02u     MP4", i);
        card_entry(c, 2, i, name, 0x20, 10, 40 * S);
    }
    card_open(c);
    const char *text = card_list(c);
    uint64_t files = 0;
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        files += strncmp(line, "file ", 5) == 0;
    /* the card of 100 clusters claims to have 134 sectors in all */
    assert_int_equal(files, 134 / 40);
    assert_non_null(strstr(text, "failed F14.MP4: it is damaged, and the damaged files claim more bytes than"));
    card_free(c);
}

static void second_fat_serves_where_the_first_cannot_be_read(void **state)
{
    (void)state;
    struct card *c = card_fat32(1000);
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 400 * S);
    card_chain(c, 10, 400);
    c->bad_from = c->reserved + 1;
    c->bad_to = c->reserved + 3;
    card_open(c);
    LIST(c, "file A.MP4 204800\n");
    assert_int_equal(readable(c, "A.MP4", 400 * S, ERR_OK), 400 * S);
    card_free(c);
}

static void where_no_fat_can_be_read_a_chain_ends(void **state)
{
    (void)state;
    struct card *c = card_fat32(1000);
    c->p[16] = 1; /* one FAT: the other is a file's place now */
    c->p[6 * S + 16] = 1;
    c->heap -= c->fat_sectors;
    c->exfat = true; /* card_link writes one FAT alone */
    card_fat32_boot(c, c->p);
    c->p[16] = 1;
    memset(card_cluster(c, 2), 0, S);
    card_entry(c, 2, 0, "A       MP4", 0x20, 100, 100 * S);
    for (uint32_t i = 100; i < 200; i++)
        card_link(c, i, i < 199 ? i + 1 : CARD_END);
    card_link(c, 2, CARD_END);
    c->bad_from = c->reserved + 1; /* entries 128 to 255 */
    c->bad_to = c->bad_from + 1;
    card_open(c);
    LIST(c, "file A.MP4 51200\nfailed A.MP4: from byte 14848 on it is missing, what is before is taken: the part of "
            "the FAT with its chain of clusters cannot be read\n");
    assert_int_equal(readable(c, "A.MP4", 100 * S, ERR_IO), 29 * S);
    card_free(c);
}

static void bad_sector_hands_out_what_is_before_and_behind(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    uint8_t p[10 * S];
    size_t got;
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 10 * S);
    card_chain(c, 10, 10);
    for (uint32_t i = 0; i < 10; i++)
        memset(card_cluster(c, 10 + i), (int)(1 + i), S);
    c->bad_from = c->heap + 10 + 4 - 2;
    c->bad_to = c->bad_from + 1;
    card_open(c);
    assert_int_equal(c->camera.grain, S);
    void *f = card_file_open(c, "A.MP4", 10 * S, CARD_MTIME);
    assert_int_equal(c->camera.read(f, 0, p, sizeof p, &got), ERR_OK);
    assert_int_equal(got, 4 * S);
    assert_int_equal(p[4 * S - 1], 4);
    uint64_t before = c->reads;
    assert_int_equal(c->camera.read(f, 4 * S, p, sizeof p, &got), ERR_IO);
    assert_int_equal(got, 0);
    assert_int_equal(c->reads, before); /* it was tried already */
    assert_int_equal(c->camera.read(f, 4 * S, p, sizeof p, &got), ERR_IO);
    assert_true(c->reads > before); /* who asks again wants another try */
    assert_int_equal(c->camera.read(f, 4 * S + 7, p, sizeof p, &got), ERR_IO);
    assert_int_equal(c->camera.read(f, 5 * S, p, sizeof p, &got), ERR_OK);
    assert_int_equal(got, 5 * S);
    assert_int_equal(p[0], 6);
    c->bad_from = c->bad_to = 0;
    assert_int_equal(c->camera.read(f, 4 * S, p, 1, &got), ERR_OK);
    assert_int_equal(p[0], 5);
    c->camera.close(f);
    card_free(c);
}

static void unplugged_card_is_to_be_waited_for(void **state)
{
    (void)state;
    struct card *c = card_fat32(100);
    uint8_t p[S];
    size_t got;
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 10 * S);
    card_chain(c, 10, 10);
    card_open(c);
    card_list(c);
    void *f = card_file_open(c, "A.MP4", 10 * S, CARD_MTIME);
    c->gone = true;
    assert_int_equal(c->camera.read(f, 0, p, sizeof p, &got), ERR_AGAIN);
    c->camera.close(f);
    assert_int_equal(c->camera.list(c->camera.self, card_note, c), ERR_AGAIN);
    card_free(c);
    c = card_fat32(100);
    c->gone = true;
    assert_int_equal(card_try(c), ERR_AGAIN);
    assert_true(c->freed);
    card_free(c);
}

static void fragmented_file_is_read_from_anywhere(void **state)
{
    (void)state;
    struct card *c = card_fat32(6000);
    uint32_t n = 5000, order[5000];
    uint8_t p[3 * S];
    size_t got;
    for (uint32_t i = 0; i < n; i++)
        order[i] = 10 + i * 2003 % 5003; /* all different, no two side by side */
    for (uint32_t i = 0; i < n; i++) {
        card_link(c, order[i], i + 1 < n ? order[i + 1] : CARD_END);
        memset(card_cluster(c, order[i]), (int)(i % 251), S);
    }
    card_entry(c, 2, 0, "A       MP4", 0x20, order[0], n * S);
    card_open(c);
    LIST(c, "file A.MP4 2560000\n");
    void *f = card_file_open(c, "A.MP4", n * S, CARD_MTIME);
    for (uint32_t i = 0, at = 1; i < 300; i++, at = (at * 1103515245u + 12345u) % (n * S)) {
        assert_int_equal(c->camera.read(f, at, p, sizeof p, &got), ERR_OK);
        assert_true(got > 0);
        for (size_t k = 0; k < got; k++)
            assert_int_equal(p[k], (at + k) / S % 251);
    }
    json_t *o = c->camera.file_facts(f);
    assert_int_equal(json_integer_value(json_object_get(o, "fragments")), n);
    json_decref(o);
    c->camera.close(f);
    card_free(c);
}

static void fat_and_data_are_read_in_large_pieces_and_once(void **state)
{
    (void)state;
    struct card *c = card_fat32(20000);
    enum err e;
    card_entry(c, 2, 0, "A       MP4", 0x20, 10, 16384 * S);
    card_chain(c, 10, 16384);
    card_open(c);
    void *f = card_file_open(c, "A.MP4", 16384 * S, CARD_MTIME);
    c->reads = c->read_sectors = 0;
    assert_int_equal(card_readable(c, f, 30000, &e), 16384 * S);
    assert_int_equal(e, ERR_OK);
    assert_int_equal(c->reads, 8); /* a MiB each */
    assert_int_equal(c->read_sectors, 16384);
    c->camera.close(f);
    card_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chain_that_ends_before_the_size_is_read_so_far),
        cmocka_unit_test(chain_into_itself_is_seen_at_its_place),
        cmocka_unit_test(every_length_of_tail_and_loop_is_cut_where_it_returns),
        cmocka_unit_test(cross_linked_files_are_taken_and_told),
        cmocka_unit_test(marks_of_bad_free_and_impossible_clusters_end_a_chain),
        cmocka_unit_test(upper_four_bits_of_a_fat32_are_not_looked_at),
        cmocka_unit_test(chain_longer_than_the_size_is_cut_and_said),
        cmocka_unit_test(file_that_begins_nowhere_fails_by_name),
        cmocka_unit_test(damaged_files_cannot_claim_more_than_the_card_holds),
        cmocka_unit_test(second_fat_serves_where_the_first_cannot_be_read),
        cmocka_unit_test(where_no_fat_can_be_read_a_chain_ends),
        cmocka_unit_test(bad_sector_hands_out_what_is_before_and_behind),
        cmocka_unit_test(unplugged_card_is_to_be_waited_for),
        cmocka_unit_test(fragmented_file_is_read_from_anywhere),
        cmocka_unit_test(fat_and_data_are_read_in_large_pieces_and_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
