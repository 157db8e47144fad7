#include "tui/screens/authority.h"

#include "tui/lang/lang.h"
#include "tui/screens/authority_decree.h"
#include "tui/screens/media_list.h"
#include "tui/screens/prompt.h"
#include "tui/screens/screens.h"

#include <stdio.h>
#include <string.h>

/*
 * The district's authority, on a medium that is kept off the stations: which
 * folder it is in, then its stations and persons, and what is done with them.
 */
struct authority {
    struct listing listing; /* media, then the roster */
    char folder[AUTHORITY_FOLDER];
    char tried[AUTHORITY_FOLDER]; /* a folder that is looked into */
    bool open;                    /* the roster is shown */
    json_t *rows;                 /* of the roster */
};

enum {
    ACT_ENROL = ACT_OWN,
    ACT_PERSON,
    ACT_CHANGE,
    ACT_REVOKE,
    ACT_REPLACE,
    ACT_MORE,
    ACT_FOLDER,
};
static const struct key_row keys[] = {
    {K_F2, ACT_ENROL, FIELD(14, "Station"), N_("enrols a station: a file and a code come out"), false},
    {K_F3, ACT_PERSON, FIELD(14, "Person"), N_("enrols a person: a file and a code come out"), false},
    {K_F4, ACT_CHANGE, FIELD(14, "Change"), N_("roles, circles and last day of this person"), true},
    {K_F5, ACT_REPLACE, FIELD(14, "Replace"), N_("a new laptop for this station; the old keys are revoked"), true},
    {K_F6, ACT_FOLDER, FIELD(14, "Folder"), N_("the authority's folder, by its name"), false},
    {K_F7, ACT_REVOKE, FIELD(14, "Revoke"), N_("takes the keys of this station or person out of force"), true},
    {K_F8, ACT_MORE, FIELD(14, "More"), N_("a unit, a hub, the roster as a file, shares, a new district"), false},
};

static const struct table_column columns[] = {
    {FIELD(8, "Kind"), 8, 0, 0},      {FIELD(18, "Name"), 18, 1, 0},  {FIELD(20, "Unit, roles"), 20, 1, 0},
    {FIELD(18, "Circles"), 18, 2, 0}, {FIELD(10, "State"), 10, 0, 0},
};

static bool is_person(const json_t *row)
{
    return desk_str(row, "user")[0] != '\0';
}

/* "s amb-7" or "p aigul": names of both kinds may be the same. */
static bool roster_row(struct view *v, const json_t *row, char cells[][LISTING_CELL], char id[static TABLE_ID],
                       enum look *look)
{
    bool person = is_person(row), revoked = json_is_true(json_object_get(row, "revoked"));
    const char *name = desk_str(row, person ? "user" : "station");
    (void)v;
    if (!name[0])
        return false; /* the roster's own row */
    snprintf(id, TABLE_ID, "%c %s", person ? 'p' : 's', name);
    snprintf(cells[0], LISTING_CELL, "%s", person ? _("person") : _("station"));
    snprintf(cells[1], LISTING_CELL, "%s", name);
    snprintf(cells[2], LISTING_CELL, "%s", desk_str(row, person ? "roles" : "unit"));
    snprintf(cells[3], LISTING_CELL, "%s", desk_str(row, person ? "circles" : "kind"));
    snprintf(cells[4], LISTING_CELL, "%s", revoked ? _("revoked") : "");
    *look = revoked ? LOOK_DIM : LOOK_NORMAL;
    return true;
}

static const struct listing_kind roster_kind = {columns, sizeof columns / sizeof columns[0],
                                                N_("No station and no person is enrolled yet"), roster_row};

static enum err open_authority(struct view *v, const void *arg)
{
    (void)arg;
    listing_open(v, &media_kind);
    media_ask(v);
    return ERR_OK;
}

static void show_roster(struct view *v)
{
    struct authority *s = v->state;
    const char *argv[] = {"authority", "roster", s->folder, NULL};
    s->open = true;
    listing_close(v);
    memset(&s->listing, 0, sizeof s->listing);
    listing_open(v, &roster_kind);
    listing_ask(v, argv);
}

static void look_into(struct view *v, const char *folder);

/* A medium has it in a folder of its own more often than not. */
static bool looked(struct view *v, const struct opener_reply *r)
{
    struct authority *s = v->state;
    char folder[AUTHORITY_FOLDER];
    if (!r->end)
        return true;
    if (r->exit_code == 0) {
        snprintf(s->folder, sizeof s->folder, "%s", s->tried);
        show_roster(v);
        return true;
    }
    size_t n = strlen(s->tried);
    if (n >= 10 && strcmp(s->tried + n - 10, "/authority") == 0) {
        desk_say(v->desk, LOOK_WARN, "%s", _("No authority is there; F8 founds a district or joins two shares"));
        return true;
    }
    snprintf(folder, sizeof folder, "%.*s/authority", (int)(sizeof folder - 12), s->tried);
    look_into(v, folder);
    return true;
}

