/* A stick from a stranger: nothing on it is followed, opened or trusted that
 * is not a regular file of ours; what is written to it is whole or not there. */
#include "tests/unit/sync_fixture.h"

#include "storage/base/text.h"

#include <signal.h>
#include <sys/resource.h>

static void shell(struct post *p, const char *fmt)
{
    char cmd[512], name[128];
    snprintf(name, sizeof name, "%s/feldsher", p->folder);
    snprintf(cmd, sizeof cmd, "cd %s && %s", name, fmt);
    assert_int_equal(system(cmd), 0);
}

static enum err nothing(void *ctx, const char *path, const char *name, uint64_t size)
{
    uint64_t *n = ctx;
    (void)path;
    (void)name;
    (void)size;
    (*n)++;
    return ERR_OK;
}

static void links_are_never_followed(void **state)
{
    struct post *p = post_new();
    struct buf out = {0};
    int fd;
    uint64_t size;
    (void)state;
    shell(p, "echo secret > ../../secret && ln -s ../../secret roster && mkdir elsewhere && echo x > elsewhere/a && "
             "ln -s elsewhere notices && ln -s /etc/passwd elsewhere/p");
    assert_int_equal(stick_read(&p->stick, "roster", 100, &out), ERR_DATA);
    assert_int_equal(stick_read(&p->stick, "notices/a", 100, &out), ERR_DATA);
    assert_int_equal(stick_read(&p->stick, "elsewhere/p", 100000, &out), ERR_DATA);
    assert_int_equal(stick_file(&p->stick, "roster", &fd, &size), ERR_DATA);
    assert_false(stick_has(&p->stick, "roster", 7));
    assert_false(stick_has(&p->stick, "notices/a", 2));
    /* writing replaces the link, not what it points to */
    OK(stick_put(&p->stick, "roster", "new", 3));
    OK(stick_read(&p->stick, "roster", 100, &out));
    assert_int_equal(out.len, 3);
    shell(p, "grep -q secret ../../secret");
    assert_int_equal(stick_put(&p->stick, "notices/b", "new", 3), ERR_DATA);
    shell(p, "test ! -e elsewhere/b");
    buf_free(&out);
    post_free(p);
}

static void folder_that_is_a_link_is_no_stick(void **state)
{
    struct post *p = post_new();
    struct stick s;
    char dir[128], link[160];
    (void)state;
    snprintf(dir, sizeof dir, "%s/other", p->dir);
    snprintf(link, sizeof link, "%s/feldsher", dir);
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(symlink("../stick/feldsher", link), 0);
    assert_int_equal(stick_open(&s, dir), ERR_DATA);
    assert_int_equal(stick_open(&s, link), ERR_OK); /* the folder a person names may be one */
    stick_close(&s);
    assert_int_equal(stick_open(&s, "/nowhere/at/all"), ERR_UNREACHABLE);
    assert_int_equal(stick_open(&s, "/etc/passwd"), ERR_UNREACHABLE);
    post_free(p);
}

static void fifos_sockets_and_devices_are_not_opened(void **state)
{
    struct post *p = post_new();
    struct buf out = {0};
    uint64_t seen = 0;
    struct walk w = {.stick = &p->stick, .refuse = &p->refuse, .left = 1000};
    (void)state;
    shell(p, "mkdir notices && mkfifo notices/fifo && mkdir notices/folder && echo x > notices/fine && "
             "(mknod notices/null c 1 3 2>/dev/null || mkfifo notices/null)");
    alarm(20); /* opening a fifo would wait for ever */
    assert_int_equal(stick_read(&p->stick, "notices/fifo", 100, &out), ERR_DATA);
    assert_int_equal(stick_read(&p->stick, "notices/null", 100, &out), ERR_DATA);
    assert_int_equal(stick_read(&p->stick, "notices/folder", 100, &out), ERR_DATA);
    OK(walk_folder(&w, "notices", WALK_FILE, nothing, &seen));
    alarm(0);
    assert_int_equal(seen, 1);
    assert_int_equal(p->refuse.n, 3);
    assert_int_equal(stick_put(&p->stick, "notices/folder", "x", 1), ERR_DATA);
    OK(stick_put(&p->stick, "notices/fifo", "x", 1));
    OK(stick_read(&p->stick, "notices/fifo", 100, &out));
    buf_free(&out);
    post_free(p);
}

