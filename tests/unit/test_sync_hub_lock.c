/* Whose turn it is at a hub's folder: a server gives way to a command and
 * comes back, whatever becomes of the command. Every opener is a process of
 * its own, as it limits itself for good. */
#include "tests/unit/sync_fixture.h"

#include "sync/hub/hub_lock.h"

#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>

#if defined(__SANITIZE_ADDRESS__)
#define CONFINED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINED 0
#endif
#endif
#ifndef CONFINED
#define CONFINED 1
#endif

static void must(enum err e)
{
    if (e) {
        fprintf(stderr, "%s\n", err_text());
        _exit(1);
    }
}

static void check(bool good)
{
    if (!good) {
        fprintf(stderr, "not as it should be: %s\n", err_text());
        _exit(2);
    }
}

/* A child that runs fn; to[1] of a pipe is its first descriptor to talk with. */
struct child {
    pid_t pid;
    int said;
};

static int mouth;

static void say(void)
{
    check(write(mouth, "x", 1) == 1);
}

static struct child start(void (*fn)(struct post *), struct post *p)
{
    int pair[2];
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        mouth = pair[1];
        alarm(60);
        fn(p);
        _exit(0);
    }
    close(pair[1]);
    return (struct child){pid, pair[0]};
}

/* Waits until it says something; false: it ended without. */
static bool hear(const struct child *c)
{
    char x;
    return read(c->said, &x, 1) == 1;
}

static int ended(struct child *c)
{
    int status;
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    close(c->said);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void run(void (*fn)(struct post *), struct post *p)
{
    struct child c = start(fn, p);
    assert_int_equal(ended(&c), 0);
}

static void take_roster(struct post *p)
{
    struct hub *h;
    bool pinned;
    must(hub_open(&h, p->hub, HUB_WRITE, NULL, 0));
    must(hub_take_roster(h, (const char *)p->roster->text.p, p->roster->text.len, &pinned));
    hub_close(h);
}

static struct post *hub_new(void)
{
    struct post *p = post_new();
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf %s", p->hub);
    assert_int_equal(system(cmd), 0);
    OK(hub_init(p->hub, "hub", ""));
    run(take_roster, p);
    return p;
}

static void serve_until_asked(struct hub *h)
{
    while (!hub_asked(h))
        sched_yield();
}

static void resume(struct hub *h)
{
    enum err e;
    while ((e = hub_resume(h)) == ERR_AGAIN)
        sched_yield();
    must(e);
}

/* Serves, gives way once, serves again. */
static void server(struct post *p)
{
    struct hub *h;
    struct store_totals t;
    must(hub_serve_open(&h, p->hub, NULL, 0));
    say();
    serve_until_asked(h);
    hub_yield(h);
    check(h->store == NULL);
    resume(h);
    must(h->store->totals(h->store, &t));
    say();
    hub_close(h);
}

static void command(struct post *p)
{
    struct hub *h;
    must(hub_open(&h, p->hub, HUB_KEYS | HUB_ROSTER | HUB_WRITE | HUB_STORE, NULL, 0));
    must(h->store->begin(h->store));
    must(h->store->heard(h->store, p->roster->stations[0].chain, 1768000000000));
    must(h->store->commit(h->store));
    hub_close(h);
}

static void server_gives_way_to_a_command_and_comes_back(void **state)
{
    struct post *p = hub_new();
    (void)state;
    struct child s = start(server, p);
    assert_true(hear(&s));
    run(command, p);
    assert_true(hear(&s));
    assert_int_equal(ended(&s), 0);
    run(command, p);
    post_free(p);
}

static void several_commands_take_turns(void **state)
{
    struct post *p = hub_new();
    struct child c[4];
    (void)state;
    struct child s = start(server, p);
    assert_true(hear(&s));
    for (int i = 0; i < 4; i++)
        c[i] = start(command, p);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ended(&c[i]), 0);
    assert_true(hear(&s));
    assert_int_equal(ended(&s), 0);
    post_free(p);
}

static void second_server(struct post *p)
{
    struct hub *h;
    check(hub_serve_open(&h, p->hub, NULL, 0) == ERR_AGAIN);
    check(strstr(err_text(), "another server runs") != NULL);
}

static void second_server_is_refused(void **state)
{
    struct post *p = hub_new();
    (void)state;
    struct child s = start(server, p);
    assert_true(hear(&s));
    run(second_server, p);
    assert_int_equal(kill(s.pid, SIGKILL), 0);
    assert_int_equal(ended(&s), -SIGKILL);
    post_free(p);
}

static void command_that_is_killed(struct post *p)
{
    struct hub *h;
    must(hub_open(&h, p->hub, HUB_KEYS | HUB_ROSTER | HUB_WRITE | HUB_STORE, NULL, 0));
    must(h->store->begin(h->store));
    raise(SIGKILL);
}

static void command_killed_at_work_gives_the_hub_back(void **state)
{
    struct post *p = hub_new();
    (void)state;
    struct child s = start(server, p);
    assert_true(hear(&s));
    struct child c = start(command_that_is_killed, p);
    assert_int_equal(ended(&c), -SIGKILL);
    assert_true(hear(&s));
    assert_int_equal(ended(&s), 0);
    post_free(p);
}

static void server_killed_gives_the_hub_up(void **state)
{
    struct post *p = hub_new();
    (void)state;
    struct child s = start(server, p);
    assert_true(hear(&s));
    assert_int_equal(kill(s.pid, SIGKILL), 0);
    assert_int_equal(ended(&s), -SIGKILL);
    run(command, p);
    post_free(p);
}

