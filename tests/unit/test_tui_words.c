#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/file.h"
#include "storage/seal/hash.h"
#include "tui/secret.h"
#include "tui/spend.h"
#include "tui/words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_word_gives_a_role_that_was_not_meant(void **state)
{
    (void)state;
    unsigned roles;
    char text[WORDS_ROLES];
    assert_int_equal(ERR_OK, words_roles("crew", &roles));
    assert_int_equal(ROLE_CREW, roles);
    assert_int_equal(ERR_OK, words_roles("supervisor,admin", &roles));
    assert_int_equal(ROLE_SUPERVISOR | ROLE_ADMIN, roles);
    words_roles_text(text, roles);
    assert_string_equal("supervisor,admin", text);
    words_roles_text(text, ROLE_CREW | ROLE_DOCTOR | ROLE_SUPERVISOR | ROLE_ADMIN);
    assert_string_equal("crew,doctor,supervisor,admin", text);
    static const char *const wrong[] = {"", ",", "crew,", "Crew", "super", "supervisors", "crew, admin"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(ERR_USAGE, words_roles(wrong[i], &roles));
}

static void a_day_ends_before_its_last_second(void **state)
{
    (void)state;
    int64_t day, second;
    assert_int_equal(ERR_OK, words_date("2026-11-22", &day));
    assert_int_equal(ERR_OK, words_date("2026-11-22T23:59:59Z", &second));
    assert_true(day == second);
    assert_int_equal(ERR_OK, words_date("-", &day));
    assert_true(day == INT64_MAX);
    static const char *const wrong[] = {"", "22.11.2026", "2026-13-01", "2026-02-30", "2026-11-22T", "tomorrow"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(ERR_USAGE, words_date(wrong[i], &day));
}

static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ERR_OK, file_write_fd(fd, text, strlen(text), path));
    close(fd);
}

static void a_file_s_secrets_are_handed_out_of_order(void **state)
{
    (void)state;
    char path[] = "/tmp/test-secret.XXXXXX";
    struct secret_source *s;
    struct secret *p;
    write_file(path, "code one\r\n\nkodut-mabip-fobaz-tulup-rudok\nweak");
    assert_int_equal(ERR_OK, secret_open(&s, path));
    assert_int_equal(ERR_OK, secret_ask(s, "a", &p));
    assert_string_equal("code one", p->p);
    secret_free(p);
    assert_int_equal(ERR_OK, secret_ask(s, "b", &p));
    assert_int_equal(0, p->len);
    secret_free(p);
    assert_int_equal(ERR_OK, secret_new(s, "c", &p));
    assert_string_equal("kodut-mabip-fobaz-tulup-rudok", p->p);
    secret_free(p);
    assert_int_equal(ERR_DATA, secret_new(s, "d", &p));
    assert_null(p);
    assert_int_equal(ERR_NOINPUT, secret_ask(s, "e", &p));
    secret_close(s);
    unlink(path);
}

static void a_line_of_any_length_is_a_passphrase(void **state)
{
    (void)state;
    char path[] = "/tmp/test-secret.XXXXXX";
    char *text = calloc(1, PASSPHRASE_MAX + 3);
    struct secret_source *s;
    struct secret *p;
    assert_non_null(text);
    memset(text, 'x', PASSPHRASE_MAX + 1);
    write_file(path, text);
    assert_int_equal(ERR_OK, secret_open(&s, path));
    assert_int_equal(ERR_DATA, secret_ask(s, "a", &p));
    secret_close(s);
    unlink(path);
    free(text);
    assert_int_equal(ERR_NOINPUT, secret_open(&s, "/tmp/no-such-file"));
}

static void a_used_file_still_holds_its_bytes(void **state)
{
    (void)state;
    char path[] = "/tmp/test-spend.XXXXXX";
    struct buf b = {0};
    write_file(path, "age-encryption.org/v1 and a secret behind it");
    assert_int_equal(ERR_OK, spend_file(path));
    assert_int_equal(ERR_OK, file_read(path, 4096, &b));
    assert_memory_equal("used", b.p, 4);
    assert_null(strstr((const char *)b.p, "secret"));
    buf_free(&b);
    unlink(path);
    assert_int_equal(ERR_IO, spend_file(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_gives_a_role_that_was_not_meant),
        cmocka_unit_test(a_day_ends_before_its_last_second),
        cmocka_unit_test(a_file_s_secrets_are_handed_out_of_order),
        cmocka_unit_test(a_line_of_any_length_is_a_passphrase),
        cmocka_unit_test(a_used_file_still_holds_its_bytes),
    };
    if (hash_start() != ERR_OK)
        return 1;
    return cmocka_run_group_tests_name("tui words", tests, NULL, NULL);
}