static void names_from_outside_are_shown_on_one_harmless_line(void **state)
{
    struct post *p = post_new();
    uint64_t seen = 0;
    struct walk w = {.stick = &p->stick, .refuse = &p->refuse, .left = 1000};
    (void)state;
    shell(p, "mkdir objects && ln -s x \"$(printf 'objects/a\\nb\\033[31m\\377')\"");
    OK(walk_folder(&w, "objects", WALK_FILE, nothing, &seen));
    assert_int_equal(p->refuse.n, 1);
    assert_non_null(strstr(post_why(p), "objects/a\\x0ab\\x1b[31m\\xff: "));
    post_free(p);
}

static void enormous_file_is_not_read(void **state)
{
    struct post *p = post_new();
    struct buf out = {0};
    (void)state;
    shell(p, "truncate -s 5T roster");
    assert_int_equal(stick_read(&p->stick, "roster", ROSTER_MAX, &out), ERR_DATA);
    assert_int_equal(out.cap, 0);
    assert_int_equal(stick_stream(&p->stick, "roster", 10, buf_sink, &out), ERR_DATA);
    buf_free(&out);
    post_free(p);
}

static void deep_and_crowded_folders_take_bounded_time(void **state)
{
    struct post *p = post_new();
    uint64_t seen = 0;
    struct walk w = {.stick = &p->stick, .refuse = &p->refuse, .left = 5000};
    (void)state;
    shell(p, "mkdir notices && cd notices && seq 1 6000 | xargs touch");
    shell(p, "d=objects/ab; i=0; while [ $i -lt 200 ]; do d=$d/d; i=$((i+1)); done; mkdir -p $d");
    OK(walk_folder(&w, "notices", WALK_FILE, nothing, &seen));
    assert_int_equal(seen, 5000);
    assert_non_null(strstr(post_why(p), "too many files"));
    w.left = 10;
    OK(walk_objects(&w, NULL, NULL));
    assert_int_equal(w.left, 8);
    assert_non_null(strstr(post_why(p), "objects/ab/d: a folder stands where only files belong"));
    post_free(p);
}

static void refusals_beyond_the_ceiling_are_counted(void **state)
{
    struct post *p = post_new();
    struct walk w = {.stick = &p->stick, .refuse = &p->refuse, .left = STICK_ENTRIES_MAX};
    size_t lines = 0;
    (void)state;
    shell(p, "mkdir -p objects/ab && cd objects/ab && seq 1 1000 | xargs touch");
    OK(walk_objects(&w, NULL, NULL));
    for (const char *c = post_why(p); *c; c++)
        lines += *c == '\n';
    assert_int_equal(p->refuse.n, 1000);
    assert_int_equal(lines, STICK_REFUSED_LISTED);
    post_free(p);
}

static void half_written_files_are_passed_over(void **state)
{
    struct post *p = post_new();
    uint64_t seen = 0;
    struct walk w = {.stick = &p->stick, .refuse = &p->refuse, .left = 1000};
    (void)state;
    shell(p, "mkdir notices && echo half > notices/abc.part && echo x > notices/abc");
    OK(walk_folder(&w, "notices", WALK_FILE, nothing, &seen));
    assert_int_equal(seen, 1);
    assert_int_equal(p->refuse.n, 0);
    OK(stick_put(&p->stick, "notices/abc", "whole", 5));
    shell(p, "test ! -e notices/abc.part && test \"$(cat notices/abc)\" = whole");
    post_free(p);
}

static enum err fill_and_fail(void *ctx, sink_fn *sink, void *sink_ctx)
{
    (void)ctx;
    enum err e = sink(sink_ctx, (const uint8_t *)"some bytes", 10);
    return e ? e : err_set(ERR_BAD, "our copy is damaged");
}

