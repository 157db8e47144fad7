#include "tests/unit/test_seal_tools.h"

#include "storage/seal/compress.h"

#define ANY ((uint64_t)1 << 30)

/* Something like notes: words, different everywhere, never random. */
static uint8_t *notes(size_t n)
{
    static const char *const words[] = {"pulse ",  "pressure ", "120/80 ", "patient ",
                                        "stable ", "ECG ",      "sinus\n", "{\"id\":"};
    uint8_t *p = malloc(n + 16), *r = noise(n / 4 + 1);
    assert_non_null(p);
    for (size_t at = 0, i = 0; at < n; i++) {
        const char *w = words[r[i % (n / 4 + 1)] % 8];
        memcpy(p + at, w, n - at < strlen(w) ? n - at : strlen(w));
        at += strlen(w);
    }
    free(r);
    return p;
}

/* Compresses in slices of the given length. */
static struct buf in_slices(enum compress_kind kind, const uint8_t *p, size_t n, size_t slice)
{
    struct buf out = {0};
    struct compress *c;
    assert_ok(compress_new(&c, kind, buf_sink, &out));
    for (size_t at = 0; at < n; at += slice)
        assert_ok(compress_write(c, p + at, n - at < slice ? n - at : slice));
    assert_ok(compress_finish(c));
    compress_free(c);
    return out;
}

static enum err back_in_slices(struct buf *out, const struct buf *z, uint64_t max, size_t slice)
{
    struct decompress *d;
    assert_ok(decompress_new(&d, max, buf_sink, out));
    enum err e = ERR_OK;
    for (size_t at = 0; at < z->len && !e; at += slice)
        e = decompress_write(d, z->p + at, z->len - at < slice ? z->len - at : slice);
    if (!e)
        e = decompress_finish(d);
    decompress_free(d);
    return e;
}

static const size_t sizes[] = {0,      1,      2,      100,    16383,   16384,   131071,
                               131072, 131073, 262144, 300000, 1048576, 1048577, 3000000};

static void stock_zstd_refuses_ours(void **state)
{
    (void)state;
    size_t files = 0;
    char name[32];
    assert_int_equal(0, run("mkdir ours"));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int kind = COMPRESS_BLOB; kind <= COMPRESS_TEXT; kind++)
            for (int random = 0; random < 2; random++) {
                size_t n = sizes[i];
                if (kind == COMPRESS_TEXT && n > 200000 && (random || n < 1000000))
                    continue; /* level 19 takes its time */
                uint8_t *p = random ? noise(n) : notes(n);
                static const size_t slices[] = {131072, (size_t)1 << 30, 65536, 5000};
                size_t cuts = kind == COMPRESS_TEXT && n > 20000 ? 1 : 4;
                for (size_t k = 0; k < cuts; k++) {
                    struct buf z = in_slices((enum compress_kind)kind, p, n, slices[k]), back = {0};
                    assert_ok(decompress_bytes(z.p, z.len, n, &back));
                    assert_same(&back, p, n);
                    snprintf(name, sizeof name, "ours/%zu.zst", ++files);
                    save(name, z.p, z.len);
                    snprintf(name, sizeof name, "ours/%zu.want", files);
                    save(name, p, n);
                    buf_free(&back);
                    buf_free(&z);
                }
                free(p);
            }
    assert_int_equal(0, run("zstd -dq ours/*.zst"));
    assert_int_equal(0, run("for f in ours/*.want; do cmp $f ${f%%.want} || exit 1; done"));
}

