#include "tui/commands/groups.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/seal/passphrase.h"
#include "storage/vault/station.h"
#include "tui/enrol_find.h"
#include "tui/lang/lang.h"
#include "tui/layout.h"
#include "tui/print.h"
#include "tui/spend.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
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

static void say(const struct call *c, const struct enrolment *n, bool spent)
{
    if (n->person_only && c->json)
        print_json(json_pack("{s:s,s:s,s:b}", "done", "added", "user", n->user->name, "spent", spent));
    else if (n->person_only)
        printf(_("%s is a user of this station now\n"), n->user->name);
    else if (c->json)
        print_json(json_pack("{s:s,s:s,s:s,s:s,s:s,s:b}", "done", "enrolled", "station", n->station, "unit", n->unit,
                             "district", n->roster->district, "user", n->user->name, "spent", spent));
    else
        printf(_("this is station %s of unit %s, district %s; its user is %s\n"), n->station, n->unit,
               n->roster->district, n->user->name);
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
    if (!e) {
        bool spent = spend_file(path) == ERR_OK;
        say(c, enrol, spent);
        if (!spent)
            fprintf(stderr,
                    _("feldsher: %s; destroy that medium: the file and its code still open the station's keys\n"),
                    err_text());
    }
    enrolment_free(enrol);
    return e;
}

static enum err say_found(void *ctx, const char *path, uint64_t size, int64_t mtime)
{
    const struct call *c = ctx;
    char when[CLOCK_TEXT];
    clock_text(when, mtime);
    if (c->json) {
        if (!text_is_utf8(path, strlen(path)))
            return ERR_OK; /* JSON cannot name it; whoever made it can rename it */
        print_json(json_pack("{s:s%,s:I,s:s}", "path", path, strlen(path), "size", (json_int_t)size, "time", when));
        return ERR_OK;
    }
    print_text(path);
    printf("  (%s)\n", when);
    return ERR_OK;
}

static enum err enrolments(struct call *c)
{
    const char *home = getenv("HOME");
    const struct enrol_place places[] = {
        {"/media", 3}, {"/run/media", 3}, {"/mnt", 2}, {".", 0}, {home && home[0] ? home : ".", 1},
    };
    return enrol_find(places, sizeof places / sizeof places[0], say_found, c);
}

static const struct command rows[] = {
    {.name = "init",
     .args = "",
     .help = N_("makes this laptop a station, or adds a person to it"),
     .run = init,
     .options = {{"enrol", "FILE", N_("the enrolment file; its code and a new passphrase are asked")}}},
    {.name = "enrolments",
     .args = "",
     .help = N_("enrolment files on what is mounted, in this folder and at home"),
     .run = enrolments},
};
const struct command_group group_init = {N_("This station"), rows, sizeof rows / sizeof rows[0]};
