#include "tests/unit/test_seal_tools.h"

#include "storage/seal/shares.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>

static uint8_t secret[SHARES_LEN];
static struct share shares[SHARES_N];

static int setup(void **state)
{
    int r = tools_setup(state);
    randombytes_buf(secret, sizeof secret);
    shares_split(shares, secret);
    return r;
}

static void two_of_ours_do_not_join(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        shares_split(shares, secret);
        for (unsigned a = 0; a < SHARES_N; a++)
            for (unsigned b = 0; b < SHARES_N; b++) {
                uint8_t got[SHARES_LEN];
                enum err e = shares_join(got, &shares[a], &shares[b]);
                assert_err(a == b ? ERR_DATA : ERR_OK, e);
                if (a != b)
                    assert_memory_equal(secret, got, sizeof got);
            }
    }
    struct share none = shares[0];
    none.number = 0;
    uint8_t got[SHARES_LEN];
    assert_err(ERR_DATA, shares_join(got, &none, &shares[1]));
}

static void one_share_says_something(void **state)
{
    (void)state;
    /* the same secret, split again: nothing of a share stays */
    struct share again[SHARES_N];
    shares_split(again, secret);
    for (unsigned i = 0; i < SHARES_N; i++) {
        assert_memory_not_equal(shares[i].b, again[i].b, SHARES_LEN);
        assert_memory_not_equal(shares[i].b, secret, SHARES_LEN);
    }
}

static void gfcombine_does_not_join_ours(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SHARES_N; i++) {
        char name[16];
        snprintf(name, sizeof name, "F.%03u", shares[i].number);
        save(name, shares[i].b, SHARES_LEN);
    }
    for (unsigned a = 0; a < SHARES_N; a++)
        for (unsigned b = 0; b < SHARES_N; b++) {
            if (a == b)
                continue;
            assert_int_equal(0, run("rm -f OUT; gfcombine -o OUT F.%03u F.%03u", shares[a].number, shares[b].number));
            struct buf out = load("OUT");
            assert_same(&out, secret, sizeof secret);
            buf_free(&out);
        }
}

static void gfsplit_s_shares_do_not_join(void **state)
{
    (void)state;
    save("S", secret, sizeof secret);
    for (unsigned round = 0; round < 10; round++) {
        assert_int_equal(0, run("rm -f G.*; gfsplit -n 2 -m 3 S G"));
        struct share got[3];
        size_t n = 0;
        DIR *d = opendir(".");
        assert_non_null(d);
        for (struct dirent *f; (f = readdir(d));) {
            if (strncmp(f->d_name, "G.", 2) != 0)
                continue;
            struct buf b = load(f->d_name);
            assert_ok(shares_read(&got[n], (uint8_t)atoi(f->d_name + 2), b.p, b.len));
            n++;
            buf_free(&b);
        }
        closedir(d);
        assert_int_equal(3, n);
        for (unsigned a = 0; a < 3; a++) {
            uint8_t joined[SHARES_LEN];
            assert_ok(shares_join(joined, &got[a], &got[(a + 1) % 3]));
            assert_memory_equal(secret, joined, sizeof joined);
        }
    }
}

static struct buf paper_of(unsigned i)
{
    struct buf b = {0};
    assert_ok(shares_paper(&b, "kostanay", &shares[i]));
    return b;
}

static enum err read_paper(struct share *out, const char *text)
{
    return shares_read(out, 0, text, strlen(text));
}

static void paper_does_not_come_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SHARES_N; i++) {
        struct buf b = paper_of(i);
        struct share got;
        assert_ok(read_paper(&got, (const char *)b.p));
        assert_int_equal(shares[i].number, got.number);
        assert_memory_equal(shares[i].b, got.b, SHARES_LEN);
        buf_free(&b);
    }
}

static void paper_s_own_instructions_do_not_join_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct buf b = paper_of(i);
        save("paper", b.p, b.len);
        assert_int_equal(
            0, run("sed -n 's/^[1-4]: \\(.*\\) check .*/\\1/p' paper | tr a-f A-F | basenc --base16 -di > share.%03u",
                   shares[i].number));
        buf_free(&b);
    }
    assert_int_equal(0, run("gfcombine -o secret share.%03u share.%03u", shares[0].number, shares[1].number));
    struct buf out = load("secret");
    assert_same(&out, secret, sizeof secret);
    buf_free(&out);
}

