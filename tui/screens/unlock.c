#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/layout.h"
#include "tui/screens/desk.h"
#include "tui/screens/language.h"
#include "tui/screens/screens.h"
#include "tui/screens/todo.h"
#include "tui/widgets/form.h"
#include "tui/widgets/table.h"
#include "tui/words.h"

#include <stdio.h>
#include <string.h>

/*
 * Who, and the passphrase. The person is chosen from those with a key here;
 * where there is one, the passphrase is asked at once.
 */
struct unlock {
    struct table people;
    struct form form;
    size_t persons; /* with a key here */
    char who[NAME_LEN];
    bool asking; /* the passphrase: the form is shown */
    int tries;
    bool checking; /* the opener stretches it */
};

#define STANDING_ROW 13
#define FEW 9    /* persons */
#define AGAIN 75 /* exit code of ERR_AGAIN: the opener is being started */
#define RETRY 500
#define TRIES 20

enum { ACT_NOTE = ACT_OWN, ACT_CAMERAS, ACT_SYNC, ACT_JOIN, ACT_OTHER, ACT_LANGUAGE };
static const struct key_row keys[] = {
    {K_F3, ACT_CAMERAS, FIELD(14, "Cameras"), N_("takes cameras in: needs no passphrase"), false},
    {K_F4, ACT_SYNC, FIELD(14, "Sync"), N_("what waits to be sent, and the links: needs no passphrase"), false},
    {K_F5, ACT_NOTE, FIELD(14, "Emergency"), N_("an emergency note: needs no passphrase"), false},
    {K_F6, ACT_OTHER, FIELD(14, "Person"), N_("another person"), false},
    {K_F7, ACT_LANGUAGE, FIELD(14, "Language"), N_("Kazakh, Russian, English"), false},
    {K_F8, ACT_JOIN, FIELD(14, "New person"), N_("a further person joins, with an enrolment file"), false},
};

static const struct table_column columns[] = {
    {"", 2, 0, 0},
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
            char digit[4] = "";
            if (++u->persons <= FEW)
                snprintf(digit, sizeof digit, "%zu", u->persons);
            const char *cells[] = {digit, desk_str(r->row, "user"), desk_str(r->row, "roles")};
            enum err e = table_add(&u->people, 0, cells[1], LOOK_NORMAL, cells);
            if (e)
                desk_say_error(v->desk, e);
        }
        return true;
    }
    if (r->exit_code) {
        table_fail(&u->people, 0);
        if (r->exit_code == AGAIN && u->tries++ < TRIES) {
            desk_wake(v, RETRY);
            return true;
        }
        return false;
    }
    table_end(&u->people, 0, 0);
    if (u->people.total == 1 && !u->asking)
        ask_for(v, table_selected(&u->people)->id);
    return false;
}

static void ask_people(struct view *v)
{
    static const char *const argv[] = {"users", "list", NULL};
    struct unlock *u = v->state;
    u->persons = 0;
    table_reload(&u->people);
    desk_ask(v, take_person, argv);
}

static void tick(struct view *v, int64_t now)
{
    const struct unlock *u = v->state;
    (void)now;
    if (u->people.failed)
        ask_people(v);
}

static enum err open_unlock(struct view *v, const void *arg)
{
    struct unlock *u = v->state;
    (void)arg;
    table_init(&u->people, columns, sizeof columns / sizeof columns[0], NULL, NULL);
    u->people.empty = N_("Nobody has a key on this station; an enrolment file brings the first person");
    enum err e = form_init(&u->form, fields, 1);
    if (!e)
        ask_people(v);
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
    static const char *const names[] = {"note", "cameras", "sync", "join"};
    struct unlock *u = v->state;
    const struct table_row *r = u->asking ? NULL : table_selected(&u->people);
    if (what == ACT_CHOOSE && r)
        ask_for(v, r->id);
    else if (what == ACT_OTHER && !u->checking)
        u->asking = false;
    else if (what == ACT_LANGUAGE)
        language_next(v);
    else if (what >= ACT_NOTE && what <= ACT_JOIN && !desk_show_name(v->desk, names[what - ACT_NOTE], NULL))
        desk_say(v->desk, LOOK_WARN, "%s", _("This version has no screen for it"));
}

/* What is seen of the station while it is locked. */
static void paint_standing(const struct desk *d, const struct area *a)
{
    struct todo_line lines[TODO_MAX];
    struct todo_facts f = {.user = "", .now = clock_wall(), .status = d->status, .held = -1, .quarantined = -1};
    const json_t *shift = json_object_get(d->status, "shift");
    char when[TODO_TIME], held[TODO_TEXT];
    int row = 0;
    size_t n = todo_lines(&f, lines);
    if (json_is_object(shift)) {
        todo_time(when, desk_str(shift, "since"));
        term_textf(a, row++, 0, 0, LOOK_NORMAL, _("The shift is %s's, since %s"), desk_str(shift, "user"), when);
    }
    for (size_t i = 0; i < n && row < a->rows - 2; i++)
        term_text(a, row++, 0, 0, lines[i].look, lines[i].text);
    todo_held(d->status, held);
    term_wrap(a, row, 2, LOOK_DIM, held);
}

static void paint_hint(const struct unlock *u, const struct area *a)
{
    const char *pass = form_text(&u->form, "pass");
    if (u->checking) {
        term_caret(a, -1, -1);
        term_text(a, 0, 0, 0, LOOK_DIM, _("Checking; this takes about a second"));
    } else if (layout_mixed(pass, strlen(pass))) {
        term_wrap(a, 0, 2, LOOK_WARN, _("Keyboard: Latin and Cyrillic letters are mixed. Esc begins anew"));
    } else if (form_is_cyrillic(&u->form, "pass")) {
        term_wrap(a, 0, 2, LOOK_WARN,
                  _("Keyboard: Cyrillic letters are typed. Passphrases typed in the wrong layout are understood"));
    } else if (pass[0]) {
        term_text(a, 0, 0, 0, LOOK_DIM, _("Keyboard: Latin letters are typed"));
    }
}

static void paint(struct view *v, const struct area *a)
{
    struct unlock *u = v->state;
    struct area in = area_part(a, 1, 2, a->rows - 2, a->cols - 4);
    struct area people = area_part(&in, 0, 0, STANDING_ROW - 1, in.cols);
    struct area standing = area_part(&in, STANDING_ROW, 0, in.rows - STANDING_ROW, in.cols);
    if (v->desk->status && (u->asking || u->persons <= FEW))
        paint_standing(v->desk, &standing);
    if (!u->asking) {
        table_paint(&u->people, u->persons <= FEW ? &people : &in);
        return;
    }
    struct area form = area_part(&in, 2, 0, 3, in.cols), hint = area_part(&in, 5, 0, 2, in.cols);
    term_text(&in, 0, 0, 0, LOOK_TITLE, u->who);
    form_paint(&u->form, &form);
    paint_hint(u, &hint);
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
    .tick = tick,
    .close = close_unlock,
};
