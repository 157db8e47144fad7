#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static int refused(int result)
{
    return result < 0 && (errno == EPERM || errno == EACCES);
}

/* What a confined child could do after all, or could not do though it should; "" all is well. */
static const char *local_leak(int files_too)
{
    static const struct confine_path paths[] = {
        {"/usr", CONFINE_READ}, {"/dev/null", CONFINE_USE}, {"/nowhere/at/all", CONFINE_READ}};
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0feldsher-test"};
    struct winsize size;
    int end[2];
    if (confine_self(paths, sizeof paths / sizeof paths[0], CONFINE_LOCAL) != ERR_OK)
        return "it cannot be confined";
#ifdef SANITIZED
    return ""; /* it was not */
#endif
    if (!refused(socket(AF_INET, SOCK_STREAM, 0)) || !refused(socket(AF_INET6, SOCK_DGRAM, 0)) ||
        !refused(socket(AF_NETLINK, SOCK_RAW, 0)) || !refused(socket(AF_PACKET, SOCK_RAW, 0)))
        return "a socket to a network";
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, end) < 0)
        return "no socket of this machine, either";
    if (!refused(bind(s, (struct sockaddr *)&name, sizeof name)) || !refused(listen(s, 1)))
        return "a server";
    if (refused(connect(s, (struct sockaddr *)&name, sizeof name)))
        return "no connection on this machine";
    if (!refused(ioctl(0, TIOCSTI, "x")) || !refused((int)syscall(SYS_ioctl, 0, 0xff00000000ul | TIOCSTI, "x")))
        return "typing into the terminal";
    if (refused(ioctl(0, TIOCGWINSZ, &size)))
        return "no question to the terminal";
    if (!refused(execl("/bin/true", "true", (char *)NULL)))
        return "another program";
    if (!files_too)
        return "";
    if (!refused(open("/tmp", O_TMPFILE | O_RDWR, 0600)) || !refused(open("/dev/shm/feldsher", O_CREAT | O_RDWR, 0600)))
        return "a file";
    if (!refused(open("/etc/passwd", O_RDONLY)))
        return "reading what it was not given";
    if (open("/usr/bin/env", O_RDONLY) < 0 || open("/dev/null", O_RDWR) < 0)
        return "not even what it was given";
    return "";
}

static void a_player_reaches_a_network_a_program_or_a_file(void **state)
{
    (void)state;
    int files_too = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1;
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const char *leak = local_leak(files_too);
        if (leak[0])
            fprintf(stderr, "it could do this: %s: %s\n", leak, err_text());
        _exit(leak[0] != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* What a program that is confined to one descriptor may not do; each ends it. */
static int fd_of_it;

static void do_open(void)
{
    open("/dev/null", O_RDONLY);
}

static void do_socket(void)
{
    socket(AF_UNIX, SOCK_STREAM, 0);
}

static void do_exec(void)
{
    execl("/bin/true", "true", (char *)NULL);
}

static void do_fork(void)
{
    if (fork() == 0)
        _exit(0);
}

static void do_kill(void)
{
    kill(getppid(), 0);
}

static void do_write(void)
{
    if (write(1, "x", 1) < 0)
        return;
}

static void do_read(void)
{
    char c;
    if (read(0, &c, 1) < 0)
        return;
}

static void do_map_code(void)
{
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void do_make_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static void do_map_file(void)
{
    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd_of_it, 0);
}

static void do_raise_limit(void)
{
    setrlimit(RLIMIT_AS, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
}

static void do_ioctl(void)
{
    int n;
    ioctl(fd_of_it, FIONREAD, &n);
}

static void do_pass(void)
{
    struct msghdr m = {0};
    sendmsg(fd_of_it, &m, 0);
}

/* waitpid's status of a child that does it confined, behind what it may. */
static int confined(void (*what)(void))
{
    int end[2], status;
    char byte = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fd_of_it = end[1];
        if (confine_to_fd(end[1], 64 << 20, 5) != ERR_OK)
            _exit(9);
        char *p = malloc(8 << 20);
        if (!p || send(end[1], "x", 1, MSG_NOSIGNAL) != 1 || recv(end[1], p, 1, 0) != 1)
            _exit(8);
        free(p);
        what();
        _exit(7);
    }
    close(end[1]);
    /* it is alive until it does it */
    assert_true(recv(end[0], &byte, 1, 0) == 1 && byte == 'x');
    assert_true(send(end[0], "y", 1, MSG_NOSIGNAL) == 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(end[0]);
    return status;
}

static void what_needs_one_socket_does_more(void **state)
{
    (void)state;
#ifdef SANITIZED
    skip();
#endif
    static void (*const deeds[])(void) = {do_open,        do_socket, do_exec,     do_fork,      do_kill,
                                          do_write,       do_read,   do_map_code, do_make_code, do_map_file,
                                          do_raise_limit, do_ioctl,  do_pass};
    for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++) {
        int status = confined(deeds[i]);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            print_error("deed %zu: status %x\n", i, (unsigned)status);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    }
}

static void do_take_memory(void)
{
    for (size_t i = 0; i < 100; i++)
        if (!malloc(4 << 20))
            _exit(i > 4 && i < 17 ? 0 : 6);
}

static void do_nothing_for_ever(void)
{
    for (volatile unsigned long i = 0;; i++)
        ;
}

static void what_needs_one_socket_takes_all_memory_or_time(void **state)
{
    (void)state;
#ifdef SANITIZED
    skip();
#endif
    assert_int_equal(confined(do_take_memory), 0);
    int status = confined(do_nothing_for_ever);
    assert_true(WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_player_reaches_a_network_a_program_or_a_file),
        cmocka_unit_test(what_needs_one_socket_does_more),
        cmocka_unit_test(what_needs_one_socket_takes_all_memory_or_time),
    };
    return cmocka_run_group_tests_name("base confine", tests, NULL, NULL);
}
