#include "sync/link/watch.h"

#include "storage/base/mounts.h"
#include "storage/seal/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGES 16384u /* bytes; the kernel sends no more at once */
#define READS_MAX 64u   /* datagrams taken at once; the others wake us again */

struct watch {
    int net, mounts;
    struct hash mounted; /* of mountinfo when it was read last */
};

static enum err open_net(int *fd)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK,
                             .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                                          RTMGRP_IPV6_ROUTE};
    *fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (*fd >= 0 && bind(*fd, (struct sockaddr *)&to, sizeof to) == 0)
        return ERR_OK;
    enum err e = err_errno(ERR_IO, "cannot watch the network");
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return e;
}

/* Whether it is mounted otherwise than at the last look. The kernel forgets
 * its event as soon as anybody's poll has returned it, so what is mounted is
 * compared. */
static bool mounts_changed(struct watch *w)
{
    struct buf text = {.p = NULL};
    bool changed = false;
    if (w->mounts >= 0 && mounts_read(w->mounts, &text) == ERR_OK) {
        struct hash now = hash_of(text.p, text.len);
        changed = !hash_same(&now, &w->mounted);
        w->mounted = now;
    }
    buf_free(&text);
    return changed;
}

enum err watch_open(struct watch **out)
{
    struct watch *w = calloc(1, sizeof *w);
    *out = NULL;
    if (!w)
        return err_set(ERR_NOMEM, "out of memory");
    w->mounts = open(MOUNTS_PATH, O_RDONLY | O_CLOEXEC);
    if (open_net(&w->net) != ERR_OK && w->mounts < 0) {
        free(w);
        return ERR_IO;
    }
    (void)mounts_changed(w);
    *out = w;
    return ERR_OK;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    if (w->net >= 0)
        close(w->net);
    if (w->mounts >= 0)
        close(w->mounts);
    free(w);
}

size_t watch_poll(const struct watch *w, struct pollfd set[static WATCH_FDS])
{
    size_t n = 0;
    if (w->net >= 0)
        set[n++] = (struct pollfd){.fd = w->net, .events = POLLIN};
    if (w->mounts >= 0)
        set[n++] = (struct pollfd){.fd = w->mounts, .events = POLLPRI};
    return n;
}

/* A link message tells of every change, also of those that mean nothing here:
 * carrier is what counts. */
static unsigned of_link(const char *p, size_t n)
{
    struct ifinfomsg info;
    if (n < sizeof info)
        return 0;
    memcpy(&info, p, sizeof info);
    return (info.ifi_flags & IFF_UP) && (info.ifi_flags & IFF_RUNNING) ? WATCH_UP : WATCH_DOWN;
}

/* A new address or route counts; one whose flags or lifetime alone are told
 * again does no harm: an attempt more. */
static unsigned of_message(unsigned type, const char *p, size_t n)
{
    switch (type) {
    case RTM_NEWLINK:
        return of_link(p, n);
    case RTM_NEWADDR:
    case RTM_NEWROUTE:
        return WATCH_UP;
    case RTM_DELLINK:
    case RTM_DELADDR:
    case RTM_DELROUTE:
        return WATCH_DOWN;
    default:
        return 0;
    }
}

static unsigned read_net(int fd)
{
    char in[MESSAGES];
    unsigned bits = 0;
    for (unsigned i = 0; i < READS_MAX; i++) {
        struct sockaddr_nl from = {.nl_pid = 0};
        socklen_t len = sizeof from;
        ssize_t n = recvfrom(fd, in, sizeof in, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
        if (n < 0 && errno == ENOBUFS) {
            bits |= WATCH_UP; /* there were more than the kernel keeps: anything may have come */
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (from.nl_pid != 0)
            continue; /* only the kernel knows */
        for (size_t at = 0, left = (size_t)n; left >= sizeof(struct nlmsghdr);) {
            struct nlmsghdr h;
            memcpy(&h, in + at, sizeof h);
            if (h.nlmsg_len < sizeof h || h.nlmsg_len > left)
                break;
            bits |= of_message(h.nlmsg_type, in + at + NLMSG_HDRLEN, h.nlmsg_len - NLMSG_HDRLEN);
            size_t step = NLMSG_ALIGN(h.nlmsg_len);
            at += step;
            left = step < left ? left - step : 0;
        }
    }
    return bits;
}

unsigned watch_read(struct watch *w)
{
    unsigned bits = w->net >= 0 ? read_net(w->net) : 0;
    if (mounts_changed(w))
        bits |= WATCH_MOUNT;
    return bits;
}

/* Kinds of file system that are no disk; looking into some of them blocks. */
static bool is_disk(const char *kind)
{
    static const char *const not [] = {
        "autofs",  "binfmt_misc", "bpf",    "cgroup", "cgroup2", "configfs",   "debugfs",    "devpts",    "efivarfs",
        "fusectl", "hugetlbfs",   "mqueue", "proc",   "pstore",  "rpc_pipefs", "securityfs", "selinuxfs", "sysfs",
        "tracefs", "nfs",         "nfs4",   "cifs",   "smb3",    "devtmpfs",   "nsfs",
    };
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        if (strcmp(kind, not [i]) == 0)
            return false;
    return true;
}

static bool is_stick(const char *folder)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/feldsher/link", strcmp(folder, "/") == 0 ? "" : folder);
    return n > 0 && (size_t)n < sizeof path && lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

enum err watch_sticks(enum err (*each)(void *ctx, const char *folder), void *ctx)
{
    struct buf text = {.p = NULL};
    int fd = open(MOUNTS_PATH, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot see what is mounted");
    enum err e = mounts_read(fd, &text);
    close(fd);
    char *rest = (char *)text.p;
    for (struct mount m; !e && mounts_next(&rest, &m);)
        if (is_disk(m.kind) && is_stick(m.folder))
            e = each(ctx, m.folder);
    buf_free(&text);
    return e;
}