static void impatient(struct post *p)
{
    struct hub h = {.lock = -1, .ask = -1};
    snprintf(h.dir, sizeof h.dir, "%s", p->hub);
    check(hub_lock_take(&h, 0) == ERR_AGAIN);
    check(h.lock == -1 && h.ask == -1);
}

static void waiting_has_an_end(void **state)
{
    struct post *p = hub_new();
    char path[120];
    int fd;
    (void)state;
    snprintf(path, sizeof path, "%s/lock", p->hub);
    OK(file_lock(path, true, false, &fd));
    run(impatient, p);
    file_close(&fd);
    snprintf(path, sizeof path, "%s/lock.ask", p->hub);
    OK(file_lock(path, true, false, &fd));
    run(impatient, p);
    file_close(&fd);
    post_free(p);
}

/* Between two commands that wait one behind the other the lock is free for a
 * moment, and still not the server's. */
static void server_does_not_come_back_while_somebody_asks(void **state)
{
    struct post *p = hub_new();
    struct hub h = {.lock = -1, .ask = -1};
    char path[120];
    int fd;
    (void)state;
    snprintf(h.dir, sizeof h.dir, "%s", p->hub);
    OK(hub_lock_serve(&h));
    assert_false(hub_asked(&h));
    snprintf(path, sizeof path, "%s/lock.ask", p->hub);
    OK(file_lock(path, true, false, &fd));
    assert_true(hub_asked(&h));
    hub_yield(&h);
    assert_int_equal(hub_resume(&h), ERR_AGAIN);
    assert_true(hub_asked(&h));
    file_close(&fd);
    assert_false(hub_asked(&h));
    OK(hub_lock_serve(&h));
    assert_int_equal(hub_lock_serve(&h), ERR_AGAIN); /* held, if only by ourselves */
    hub_lock_give(&h);
    post_free(p);
}

static void server_of_an_older_roster(struct post *p)
{
    struct hub *h;
    must(hub_serve_open(&h, p->hub, NULL, 0));
    const struct roster *was = h->roster;
    check(was->number == 1);
    say();
    serve_until_asked(h);
    hub_yield(h);
    resume(h);
    check(h->roster->number == 2 && h->former == was && h->former->number == 1);
    const struct roster *now = h->roster;
    hub_yield(h);
    resume(h);
    check(h->roster == now && h->former == was); /* nothing new */
    hub_close(h);
}

static void roster_taken_meanwhile_is_the_servers_when_it_comes_back(void **state)
{
    struct post *p = hub_new();
    (void)state;
    struct child s = start(server_of_an_older_roster, p);
    assert_true(hear(&s));
    sign_roster(p, 2, true, 3);
    run(take_roster, p);
    assert_int_equal(ended(&s), 0);
    post_free(p);
}

static void look(struct post *p)
{
    struct hub *h;
    struct store_totals t;
    must(hub_open(&h, p->hub, HUB_ROSTER | HUB_STORE, NULL, 0));
    must(h->store->totals(h->store, &t));
    hub_close(h);
}

static void status_does_not_disturb_a_server(void **state)
{
    struct post *p = hub_new();
    (void)state;
    struct child s = start(server, p);
    assert_true(hear(&s));
    for (int i = 0; i < 3; i++)
        run(look, p);
    run(command, p);
    assert_true(hear(&s));
    assert_int_equal(ended(&s), 0);
    post_free(p);
}

static void alone_without_rights(struct post *p)
{
    struct hub *h;
    if (geteuid() == 0)
        check(setuid(65534) == 0);
    must(hub_open(&h, p->hub, HUB_ALONE | HUB_STORE, NULL, 0));
    hub_close(h);
}

static void folder_that_cannot_be_written_is_locked_all_the_same(void **state)
{
    struct post *p = hub_new();
    char cmd[400];
    (void)state;
    snprintf(cmd, sizeof cmd, "rm %s/lock.ask && chmod -R a+rX,a-w %s && chmod a+x %s", p->hub, p->hub, p->dir);
    assert_int_equal(system(cmd), 0);
    run(alone_without_rights, p);
    snprintf(cmd, sizeof cmd, "chmod -R u+w %s", p->hub);
    assert_int_equal(system(cmd), 0);
    post_free(p);
}

static void sockets_of_a_command(struct post *p)
{
    struct hub *h;
    must(hub_open(&h, p->hub, HUB_WRITE, NULL, 0));
    check(!CONFINED || socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static void sockets_of_a_server(struct post *p)
{
    struct hub *h;
    must(hub_serve_open(&h, p->hub, NULL, 0));
    check(socket(AF_INET, SOCK_STREAM, 0) >= 0);
    check(!CONFINED || open("/etc/passwd", O_RDONLY) < 0);
}

static void server_alone_has_sockets_and_nothing_but_its_folder(void **state)
{
    struct post *p = hub_new();
    (void)state;
    run(sockets_of_a_command, p);
    run(sockets_of_a_server, p);
    post_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_gives_way_to_a_command_and_comes_back),
        cmocka_unit_test(several_commands_take_turns),
        cmocka_unit_test(second_server_is_refused),
        cmocka_unit_test(command_killed_at_work_gives_the_hub_back),
        cmocka_unit_test(server_killed_gives_the_hub_up),
        cmocka_unit_test(waiting_has_an_end),
        cmocka_unit_test(server_does_not_come_back_while_somebody_asks),
        cmocka_unit_test(roster_taken_meanwhile_is_the_servers_when_it_comes_back),
        cmocka_unit_test(status_does_not_disturb_a_server),
        cmocka_unit_test(folder_that_cannot_be_written_is_locked_all_the_same),
        cmocka_unit_test(server_alone_has_sockets_and_nothing_but_its_folder),
    };
    return cmocka_run_group_tests_name("sync hub lock", tests, NULL, NULL);
}
