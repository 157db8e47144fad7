#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_player_reaches_a_network_a_program_or_a_file)};
    return cmocka_run_group_tests_name("base confine", tests, NULL, NULL);
}
