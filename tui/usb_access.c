#include "tui/usb_access.h"

#include "storage/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSTEM "sys/bus/usb/devices"
#define NODES "dev/bus/usb"
#define RULE "70-feldsher.rules"
#define GROUP "plugdev"
#define PATH 4096
#define GROUPS 256

/* The first word of a file of the system's. */
static void read_word(const char *dir, const char *device, const char *name, char out[static 16])
{
    char path[PATH];
    out[0] = '\0';
    int n = snprintf(path, sizeof path, "%s/%s/%s", dir, device, name);
    int fd = n > 0 && n < PATH ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = fd < 0 ? 0 : read(fd, out, 15);
    file_close(&fd);
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, " \n")] = '\0';
}

/* An interface of storage (Bulk-Only), PTP or MTP. */
static bool may_be_camera(const char *dir, const char *interface)
{
    char class[16], subclass[16], protocol[16];
    read_word(dir, interface, "bInterfaceClass", class);
    read_word(dir, interface, "bInterfaceSubClass", subclass);
    read_word(dir, interface, "bInterfaceProtocol", protocol);
    return (strcmp(class, "08") == 0 && strcmp(protocol, "50") == 0) ||
           (strcmp(class, "06") == 0 && strcmp(subclass, "01") == 0 && strcmp(protocol, "01") == 0);
}

static bool is_denied(const char *root, const char *dir, const char *port)
{
    char path[PATH], bus[16], number[16];
    read_word(dir, port, "busnum", bus);
    read_word(dir, port, "devnum", number);
    int n = snprintf(path, sizeof path, "%s/" NODES "/%03lu/%03lu", root, strtoul(bus, NULL, 10),
                     strtoul(number, NULL, 10));
    return n > 0 && n < PATH && access(path, F_OK) == 0 && access(path, R_OK | W_OK) < 0;
}

static void look_at(struct usb_access *out, const char *root, const char *dir, const char *name)
{
    char port[sizeof out->denied], vendor[16];
    size_t n = strcspn(name, ":");
    out->system = out->system || strncmp(name, "usb", 3) == 0; /* the host's own hub */
    if (name[0] == '.' || out->denied[0] || n >= sizeof port)
        return;
    memcpy(port, name, n);
    port[n] = '\0';
    read_word(dir, port, "idVendor", vendor);
    bool one = strcmp(vendor, "4255") == 0 || (name[n] && may_be_camera(dir, name));
    if (one && is_denied(root, dir, port))
        memcpy(out->denied, port, n + 1);
}

static bool has_rule(const char *root)
{
    static const char *const folders[] = {"etc", "run", "usr/local/lib", "usr/lib", "lib"}; /* udev(7) */
    char path[PATH];
    bool has = false;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0] && !has; i++) {
        int n = snprintf(path, sizeof path, "%s/%s/udev/rules.d/" RULE, root, folders[i]);
        has = n > 0 && n < PATH && access(path, F_OK) == 0;
    }
    return has;
}

static bool is_member(void)
{
    const struct group *g = getgrnam(GROUP);
    gid_t all[GROUPS];
    int n = getgroups(GROUPS, all);
    bool is = geteuid() == 0 || (g && getegid() == g->gr_gid);
    for (int i = 0; i < n && g && !is; i++)
        is = all[i] == g->gr_gid;
    return is;
}

static bool has(const char *root, const char *what)
{
    char path[PATH];
    int n = snprintf(path, sizeof path, "%s/%s", root, what);
    return n > 0 && n < PATH && access(path, F_OK) == 0;
}

void usb_access_look(struct usb_access *out, const char *root)
{
    char dir[PATH];
    *out = (struct usb_access){.nodes = has(root, NODES),
                               .told = has(root, "run/udev/control"),
                               .rule = geteuid() == 0 || has_rule(root),
                               .member = is_member()};
    int n = snprintf(dir, sizeof dir, "%s/" SYSTEM, root);
    DIR *d = n > 0 && n < PATH ? opendir(dir) : NULL;
    for (struct dirent *f; d && (f = readdir(d)) != NULL;)
        look_at(out, root, dir, f->d_name);
    if (d)
        closedir(d);
}
