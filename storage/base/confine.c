#include "storage/base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEYCTL_HIGHEST 31u /* of what it can be asked; later kernels' are above */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Everything that Landlock's first version governs; later versions' rights
 * are left to the kernel so that old headers and new kernels agree. */
#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_ALL                                                                                                     \
    (RIGHTS_READ | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |        \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                     \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                       \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define RIGHTS_WRITE                                                                                                   \
    (RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |    \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)
#define RIGHTS_MOVE (LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
/* Without REFER (Landlock 2) a file cannot be renamed into another folder. */
#define RIGHT_REFER (1ULL << 13)
#define RIGHTS_USE (RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define RIGHTS_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)

static enum err add_path(int ruleset, const struct confine_path *p, int abi)
{
    struct landlock_path_beneath_attr rule = {0};
    int fd = open(p->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? ERR_OK
                                                                      : err_errno(ERR_IO, "cannot open %s", p->path);
    struct stat st;
    enum err e = ERR_OK;
    rule.parent_fd = fd;
    rule.allowed_access = p->access == CONFINE_WRITE  ? RIGHTS_WRITE
                          : p->access == CONFINE_MOVE ? RIGHTS_MOVE
                          : p->access == CONFINE_USE  ? RIGHTS_USE
                                                      : RIGHTS_READ;
    if ((p->access == CONFINE_WRITE || p->access == CONFINE_MOVE) && abi >= 2)
        rule.allowed_access |= RIGHT_REFER;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access &= RIGHTS_FILE;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
        e = err_errno(ERR_IO, "cannot limit itself to %s", p->path);
    close(fd);
    return e;
}

static enum err landlock(const struct confine_path *paths, size_t n)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return ERR_OK; /* a kernel without it: seccomp alone */
    struct landlock_ruleset_attr attr = {.handled_access_fs = RIGHTS_ALL | (abi >= 2 ? RIGHT_REFER : 0)};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return err_errno(ERR_IO, "cannot make a Landlock rule set");
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++)
        e = add_path(ruleset, &paths[i], (int)abi);
    if (!e && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        e = err_errno(ERR_IO, "cannot limit itself by Landlock");
    close(ruleset);
    return e;
}

static int local(scmp_filter_ctx ctx)
{
    static const int never[] = {SCMP_SYS(bind), SCMP_SYS(listen)};
    static const unsigned typing[] = {TIOCSTI, TIOCLINUX};
    int bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
    for (size_t i = 0; i < sizeof never / sizeof never[0] && !bad; i++)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), never[i], 0);
    /* the kernel looks at 32 bits of a request */
    for (size_t i = 0; i < sizeof typing / sizeof typing[0] && !bad; i++)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                               SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, typing[i]));
    return bad;
}

/* Of keyctl, whose first argument says what to do, no more than a keyring needs. */
static int keys_rules(scmp_filter_ctx ctx, enum confine_keys keys)
{
    static const unsigned reading[] = {KEYCTL_SEARCH, KEYCTL_READ};
    static const unsigned keeping[] = {KEYCTL_SETPERM, KEYCTL_UNLINK};
    if (keys == CONFINE_NO_KEYS)
        return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(keyctl), 0);
    /* the filter allows what no rule names, so that the rules name all others */
    unsigned allowed = 0;
    for (size_t i = 0; i < 2; i++)
        allowed |= 1u << reading[i] | (keys == CONFINE_KEEP_KEYS ? 1u << keeping[i] : 0);
    int bad =
        seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(keyctl), 1, SCMP_A0(SCMP_CMP_GT, KEYCTL_HIGHEST, 0));
    for (unsigned i = 0; i <= KEYCTL_HIGHEST && !bad; i++)
        if (!(allowed & 1u << i))
            bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(keyctl), 1, SCMP_A0(SCMP_CMP_EQ, i, 0));
    return bad;
}