static void failed_write_leaves_nothing(void **state)
{
    struct post *p = post_new();
    (void)state;
    assert_int_equal(stick_write(&p->stick, "objects/ab/x", fill_and_fail, NULL), ERR_BAD);
    shell(p, "test -d objects/ab && test -z \"$(ls -A objects/ab)\"");
    post_free(p);
}

/* A file system that ends after 64 KiB a file stands for a full one. */
static void full_stick_stops_with_what_fits(void **state)
{
    struct post *p = post_new();
    struct rlimit old, low = {65536, RLIM_INFINITY};
    struct load l;
    char *big = calloc(1, 100000);
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low.rlim_max = old.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    OK(load_begin(&l, &p->stick, &p->refuse, false));
    OK(load_text(&l, LANE_CONTROL, "notices/small", "small", 5));
    OK(load_text(&l, LANE_CONTROL, "notices/big", big, 100000));
    OK(load_text(&l, LANE_CONTROL, "notices/behind", "x", 1));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(l.full);
    assert_int_equal(l.lanes[LANE_CONTROL].items, 1);
    assert_int_equal(l.lanes[LANE_CONTROL].stays, 2);
    assert_int_equal(l.lanes[LANE_CONTROL].stays_bytes, 100001);
    shell(p, "test \"$(ls notices)\" = small");
    OK(load_begin(&l, &p->stick, &p->refuse, false));
    OK(load_text(&l, LANE_CONTROL, "notices/small", "small", 5));
    OK(load_text(&l, LANE_CONTROL, "notices/big", big, 100000));
    assert_int_equal(l.lanes[LANE_CONTROL].there, 1);
    assert_int_equal(l.lanes[LANE_CONTROL].items, 1);
    free(big);
    post_free(p);
}

static void plan_writes_nothing(void **state)
{
    struct post *p = post_new();
    struct load l;
    (void)state;
    OK(load_begin(&l, &p->stick, &p->refuse, true));
    l.room = STICK_RESERVE + 20000;
    OK(load_text(&l, LANE_CONTROL, "notices/a", "a", 1));
    OK(load_text(&l, LANE_BLOB, "notices/b", p, 64));
    OK(load_text(&l, LANE_BLOB, "notices/c", p, 64));
    assert_int_equal(l.lanes[LANE_CONTROL].items + l.lanes[LANE_BLOB].items, 2);
    assert_int_equal(l.lanes[LANE_BLOB].stays, 1);
    shell(p, "test ! -e notices");
    post_free(p);
}

static void stick_of_another_district_is_refused(void **state)
{
    struct post *p = post_new();
    struct stick s;
    (void)state;
    OK(stick_open(&s, p->folder));
    assert_true(s.linked);
    assert_string_equal(s.label, "stick-1");
    assert_int_equal(stick_make(&s, NULL, "elsewhere"), ERR_DENIED);
    OK(stick_make(&s, NULL, "demo"));
    stick_close(&s);
    shell(p, "printf 'feldsher-link 1\\nstick: ../../x\\ndistrict: demo\\n' > link");
    OK(stick_open(&s, p->folder));
    assert_false(s.linked);
    OK(stick_make(&s, NULL, "demo"));
    assert_true(text_is_name(s.label, false));
    stick_close(&s);
    post_free(p);
}

static enum err count_label(void *ctx, const struct label *l, const char *file)
{
    uint64_t *sum = ctx;
    (void)file;
    *sum += l->seq;
    return ERR_OK;
}

struct source {
    struct item *items;
};

static enum err give(void *ctx, uint64_t seq, struct buf *out)
{
    const struct source *s = ctx;
    return buf_add(out, s->items[seq - 1].text.p, s->items[seq - 1].text.len);
}

