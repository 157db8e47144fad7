#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/widgets/form.h"
#include "tui/widgets/table.h"
#include "tui/words.h"

#include <string.h>

/*
 * Who, and the passphrase. The person is chosen from those with a key here;
 * where there is one, the passphrase is asked at once.
 */
struct unlock {
    struct table people;
    struct form form;
    char who[NAME_LEN];
    bool asking;   /* the passphrase: the form is shown */
    bool checking; /* the opener stretches it */
};

#define FEW 9 /* persons */

enum { ACT_NOTE = ACT_OWN, ACT_OTHER };
static const struct key_row keys[] = {
    {K_F5, ACT_NOTE, FIELD(10, "Emergency"), N_("an emergency note: needs no passphrase"), false},
    {K_F6, ACT_OTHER, FIELD(10, "Person"), N_("another person"), false},
};

static const struct table_column columns[] = {
    {FIELD(24, "Person"), 24, 1, 0},
    {FIELD(30, "Roles"), 30, 1, 0},
};
static const struct form_field fields[] = {
    {.name = "pass", .label = N_("Passphrase"), .kind = FORM_SECRET, .needed = true},
};

static void ask_for(struct view *v, const char *who)
{
    struct unlock *u = v->state;
    snprintf(u->who, sizeof u->who, "%s", who);
    form_wipe(&u->form, "pass");
    u->asking = true;
    desk_paint(v);
}

static bool take_person(struct view *v, const struct opener_reply *r)
{
    struct unlock *u = v->state;
    if (!r->end) {
        if (json_is_true(json_object_get(r->row, "key_here"))) {
            const char *cells[] = {desk_str(r->row, "user"), desk_str(r->row, "roles")};
            enum err e = table_add(&u->people, 0, cells[0], LOOK_NORMAL, cells);
            if (e)
                desk_say_error(v->desk, e);
        }
        return true;
    }
    if (r->exit_code) {
        table_fail(&u->people, 0);
        return false;
    }
    table_end(&u->people, 0, 0);
    if (u->people.total == 1 && !u->asking)
        ask_for(v, table_selected(&u->people)->id);
    return false;
}

static enum err open_unlock(struct view *v, const void *arg)
{
    static const char *const argv[] = {"users", "list", NULL};
    struct unlock *u = v->state;
    (void)arg;
    table_init(&u->people, columns, 2, NULL, NULL);
    u->people.empty = N_("Nobody has a key on this station; an enrolment file brings the first person");
    enum err e = form_init(&u->form, fields, 1);
    if (!e)
        desk_ask(v, take_person, argv);
    return e;
}

static bool take_keys(struct view *v, const struct opener_reply *r)
{
    struct unlock *u = v->state;
    unsigned roles = 0;
    if (!r->end) {
        if (words_roles(desk_str(r->row, "roles"), &roles) != ERR_OK)
            err_clear(); /* a person who left the roster has none */
        desk_unlocked(v->desk, desk_str(r->row, "user"), roles);
        return true;
    }
    u->checking = false;
    form_wipe(&u->form, "pass");
    return false;
}

static void check(struct view *v)
{
    struct unlock *u = v->state;
    const char *argv[] = {"unlock", u->who, NULL};
    const struct secret *pass = form_secret(&u->form, "pass");
    const char *problem = form_problem(&u->form);
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
        return;
    }
    u->checking = desk_ask_secret(v, take_keys, argv, &pass, 1) != 0;
}

/* Among few, letters do not find: a passphrase typed too early would stand on
 * the screen. Their digits choose. */
static bool choose_key(struct view *v, const struct key *k)
{
    struct unlock *u = v->state;
    size_t digit = (size_t)keys_digit(k);
    if (k->code != K_CHAR || u->people.total > FEW)
        return table_key(&u->people, k);
    if (digit == 0 || digit > u->people.total) {
        desk_say(v->desk, LOOK_WARN, "%s", _("Choose the person first"));
        return true;
    }
    table_key(&u->people, &(struct key){.code = K_HOME});
    while (--digit > 0)
        table_key(&u->people, &(struct key){.code = K_DOWN});
    ask_for(v, table_selected(&u->people)->id);
    return true;
}

static bool key(struct view *v, const struct key *k)
{
    struct unlock *u = v->state;
    if (u->checking)
        return true;
    if (!u->asking)
        return choose_key(v, k);
    if (k->code == K_ESC) {
        form_wipe(&u->form, "pass");
        u->asking = u->people.total <= 1;
        return true;
    }
    enum form_answer answer = form_key(&u->form, k);
    if (answer == FORM_DONE)
        check(v);
    return answer != FORM_NOT_MINE;
}

static void act(struct view *v, int what)
{
    struct unlock *u = v->state;
    const struct table_row *r = u->asking ? NULL : table_selected(&u->people);
    if (what == ACT_CHOOSE && r)
        ask_for(v, r->id);
    else if (what == ACT_OTHER && !u->checking)
        u->asking = false;
    else if (what == ACT_NOTE && !desk_show_name(v->desk, "note", NULL))
        desk_say(v->desk, LOOK_WARN, "%s", _("Emergency notes are not part of this version"));
}

static void paint(struct view *v, const struct area *a)
{
    struct unlock *u = v->state;
    struct area in = area_part(a, 2, 2, a->rows - 3, a->cols - 4);
    if (!u->asking) {
        table_paint(&u->people, &in);
        return;
    }
    struct area form = area_part(&in, 2, 0, 3, in.cols);
    term_text(&in, 0, 0, 0, LOOK_TITLE, u->who);
    form_paint(&u->form, &form);
    if (u->checking) {
        term_caret(&in, -1, -1);
        term_text(&in, 5, 0, 0, LOOK_DIM, _("Checking; this takes about a second"));
    } else if (form_is_cyrillic(&u->form, "pass")) {
        term_wrap(&in, 5, 2, LOOK_WARN,
                  _("Keyboard: Cyrillic letters are typed. Passphrases typed in the wrong layout are understood"));
    } else if (form_text(&u->form, "pass")[0]) {
        term_text(&in, 5, 0, 0, LOOK_DIM, _("Keyboard: Latin letters are typed"));
    }
}

static void close_unlock(struct view *v)
{
    struct unlock *u = v->state;
    table_free(&u->people);
    form_free(&u->form);
}

const struct screen screen_unlock = {
    .name = "unlock",
    .title = N_("Locked"),
    .about = N_("choose who you are and type the passphrase"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct unlock),
    .locked = true,
    .open = open_unlock,
    .paint = paint,
    .act = act,
    .key = key,
    .close = close_unlock,
};
