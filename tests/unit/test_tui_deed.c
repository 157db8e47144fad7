#include "storage/trust/roster.h"
#include "tui/screens/custody_words.h"
#include "tui/screens/deed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);
    assert_non_null(j);
    return j;
}

static const char here[] =
    "{\"id\":\"3f2a91bc00\",\"unit\":\"brigade-7\",\"size\":9,\"blobs\":2,\"here\":2,\"held\":false}";
static const char away[] =
    "{\"id\":\"3f2a91bc00\",\"unit\":\"brigade-7\",\"size\":9,\"blobs\":2,\"here\":0,\"held\":false}";
static const char held[] =
    "{\"id\":\"3f2a91bc00\",\"unit\":\"brigade-7\",\"size\":9,\"blobs\":2,\"here\":2,\"held\":true}";
static const char gone[] =
    "{\"id\":\"3f2a91bc00\",\"unit\":\"brigade-7\",\"size\":9,\"blobs\":2,\"here\":0,\"held\":false,"
    "\"destroyed_under\":\"aa\"}";

/* Is it refused, for this role and these circles? */
static bool refused(enum deed d, unsigned roles, const char *circles, const char *row)
{
    json_t *r = row ? parse(row) : NULL, *c = circles ? parse(circles) : NULL;
    struct deed_person p = {"bolat", roles, c};
    const char *why = deed_refuse(d, &p, r);
    json_decref(r);
    json_decref(c);
    return why != NULL;
}

#define OWN "[\"evidence/brigade-7\",\"records\"]"
#define OTHER "[\"evidence/brigade-9\",\"records\"]"
#define ALL "[\"evidence\"]"

static void who_lacks_the_role_or_the_circle_is_told(void **state)
{
    (void)state;
    assert_false(refused(DEED_PLAY, ROLE_CREW, OWN, here));
    assert_true(refused(DEED_PLAY, ROLE_ADMIN, OWN, here));
    assert_true(refused(DEED_PLAY, ROLE_CREW, OTHER, here));
    assert_false(refused(DEED_PLAY, ROLE_CREW, ALL, here));
    assert_false(refused(DEED_PLAY, ROLE_CREW, NULL, here)); /* circles are not known yet */
    assert_false(refused(DEED_HOLD, ROLE_ADMIN, OTHER, here));
    assert_true(refused(DEED_HOLD, ROLE_CREW, OWN, here));
    assert_true(refused(DEED_RELEASE, ROLE_ADMIN, OWN, held));
    assert_false(refused(DEED_RELEASE, ROLE_SUPERVISOR, OWN, held));
    assert_true(refused(DEED_DESTROY, ROLE_ADMIN | ROLE_CREW, OWN, here));
    assert_true(refused(DEED_REQUEST, ROLE_SUPERVISOR, OTHER, here));
    assert_false(refused(DEED_FLAG, ROLE_CREW, OTHER, here));
    assert_false(refused(DEED_VERIFY, 0, "[]", here));
}

static void what_the_recording_does_not_allow_is_told(void **state)
{
    const unsigned s = ROLE_SUPERVISOR;
    (void)state;
    for (enum deed d = 0; d < DEEDS; d++)
        assert_true(refused(d, s, ALL, NULL));
    assert_true(refused(DEED_PLAY, s, ALL, away));
    assert_true(refused(DEED_EXPORT, s, ALL, away));
    assert_true(refused(DEED_VERIFY, s, ALL, away));
    assert_false(refused(DEED_PULL, s, ALL, away));
    assert_true(refused(DEED_PULL, s, ALL, here));
    assert_true(refused(DEED_PULL, s, ALL, gone));
    assert_true(refused(DEED_REQUEST, s, ALL, gone));
    assert_false(refused(DEED_VERIFY, s, ALL, gone));
    assert_true(refused(DEED_HOLD, s, ALL, held));
    assert_true(refused(DEED_RELEASE, s, ALL, here));
    assert_true(refused(DEED_DESTROY, s, ALL, held));
    assert_true(refused(DEED_DESTROY, s, ALL, gone));
    assert_false(refused(DEED_DESTROY, s, ALL, here));
    assert_true(refused(DEED_FLAG, s, ALL, "{\"flagged\":true,\"unit\":\"u\"}"));
    assert_true(refused(DEED_PLAY, s, ALL, "{\"size\":0,\"blobs\":0,\"here\":0}"));
}

static void nobody_is_the_second_person_of_their_own(void **state)
{
    (void)state;
    json_t *w = parse("{\"author\":\"bolat\",\"unit\":\"brigade-7\"}"), *c = parse(ALL);
    struct deed_person own = {"bolat", ROLE_SUPERVISOR, c}, other = {"dana", ROLE_SUPERVISOR, c},
                       crew = {"aigul", ROLE_CREW, c};
    assert_non_null(deed_refuse_second(&own, w));
    assert_null(deed_refuse_second(&other, w));
    assert_non_null(deed_refuse_second(&crew, w));
    json_decref(w);
    json_decref(c);
}

static enum deed_evidence evidence(const char *custody)
{
    json_t *row = json_pack("{s:o}", "custody", parse(custody));
    enum deed_evidence e = deed_evidence("bolat", row);
    json_decref(row);
    return e;
}