static void labels_grow_file_by_file(void **state)
{
    struct post *p = post_new();
    struct item *it = calloc(LABELS, sizeof *it);
    struct source src = {it};
    struct walk w = {.stick = &p->stick, .refuse = &p->refuse, .left = 1000};
    struct load l;
    char cmd[200];
    uint64_t sum = 0;
    (void)state;
    chain_make(p, it, LABELS, 0, "a", 0);
    OK(load_begin(&l, &p->stick, &p->refuse, false));
    OK(labels_put(&l, it[0].l.chain, 1, 10, give, &src));
    OK(labels_put(&l, it[0].l.chain, 8, 300, give, &src));
    OK(labels_put(&l, it[0].l.chain, 300, LABELS, give, &src));
    snprintf(cmd, sizeof cmd, "test \"$(ls labels/%s | sort -n | tr '\\n' ' ')\" = '1-256 257-512 513-600 '",
             it[0].l.chain);
    shell(p, cmd);
    OK(labels_each(&w, it[0].l.chain, count_label, &sum));
    assert_int_equal(sum, LABELS * (LABELS + 1) / 2);
    OK(load_begin(&l, &p->stick, &p->refuse, false));
    OK(labels_put(&l, it[0].l.chain, 1, LABELS, give, &src));
    assert_int_equal(l.lanes[LANE_CONTROL].there, 3);
    assert_int_equal(l.lanes[LANE_CONTROL].items, 0);
    chain_free(it, LABELS);
    free(it);
    post_free(p);
}

static void damage_in_a_file_of_labels_costs_what_it_hits(void **state)
{
    struct post *p = post_new();
    struct item it[3], other[1];
    struct walk w = {.stick = &p->stick, .refuse = &p->refuse, .left = 1000};
    struct buf text = {0};
    char path[128];
    uint64_t sum = 0;
    (void)state;
    chain_make(p, it, 3, 0, "a", 0);
    chain_make(p, other, 1, 1, "b", 0);
    OK(buf_add(&text, it[0].text.p, it[0].text.len));
    OK(buf_add(&text, other[0].text.p, other[0].text.len)); /* of another chain */
    it[1].text.p[30] = '\n';
    OK(buf_add(&text, it[1].text.p, it[1].text.len));
    OK(buf_add(&text, it[2].text.p, it[2].text.len));
    OK(buf_add(&text, it[2].text.p, it[2].text.len - 9)); /* cut short */
    snprintf(path, sizeof path, "labels/%s/1-3", it[0].l.chain);
    OK(stick_put(&p->stick, path, text.p, text.len));
    OK(labels_each(&w, it[0].l.chain, count_label, &sum));
    assert_int_equal(sum, 1 + 3);
    assert_int_equal(p->refuse.n, 2);
    snprintf(path, sizeof path, "labels/%s/3-1", it[0].l.chain);
    OK(stick_put(&p->stick, path, "x", 1));
    snprintf(path, sizeof path, "labels/%s/1-99999999", it[0].l.chain);
    OK(stick_put(&p->stick, path, "x", 1));
    post_forget(p);
    OK(labels_each(&w, it[0].l.chain, count_label, &sum));
    assert_non_null(strstr(post_why(p), "no range of labels"));
    assert_int_equal(p->refuse.n, 4);
    buf_free(&text);
    chain_free(it, 3);
    chain_free(other, 1);
    post_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_never_followed),
        cmocka_unit_test(folder_that_is_a_link_is_no_stick),
        cmocka_unit_test(fifos_sockets_and_devices_are_not_opened),
        cmocka_unit_test(names_from_outside_are_shown_on_one_harmless_line),
        cmocka_unit_test(enormous_file_is_not_read),
        cmocka_unit_test(deep_and_crowded_folders_take_bounded_time),
        cmocka_unit_test(refusals_beyond_the_ceiling_are_counted),
        cmocka_unit_test(half_written_files_are_passed_over),
        cmocka_unit_test(failed_write_leaves_nothing),
        cmocka_unit_test(full_stick_stops_with_what_fits),
        cmocka_unit_test(plan_writes_nothing),
        cmocka_unit_test(stick_of_another_district_is_refused),
        cmocka_unit_test(labels_grow_file_by_file),
        cmocka_unit_test(damage_in_a_file_of_labels_costs_what_it_hits),
    };
    return cmocka_run_group_tests_name("sync stick", tests, NULL, NULL);
}
