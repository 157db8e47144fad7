/* The screens' workers, real processes, asked as the painter asks them. This
 * program is its own worker: opener.c starts /proc/self/exe. */
#include "tests/unit/station_fixture.h"

#include "tui/answer.h"
#include "tui/opener/opener.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <sys/syscall.h>

#define WAIT 60000 /* ms; for a slow machine under a sanitizer */

struct heard {
    unsigned rows;
    bool end;
    int exit_code;
    char error[512];
    json_t *last;
};

static struct {
    struct district *d;
    struct opener *o;
    struct heard event;
} t;

static void hear(void *ctx, const struct opener_reply *r)
{
    struct heard *h = ctx;
    if (r->row) {
        h->rows++;
        json_decref(h->last);
        h->last = json_deep_copy(r->row);
    }
    if (r->end) {
        h->end = true;
        h->exit_code = r->exit_code;
        snprintf(h->error, sizeof h->error, "%s", r->error);
    }
}

static void listen_once(void)
{
    int fds[2];
    opener_fds(t.o, fds);
    struct pollfd on[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
    int n = poll(on, 2, WAIT);
    assert_true(n > 0 || errno == EINTR);
    opener_read(t.o);
}

static void wait_end(struct heard *h)
{
    while (!h->end)
        listen_once();
}

/* Until that event was the last. */
static void wait_event(const char *name)
{
    const char *last;
    while (!(last = json_string_value(json_object_get(t.event.last, "event"))) || strcmp(last, name) != 0)
        listen_once();
}

static struct secret *secret_of(const char *text)
{
    struct secret *s = sodium_malloc(sizeof *s);
    assert_non_null(s);
    s->len = strlen(text);
    memcpy(s->p, text, s->len + 1);
    return s;
}

/* Asks and waits; secret may be NULL. The exit code. */
static int ask(struct heard *h, const char *secret, const char *a, const char *b, const char *c, const char *d)
{
    const char *argv[] = {a, b, c, d, NULL};
    struct secret *s = secret ? secret_of(secret) : NULL;
    const struct secret *all[] = {s};
    json_decref(h->last);
    *h = (struct heard){0};
    assert_int_not_equal(0, opener_ask(t.o, argv, all, s ? 1 : 0, -1, hear, h));
    secret_free(s);
    wait_end(h);
    return h->exit_code;
}

static int begin(void **state)
{
    (void)state;
    t.d = district_new();
    memset(&t.event, 0, sizeof t.event);
    assert_int_equal(ERR_OK, opener_start(&t.o, t.d->station, hear, &t.event));
    return 0;
}

static int end(void **state)
{
    (void)state;
    opener_stop(t.o);
    json_decref(t.event.last);
    district_free(t.d);
    return 0;
}

static void locked_it_opens_nothing(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(0, ask(&h, NULL, "status", NULL, NULL, NULL));
    assert_int_equal(1, h.rows);
    assert_string_equal("amb-1", json_string_value(json_object_get(h.last, "station")));
    assert_int_equal(64, ask(&h, NULL, "recordings", "list", NULL, NULL)); /* nobody is there to be asked */
    assert_int_equal(0, h.rows);
    json_decref(h.last);
}

static void a_wrong_passphrase_unlocks_nothing(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(77, ask(&h, "wrong wrong wrong", "unlock", "nurse", NULL, NULL));
    assert_non_null(strstr(h.error, "passphrase"));
    assert_int_equal(64, ask(&h, NULL, "recordings", NULL, NULL, NULL));
    json_decref(h.last);
}

static void unlocked_it_asks_no_more(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(0, ask(&h, PASS, "unlock", "nurse", NULL, NULL));
    assert_string_equal("nurse", json_string_value(json_object_get(h.last, "user")));
    assert_int_equal(0, ask(&h, NULL, "recordings", "list", NULL, NULL));
    assert_int_equal(0, ask(&h, NULL, "lock", NULL, NULL, NULL));
    assert_int_equal(64, ask(&h, NULL, "recordings", "list", NULL, NULL));
    json_decref(h.last);
}

static void nonsense_ends_with_a_sentence(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(64, ask(&h, NULL, "fly", "to", "the moon", NULL));
    assert_non_null(strstr(h.error, "fly"));
    assert_int_equal(64, ask(&h, NULL, "worker", "nothing", NULL, NULL));
    json_decref(h.last);
}

static void advice_is_given_twice_or_not_at_all(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(77, ask(&h, NULL, "draft", "list", NULL, NULL));
    assert_string_equal(h.error, "drafts are opened by their author; unlock first");
    assert_int_equal(77, ask(&h, "wrong wrong wrong", "unlock", "nurse", NULL, NULL));
    assert_string_equal(strchr(h.error, ';'), "; ask a supervisor or the administrator");
    json_decref(h.last);
}

/* Two at once; the second is forgotten and does not speak. */
static void what_is_forgotten_is_silent(void **state)
{
    const char *status[] = {"status", NULL};
    struct heard a = {0}, b = {0};
    (void)state;
    unsigned first = opener_ask(t.o, status, NULL, 0, -1, hear, &a);
    opener_forget(t.o, opener_ask(t.o, status, NULL, 0, -1, hear, &b));
    assert_int_not_equal(0, first);
    wait_end(&a);
    assert_int_equal(0, ask(&a, NULL, "status", NULL, NULL, NULL));
    assert_int_equal(0, b.rows);
    assert_false(b.end);
    json_decref(a.last);
}

/* The pid of the process of this program that was told WORD as its last. */
static pid_t worker_pid(const char *word)
{
    char line[512];
    long pid = 0;
    snprintf(line, sizeof line, "pgrep -n -f -- '-C %s worker %s$'", t.d->station, word);
    FILE *p = popen(line, "r");
    assert_non_null(p);
    if (!fgets(line, sizeof line, p) || (pid = strtol(line, NULL, 10)) <= 1)
        fail_msg("the %s is not there", word);
    pclose(p);
    return (pid_t)pid;
}

static void a_killed_opener_is_made_anew_and_locked(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(0, ask(&h, PASS, "unlock", "nurse", NULL, NULL));
    pid_t was = worker_pid("opener");
    assert_int_equal(0, kill(was, SIGKILL));
    wait_event("stopped");
    assert_string_equal("opener", json_string_value(json_object_get(t.event.last, "worker")));
    int code;
    while ((code = ask(&h, NULL, "recordings", "list", NULL, NULL)) == 75)
        ;
    assert_int_equal(64, code);
    assert_int_equal(0, ask(&h, PASS, "unlock", "nurse", NULL, NULL));
    assert_true(worker_pid("opener") != was);
    json_decref(h.last);
}

static void a_killed_starter_is_shown_and_the_opener_goes_on(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(0, kill(worker_pid("starter"), SIGKILL));
    wait_event("stopped");
    assert_string_equal("starter", json_string_value(json_object_get(t.event.last, "worker")));
    assert_int_equal(75, ask(&h, NULL, "sync", "--plan", NULL, NULL));
    assert_non_null(strstr(h.error, "start again"));
    assert_int_equal(0, ask(&h, PASS, "unlock", "nurse", NULL, NULL));
    json_decref(h.last);
}

static int pidfd_of(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    assert_true(fd >= 0);
    return fd;
}

static void both_end_with_the_painter(void **state)
{
    struct heard h = {0};
    (void)state;
    assert_int_equal(0, ask(&h, NULL, "status", NULL, NULL, NULL)); /* they have become what they are */
    json_decref(h.last);
    pid_t opener = worker_pid("opener"), starter = worker_pid("starter");
    struct pollfd on[2] = {{.fd = pidfd_of(opener), .events = POLLIN}, {.fd = pidfd_of(starter), .events = POLLIN}};
    opener_stop(t.o);
    t.o = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(1, poll(&on[i], 1, WAIT));
        close(on[i].fd);
    }
}

int main(int argc, char **argv)
{
    struct call call;
    if (argc > 3 && strcmp(argv[3], "worker") == 0) {
        signal(SIGPIPE, SIG_IGN);
        enum err e = hash_start();
        if (!e)
            e = command_parse(&call, argc, argv);
        return e ? err_report("feldsher", e) : answer(&call);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(locked_it_opens_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_wrong_passphrase_unlocks_nothing, begin, end),
        cmocka_unit_test_setup_teardown(unlocked_it_asks_no_more, begin, end),
        cmocka_unit_test_setup_teardown(nonsense_ends_with_a_sentence, begin, end),
        cmocka_unit_test_setup_teardown(advice_is_given_twice_or_not_at_all, begin, end),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_silent, begin, end),
        cmocka_unit_test_setup_teardown(a_killed_opener_is_made_anew_and_locked, begin, end),
        cmocka_unit_test_setup_teardown(a_killed_starter_is_shown_and_the_opener_goes_on, begin, end),
        cmocka_unit_test_setup_teardown(both_end_with_the_painter, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