static void an_approval_counts_for_the_request_of_the_one_who_asked(void **state)
{
    (void)state;
#define ASKED "{\"id\":\"r1\",\"type\":\"request\",\"author\":\"bolat\",\"data\":{}}"
    assert_int_equal(evidence("[]"), DEED_NOT_ASKED);
    assert_int_equal(evidence("[" ASKED "]"), DEED_ASKED);
    assert_int_equal(evidence("[{\"id\":\"r1\",\"type\":\"request\",\"author\":\"dana\",\"data\":{}}]"),
                     DEED_NOT_ASKED);
    assert_int_equal(evidence("[" ASKED ",{\"type\":\"approve\",\"author\":\"dana\",\"data\":{\"request\":\"r1\"}}]"),
                     DEED_APPROVED);
    assert_int_equal(evidence("[" ASKED ",{\"type\":\"approve\",\"author\":\"dana\",\"data\":{\"request\":\"r9\"}}]"),
                     DEED_ASKED);
    assert_int_equal(evidence("[" ASKED ",{\"type\":\"approve\",\"author\":\"bolat\",\"data\":{\"request\":\"r1\"}}]"),
                     DEED_ASKED);
}

static void an_order_with_one_signature_is_found_with_its_reason(void **state)
{
    struct deed_order o;
    (void)state;
    json_t *row = parse("{\"custody\":[{\"type\":\"order\",\"author\":\"dana\",\"data\":{\"order\":\"n1\",\"notice\":"
                        "\"feldsher-notice 1\\nkind: destroy\\nwhy: private: not ours\\nbasis: article 5\\n\"}}]}");
    deed_order("bolat", row, &o);
    assert_true(o.any && !o.own);
    assert_string_equal(o.by, "dana");
    assert_string_equal(o.basis, "article 5");
    assert_string_equal(o.why, "private: not ours");
    deed_order("dana", row, &o);
    assert_true(o.any && o.own);
    json_object_set_new(row, "destroyed_under", json_string("n1"));
    deed_order("bolat", row, &o);
    assert_false(o.any);
    json_decref(row);
}

static void places_are_those_of_the_command(void **state)
{
    (void)state;
    static const char *const good[] = {"", "0", "25%", "120M", "1.5G", "3k", "5000"};
    static const char *const bad[] = {"M", "25%%", "-3", "12 M", ".5", "1.", "1:30", "9X", "%"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(deed_is_place(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(deed_is_place(bad[i]));
}

static void where_it_is_is_said_by_receipt_alone(void **state)
{
    char text[CUSTODY_TEXT];
    (void)state;
    json_t *row = parse(away);
    assert_string_equal(custody_where(row), "not here");
    json_object_set_new(row, "hub", json_string("hub-1"));
    json_object_set_new(row, "hub_as_of", json_string("2026-11-22T10:00:00Z"));
    assert_string_equal(custody_where(row), "hub");
    custody_where_text(row, text, sizeof text);
    assert_non_null(strstr(text, "hub-1"));
    assert_non_null(strstr(text, "2026-11-2"));
    json_object_set_new(row, "here", json_integer(1));
    assert_string_equal(custody_where(row), "partly");
    json_object_set_new(row, "here", json_integer(2));
    assert_string_equal(custody_where(row), "here, hub");
    json_decref(row);
    row = parse(gone);
    assert_string_equal(custody_where(row), "destroyed");
    assert_string_equal(custody_mark(row), "D");
    json_decref(row);
}

static void an_event_of_a_later_version_is_shown_by_its_name(void **state)
{
    char text[CUSTODY_TEXT];
    (void)state;
    json_t *v = parse("{\"type\":\"teleport\",\"data\":{\"why\":\"because\"}}");
    custody_what(v, text, sizeof text);
    assert_string_equal(text, "teleport");
    assert_string_equal(custody_why(v), "because");
    json_decref(v);
    v = parse("{\"type\":\"link\",\"data\":{\"record\":\"R-5\"}}");
    custody_what(v, text, sizeof text);
    assert_non_null(strstr(text, "R-5"));
    json_decref(v);
    custody_line("a: 1\nwhy: x: y\nwhy: z\n", "why", text, sizeof text);
    assert_string_equal(text, "x: y");
    custody_line("whyno: 1\n", "why", text, sizeof text);
    assert_string_equal(text, "");
}

static void an_export_gets_a_folder_of_its_own(void **state)
{
    char text[64];
    (void)state;
    deed_folder(text, sizeof text, "/media/STICK", "3f2a91bc1122");
    assert_string_equal(text, "/media/STICK/evidence-3f2a91bc");
    deed_folder(text, sizeof text, "/mnt/", "3f2a91bc1122");
    assert_string_equal(text, "/mnt/evidence-3f2a91bc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_lacks_the_role_or_the_circle_is_told),
        cmocka_unit_test(what_the_recording_does_not_allow_is_told),
        cmocka_unit_test(nobody_is_the_second_person_of_their_own),
        cmocka_unit_test(an_approval_counts_for_the_request_of_the_one_who_asked),
        cmocka_unit_test(an_order_with_one_signature_is_found_with_its_reason),
        cmocka_unit_test(places_are_those_of_the_command),
        cmocka_unit_test(where_it_is_is_said_by_receipt_alone),
        cmocka_unit_test(an_event_of_a_later_version_is_shown_by_its_name),
        cmocka_unit_test(an_export_gets_a_folder_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