static void look_into(struct view *v, const char *folder)
{
    struct authority *s = v->state;
    if (folder != s->tried)
        snprintf(s->tried, sizeof s->tried, "%s", folder);
    const char *argv[] = {"authority", "roster", s->tried, NULL};
    desk_ask(v, looked, argv);
}

void authority_again(struct view *v, const char *folder)
{
    struct authority *s = v->state;
    if (folder)
        snprintf(s->folder, sizeof s->folder, "%s", folder);
    if (s->folder[0])
        show_roster(v);
}

static void begin(struct view *v, enum decree_kind kind)
{
    const struct authority *s = v->state;
    const struct table_row *r = s->open ? table_selected(&s->listing.table) : NULL;
    struct authority_order o = {.kind = kind, .folder = s->folder, .list = v};
    if (r && (kind == DECREE_CHANGE || kind == DECREE_REPLACE || kind == DECREE_REVOKE_STATION ||
              kind == DECREE_REVOKE_PERSON)) {
        o.name = r->cells[1];
        o.unit = r->cells[2];
        o.circles = r->cells[3];
    }
    desk_show(v->desk, &screen_decree, &o);
}

static void more(struct view *v, int answer)
{
    static const enum decree_kind kinds[] = {DECREE_UNIT,  DECREE_HUB,  DECREE_ROSTER,
                                             DECREE_SPLIT, DECREE_JOIN, DECREE_FOUND};
    const struct authority *s = v->state;
    size_t at = (size_t)answer + (s->open ? 0 : 4);
    if (answer >= 0 && at < sizeof kinds / sizeof kinds[0])
        begin(v, kinds[at]);
}

static void ask_more(struct view *v)
{
    const struct authority *s = v->state;
    const char *answers[] = {_(decrees[DECREE_UNIT].title),   _(decrees[DECREE_HUB].title),
                             _(decrees[DECREE_ROSTER].title), _(decrees[DECREE_SPLIT].title),
                             _(decrees[DECREE_JOIN].title),   _(decrees[DECREE_FOUND].title)};
    size_t from = s->open ? 0 : 4;
    desk_ask_choice(v, more, _("What is to be done?"), answers + from, sizeof answers / sizeof answers[0] - from);
}

static enum prompt_next folder_typed(struct view *v, const struct form *f)
{
    look_into(v, form_text(f, "folder"));
    return PROMPT_CLOSE;
}

static void ask_folder(struct view *v)
{
    static const struct form_field fields[] = {{.name = "folder",
                                                .label = FIELD(24, "Folder"),
                                                .needed = true,
                                                .help = N_("where the authority is: /media/STICK/authority")}};
    struct prompt_order o = {.view = v, .title = _("Folder"), .fields = fields, .n = 1, .done = folder_typed};
    prompt_open(v->desk, &o);
}

static void act(struct view *v, int what)
{
    struct authority *s = v->state;
    const struct table_row *r = table_selected(&s->listing.table);
    bool person = r && r->id[0] == 'p';
    if (what == ACT_FOLDER) {
        ask_folder(v);
    } else if (what == ACT_MORE) {
        ask_more(v);
    } else if (what == ACT_CHOOSE && r && !s->open) {
        look_into(v, r->cells[0]);
    } else if (what == ACT_CHOOSE && r) {
        desk_row_menu(v);
    } else if (what == ACT_ENROL) {
        begin(v, DECREE_ENROL);
    } else if (what == ACT_PERSON) {
        begin(v, DECREE_PERSON);
    } else if (what == ACT_CHANGE) {
        begin(v, DECREE_CHANGE);
    } else if (what == ACT_REPLACE) {
        begin(v, DECREE_REPLACE);
    } else if (what == ACT_REVOKE) {
        begin(v, person ? DECREE_REVOKE_PERSON : DECREE_REVOKE_STATION);
    }
}

static const char *refuse(struct view *v, int what)
{
    const struct authority *s = v->state;
    const struct table_row *r = table_selected(&s->listing.table);
    bool person = r && r->id[0] == 'p';
    if (what == ACT_MORE || what == ACT_FOLDER)
        return NULL;
    if (!s->open)
        return _("Choose where the authority is first");
    if (what == ACT_ENROL || what == ACT_PERSON)
        return NULL;
    if (!r)
        return _("Nothing is selected");
    if (what == ACT_CHANGE && !person)
        return _("This is a station");
    return what == ACT_REPLACE && person ? _("This is a person") : NULL;
}

static void paint(struct view *v, const struct area *a)
{
    const struct authority *s = v->state;
    struct area below = area_part(a, 1, 0, a->rows - 1, a->cols);
    if (s->open)
        term_text(a, 0, 1, 0, LOOK_DIM, s->folder);
    else
        term_text(a, 0, 1, 0, LOOK_NORMAL, _("Plug the authority's medium in and choose it, or F6: type its folder"));
    listing_paint(v, &below);
}

const struct screen screen_authority = {
    .name = "authority",
    .title = N_("The district's authority"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct authority),
    .open = open_authority,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = listing_key,
    .close = listing_close,
};
