#include "storage/base/file.h"
#include "storage/seal/age.h"
#include "storage/trust/user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char pass[] = "lusab-babad-gutih-tugad-kolom";
static struct user *aigul;
static struct buf aigul_file;

static void add_key(struct user *u, const char *circle, unsigned generation)
{
    struct user_circle c = {.generation = generation};
    uint8_t seed[32] = {7};
    assert_int_equal(circle_derive(&c, seed, circle, generation), ERR_OK);
    user_add_key(u, &c);
}

static int start(void **state)
{
    (void)state;
    if (hash_start() || user_new(&aigul, "aigul"))
        return -1;
    return user_seal(aigul, pass, strlen(pass), &aigul_file) ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    user_free(aigul);
    buf_free(&aigul_file);
    return 0;
}

static void a_wrong_passphrase_tells_more_than_a_missing_user(void **state)
{
    (void)state;
    struct user *u;
    char wrong[256], missing[256], swapped[256];
    assert_int_equal(user_open(&u, "aigul", aigul_file.p, aigul_file.len, "wrong", 5), ERR_DENIED);
    assert_null(u);
    snprintf(wrong, sizeof wrong, "%s", err_text());
    assert_int_equal(user_open(&u, "nobody", NULL, 0, pass, strlen(pass)), ERR_DENIED);
    snprintf(missing, sizeof missing, "%s", err_text());
    assert_int_equal(user_open(&u, "bolat", aigul_file.p, aigul_file.len, pass, strlen(pass)), ERR_DENIED);
    snprintf(swapped, sizeof swapped, "%s", err_text());
    assert_string_equal(wrong, missing);
    assert_string_equal(wrong, swapped);
}

static void a_user_comes_back_with_other_keys(void **state)
{
    (void)state;
    struct user *u;
    assert_int_equal(user_open(&u, "aigul", aigul_file.p, aigul_file.len, pass, strlen(pass)), ERR_OK);
    assert_string_equal(u->name, "aigul");
    assert_memory_equal(u->id.sk, aigul->id.sk, sizeof u->id.sk);
    assert_memory_equal(u->sign.sk, aigul->sign.sk, sizeof u->sign.sk);
    assert_int_equal(u->n_circles, 0);
    user_free(u);
}

static void a_damaged_user_file_opens(void **state)
{
    (void)state;
    /* one byte of each part: the scrypt line is not tried, for each try costs half a second */
    const char *mac = strstr((const char *)aigul_file.p, "--- ");
    const size_t at[] = {3, (size_t)(mac + 10 - (const char *)aigul_file.p), aigul_file.len - 1};
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        struct user *u;
        aigul_file.p[at[i]] ^= 1;
        assert_int_equal(user_open(&u, "aigul", aigul_file.p, aigul_file.len, pass, strlen(pass)), ERR_DENIED);
        aigul_file.p[at[i]] ^= 1;
    }
}

static void a_circle_file_opens_for_others_or_under_another_name(void **state)
{
    (void)state;
    struct user *member, *other;
    struct buf file = {0};
    assert_int_equal(user_new(&member, "member"), ERR_OK);
    assert_int_equal(user_new(&other, "other"), ERR_OK);
    add_key(member, "evidence/u", 1);
    add_key(member, "evidence/u", 3);
    add_key(member, "evidence/u", 2);
    add_key(member, "records", 1);
    assert_int_equal(user_circle_file(member, "evidence/u", &aigul->id.to, 1, &file), ERR_OK);

    assert_int_equal(user_add_circle(other, "evidence/u", file.p, file.len), ERR_DENIED);
    assert_int_equal(other->n_circles, 0);
    assert_int_equal(user_add_circle(aigul, "records", file.p, file.len), ERR_DATA);
    assert_false(user_has_circle(aigul, "records"));
    assert_int_equal(user_add_circle(aigul, "evidence/u", file.p, file.len), ERR_OK);
    assert_int_equal(user_add_circle(aigul, "evidence/u", file.p, file.len), ERR_OK);
    assert_int_equal(aigul->n_circles, 3);
    assert_int_equal(aigul->circles[0].generation, 3);
    assert_true(user_has_circle(aigul, "evidence/u"));

    file.p[file.len - 1] ^= 1;
    assert_int_not_equal(user_add_circle(member, "evidence/u", file.p, file.len), ERR_OK);
    assert_int_equal(user_circle_file(other, "records", &aigul->id.to, 1, &file), ERR_DENIED);
    buf_free(&file);
    user_free(member);
    user_free(other);
}

static void an_old_generation_is_tried_before_a_new_one(void **state)
{
    (void)state;
    struct user *u;
    struct identity *ids = calloc(USER_CIRCLES_MAX + 1, sizeof *ids);
    size_t n;
    assert_int_equal(user_new(&u, "u"), ERR_OK);
    add_key(u, "records", 1);
    add_key(u, "evidence", 4);
    add_key(u, "records", 2);
    add_key(u, "evidence", 5);
    user_identities(u, ids, &n);
    assert_int_equal(n, 5);
    assert_memory_equal(&ids[0], &u->circles[0].id, sizeof *ids); /* evidence 5 */
    assert_int_equal(u->circles[0].generation, 5);
    assert_memory_equal(&ids[1], &u->circles[2].id, sizeof *ids); /* records 2 */
    assert_int_equal(u->circles[2].generation, 2);
    assert_memory_equal(&ids[4], &u->id, sizeof *ids);
    free(ids);
    user_free(u);
}