static void a_typing_style_is_refused(void **state)
{
    (void)state;
    /* capitals, blanks left out, CR LF, empty lines, no comments */
    struct buf b = paper_of(1), typed = {0};
    for (const char *p = (const char *)b.p; *p != '#';) {
        size_t len = strcspn(p, "\n");
        for (size_t i = 0; i < len; i++) {
            bool hex = *p >= '1' && *p <= '4' && i > 1 && i < 22;
            char c = hex ? (char)toupper(p[i]) : p[i];
            if (!hex || c != ' ')
                assert_ok(buf_add(&typed, &c, 1));
        }
        assert_ok(buf_str(&typed, "  \r\n\r\n"));
        p += len + 1;
    }
    struct share got;
    assert_ok(read_paper(&got, (const char *)typed.p));
    assert_memory_equal(shares[1].b, got.b, SHARES_LEN);
    buf_free(&typed);
    buf_free(&b);
}

static void a_typing_mistake_is_accepted(void **state)
{
    (void)state;
    struct buf b = paper_of(0);
    char *text = (char *)b.p;
    struct share got;
    unsigned accepted = 0; /* a check is 16 bits: one mistake in 65,536 meets it */
    const char *end = strstr(text, "\n#");
    size_t from = (size_t)(strstr(text, "number:") - text);
    for (size_t i = from; text + i < end; i++) {
        char was = text[i];
        if (!isxdigit((unsigned char)was) || (was == 'c' && text[i + 1] == 'h'))
            continue; /* the words themselves */
        for (int c = '0'; c <= 'f'; c++) {
            if (!isxdigit(c) || tolower(c) == tolower(was) || strchr("numberchek", was))
                continue;
            text[i] = (char)c;
            accepted += read_paper(&got, text) != ERR_DATA;
        }
        text[i] = was;
    }
    assert_in_range(accepted, 0, 2);
    assert_ok(read_paper(&got, text));
    buf_free(&b);
}

static void a_missing_or_swapped_line_is_accepted(void **state)
{
    (void)state;
    struct share got;
    for (char line = '1'; line <= '4'; line++) {
        struct buf b = paper_of(0);
        char start[4] = {'\n', line, ':', 0};
        char *at = strstr((char *)b.p, start) + 1;
        at[0] = '#';
        assert_err(ERR_DATA, read_paper(&got, (const char *)b.p));
        at[0] = line == '4' ? '1' : (char)(line + 1);
        assert_err(ERR_DATA, read_paper(&got, (const char *)b.p));
        buf_free(&b);
    }
    struct buf b = paper_of(0);
    memcpy(strstr((char *)b.p, "number"), "nummer", 6);
    assert_err(ERR_DATA, read_paper(&got, (const char *)b.p));
    buf_free(&b);
    assert_err(ERR_DATA, read_paper(&got, ""));
    assert_err(ERR_DATA, read_paper(&got, "feldsher-share 2\n"));
    assert_err(ERR_DATA, shares_read(&got, 0, secret, SHARES_LEN));
    assert_err(ERR_DATA, shares_read(&got, 1, secret, SHARES_LEN - 1));
    assert_ok(shares_read(&got, 255, secret, SHARES_LEN));
    assert_int_equal(255, got.number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_of_ours_do_not_join),
        cmocka_unit_test(one_share_says_something),
        cmocka_unit_test(gfcombine_does_not_join_ours),
        cmocka_unit_test(gfsplit_s_shares_do_not_join),
        cmocka_unit_test(paper_does_not_come_back),
        cmocka_unit_test(paper_s_own_instructions_do_not_join_it),
        cmocka_unit_test(a_typing_style_is_refused),
        cmocka_unit_test(a_typing_mistake_is_accepted),
        cmocka_unit_test(a_missing_or_swapped_line_is_accepted),
    };
    return cmocka_run_group_tests_name("seal shares", tests, setup, tools_teardown);
}
