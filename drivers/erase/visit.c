#include "drivers/erase/visit.h"

#include "drivers/erase/erase.h"
#include "drivers/erase/manual.h"
#include "drivers/folder/folder.h"
#include "storage/base/lang.h"
#include "storage/base/log.h"

#include <string.h>

static enum err with_camera(const struct visit *v, struct station *s, const struct camera *c, const struct deleter *d,
                            bool *incomplete)
{
    struct intake_camera name;
    struct tell tell;
    struct permit *permit;
    c->describe(c->self, &name);
    const char *volume = v->volume[0] ? v->volume : name.volume;
    enum err e = permit_load(&permit, s, name.serial, volume, v->licence);
    if (e)
        return e;
    tell_begin(&tell, v->json, v->progress);
    struct erase erase = {s, permit, c, name.serial, volume, d, &tell, v->stop};
    e = v->plan ? erase_plan(&erase) : erase_run(&erase, incomplete);
    permit_free(permit);
    return e;
}

/* A mounted card, an image: to look at. */
static enum err from_path(const struct visit *v, struct station *s, bool *incomplete)
{
    struct camera c;
    struct confine_path path[] = {{v->from, CONFINE_READ}, {"/dev/disk/by-uuid", CONFINE_READ}};
    const struct deleter none = {.why = _("what is mounted as a disk, or is a copy of one, is never written to")};
    enum err e = station_confine(s, path, 2, CONFINE_NO_NET);
    if (!e)
        e = folder_open(&c, v->from, v->camera);
    if (e)
        return e;
    e = with_camera(v, s, &c, &none, incomplete);
    c.free(c.self);
    return e;
}

enum err visit_run(const struct visit *v, bool *incomplete)
{
    struct station *s;
    *incomplete = false;
    enum err e = station_open(&s, v->dir, STATION_CHAIN_KEY);
    if (e)
        return e;
    if (log_open(v->dir, ERASE) != ERR_OK)
        err_clear(); /* a file that must go does not wait for a log */
    e = from_path(v, s, incomplete);
    log_close();
    station_close(s);
    return e;
}
