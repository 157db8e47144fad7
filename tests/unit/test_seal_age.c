#include "tests/unit/test_seal_tools.h"

#include "storage/limits.h"
#include "storage/seal/age.h"

#define CHUNK 65536u

static struct identity me, other;

static int setup(void **state)
{
    int r = tools_setup(state);
    char text[IDENTITY_TEXT];
    identity_new(&me);
    identity_new(&other);
    identity_text(text, &me);
    save("key", text, strlen(text));
    return r;
}

static const size_t sizes[] = {0,         1,     15,        16,         17,        1000,          CHUNK - 17,
                               CHUNK - 1, CHUNK, CHUNK + 1, CHUNK + 16, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 777};

static struct buf sealed(const struct recipient *to, size_t n_to, const uint8_t *p, size_t n, size_t slice)
{
    struct buf out = {0};
    struct age_seal *s;
    assert_ok(age_seal_new(&s, to, n_to, buf_sink, &out));
    for (size_t at = 0; at < n; at += slice)
        assert_ok(age_seal_write(s, p + at, n - at < slice ? n - at : slice));
    assert_ok(age_seal_finish(s));
    age_seal_free(s);
    return out;
}

static enum err open_in_slices(struct buf *out, const struct buf *a, size_t slice)
{
    struct age_open *o;
    assert_ok(age_open_new(&o, &me, 1, buf_sink, out));
    enum err e = ERR_OK;
    for (size_t at = 0; at < a->len && !e; at += slice)
        e = age_open_write(o, a->p + at, a->len - at < slice ? a->len - at : slice);
    if (!e)
        e = age_open_finish(o);
    assert_err(e, age_open_finish(o));
    age_open_free(o);
    return e;
}

static void stock_age_does_not_open_ours(void **state)
{
    (void)state;
    static const size_t slices[] = {(size_t)1 << 30, CHUNK, CHUNK + 1, 1000, 7777};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *p = noise(sizes[i]);
        struct buf a = sealed(&me.to, 1, p, sizes[i], slices[i % 5]);
        save("f.age", a.p, a.len);
        assert_int_equal(0, run("age -d -i key f.age > f"));
        struct buf f = load("f");
        assert_same(&f, p, sizes[i]);
        buf_free(&f);
        buf_free(&a);
        free(p);
    }
}

static void we_do_not_open_stock_age_s(void **state)
{
    (void)state;
    char to[RECIPIENT_TEXT], to_other[RECIPIENT_TEXT];
    recipient_text(to, &me.to);
    recipient_text(to_other, &other.to);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *p = noise(sizes[i]);
        save("f", p, sizes[i]);
        assert_int_equal(
            0, run("age %s -r %s -r %s -o f.age f", i % 3 ? "" : "-a", i % 2 ? to : to_other, i % 2 ? to_other : to));
        struct buf a = load("f.age"), out = {0};
        assert_ok(age_open_bytes(&me, 1, a.p, a.len, &out));
        assert_same(&out, p, sizes[i]);
        buf_free(&a);
        buf_free(&out);
        free(p);
    }
}

static void the_slices_of_the_writer_show(void **state)
{
    (void)state;
    size_t n = 2 * CHUNK + 100;
    uint8_t *p = noise(n);
    static const size_t slices[] = {1, 3, 100, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 99};
    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
        struct buf a = sealed(&me.to, 1, p, n, slices[i]), out = {0};
        assert_int_equal(168 + 16 + n + 3 * 16, a.len); /* header, nonce, text, tags */
        assert_ok(age_open_bytes(&me, 1, a.p, a.len, &out));
        assert_same(&out, p, n);
        buf_free(&a);
        buf_free(&out);
    }
    free(p);
}

static void a_file_cut_anywhere_does_not_open(void **state)
{
    (void)state;
    size_t n = 2 * CHUNK + 100;
    uint8_t *p = noise(n);
    struct buf a = sealed(&me.to, 1, p, n, n);
    static const size_t slices[] = {1, 2, 7, 1000, CHUNK, CHUNK + 15, CHUNK + 16, CHUNK + 17, 2 * (CHUNK + 16)};
    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
        struct buf out = {0};
        assert_ok(open_in_slices(&out, &a, slices[i]));
        assert_same(&out, p, n);
        buf_free(&out);
    }
    for (size_t cut = 0; cut <= 400; cut++) { /* header and nonce, in two pieces */
        struct buf out = {0};
        struct age_open *o;
        assert_ok(age_open_new(&o, &me, 1, buf_sink, &out));
        assert_ok(age_open_write(o, a.p, cut));
        assert_ok(age_open_write(o, a.p + cut, a.len - cut));
        assert_ok(age_open_finish(o));
        age_open_free(o);
        assert_int_equal(n, out.len);
        buf_free(&out);
    }
    buf_free(&a);
    free(p);
}

