#include "drivers/dock/halt.h"

#include "drivers/row.h"
#include "drivers/usb/usb.h"
#include "storage/base/file.h"
#include "storage/base/lang.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err halt_lock_path(char out[static 4096], const char *dir)
{
    return file_path(out, dir, "objects/tmp/.dock");
}

static enum err order_path(char out[static 4096], const char *dir, const char *port)
{
    char name[USB_PORT_LEN + 32];
    snprintf(name, sizeof name, "objects/tmp/.stop-%s", port);
    return file_path(out, dir, name);
}

static bool is_port(const char *s)
{
    return s[0] && strlen(s) < USB_PORT_LEN && s[strspn(s, "0123456789-.")] == '\0';
}

enum err halt_run(const char *dir, const char *port, bool json)
{
    char path[4096];
    int lock = -1;
    if (!is_port(port))
        return err_set(ERR_USAGE, "%s is no port; feldsher cameras says where each one is", port);
    enum err e = halt_lock_path(path, dir);
    if (!e)
        e = file_lock(path, true, false, &lock);
    file_close(&lock);
    if (!e)
        return err_set(ERR_NOINPUT, "no feldsher dock takes cameras in at this station; nothing is to be stopped");
    if (e == ERR_AGAIN)
        e = order_path(path, dir, port);
    if (!e)
        e = file_write(path, "", 0, 0600);
    if (!e && json)
        row_put(json_pack("{s:s,s:s}", "done", "stop", "port", port));
    else if (!e)
        printf(_("the camera at port %s is stopped; what was taken in stays\n"), port);
    return e;
}

bool halt_take(const char *dir, const char *port)
{
    char path[4096];
    if (order_path(path, dir, port) == ERR_OK)
        return unlink(path) == 0;
    err_clear();
    return false;
}
