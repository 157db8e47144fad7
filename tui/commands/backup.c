#include "tui/commands/groups.h"

#include "storage/records/custody.h"
#include "tui/backup.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"

#include <inttypes.h>
#include <stdio.h>

static enum err say(const struct call *c, const char *what, const char *dir, const struct backup_report *r)
{
    char size[PRINT_SIZE];
    print_size(size, r->bytes);
    if (c->json)
        print_json(json_pack("{s:s,s:s,s:I,s:I,s:I,s:I}", "done", what, "folder", dir, "files", (json_int_t)r->files,
                             "bytes", (json_int_t)r->bytes, "there", (json_int_t)r->there, "damaged",
                             (json_int_t)r->damaged));
    else
        printf(_("%s: %" PRIu64 " bytes (%s) in %" PRIu64 " files copied and read back; %" PRIu64
                 " objects were there already\n"),
               _(what), r->bytes, size, r->files, r->there);
    if (r->damaged)
        return err_set(ERR_BAD, "%" PRIu64 " objects are damaged and were left out; run feldsher verify", r->damaged);
    return ERR_OK;
}

/* NULL: nobody asked how far it is. */
static struct pulse *told(const struct call *c, struct pulse *p)
{
    *p = (struct pulse){.tell = print_progress};
    return c->json && command_has(c, "progress") ? p : NULL;
}

static enum err backup(struct call *c)
{
    struct pulse pulse;
    struct session s;
    struct backup_report r;
    char id[ENTRY_ID];
    enum err e = session_begin(c, STATION_CHAIN_KEY, false, &s);
    if (e)
        return e;
    /* first, so that the copy of the chain tells of it, too */
    e = custody_entry(s.station, s.user, NULL, "backup", json_pack("{s:s}", "to", c->args[0]), id);
    if (!e)
        e = backup_write(s.station, s.user, c->args[0], !command_has(c, "without-blobs"), told(c, &pulse), &r);
    if (!e)
        e = say(c, "backup", c->args[0], &r);
    session_end(&s);
    return e;
}

static enum err restore(struct call *c)
{
    struct pulse pulse;
    struct backup_report r;
    struct buf names = {0};
    struct secret *pass;
    size_t n;
    char prompt[NAME_LEN + 96];
    enum err e = backup_users(c->args[0], &names, &n);
    const char *who = c->user ? c->user : !e && n == 1 ? (const char *)names.p : NULL;
    if (!e && !who)
        e = err_set(ERR_USAGE, "several users have a key in that backup; --user NAME");
    if (!e) {
        snprintf(prompt, sizeof prompt, _("Passphrase of %.60s"), who);
        e = secret_ask(c->secrets, prompt, &pass);
    }
    if (!e) {
        e = backup_restore(c->args[0], c->dir, who, pass->p, pass->len, told(c, &pulse), &r);
        secret_free(pass);
    }
    buf_free(&names);
    if (e)
        return e;
    if (!c->json)
        printf(_("restored; nothing can be recorded before the hub has shown that it holds no more: feldsher sync\n"));
    return say(c, "restore", c->args[0], &r);
}

static const struct command rows[] = {
    {.name = "backup",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("copies the sealed station to DIR/feldsher-backup"),
     .run = backup,
     .options = {{"without-blobs", NULL, N_("without the recordings themselves")},
                 {"progress", NULL, N_("with --json: how far it is, four times a second")}}},
    {.name = "restore",
     .args = "DIR",
     .min = 1,
     .max = 1,
     .help = N_("a station from its backup, into -C"),
     .run = restore,
     .options = {{"progress", NULL, N_("with --json: how far it is, four times a second")}}},
};
const struct command_group group_backup = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