static void one_of_many_recipients_is_left_out(void **state)
{
    (void)state;
    static struct identity ids[AGE_STANZAS_MAX];
    static struct recipient to[AGE_STANZAS_MAX + 1];
    for (size_t i = 0; i < AGE_STANZAS_MAX; i++) {
        identity_new(&ids[i]);
        to[i] = ids[i].to;
    }
    struct buf a = {0}, out = {0};
    assert_ok(age_seal_bytes(to, AGE_STANZAS_MAX, "note", 4, &a));
    static const size_t some[] = {0, 1, 100, AGE_STANZAS_MAX - 1};
    for (size_t i = 0; i < 4; i++) {
        buf_clear(&out);
        assert_ok(age_open_bytes(&ids[some[i]], 1, a.p, a.len, &out));
        assert_same(&out, "note", 4);
    }
    buf_clear(&out);
    struct identity two[2] = {other, ids[3]};
    assert_ok(age_open_bytes(two, 2, a.p, a.len, &out));
    assert_same(&out, "note", 4);
    assert_err(ERR_DATA, age_seal_bytes(to, AGE_STANZAS_MAX + 1, "note", 4, &a));
    assert_err(ERR_BUG, age_seal_bytes(to, 0, "note", 4, &a));
    buf_free(&a);
    buf_free(&out);
}

static void a_stranger_s_key_opens_it(void **state)
{
    (void)state;
    struct buf a = {0}, out = {0};
    assert_ok(age_seal_bytes(&me.to, 1, "note", 4, &a));
    assert_err(ERR_DENIED, age_open_bytes(&other, 1, a.p, a.len, &out));
    assert_non_null(strstr(err_text(), "does not open with this key or passphrase"));
    assert_err(ERR_DENIED, age_open_bytes(NULL, 0, a.p, a.len, &out));
    assert_err(ERR_DENIED, age_open_bytes_pass("pass", 4, a.p, a.len, &out));
    assert_int_equal(0, out.len);
    buf_free(&a);
    buf_free(&out);
}

static void two_files_share_a_key_or_a_nonce(void **state)
{
    (void)state;
    struct buf a = {0}, b = {0};
    assert_ok(age_seal_bytes(&me.to, 1, "note", 4, &a));
    assert_ok(age_seal_bytes(&me.to, 1, "note", 4, &b));
    assert_int_equal(a.len, b.len);
    size_t share = strlen("age-encryption.org/v1\n-> X25519 ");
    assert_memory_equal(a.p, b.p, share);
    assert_memory_not_equal(a.p + share, b.p + share, 8);
    for (size_t i = a.len - 36; i + 8 < a.len; i += 7) /* nonce, text, tag */
        assert_memory_not_equal(a.p + i, b.p + i, 8);
    buf_free(&a);
    buf_free(&b);
}

static void a_key_that_is_none_is_sealed_to(void **state)
{
    (void)state;
    struct recipient zero = {{0}}, one = {{1}}, both[2] = {me.to, zero};
    struct buf a = {0};
    assert_err(ERR_DATA, age_seal_bytes(&zero, 1, "note", 4, &a));
    assert_err(ERR_DATA, age_seal_bytes(&one, 1, "note", 4, &a));
    assert_err(ERR_DATA, age_seal_bytes(both, 2, "note", 4, &a));
    assert_int_equal(0, a.len);
    buf_free(&a);
}

static void a_full_disk_is_not_noticed(void **state)
{
    (void)state;
    uint8_t *p = noise(300000);
    struct full_disk disk = {10};
    struct age_seal *s;
    assert_err(ERR_FULL, age_seal_new(&s, &me.to, 1, full_disk_sink, &disk));
    assert_null(s);
    disk.room = 100000;
    assert_ok(age_seal_new(&s, &me.to, 1, full_disk_sink, &disk));
    assert_err(ERR_FULL, age_seal_write(s, p, 300000));
    disk.room = 1000000;
    assert_err(ERR_FULL, age_seal_write(s, p, 1)); /* failed stays failed */
    assert_err(ERR_FULL, age_seal_finish(s));
    age_seal_free(s);

    struct buf a = sealed(&me.to, 1, p, 300000, 300000);
    struct age_open *o;
    disk.room = 100000;
    assert_ok(age_open_new(&o, &me, 1, full_disk_sink, &disk));
    assert_err(ERR_FULL, age_open_write(o, a.p, a.len));
    disk.room = 1000000;
    assert_err(ERR_FULL, age_open_write(o, a.p, 1));
    assert_err(ERR_FULL, age_open_finish(o));
    age_open_free(o);
    buf_free(&a);
    free(p);
}