static void more_generations_than_fit_push_out_the_newest(void **state)
{
    (void)state;
    struct user *u;
    assert_int_equal(user_new(&u, "u"), ERR_OK);
    for (unsigned g = 1; g <= USER_CIRCLES_MAX + 2; g++)
        add_key(u, "records", g);
    add_key(u, "records", 1);
    assert_int_equal(u->n_circles, USER_CIRCLES_MAX);
    assert_int_equal(u->circles[0].generation, USER_CIRCLES_MAX + 2);
    assert_int_equal(u->circles[u->n_circles - 1].generation, 3);
    user_free(u);
}

static void a_circle_file_of_another_shape_is_taken(void **state)
{
    (void)state;
    char key[IDENTITY_TEXT];
    identity_text(key, &aigul->id);
    static const char *const shapes[] = {
        "",
        "%s\n",
        "# circle records generation 1\n",
        "# circle records generation 1\n%s",
        "# circle records generation 0\n%s\n",
        "# circle other generation 1\n%s\n",
        "# circle records generation 1\n%s\nrest\n",
        "# circle records generation 1\nAGE-SECRET-KEY-1QQ\n",
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct buf file = {0}, text = {0};
        struct user *u;
        const char *mark = strstr(shapes[i], "%s");
        assert_int_equal(buf_add(&text, shapes[i], mark ? (size_t)(mark - shapes[i]) : strlen(shapes[i])), ERR_OK);
        if (mark)
            assert_int_equal(buf_fmt(&text, "%s%s", key, mark + 2), ERR_OK);
        assert_int_equal(user_new(&u, "u"), ERR_OK);
        assert_int_equal(age_seal_bytes(&u->id.to, 1, text.p, text.len, &file), ERR_OK);
        buf_free(&text);
        if (user_add_circle(u, "records", file.p, file.len) != ERR_DATA)
            fail_msg("taken: %s", shapes[i]);
        buf_free(&file);
        user_free(u);
    }
}

static void no_name_of_ours_becomes_a_user(void **state)
{
    (void)state;
    struct user *u;
    static const char *const names[] = {
        "", "Aigul", "a b", "../a", "a/b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(user_new(&u, names[i]), ERR_DATA);
        assert_null(u);
    }
    user_free(NULL);
}

/* The other side of the format. The passphrase needs a terminal for stock
 * age, so the user's file is opened here and its text given to it. */
static void stock_age_does_not_open_a_circle_file(void **state)
{
    (void)state;
    char dir[] = "/tmp/feldsher-user-XXXXXX", path[4096], cmd[4096];
    struct user *u;
    struct buf file = {0}, id = {0}, sealed = {0};
    assert_non_null(mkdtemp(dir));
    assert_int_equal(user_new(&u, "u"), ERR_OK);
    add_key(u, "records", 1);
    add_key(u, "records", 2);
    assert_int_equal(age_open_bytes_pass(pass, strlen(pass), aigul_file.p, aigul_file.len, &id), ERR_OK);
    assert_int_equal(user_circle_file(u, "records", &aigul->id.to, 1, &file), ERR_OK);
    assert_int_equal(age_seal_bytes(&u->circles[1].id.to, 1, "hello\n", 6, &sealed), ERR_OK);
    const struct {
        const char *name;
        const struct buf *b;
    } files[] = {{"id", &id}, {"circle.age", &file}, {"object", &sealed}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_int_equal(file_path(path, dir, files[i].name), ERR_OK);
        assert_int_equal(file_write(path, files[i].b->p, files[i].b->len, 0600), ERR_OK);
    }
    snprintf(cmd, sizeof cmd,
             "cd %s && head -1 id | grep -qx '# feldsher user aigul' && test $(wc -l < id) = 3 && "
             "age -d -i id circle.age > circle && head -1 circle | grep -qx '# circle records generation 2' && "
             "age -d -i circle object | grep -qx hello && cd / && rm -r %s",
             dir, dir);
    assert_int_equal(system(cmd), 0); /* NOLINT: our own text */
    buf_free(&file);
    buf_free(&id);
    buf_free(&sealed);
    user_free(u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_passphrase_tells_more_than_a_missing_user),
        cmocka_unit_test(a_user_comes_back_with_other_keys),
        cmocka_unit_test(a_damaged_user_file_opens),
        cmocka_unit_test(a_circle_file_opens_for_others_or_under_another_name),
        cmocka_unit_test(an_old_generation_is_tried_before_a_new_one),
        cmocka_unit_test(more_generations_than_fit_push_out_the_newest),
        cmocka_unit_test(a_circle_file_of_another_shape_is_taken),
        cmocka_unit_test(no_name_of_ours_becomes_a_user),
        cmocka_unit_test(stock_age_does_not_open_a_circle_file),
    };
    return cmocka_run_group_tests(tests, start, end);
}
