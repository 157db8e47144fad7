#include "drivers/erase/delete_vendor.h"

#include "drivers/limits.h"
#include "drivers/msc/msc.h"

#define VENDOR_FIRST 0xc0 /* SPC-4, table of operation codes: from here on they are the vendors' own */

static enum err remove_file(void *self, const struct camera_file *f)
{
    struct delete_vendor *v = self;
    struct buf path = {.max = CAMERA_PATH_MAX + 2};
    size_t sent;
    if (v->cdb[0] < VENDOR_FIRST)
        return err_set(ERR_BUG, "only a vendor's own command may erase");
    enum err e = buf_str(&path, "/");
    if (!e)
        e = buf_str(&path, f->path);
    if (!e)
        e = msc_vendor(v->disk, v->cdb, v->len, false, path.p, path.len + 1, &sent);
    if (!e && sent != path.len + 1)
        e = err_set(ERR_IO, "the camera did not take its name");
    buf_free(&path);
    return e;
}

bool delete_vendor(struct deleter *out, struct delete_vendor *v, const struct profile *p, struct disk *disk)
{
    v->disk = disk;
    /* what is listed was read from the disk before: it must be opened anew to be seen */
    *out = (struct deleter){.self = v, .how = "vendor", .remove = remove_file};
    return profile_erase_command(p, v->cdb, &v->len) && v->cdb[0] >= VENDOR_FIRST;
}