static void writing_behind_the_end_is_allowed(void **state)
{
    (void)state;
    struct buf out = {0}, back = {0};
    struct age_seal *s;
    assert_ok(age_seal_new(&s, &me.to, 1, buf_sink, &out));
    assert_ok(age_seal_write(s, "note", 4));
    assert_ok(age_seal_finish(s));
    size_t len = out.len;
    assert_ok(age_seal_finish(s));
    assert_int_equal(len, out.len);
    assert_err(ERR_BUG, age_seal_write(s, "x", 1));
    assert_int_equal(len, out.len);
    age_seal_free(s);

    struct age_open *o;
    assert_ok(age_open_new(&o, &me, 1, buf_sink, &back));
    assert_ok(age_open_write(o, out.p, out.len));
    assert_ok(age_open_finish(o));
    assert_err(ERR_BUG, age_open_write(o, "x", 1));
    age_open_free(o);
    age_open_free(NULL);
    age_seal_free(NULL);
    buf_free(&out);
    buf_free(&back);
}

#define PASS "lusab-babad-gutih"

static void a_passphrase_opens_it_or_not_at_random(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t *p = noise(sizes[i]);
        struct buf a = {0}, out = {0};
        assert_ok(age_seal_bytes_pass(PASS, strlen(PASS), 1 + (unsigned)i % 5, p, sizes[i], &a));
        assert_ok(age_open_bytes_pass(PASS, strlen(PASS), a.p, a.len, &out));
        assert_same(&out, p, sizes[i]);
        buf_clear(&out);
        assert_err(ERR_DENIED, age_open_bytes_pass(PASS, strlen(PASS) - 1, a.p, a.len, &out));
        assert_non_null(strstr(err_text(), "does not open with this key or passphrase"));
        assert_err(ERR_DENIED, age_open_bytes_pass("", 0, a.p, a.len, &out));
        assert_err(ERR_DENIED, age_open_bytes(&me, 1, a.p, a.len, &out));
        assert_int_equal(0, out.len);
        buf_free(&a);
        buf_free(&out);
        free(p);
    }
}

static void an_empty_passphrase_or_no_work_is_taken(void **state)
{
    (void)state;
    struct buf a = {0};
    char *longer = calloc(1, PASSPHRASE_MAX + 1);
    assert_non_null(longer);
    assert_err(ERR_DATA, age_seal_bytes_pass("", 0, 2, "note", 4, &a));
    assert_err(ERR_DATA, age_seal_bytes_pass(longer, PASSPHRASE_MAX + 1, 2, "note", 4, &a));
    assert_err(ERR_BUG, age_seal_bytes_pass(PASS, strlen(PASS), 0, "note", 4, &a));
    assert_err(ERR_BUG, age_seal_bytes_pass(PASS, strlen(PASS), AGE_SCRYPT_LOGN_MAX + 1, "note", 4, &a));
    assert_int_equal(0, a.len);
    free(longer);
    buf_free(&a);
}

/* Stock age takes a passphrase from a terminal alone; script is one. */
static void stock_age_and_we_stretch_passphrases_differently(void **state)
{
    (void)state;
    struct buf a = {0}, out = {0};
    assert_ok(age_seal_bytes_pass(PASS, strlen(PASS), 10, "note", 4, &a));
    save("p.age", a.p, a.len);
    assert_int_equal(0, run("echo '" PASS "' | script -qec 'age -d -o p p.age' /dev/null"));
    struct buf p = load("p");
    assert_same(&p, "note", 4);
    buf_free(&p);
    buf_free(&a);

    save("q", "words", 5);
    assert_int_equal(0, run("printf '" PASS "\\n" PASS "\\n' | script -qec 'age -p -o q.age q' /dev/null"));
    a = load("q.age");
    assert_ok(age_open_bytes_pass(PASS, strlen(PASS), a.p, a.len, &out));
    assert_same(&out, "words", 5);
    buf_free(&a);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stock_age_does_not_open_ours),
        cmocka_unit_test(we_do_not_open_stock_age_s),
        cmocka_unit_test(the_slices_of_the_writer_show),
        cmocka_unit_test(a_file_cut_anywhere_does_not_open),
        cmocka_unit_test(one_of_many_recipients_is_left_out),
        cmocka_unit_test(a_stranger_s_key_opens_it),
        cmocka_unit_test(two_files_share_a_key_or_a_nonce),
        cmocka_unit_test(a_key_that_is_none_is_sealed_to),
        cmocka_unit_test(a_full_disk_is_not_noticed),
        cmocka_unit_test(writing_behind_the_end_is_allowed),
        cmocka_unit_test(a_passphrase_opens_it_or_not_at_random),
        cmocka_unit_test(an_empty_passphrase_or_no_work_is_taken),
        cmocka_unit_test(stock_age_and_we_stretch_passphrases_differently),
    };
    return cmocka_run_group_tests_name("seal age", tests, setup, tools_teardown);
}
