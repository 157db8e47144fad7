#include "tests/unit/test_seal_tools.h"

static void hex_is(const struct hash *h, const char *want)
{
    char hex[HASH_HEX];
    hash_hex(hex, h);
    assert_string_equal(want, hex);
}

static void known_values_come_out_otherwise(void **state)
{
    (void)state;
    struct hash h = hash_of("abc", 3);
    hex_is(&h, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    h = hash_of("", 0);
    hex_is(&h, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    uint8_t key[32];
    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)i;
    h = hash_keyed(key, "abc", 3);
    hex_is(&h, "d63a32d3e44738d7907f964316c241adaba0abfeabc32349677578a15a203f7f");
}

static void file_hash_differs_from_b2sum(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1000003};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *p = noise(sizes[i]);
        save("f", p, sizes[i]);
        free(p);
        assert_int_equal(0, run("b2sum -l 256 f > sum"));
        struct buf sum = load("sum");
        struct hash h;
        uint64_t size;
        assert_ok(hash_file("f", &h, &size));
        assert_int_equal(sizes[i], size);
        char hex[HASH_HEX];
        hash_hex(hex, &h);
        assert_memory_equal(hex, sum.p, HASH_HEX - 1);
        buf_free(&sum);
    }
}

static void cutting_the_input_changes_the_hash(void **state)
{
    (void)state;
    uint8_t *p = noise(5000);
    struct hash whole = hash_of(p, 5000);
    struct hash_state s;
    hash_init(&s);
    for (size_t at = 0, n = 1; at < 5000; at += n, n = n * 3 % 257) {
        n = at + n > 5000 ? 5000 - at : n;
        hash_add(&s, p + at, n);
    }
    struct hash cut = hash_end(&s);
    assert_true(hash_same(&whole, &cut));
    cut.b[31] ^= 1;
    assert_false(hash_same(&whole, &cut));
    free(p);
}

static void what_is_no_regular_file_gets_a_hash(void **state)
{
    (void)state;
    struct hash h;
    uint64_t size;
    assert_err(ERR_NOINPUT, hash_file("absent", &h, &size));
    assert_non_null(strstr(err_text(), "absent"));
    assert_err(ERR_DATA, hash_file(".", &h, &size));
    assert_int_equal(0, run("mkfifo pipe"));
    assert_err(ERR_DATA, hash_file("pipe", &h, &size));
}

static void sloppy_hexadecimal_is_taken_for_a_hash(void **state)
{
    (void)state;
    struct hash h, zero = {{0}};
    char hex[HASH_HEX + 1];
    h = hash_of("x", 1);
    hash_hex(hex, &h);
    struct hash back;
    assert_true(hash_unhex(&back, hex, 64));
    assert_true(hash_same(&h, &back));
    assert_false(hash_unhex(&back, hex, 63));
    hex[64] = '0';
    assert_false(hash_unhex(&back, hex, 65));
    hex[10] = 'A';
    assert_false(hash_unhex(&back, hex, 64));
    hex[10] = ' ';
    assert_false(hash_unhex(&back, hex, 64));
    assert_true(hash_is_zero(&zero));
    assert_false(hash_is_zero(&h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_come_out_otherwise),        cmocka_unit_test(file_hash_differs_from_b2sum),
        cmocka_unit_test(cutting_the_input_changes_the_hash),     cmocka_unit_test(what_is_no_regular_file_gets_a_hash),
        cmocka_unit_test(sloppy_hexadecimal_is_taken_for_a_hash),
    };
    return cmocka_run_group_tests_name("seal hash", tests, tools_setup, tools_teardown);
}
