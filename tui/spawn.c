#include "tui/spawn.h"

#include "storage/base/program.h"

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

bool spawn_can(const char *program)
{
    char path[4096];
    return program_find(path, program);
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
    errno = ENOENT;
    if (program_find(path, program))
        execv(path, argv);
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
        failed = program_find(path, program) ? posix_spawn(pid, path, &files, &attr, argv, environ) : ENOENT;
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