static enum err filter(enum confine_net net, enum confine_keys keys)
{
    static const int never[] = {
        SCMP_SYS(execve),
        SCMP_SYS(execveat),
        SCMP_SYS(ptrace),
        SCMP_SYS(mount),
        SCMP_SYS(umount2),
        SCMP_SYS(pivot_root),
        SCMP_SYS(chroot),
        SCMP_SYS(setns),
        SCMP_SYS(unshare),
        SCMP_SYS(bpf),
        SCMP_SYS(init_module),
        SCMP_SYS(finit_module),
        SCMP_SYS(delete_module),
        SCMP_SYS(kexec_load),
        SCMP_SYS(kexec_file_load),
        SCMP_SYS(request_key),
        SCMP_SYS(perf_event_open),
        SCMP_SYS(userfaultfd),
        SCMP_SYS(process_vm_readv),
        SCMP_SYS(process_vm_writev),
        SCMP_SYS(open_by_handle_at),
        SCMP_SYS(io_uring_setup),
        SCMP_SYS(reboot),
        SCMP_SYS(swapon),
        SCMP_SYS(swapoff),
        SCMP_SYS(settimeofday),
        SCMP_SYS(clock_settime),
        SCMP_SYS(acct),
        SCMP_SYS(personality),
        SCMP_SYS(mknod),
        SCMP_SYS(mknodat),
    };
    static const int sockets[] = {
        SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen),
    };
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx)
        return err_set(ERR_NOMEM, "out of memory");
    int bad = 0;
    for (size_t i = 0; i < sizeof never / sizeof never[0] && !bad; i++)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), never[i], 0);
    for (size_t i = 0; net == CONFINE_NO_NET && i < sizeof sockets / sizeof sockets[0] && !bad; i++)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), sockets[i], 0);
    if (net == CONFINE_LOCAL && !bad)
        bad = local(ctx);
    if (!bad)
        bad = keys_rules(ctx, keys);
    if (!bad && keys != CONFINE_KEEP_KEYS)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(add_key), 0);
    if (!bad)
        bad = seccomp_load(ctx);
    seccomp_release(ctx);
    if (bad) {
        errno = -bad;
        return err_errno(ERR_IO, "cannot limit its system calls");
    }
    return ERR_OK;
}

enum err confine_self(const struct confine_path *paths, size_t n, enum confine_net net)
{
    return confine_self_keys(paths, n, net, CONFINE_NO_KEYS);
}

enum err confine_self_keys(const struct confine_path *paths, size_t n, enum confine_net net, enum confine_keys keys)
{
    if (SANITIZED)
        return ERR_OK;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_errno(ERR_IO, "cannot give up privileges");
    enum err e = landlock(paths, n);
    return e ? e : filter(net, keys);
}

enum err confine_keep(int fd)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    prctl(PR_SET_DUMPABLE, 0); /* not to a program that collects cores, either */
    if ((fd > 3 && close_range(3, (unsigned)fd - 1, 0) < 0) || close_range((unsigned)fd + 1, UINT_MAX, 0) < 0)
        return err_errno(ERR_IO, "cannot close what others left open");
    return ERR_OK;
}

/* What is mapped now, libraries and all, in bytes. */
static enum err mapped(rlim_t *bytes)
{
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    bool good = f && fscanf(f, "%lu", &pages) == 1;
    if (f)
        fclose(f);
    *bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    return good ? ERR_OK : err_errno(ERR_IO, "cannot read /proc/self/statm");
}

/* Whatever no rule names ends the program. */
static int only(scmp_filter_ctx ctx, int fd)
{
    static const int talk[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(recvfrom), SCMP_SYS(sendto)};
    static const int free[] = {
        SCMP_SYS(munmap),         SCMP_SYS(mremap),          SCMP_SYS(madvise),      SCMP_SYS(brk),
        SCMP_SYS(futex),          SCMP_SYS(clock_gettime),   SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(exit),         SCMP_SYS(exit_group),
    };
    int bad = 0;
    for (size_t i = 0; i < sizeof talk / sizeof talk[0] && !bad; i++)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, talk[i], 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd, 0));
    for (size_t i = 0; i < sizeof free / sizeof free[0] && !bad; i++)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, free[i], 0);
    /* memory, but none that could be run */
    if (!bad)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                               SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
    if (!bad)
        bad = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return bad;
}

static bool limit(__rlimit_resource_t what, rlim_t most)
{
    return setrlimit(what, &(struct rlimit){most, most}) == 0;
}

enum err confine_to_fd(int fd, uint64_t memory, unsigned seconds)
{
    rlim_t now = 0;
    enum err e = confine_keep(fd);
    if (e || SANITIZED)
        return e;
    e = mapped(&now);
    if (!e)
        e = confine_self(NULL, 0, CONFINE_NO_NET);
    if (e)
        return e;
    if (!limit(RLIMIT_AS, now + memory) || !limit(RLIMIT_CPU, seconds) || !limit(RLIMIT_NOFILE, 0) ||
        !limit(RLIMIT_FSIZE, 0))
        return err_errno(ERR_IO, "cannot limit its memory and time");
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!ctx)
        return err_set(ERR_NOMEM, "out of memory");
    int bad = only(ctx, fd);
    if (!bad)
        bad = seccomp_load(ctx);
    seccomp_release(ctx);
    errno = -bad;
    return bad ? err_errno(ERR_IO, "cannot limit its system calls") : ERR_OK;
}
