#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/seal/passphrase.h"
#include "storage/vault/station.h"
#include "tui/lang/lang.h"
#include "tui/layout.h"
#include "tui/print.h"
#include "tui/spend.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* The code in its one form, from whatever layout it was typed under: it has
 * nothing but a-z and hyphens. Anything else stays as it is, to be refused. */
static enum err read_code(struct buf *code, const struct secret *typed)
{
    struct secret *reading = sodium_malloc(sizeof *reading);
    enum err e = ERR_OK;
    bool found = false;
    if (!reading)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; !e && !found && i < LAYOUT_READINGS; i++) {
        if (!layout_reading(typed->p, typed->len, i, reading->p, sizeof reading->p, &reading->len))
            break;
        buf_clear(code);
        e = passphrase_code(code, reading->p, reading->len);
        found = !e && strspn((const char *)code->p, "abcdefghijklmnopqrstuvwxyz-") == code->len;
    }
    if (!e && !found) {
        buf_clear(code);
        e = buf_add(code, typed->p, typed->len);
    }
    secret_free(reading);
    return e;
}

static enum err open_file(struct call *c, const char *path, struct enrolment **out)
{
    struct buf file = {0}, code = {.secret = 1};
    struct secret *typed = NULL;
    enum err e = file_read(path, ENROLMENT_MAX, &file);
    if (!e)
        e = secret_ask(c->secrets, _("One-time code"), &typed);
    if (!e)
        e = read_code(&code, typed);
    if (!e)
        e = enrolment_open(out, file.p, file.len, (const char *)code.p, code.len);
    secret_free(typed);
    buf_free(&code);
    buf_free(&file);
    return e;
}

static enum err init(struct call *c)
{
    struct enrolment *enrol = NULL;
    struct secret *pass = NULL;
    const char *path;
    char prompt[NAME_LEN + 96];
    enum err e = command_need(c, "enrol", &path);
    if (!e)
        e = open_file(c, path, &enrol);
    if (!e) {
        snprintf(prompt, sizeof prompt, _("New passphrase of %s"), enrol->user->name);
        e = secret_new(c->secrets, prompt, &pass);
    }
    if (!e)
        e = station_init(c->dir, enrol, pass->p, pass->len);
    secret_free(pass);
    if (!e && enrol->person_only && c->json) {
        print_json(json_pack("{s:s,s:s}", "done", "added", "user", enrol->user->name));
    } else if (!e && enrol->person_only) {
        printf(_("%s is a user of this station now\n"), enrol->user->name);
    } else if (!e && c->json) {
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:s}", "done", "enrolled", "station", enrol->station, "unit",
                             enrol->unit, "district", enrol->roster->district, "user", enrol->user->name));
    } else if (!e) {
        printf(_("this is station %s of unit %s, district %s; its user is %s\n"), enrol->station, enrol->unit,
               enrol->roster->district, enrol->user->name);
    }
    if (!e && spend_file(path) != ERR_OK)
        fprintf(stderr, _("feldsher: %s; destroy that medium: the file and its code still open the station's keys\n"),
                err_text());
    enrolment_free(enrol);
    return e;
}

static const struct command rows[] = {
    {.name = "init",
     .args = "",
     .help = N_("makes this laptop a station, or adds a person to it"),
     .run = init,
     .options = {{"enrol", "FILE", N_("the enrolment file; its code and a new passphrase are asked")}}},
};
const struct command_group group_init = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