static void we_refuse_stock_zstd_s(void **state)
{
    (void)state;
    static const char *const how[] = {"-3",
                                      "-3 --long=27",
                                      "-1",
                                      "-19",
                                      "--ultra -22",
                                      "--fast=5",
                                      "--no-check",
                                      "-3 --no-content-size",
                                      "-3 --single-thread",
                                      "-3 --no-compress-literals"};
    static const size_t some[] = {0, 1, 1000, 131072, 700000};
    char name[32];
    assert_int_equal(0, run("mkdir theirs"));
    for (size_t i = 0; i < 5; i++) {
        uint8_t *p = i == 3 ? noise(some[i]) : notes(some[i]);
        snprintf(name, sizeof name, "theirs/%zu", i);
        save(name, p, some[i]);
        free(p);
    }
    for (size_t h = 0; h < sizeof how / sizeof *how; h++) {
        assert_int_equal(0, run("zstd -qf %s theirs/?", how[h]));
        if (h < 3) /* from a pipe, the size is not known beforehand */
            assert_int_equal(0, run("for f in theirs/?; do zstd -q %s -c < $f > $f.zst; done", how[h]));
        for (size_t i = 0; i < 5; i++) {
            snprintf(name, sizeof name, "theirs/%zu", i);
            struct buf want = load(name), back = {0};
            strcat(name, ".zst");
            struct buf z = load(name);
            assert_ok(decompress_bytes(z.p, z.len, want.len, &back));
            assert_same(&back, want.p, want.len);
            buf_clear(&back);
            assert_ok(back_in_slices(&back, &z, want.len, 999));
            assert_same(&back, want.p, want.len);
            buf_free(&z);
            buf_free(&back);
            buf_free(&want);
        }
    }
}

static void video_costs_more_than_a_thousandth(void **state)
{
    (void)state;
    size_t n = 8u << 20;
    uint8_t *p = noise(n);
    static const size_t slices[] = {1u << 30, 262144, 65536, 65537, 16384, 1000};
    for (size_t k = 0; k < sizeof slices / sizeof *slices; k++) {
        struct buf z = in_slices(COMPRESS_BLOB, p, n, slices[k]);
        assert_true(z.len > n && z.len - n < n / 1000);
        buf_free(&z);
    }
    free(p);
}

static void what_shrinks_is_stored_as_it_is(void **state)
{
    (void)state;
    uint8_t *p = notes(2u << 20);
    for (int kind = COMPRESS_BLOB; kind <= COMPRESS_TEXT; kind++)
        for (size_t n = 1000; n <= 2u << 20; n *= 12) {
            struct buf z = in_slices((enum compress_kind)kind, p, n, 10000);
            assert_true(z.len < n / 2);
            buf_free(&z);
        }
    free(p);
}

/* The window that a frame asks for (RFC 8878, 3.1.1.1.2), 0 where it is the content's size. */
static uint64_t window_of(const struct buf *z)
{
    if (z->p[4] & 0x20)
        return 0;
    uint64_t base = (uint64_t)1 << (10 + (z->p[5] >> 3));
    return base + base / 8 * (z->p[5] & 7);
}

static void a_frame_asks_a_reader_for_much_memory(void **state)
{
    (void)state;
    size_t n = 20u << 20;
    uint8_t *p = notes(n);
    for (int kind = COMPRESS_BLOB; kind <= COMPRESS_TEXT; kind++) {
        struct buf z = in_slices((enum compress_kind)kind, p, n, 1u << 20);
        assert_true(window_of(&z) <= 2u << 20);
        buf_free(&z);
    }
    free(p);
}

static void a_cut_frame_passes(void **state)
{
    (void)state;
    for (int kind = COMPRESS_BLOB; kind <= COMPRESS_TEXT; kind++)
        for (int random = 0; random < 2; random++) {
            uint8_t *p = random ? noise(300) : notes(3000);
            struct buf z = in_slices((enum compress_kind)kind, p, random ? 300 : 3000, 100);
            for (size_t n = 0; n < z.len; n++) {
                struct buf out = {0};
                assert_err(ERR_DATA, decompress_bytes(z.p, n, ANY, &out));
                buf_free(&out);
            }
            free(p);
            buf_free(&z);
        }
}

