#include "tui/screens/authority_decree.h"

#include "tui/lang/lang.h"

#include <sodium.h>
#include <string.h>

#define PASS                                                                                                           \
    {                                                                                                                  \
        "pass", FIELD(24, "Authority's passphrase"), FORM_SECRET, true, NULL,                                          \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
#define NEW_PASS                                                                                                       \
    {"pass", FIELD(24, "New passphrase"), FORM_SECRET, true, N_("of the authority; long, and known to few"), {NULL}},  \
    {                                                                                                                  \
        "again", FIELD(24, "New passphrase, again"), FORM_SECRET, true, NULL,                                          \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
#define STATION                                                                                                        \
    {                                                                                                                  \
        "station", FIELD(24, "Station"), FORM_TEXT, true, N_("its name: a-z, 0-9, -"),                                 \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
#define UNIT                                                                                                           \
    {                                                                                                                  \
        "unit", FIELD(24, "Unit"), FORM_TEXT, true, N_("brigade, department or post; made if new"),                    \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
#define KIND                                                                                                           \
    {                                                                                                                  \
        "kind", FIELD(24, "Kind"), FORM_CHOICE, false, NULL,                                                           \
        {                                                                                                              \
            N_("station"), N_("supervisor"), NULL                                                                      \
        }                                                                                                              \
    }
#define FIRST                                                                                                          \
    {                                                                                                                  \
        "user", FIELD(24, "Its first person"), FORM_TEXT, false, N_("a name: a-z, 0-9, -; empty: the station's"),      \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
#define ROLES                                                                                                          \
    {                                                                                                                  \
        "role", FIELD(24, "Roles"), FORM_TEXT, false, N_("crew, doctor, supervisor, admin, with commas"),              \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
#define CIRCLES                                                                                                        \
    {                                                                                                                  \
        "circles", FIELD(24, "Circles"), FORM_TEXT, false, N_("with commas; empty: by kind"),                          \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }
#define FILE_OUT                                                                                                       \
    {                                                                                                                  \
        "out", FIELD(24, "File to write"), FORM_TEXT, true, N_("the enrolment file: /media/STICK/NAME.enrol"),         \
        {                                                                                                              \
            NULL                                                                                                       \
        }                                                                                                              \
    }

const struct decree decrees[DECREES] = {
    [DECREE_FOUND] = {N_("Found a district"),
                      "init",
                      NULL,
                      {{"folder",
                        FIELD(24, "Folder"),
                        FORM_TEXT,
                        true,
                        N_("on a medium that is kept apart; it must not exist yet"),
                        {NULL}},
                       {"district", FIELD(24, "District"), FORM_TEXT, true, N_("its name: a-z, 0-9, -"), {NULL}},
                       NEW_PASS},
                      4,
                      {"", "--district", NULL, NULL}},
    [DECREE_JOIN] =
        {N_("Join two shares"),
         "join",
         NULL,
         {{"one", FIELD(24, "First share"), FORM_TEXT, true, N_("a file: share-001.txt"), {NULL}},
          {"two", FIELD(24, "Second share"), FORM_TEXT, true, N_("a file: share-002.txt"), {NULL}},
          {"out", FIELD(24, "New folder"), FORM_TEXT, true, N_("where the authority will be"), {NULL}},
          {"roster", FIELD(24, "Newest roster"), FORM_TEXT, true, N_("a file, of a station or of the hub"), {NULL}},
          NEW_PASS},
         6,
         {"", "", "--out", "--roster", NULL, NULL}},
    [DECREE_ENROL] = {N_("Enrol a station"),
                      "enrol",
                      NULL,
                      {STATION, UNIT, KIND, FIRST, ROLES, CIRCLES, FILE_OUT, PASS},
                      8,
                      {"--station", "--unit", "--kind", "--user", "--role", "--circles", "--out", NULL}},
    [DECREE_REPLACE] = {N_("Replace a laptop"),
                        "enrol",
                        "--replace",
                        {STATION,
                         UNIT,
                         KIND,
                         FIRST,
                         ROLES,
                         {"last",
                          FIELD(24, "Last save that counts"),
                          FORM_TEXT,
                          false,
                          N_("of the old laptop; empty: all that it sent"),
                          {NULL}},
                         FILE_OUT,
                         PASS},
                        8,
                        {"--station", "--unit", "--kind", "--user", "--role", "--last", "--out", NULL}},
    [DECREE_PERSON] =
        {N_("Enrol a person"),
         "user",
         NULL,
         {{"name", FIELD(24, "Person"), FORM_TEXT, true, N_("a name: a-z, 0-9, -"), {NULL}},
          {"role", FIELD(24, "Roles"), FORM_TEXT, true, N_("crew, doctor, supervisor, admin, with commas"), {NULL}},
          CIRCLES,
          FILE_OUT,
          PASS},
         5,
         {"--name", "--role", "--circles", "--out", NULL}},
    [DECREE_CHANGE] =
        {N_("Change a person"),
         "user",
         NULL,
         {{"name", FIELD(24, "Person"), FORM_SHOWN, false, NULL, {NULL}},
          ROLES,
          {"circles", FIELD(24, "Circles"), FORM_TEXT, false, N_("with commas; empty: as they are"), {NULL}},
          {"until", FIELD(24, "Last day"), FORM_TEXT, false, N_("2026-12-31; - for open; empty: as it is"), {NULL}},
          PASS},
         5,
         {"--name", "--role", "--circles", "--until", NULL}},
    [DECREE_REVOKE_STATION] =
        {N_("Revoke a station"),
         "revoke",
         NULL,
         {{"name", FIELD(24, "Station"), FORM_SHOWN, false, NULL, {NULL}},
          {"last",
           FIELD(24, "Last save that counts"),
           FORM_TEXT,
           false,
           N_("later ones are set aside; empty: all that it sent"),
           {NULL}},
          {"confirm", FIELD(24, "Type its name"), FORM_TEXT, true, N_("a revoked key is never taken back"), {NULL}},
          PASS},
         4,
         {"--station", "--last", NULL, NULL}},
    [DECREE_REVOKE_PERSON] =
        {N_("Revoke a person"),
         "revoke",
         NULL,
         {{"name", FIELD(24, "Person"), FORM_SHOWN, false, NULL, {NULL}},
          {"confirm", FIELD(24, "Type the name"), FORM_TEXT, true, N_("a revoked key is never taken back"), {NULL}},
          PASS},
         3,
         {"--user", NULL, NULL}},
    [DECREE_UNIT] = {N_("Add a unit"), "unit", NULL, {UNIT, PASS}, 2, {"", NULL}},
    [DECREE_HUB] = {N_("Add a hub"),
                    "hub",
                    NULL,
                    {{"card",
                      FIELD(24, "The hub's card"),
                      FORM_TEXT,
                      true,
                      N_("the file hub.card that feldsher-hub init wrote"),
                      {NULL}},
                     PASS},
                    2,
                    {"--add", NULL}},
    [DECREE_ROSTER] =
        {N_("Write the roster"),
         "roster",
         NULL,
         {{"out", FIELD(24, "File to write"), FORM_TEXT, true, N_("for the hub, or for a stick"), {NULL}}},
         1,
         {"--out"}},
    [DECREE_SPLIT] = {N_("Split the key onto paper"),
                      "split",
                      NULL,
                      {{"out",
                        FIELD(24, "Folder for the shares"),
                        FORM_TEXT,
                        true,
                        N_("three files to print and keep apart; any two give the key back"),
                        {NULL}},
                       PASS},
                      2,
                      {"--out", NULL}},
};

static const char *value_of(const struct form *f, const struct form_field *field)
{
    static const char *const kinds[] = {"station", "supervisor"};
    return field->kind == FORM_CHOICE ? kinds[form_choice(f, field->name)] : form_text(f, field->name);
}

void decree_words(const struct decree *d, const struct form *f, const char *folder,
                  const char *words[static DECREE_WORDS])
{
    size_t n = 0;
    words[n++] = "authority";
    words[n++] = d->sub;
    if (folder)
        words[n++] = folder;
    for (size_t i = 0; i < d->n; i++) {
        const char *option = d->options[i], *value = option ? value_of(f, &d->fields[i]) : "";
        if (!value[0])
            continue;
        if (option[0])
            words[n++] = option;
        words[n++] = value;
    }
    if (d->switch_)
        words[n++] = d->switch_;
    words[n] = NULL;
}

static bool has(const struct decree *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->fields[i].name, name) == 0)
            return true;
    return false;
}

const struct secret *decree_secret(const struct decree *d, const struct form *f)
{
    return has(d, "pass") ? form_secret(f, "pass") : NULL;
}

const char *decree_problem(const struct decree *d, struct form *f)
{
    const char *problem = form_problem(f);
    if (!problem && has(d, "again")) {
        const struct secret *one = form_secret(f, "pass"), *two = form_secret(f, "again");
        if (one->len != two->len || sodium_memcmp(one->p, two->p, one->len) != 0) {
            form_wipe(f, "again");
            form_go(f, "again");
            problem = _("The two are not the same; type the new one again");
        }
    }
    if (!problem && has(d, "confirm") && strcmp(form_text(f, "confirm"), form_text(f, "name")) != 0) {
        form_go(f, "confirm");
        problem = _("The name is another one");
    }
    return problem;
}
