#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/file.h"
#include "storage/seal/age.h"
#include "storage/seal/hash.h"
#include "tui/enrol_find.h"
#include "tui/spend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/test-enrol-find.XXXXXX";

static void put(const char *name, const void *p, size_t n)
{
    char path[4096];
    assert_int_equal(ERR_OK, file_path(path, dir, name));
    assert_int_equal(ERR_OK, file_write(path, p, n, 0600));
}

static void folder(const char *name)
{
    char path[4096];
    assert_int_equal(ERR_OK, file_path(path, dir, name));
    assert_int_equal(ERR_OK, file_mkdirs(path, 0700));
}

static void sealed(const char *name, unsigned log_n)
{
    struct buf file = {0};
    assert_int_equal(ERR_OK, age_seal_bytes_pass("code", 4, log_n, "what is in it", 13, &file));
    put(name, file.p, file.len);
    buf_free(&file);
}

struct seen {
    unsigned n;
    char names[4096];
};

static enum err see(void *ctx, const char *path, uint64_t size, int64_t mtime)
{
    struct seen *s = ctx;
    assert_true(size > 0 && mtime > 0);
    assert_int_equal('/', path[0]);
    strcat(s->names, strrchr(path, '/'));
    s->n++;
    return ERR_OK;
}

static struct seen search(unsigned depth)
{
    struct seen s = {0};
    const struct enrol_place places[] = {{dir, depth}, {"/nowhere/at-all", 3}, {dir, depth}};
    assert_int_equal(ERR_OK, enrol_find(places, 3, see, &s));
    return s;
}

static int make(void **state)
{
    (void)state;
    return hash_start() == ERR_OK && mkdtemp(dir) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void a_key_or_a_film_is_taken_for_an_enrolment(void **state)
{
    (void)state;
    char path[4096], film[300] = "\0\0\0\030ftypmp42";
    sealed("amb-1", 12);
    sealed("nurse.age", 10);
    put("amb-2.enrol", film, sizeof film);
    put("empty.enrol", "", 0);
    put("short.enrol", "age-encryption.org/v1\n-> scrypt ", 32);
    struct seen s = search(0);
    assert_int_equal(1, s.n);
    assert_string_equal("/amb-1", s.names);
    assert_int_equal(ERR_OK, file_path(path, dir, "amb-1"));
    assert_int_equal(ERR_OK, spend_file(path));
    assert_int_equal(0, search(0).n);
}

static void a_file_in_a_stick_s_folder_is_not_found(void **state)
{
    (void)state;
    folder("user/STICK/new");
    folder("user/STICK/.Trash");
    sealed("user/STICK/new/amb-3.enrol", 12);
    sealed("user/STICK/.Trash/amb-4.enrol", 12);
    assert_int_equal(0, search(2).n);
    struct seen s = search(3);
    assert_int_equal(1, s.n);
    assert_string_equal("/amb-3.enrol", s.names);
}

static void armour_counts_by_its_name(void **state)
{
    (void)state;
    static const char armour[] = "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n";
    assert_true(enrol_find_is("amb-1.enrol", armour, sizeof armour - 1));
    assert_false(enrol_find_is("letter.asc", armour, sizeof armour - 1));
    assert_false(enrol_find_is(".enrol", armour, sizeof armour - 1));
    assert_false(enrol_find_is("x.enrol", armour, 10));
}

static void a_link_leads_out_of_the_stick(void **state)
{
    (void)state;
    char path[4096];
    assert_int_equal(ERR_OK, file_path(path, dir, "loop"));
    assert_int_equal(0, symlink(dir, path));
    assert_int_equal(1, search(3).n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_or_a_film_is_taken_for_an_enrolment),
        cmocka_unit_test(a_file_in_a_stick_s_folder_is_not_found),
        cmocka_unit_test(armour_counts_by_its_name),
        cmocka_unit_test(a_link_leads_out_of_the_stick),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