static void bytes_behind_the_frame_pass(void **state)
{
    (void)state;
    struct buf z = {0}, out = {0};
    assert_ok(compress_bytes(COMPRESS_TEXT, "hello", 5, &z));
    size_t one = z.len;
    assert_ok(buf_add(&z, "", 1));
    assert_err(ERR_DATA, decompress_bytes(z.p, z.len, ANY, &out));
    buf_clear(&out);
    assert_err(ERR_DATA, back_in_slices(&out, &z, ANY, 1));
    z.len = one;
    assert_ok(compress_bytes(COMPRESS_TEXT, "hello", 5, &z)); /* a second frame */
    buf_clear(&out);
    assert_err(ERR_DATA, decompress_bytes(z.p, z.len, ANY, &out));
    buf_clear(&out);
    assert_err(ERR_DATA, back_in_slices(&out, &z, ANY, one));
    buf_free(&z);
    buf_free(&out);
}

static void a_skippable_frame_or_none_passes(void **state)
{
    (void)state;
    struct buf z = {0}, out = {0};
    assert_ok(buf_add(&z, "\x50\x2a\x4d\x18\x02\0\0\0xx", 10));
    assert_err(ERR_DATA, decompress_bytes(z.p, z.len, ANY, &out));
    assert_ok(compress_bytes(COMPRESS_TEXT, "hello", 5, &z));
    assert_err(ERR_DATA, decompress_bytes(z.p, z.len, ANY, &out));
    assert_err(ERR_DATA, back_in_slices(&out, &z, ANY, 1));
    assert_err(ERR_DATA, decompress_bytes("", 0, ANY, &out));
    assert_err(ERR_DATA, decompress_bytes("hello, this is no frame", 23, ANY, &out));
    assert_err(ERR_DATA, decompress_bytes("\x1f\x8b\x08\0\0\0\0\0", 8, ANY, &out));
    assert_int_equal(0, out.len);
    buf_free(&z);
    buf_free(&out);
}

static void a_bomb_gets_through(void **state)
{
    (void)state;
    uint8_t *zeros = calloc(1, 10u << 20);
    assert_non_null(zeros);
    struct buf z = {0}, out = {0};
    assert_ok(compress_bytes(COMPRESS_TEXT, zeros, 10u << 20, &z));
    assert_true(z.len < 10000);
    assert_err(ERR_DATA, decompress_bytes(z.p, z.len, (10u << 20) - 1, &out));
    assert_true(out.len < 10u << 20);
    buf_clear(&out);
    assert_err(ERR_DATA, decompress_bytes(z.p, z.len, 0, &out));
    assert_int_equal(0, out.len);
    assert_ok(decompress_bytes(z.p, z.len, 10u << 20, &out));
    buf_free(&z);
    buf_free(&out);
    free(zeros);
}

static void a_window_beyond_the_ceiling_gets_memory(void **state)
{
    (void)state;
    /* an empty last block in frames that ask for 2^27 and 2^28 bytes of window */
    static const uint8_t fine[] = {0x28, 0xb5, 0x2f, 0xfd, 0, (27 - 10) << 3, 1, 0, 0};
    static const uint8_t huge[] = {0x28, 0xb5, 0x2f, 0xfd, 0, (28 - 10) << 3, 1, 0, 0};
    struct buf out = {0};
    assert_ok(decompress_bytes(fine, sizeof fine, ANY, &out));
    assert_err(ERR_DATA, decompress_bytes(huge, sizeof huge, ANY, &out));
    buf_free(&out);
}

static void cutting_the_frame_changes_what_comes_out(void **state)
{
    (void)state;
    uint8_t *p = notes(200000);
    struct buf z = in_slices(COMPRESS_BLOB, p, 200000, 77777);
    static const size_t slices[] = {1, 2, 3, 4, 5, 7, 100, 4096};
    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
        struct buf out = {0};
        assert_ok(back_in_slices(&out, &z, 200000, slices[i]));
        assert_same(&out, p, 200000);
        buf_free(&out);
    }
    buf_free(&z);
    free(p);
}

static void a_flipped_bit_crashes_or_overruns_the_cap(void **state)
{
    (void)state;
    uint8_t *p = notes(2000);
    struct buf z = in_slices(COMPRESS_TEXT, p, 2000, 2000);
    for (size_t i = 0; i < z.len * 8; i++) {
        struct buf out = {0};
        z.p[i / 8] ^= (uint8_t)(1 << i % 8);
        enum err e = decompress_bytes(z.p, z.len, 4000, &out);
        assert_true(e == ERR_OK || e == ERR_DATA);
        assert_true(out.len <= 4000);
        z.p[i / 8] ^= (uint8_t)(1 << i % 8);
        buf_free(&out);
    }
    buf_free(&z);
    free(p);
}

