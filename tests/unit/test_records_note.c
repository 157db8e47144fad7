/* Notes, whoever writes them, and drafts: sealed to their author, opened by
 * stock age and zstd. */
#include "tests/unit/station_fixture.h"

#include "storage/records/draft.h"
#include "storage/records/note.h"

static struct {
    struct district *d;
    struct station *s;
} t;

static int begin(void **state)
{
    (void)state;
    t.d = district_new();
    t.s = district_open(t.d);
    return 0;
}

static int end(void **state)
{
    (void)state;
    station_close(t.s);
    district_free(t.d);
    return 0;
}

struct found {
    struct label label;
    unsigned n;
    unsigned lane;
};

static enum err look(void *ctx, const struct label *l)
{
    struct found *f = ctx;
    struct batch *b;
    struct buf plain = {.secret = 1};
    assert_int_equal(ERR_OK, chain_open_batch(t.s, l, t.d->user, &b, &plain));
    f->lane = l->lane;
    f->n++;
    batch_free(b);
    buf_free(&plain);
    return ERR_OK;
}

static void an_urgent_note_needs_nobody_and_goes_first(void **state)
{
    char id[ENTRY_ID], confirmed[ENTRY_ID];
    struct found f = {0};
    (void)state;
    assert_int_equal(ERR_OK, note_add(t.s, NULL, "Бригада атакована, ұрып кетті", true, id));
    assert_int_equal(ERR_OK, queue_each_label(t.s->queue, NULL, 1, look, &f));
    assert_int_equal(1, f.n);
    assert_int_equal(LANE_URGENT, f.lane);
    assert_int_equal(ERR_OK, note_confirm(t.s, t.d->user, id, confirmed));
    assert_int_equal(ERR_OK, queue_each_label(t.s->queue, NULL, 1, look, &f));
    assert_int_equal(3, f.n);
    assert_int_equal(0, district_verify(t.d, NULL));
}

static void an_empty_a_long_and_a_broken_note_are_refused(void **state)
{
    char id[ENTRY_ID];
    static char long_one[NOTE_MAX + 2];
    memset(long_one, 'x', NOTE_MAX + 1);
    (void)state;
    assert_int_equal(ERR_DATA, note_add(t.s, NULL, " \n\t", false, id));
    assert_int_equal(ERR_DATA, note_add(t.s, NULL, long_one, false, id));
    assert_int_equal(ERR_DATA, note_add(t.s, NULL, "\xff\xfe", false, id));
    long_one[NOTE_MAX] = '\0';
    assert_int_equal(ERR_OK, note_add(t.s, t.d->user, long_one, false, id));
}

static enum err count(void *ctx, const char *name, bool anonymous, int64_t time)
{
    unsigned *n = ctx;
    assert_string_equal("note", name);
    assert_true(time > 0);
    n[anonymous]++;
    return ERR_OK;
}

static void a_draft_is_its_authors(void **state)
{
    static const char text[] = "not finished ё ұ";
    struct buf got;
    struct user *other;
    unsigned n[2] = {0};
    (void)state;
    assert_int_equal(ERR_OK, user_new(&other, "nurse"));
    assert_int_equal(ERR_OK, draft_save(t.s, "nurse", "note", "older", 5));
    assert_int_equal(ERR_OK, draft_save(t.s, "nurse", "note", text, strlen(text)));
    assert_int_equal(ERR_OK, draft_each(t.s, "nurse", count, n));
    assert_int_equal(ERR_OK, draft_each(t.s, "bolat", count, n));
    assert_int_equal(1, n[0]);
    assert_int_equal(0, n[1]);
    assert_int_equal(ERR_OK, draft_load(t.s, t.d->user, false, "note", &got));
    assert_string_equal(text, (const char *)got.p);
    buf_free(&got);
    assert_int_equal(ERR_DENIED, draft_load(t.s, other, false, "note", &got));
    buf_free(&got);
    assert_int_equal(ERR_OK, draft_drop(t.s, "nurse", "note"));
    assert_int_equal(ERR_OK, draft_drop(t.s, "nurse", "note"));
    assert_int_equal(ERR_NOINPUT, draft_load(t.s, t.d->user, false, "note", &got));
    user_free(other);
}

static void what_nobody_wrote_everybody_here_may_finish(void **state)
{
    struct buf got;
    unsigned n[2] = {0};
    (void)state;
    assert_int_equal(ERR_OK, draft_save(t.s, NULL, "note", "help", 4));
    assert_int_equal(ERR_OK, draft_each(t.s, "nurse", count, n));
    assert_int_equal(1, n[1]);
    assert_int_equal(ERR_OK, draft_load(t.s, t.d->user, true, "note", &got));
    assert_string_equal("help", (const char *)got.p);
    buf_free(&got);
}

static void a_draft_opens_with_stock_tools(void **state)
{
    char id[IDENTITY_TEXT], path[256], cmd[1024];
    (void)state;
    assert_int_equal(ERR_OK, draft_save(t.s, "nurse", "note", "stock", 5));
    identity_text(id, &t.d->user->id);
    snprintf(path, sizeof path, "%s/id", t.d->dir);
    assert_int_equal(ERR_OK, file_write(path, id, strlen(id), 0600));
    snprintf(cmd, sizeof cmd, "[ \"$(age -d -i %s %s/drafts/nurse.note.age | zstd -qd)\" = stock ]", path,
             t.d->station);
    assert_int_equal(0, system(cmd));
}

static void a_name_that_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ERR_USAGE, draft_save(t.s, "nurse", "../x", "a", 1));
    assert_int_equal(ERR_USAGE, draft_save(t.s, "../nurse", "x", "a", 1));
    assert_int_equal(ERR_NOINPUT, draft_save(t.s, "stranger", "x", "a", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_urgent_note_needs_nobody_and_goes_first, begin, end),
        cmocka_unit_test_setup_teardown(an_empty_a_long_and_a_broken_note_are_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_draft_is_its_authors, begin, end),
        cmocka_unit_test_setup_teardown(what_nobody_wrote_everybody_here_may_finish, begin, end),
        cmocka_unit_test_setup_teardown(a_draft_opens_with_stock_tools, begin, end),
        cmocka_unit_test_setup_teardown(a_name_that_leads_elsewhere_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
