#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/file.h"
#include "storage/records/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/test-package.XXXXXX";
static char dir[64], part[80];
static struct sign_secret key;

static int setup_all(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, hash_start());
    sign_new(&key);
    assert_non_null(mkdtemp(root));
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static int setup(void **state)
{
    static unsigned n;
    (void)state;
    snprintf(dir, sizeof dir, "%s/p%u", root, n++);
    snprintf(part, sizeof part, "%s.part", dir);
    return 0;
}

static int run(const char *command)
{
    char line[512];
    snprintf(line, sizeof line, "cd %s && %s >/dev/null 2>&1", dir, command);
    return system(line);
}

static void stock_tools_refuse_a_package(void **state)
{
    (void)state;
    struct package p;
    char pub[SIGN_PUBLIC_TEXT], command[256];
    assert_int_equal(ERR_OK, package_begin(&p, dir));
    assert_int_equal(ERR_OK, package_str(&p, "b.txt", "two\n"));
    assert_int_equal(ERR_OK, package_str(&p, "a/c.txt", "three\n"));
    assert_int_equal(ERR_OK, package_str(&p, "A.txt", ""));
    assert_int_equal(ERR_OK, package_sums(&p, "comment", &key));
    assert_false(file_exists(dir));
    assert_int_equal(ERR_OK, package_publish(&p));
    package_end(&p);
    assert_false(file_exists(part));
    assert_int_equal(0, run("sha256sum -c SHA256SUMS"));
    assert_int_equal(0, run("b2sum -l 256 -c B2SUMS"));
    assert_int_equal(
        0, run("find . -type f ! -path ./B2SUMS | LC_ALL=C sort | cut -c 3- | xargs b2sum -l 256 | cmp - B2SUMS"));
    sign_public_text(pub, &key.pub);
    snprintf(command, sizeof command, "minisign -V -P %s -m SHA256SUMS", pub);
    assert_int_equal(0, run(command));
    assert_int_not_equal(0, run("ls unfinished"));
}

static void an_unfinished_package_shows(void **state)
{
    (void)state;
    struct package p;
    assert_int_equal(ERR_OK, package_begin(&p, dir));
    assert_int_equal(ERR_OK, package_str(&p, "a/b", "x"));
    assert_false(file_exists(dir));
    package_end(&p); /* an error on the way */
    assert_false(file_exists(dir));
    assert_false(file_exists(part));
}

static void a_killed_one_is_in_the_way_for_ever(void **state)
{
    (void)state;
    struct package p, again;
    assert_int_equal(ERR_OK, package_begin(&p, dir));
    assert_int_equal(ERR_OK, package_str(&p, "a/b", "x"));
    free(p.files); /* as kill -9 leaves it */
    assert_int_equal(ERR_OK, package_begin(&again, dir));
    assert_int_equal(ERR_OK, package_str(&again, "a/b", "x"));
    assert_int_equal(ERR_OK, package_publish(&again));
    package_end(&again);
    assert_true(file_exists(dir));
}

static void a_folder_of_somebody_is_lost(void **state)
{
    (void)state;
    struct package p;
    char mine[96];
    assert_int_equal(0, mkdir(part, 0700));
    snprintf(mine, sizeof mine, "%s/mine", part);
    assert_int_equal(ERR_OK, file_write(mine, "x", 1, 0600));
    assert_int_equal(ERR_CREATE, package_begin(&p, dir));
    package_end(&p);
    assert_true(file_exists(mine));
    assert_int_equal(0, mkdir(dir, 0700));
    snprintf(mine, sizeof mine, "%s/mine", dir);
    assert_int_equal(ERR_OK, file_write(mine, "x", 1, 0600));
    assert_int_equal(ERR_CREATE, package_begin(&p, dir));
    package_end(&p);
    assert_true(file_exists(mine));
}

static void two_files_of_a_package_have_one_name(void **state)
{
    (void)state;
    struct package p;
    assert_int_equal(ERR_OK, package_begin(&p, dir));
    assert_int_equal(ERR_OK, package_str(&p, "a", "x"));
    assert_int_equal(ERR_CREATE, package_str(&p, "a", "y"));
    package_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(stock_tools_refuse_a_package, setup),
        cmocka_unit_test_setup(an_unfinished_package_shows, setup),
        cmocka_unit_test_setup(a_killed_one_is_in_the_way_for_ever, setup),
        cmocka_unit_test_setup(a_folder_of_somebody_is_lost, setup),
        cmocka_unit_test_setup(two_files_of_a_package_have_one_name, setup),
    };
    return cmocka_run_group_tests_name("records package", tests, setup_all, teardown_all);
}
