#include "tui/commands/groups.h"

#include "storage/base/bytes.h"
#include "storage/records/custody.h"
#include "tui/lang/lang.h"
#include "tui/poster.h"
#include "tui/print.h"
#include "tui/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum err say(const struct call *c, const struct recording *r, const struct poster *p)
{
    size_t n = (size_t)3 * p->w * p->h;
    char *rgb = c->json ? malloc(BYTES_B64(n)) : NULL;
    if (!c->json) {
        fwrite(p->bytes.p, 1, p->bytes.len, stdout);
        return ERR_OK;
    }
    if (!rgb)
        return err_set(ERR_NOMEM, "out of memory");
    bytes_b64(rgb, p->rgb, n, true);
    print_json(json_pack("{s:s,s:i,s:i,s:s}", "recording", r->id, "width", (int)p->w, "height", (int)p->h, "rgb", rgb));
    free(rgb);
    return ERR_OK;
}

/* To look at it is to look at evidence: the entry comes first. */
static enum err poster(struct call *c)
{
    struct session s;
    const struct recording *r;
    struct poster p = {0};
    char id[ENTRY_ID];
    if (!c->json && isatty(STDOUT_FILENO))
        return err_set(ERR_USAGE, "a poster is a picture (PPM), not text; send it into a file, or look at it on the "
                                  "screens");
    enum err e = session_begin(c, STATION_CHAIN_KEY, true, &s);
    if (e)
        return e;
    e = recording_find(s.list, c->args[0], &r);
    if (!e)
        e = custody_role(s.station, s.user, ROLE_CREW | ROLE_DOCTOR | ROLE_SUPERVISOR);
    if (!e)
        e = custody_circle(s.user, r);
    if (!e)
        e = poster_read(s.station, s.user, r, &p);
    if (!e)
        e = custody_entry(s.station, s.user, r, "poster", json_object(), id);
    if (!e)
        e = say(c, r, &p);
    poster_free(&p);
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "recordings",
     .sub = "poster",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("its picture, made when it was taken in, as PPM; the chain says who looked"),
     .run = poster},
};
const struct command_group group_poster = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
