/* The authority's forms become the command lines that they stand for. */
#include "tui/screens/authority_decree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "storage/base/buf.h"
#include "storage/seal/hash.h"
#include "tui/command.h"

static void type(struct form *f, const char *name, const char *text)
{
    for (const char *p = text; *p; p++) {
        form_go(f, name);
        f->v[f->at].edit.caret = f->v[f->at].edit.len;
        assert_int_not_equal(form_key(f, &(struct key){K_CHAR, (uint32_t)*p}), FORM_NOT_MINE);
    }
}

static void open_decree(struct form *f, enum decree_kind kind)
{
    assert_int_equal(form_init(f, decrees[kind].fields, decrees[kind].n), ERR_OK);
}

static void assert_words(enum decree_kind kind, const struct form *f, const char *folder, const char *want)
{
    const char *words[DECREE_WORDS];
    struct buf line = {0};
    decree_words(&decrees[kind], f, folder, words);
    for (size_t i = 0; words[i]; i++)
        assert_int_equal(buf_fmt(&line, "%s%s", i ? " " : "", words[i]), ERR_OK);
    assert_string_equal((const char *)line.p, want);
    buf_free(&line);
}

static void an_enrolment_is_its_command_and_what_is_empty_is_left_out(void **state)
{
    struct form f;
    (void)state;
    open_decree(&f, DECREE_ENROL);
    form_set(&f, "station", "amb-9");
    form_set(&f, "unit", "brigade-9");
    form_choose(&f, "kind", 1);
    form_set(&f, "out", "/m/a.enrol");
    assert_words(DECREE_ENROL, &f, "/a",
                 "authority enrol /a --station amb-9 --unit brigade-9 --kind supervisor --out /m/a.enrol");
    form_free(&f);
    open_decree(&f, DECREE_REPLACE);
    form_set(&f, "station", "amb-9");
    form_set(&f, "last", "12");
    assert_words(DECREE_REPLACE, &f, "/a", "authority enrol /a --station amb-9 --kind station --last 12 --replace");
    form_free(&f);
}

static void who_is_revoked_is_typed_and_not_sent_twice(void **state)
{
    struct form f;
    const struct decree *d = &decrees[DECREE_REVOKE_PERSON];
    (void)state;
    open_decree(&f, DECREE_REVOKE_PERSON);
    form_set(&f, "name", "marat");
    type(&f, "confirm", "aigul");
    type(&f, "pass", "x");
    assert_non_null(decree_problem(d, &f));
    form_set(&f, "confirm", "marat");
    assert_null(decree_problem(d, &f));
    assert_words(DECREE_REVOKE_PERSON, &f, "/a", "authority revoke /a --user marat");
    assert_string_equal(decree_secret(d, &f)->p, "x");
    form_free(&f);
}

static void two_new_passphrases_must_be_one(void **state)
{
    struct form f;
    const struct decree *d = &decrees[DECREE_FOUND];
    (void)state;
    open_decree(&f, DECREE_FOUND);
    form_set(&f, "folder", "/m/authority");
    form_set(&f, "district", "almaty");
    type(&f, "pass", "one");
    type(&f, "again", "two");
    assert_non_null(decree_problem(d, &f));
    assert_string_equal(form_text(&f, "again"), ""); /* to be typed anew */
    type(&f, "again", "one");
    assert_null(decree_problem(d, &f));
    assert_words(DECREE_FOUND, &f, NULL, "authority init /m/authority --district almaty");
    form_free(&f);
}

/* What the forms send, the command line's own parser takes. */
static void every_decree_is_a_command(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < DECREES; kind++) {
        struct form f;
        struct call c;
        const char *words[DECREE_WORDS];
        char *argv[DECREE_WORDS + 1] = {(char[]){"feldsher"}}, copy[DECREE_WORDS][64];
        int argc = 1;
        open_decree(&f, kind);
        for (size_t i = 0; i < decrees[kind].n; i++)
            if (decrees[kind].fields[i].kind != FORM_CHOICE)
                form_set(&f, decrees[kind].fields[i].name, "v");
        bool founds = kind == DECREE_FOUND || kind == DECREE_JOIN;
        decree_words(&decrees[kind], &f, founds ? NULL : "/a", words);
        for (; words[argc - 1]; argc++) {
            snprintf(copy[argc], sizeof copy[argc], "%s", words[argc - 1]);
            argv[argc] = copy[argc];
        }
        assert_int_equal(command_parse(&c, argc, argv), ERR_OK);
        assert_non_null(c.command);
        form_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enrolment_is_its_command_and_what_is_empty_is_left_out),
        cmocka_unit_test(who_is_revoked_is_typed_and_not_sent_twice),
        cmocka_unit_test(two_new_passphrases_must_be_one),
        cmocka_unit_test(every_decree_is_a_command),
    };
    if (hash_start() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