static void reuse_carries_something_over(void **state)
{
    (void)state;
    uint8_t *a = noise(300000), *b = notes(300000);
    struct buf out = {0};
    struct compress *c;
    assert_ok(compress_new(&c, COMPRESS_BLOB, buf_sink, &out));
    for (int i = 0; i < 6; i++) {
        const uint8_t *p = i % 2 ? a : b;
        buf_clear(&out);
        assert_ok(compress_write(c, p, 300000 - (size_t)i));
        if (i != 3) /* one is abandoned */
            assert_ok(compress_finish(c));
        struct buf back = {0};
        if (i != 3) {
            assert_ok(decompress_bytes(out.p, out.len, ANY, &back));
            assert_same(&back, p, 300000 - (size_t)i);
        }
        buf_free(&back);
        assert_ok(compress_reset(c, buf_sink, &out));
    }
    compress_free(c);
    buf_free(&out);
    free(a);
    free(b);
}

static void a_full_disk_is_not_noticed(void **state)
{
    (void)state;
    uint8_t *p = noise(300000), *t = notes(3000000);
    struct compress *c;
    struct full_disk disk = {200000};
    assert_ok(compress_new(&c, COMPRESS_BLOB, full_disk_sink, &disk));
    assert_err(ERR_FULL, compress_write(c, p, 300000));
    assert_err(ERR_FULL, compress_write(c, p, 1));
    assert_err(ERR_FULL, compress_finish(c));
    disk.room = 10;
    assert_ok(compress_reset(c, full_disk_sink, &disk));
    assert_ok(compress_write(c, t, 1000));
    assert_err(ERR_FULL, compress_finish(c));
    compress_free(c);

    struct buf z = in_slices(COMPRESS_TEXT, t, 3000000, 1000);
    disk.room = 1000;
    struct decompress *d;
    assert_ok(decompress_new(&d, ANY, full_disk_sink, &disk));
    assert_err(ERR_FULL, decompress_write(d, z.p, z.len));
    assert_err(ERR_FULL, decompress_finish(d));
    decompress_free(d);
    buf_free(&z);
    free(p);
    free(t);
}

static void writing_behind_the_end_is_allowed(void **state)
{
    (void)state;
    struct compress *c;
    struct buf out = {0};
    assert_ok(compress_new(&c, COMPRESS_TEXT, buf_sink, &out));
    assert_ok(compress_finish(c));
    assert_ok(compress_finish(c));
    size_t len = out.len;
    assert_err(ERR_BUG, compress_write(c, "x", 1));
    assert_int_equal(len, out.len);
    compress_free(c);
    compress_free(NULL);
    decompress_free(NULL);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stock_zstd_refuses_ours),
        cmocka_unit_test(we_refuse_stock_zstd_s),
        cmocka_unit_test(video_costs_more_than_a_thousandth),
        cmocka_unit_test(what_shrinks_is_stored_as_it_is),
        cmocka_unit_test(a_frame_asks_a_reader_for_much_memory),
        cmocka_unit_test(a_cut_frame_passes),
        cmocka_unit_test(bytes_behind_the_frame_pass),
        cmocka_unit_test(a_skippable_frame_or_none_passes),
        cmocka_unit_test(a_bomb_gets_through),
        cmocka_unit_test(a_window_beyond_the_ceiling_gets_memory),
        cmocka_unit_test(cutting_the_frame_changes_what_comes_out),
        cmocka_unit_test(a_flipped_bit_crashes_or_overruns_the_cap),
        cmocka_unit_test(reuse_carries_something_over),
        cmocka_unit_test(a_full_disk_is_not_noticed),
        cmocka_unit_test(writing_behind_the_end_is_allowed),
    };
    return cmocka_run_group_tests_name("seal compress", tests, tools_setup, tools_teardown);
}
