#include "tui/spawn.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* PROGRAM in the folder of the running program; false: not there. */
static bool beside(char out[static 4096], const char *program)
{
    ssize_t n = readlink("/proc/self/exe", out, 4095);
    if (n <= 0)
        return false;
    out[n] = '\0';
    char *slash = strrchr(out, '/');
    size_t dir = slash ? (size_t)(slash + 1 - out) : 0;
    if (dir + strlen(program) + 1 > 4096)
        return false;
    memcpy(out + dir, program, strlen(program) + 1);
    return access(out, X_OK) == 0;
}

bool spawn_can(const char *program)
{
    char path[4096];
    const char *list = getenv("PATH");
    if (beside(path, program))
        return true;
    for (const char *p = list ? list : ""; *p;) {
        size_t n = strcspn(p, ":");
        int len = snprintf(path, sizeof path, "%.*s/%s", (int)(n < 4096 ? n : 0), p, program);
        if (len > 0 && (size_t)len < sizeof path && access(path, X_OK) == 0)
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}

void spawn_become(const char *const given[])
{
    char path[4096];
    char *argv[SPAWN_ARGS_MAX + 1] = {0};
    const char *program = given[0];
    assert(program);
    signal(SIGPIPE, SIG_DFL);
    for (size_t i = 0; i < SPAWN_ARGS_MAX && given[i]; i++)
        memcpy(&argv[i], &given[i], sizeof argv[i]);
    if (beside(path, program))
        execv(path, argv);
    else
        execvp(program, argv);
    (void)err_errno(ERR_NOINPUT, "cannot run %s", program);
}

enum err spawn_start(const char *const given[], int fd, pid_t *pid)
{
    char path[4096];
    const char *program = given[0];
    char *argv[SPAWN_ARGS_MAX + 1] = {0};
    assert(program);
    for (size_t i = 0; i < SPAWN_ARGS_MAX && given[i]; i++)
        memcpy(&argv[i], &given[i], sizeof argv[i]); /* posix_spawn's type has no const, but it changes nothing */
    posix_spawnattr_t attr;
    sigset_t defaults;
    posix_spawnattr_init(&attr);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    int failed = fd < 0 ? 0 : posix_spawn_file_actions_adddup2(&files, fd, SPAWN_FD);
    fflush(stdout);
    if (!failed)
        failed = beside(path, program) ? posix_spawn(pid, path, &files, &attr, argv, environ)
                                       : posix_spawnp(pid, program, &files, &attr, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attr);
    errno = failed;
    return failed ? err_errno(ERR_NOINPUT, "cannot run %s", program) : ERR_OK;
}

enum err spawn_wait(const char *program, pid_t pid, int *exit_code)
{
    int status;
    /* ctrl-C reaches both: the other one ends in its own time */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, was;
    sigaction(SIGINT, &ignore, &was);
    pid_t got;
    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    sigaction(SIGINT, &was, NULL);
    if (got < 0)
        return err_errno(ERR_IO, "cannot wait for %s", program);
    if (!WIFEXITED(status))
        return err_set(ERR_AGAIN, "%s was ended by signal %d; run it again, it goes on where it stopped", program,
                       WTERMSIG(status));
    *exit_code = WEXITSTATUS(status);
    return ERR_OK;
}

enum err spawn_run(const char *const argv[], int *exit_code)
{
    pid_t pid = -1;
    enum err e = spawn_start(argv, -1, &pid);
    return e ? e : spawn_wait(argv[0], pid, exit_code);
}
