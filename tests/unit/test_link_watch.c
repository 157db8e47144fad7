#include "sync/link/watch.h"
#include "tests/unit/link_fixture.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* The network and the mounts of this process alone; without the right to make
 * them the tests are skipped. */
static bool alone;

static void ip(const char *arguments)
{
    char command[200];
    snprintf(command, sizeof command, "PATH=/sbin:/usr/sbin:$PATH ip %s", arguments);
    assert_int_equal(system(command), 0);
}

/* All bits that come until want are among them. */
static unsigned wait_for(struct watch *w, unsigned want)
{
    struct pollfd set[WATCH_FDS];
    unsigned bits = 0;
    while ((bits & want) != want) {
        size_t n = watch_poll(w, set);
        assert_true(n >= 1);
        assert_true(poll(set, n, PATIENCE) > 0);
        bits |= watch_read(w);
    }
    return bits;
}

static void nothing_happens_without_a_cause(void **state)
{
    struct watch *w;
    struct pollfd set[WATCH_FDS];
    (void)state;
    if (!alone)
        skip();
    assert_int_equal(watch_open(&w), ERR_OK);
    size_t n = watch_poll(w, set);
    assert_int_equal(n, WATCH_FDS);
    assert_int_equal(poll(set, n, 0), 0);
    assert_int_equal(watch_read(w), 0);
    watch_free(w);
}

static void a_link_an_address_and_a_route_that_come_are_noticed(void **state)
{
    struct watch *w;
    (void)state;
    if (!alone)
        skip();
    assert_int_equal(watch_open(&w), ERR_OK);
    ip("link set lo up");
    assert_true(wait_for(w, WATCH_UP) & WATCH_UP);
    ip("addr add 192.0.2.1/32 dev lo");
    assert_int_equal(wait_for(w, WATCH_UP), WATCH_UP);
    ip("route add 198.51.100.0/24 dev lo");
    assert_int_equal(wait_for(w, WATCH_UP), WATCH_UP);
    ip("route del 198.51.100.0/24 dev lo");
    assert_int_equal(wait_for(w, WATCH_DOWN), WATCH_DOWN);
    ip("addr del 192.0.2.1/32 dev lo");
    assert_int_equal(wait_for(w, WATCH_DOWN), WATCH_DOWN);
    ip("link set lo down");
    assert_true(wait_for(w, WATCH_DOWN) & WATCH_DOWN);
    assert_int_equal(watch_read(w), 0);
    watch_free(w);
}

static void a_carrier_that_comes_back_is_noticed(void **state)
{
    struct watch *w;
    (void)state;
    if (!alone)
        skip();
    if (system("PATH=/sbin:/usr/sbin:$PATH ip link add va type veth peer name vb 2>/dev/null") != 0)
        skip();
    ip("link set va up");
    assert_int_equal(watch_open(&w), ERR_OK);
    ip("link set vb up");
    assert_true(wait_for(w, WATCH_UP) & WATCH_UP);
    (void)watch_read(w);
    ip("link set vb down");
    assert_true(wait_for(w, WATCH_DOWN) & WATCH_DOWN);
    ip("link set vb up");
    assert_true(wait_for(w, WATCH_UP) & WATCH_UP);
    watch_free(w);
    ip("link del va");
}

/* The kernel drops what does not fit into the socket's buffer. */
static void lost_events_count_as_a_network_that_may_have_come(void **state)
{
    struct watch *w;
    struct pollfd set[WATCH_FDS];
    FILE *f;
    (void)state;
    if (!alone)
        skip();
    ip("link set lo up");
    assert_int_equal(watch_open(&w), ERR_OK);
    assert_int_equal(watch_poll(w, set), WATCH_FDS);
    int small = 2048;
    assert_int_equal(setsockopt(set[0].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    f = popen("PATH=/sbin:/usr/sbin:$PATH ip -batch -", "w");
    assert_non_null(f);
    for (int i = 0; i < 50; i++)
        fprintf(f, "addr add 192.0.2.9/32 dev lo\naddr del 192.0.2.9/32 dev lo\n");
    assert_int_equal(pclose(f), 0);
    assert_true(watch_read(w) & WATCH_UP);
    assert_int_equal(watch_read(w), 0);
    ip("link set lo down");
    assert_true(wait_for(w, WATCH_DOWN) & WATCH_DOWN);
    watch_free(w);
}

struct seen {
    unsigned n, ours;
    char folder[200];
    enum err say;
};

static enum err see(void *ctx, const char *folder)
{
    struct seen *s = ctx;
    s->n++;
    s->ours += strcmp(folder, s->folder) == 0;
    return s->say;
}

static void write_link(const char *folder)
{
    char path[300];
    snprintf(path, sizeof path, "%s/feldsher", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/feldsher/link", folder);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    close(fd);
}

static void a_stick_is_noticed_when_it_is_mounted(void **state)
{
    static const char *const names[] = {"stick", "a stick with blanks\tand \\ in its name",
                                        "\xd1\x84\xd0\xbb\xd1\x8d\xd1\x88"};
    struct watch *w;
    char base[] = "/tmp/watch-XXXXXX";
    (void)state;
    if (!alone)
        skip();
    assert_non_null(mkdtemp(base));
    assert_int_equal(watch_open(&w), ERR_OK);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct seen s = {.say = ERR_OK};
        snprintf(s.folder, sizeof s.folder, "%s/%s", base, names[i]);
        assert_int_equal(mkdir(s.folder, 0755), 0);
        assert_int_equal(mount("none", s.folder, "tmpfs", 0, NULL), 0);
        assert_int_equal(wait_for(w, WATCH_MOUNT), WATCH_MOUNT);
        assert_int_equal(watch_read(w), 0);
        assert_int_equal(watch_sticks(see, &s), ERR_OK);
        assert_int_equal(s.ours, 0); /* not ours */
        write_link(s.folder);
        assert_int_equal(watch_sticks(see, &s), ERR_OK);
        assert_int_equal(s.ours, 1);
        s.say = ERR_FULL;
        assert_int_equal(watch_sticks(see, &s), ERR_FULL);
        assert_int_equal(umount(s.folder), 0);
        assert_int_equal(wait_for(w, WATCH_MOUNT), WATCH_MOUNT);
        s.n = s.ours = 0;
        s.say = ERR_OK;
        assert_int_equal(watch_sticks(see, &s), ERR_OK);
        assert_int_equal(s.ours, 0);
        assert_int_equal(rmdir(s.folder), 0);
    }
    assert_int_equal(rmdir(base), 0);
    watch_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_happens_without_a_cause),
        cmocka_unit_test(a_link_an_address_and_a_route_that_come_are_noticed),
        cmocka_unit_test(a_carrier_that_comes_back_is_noticed),
        cmocka_unit_test(lost_events_count_as_a_network_that_may_have_come),
        cmocka_unit_test(a_stick_is_noticed_when_it_is_mounted),
    };
    if (sodium_init() < 0)
        return 1;
    alone = unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
            system("PATH=/sbin:/usr/sbin:$PATH ip link >/dev/null 2>&1") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
