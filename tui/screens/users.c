#include "tui/lang/lang.h"
#include "tui/screens/screens.h"
#include "tui/screens/listing.h"

#include <stdio.h>
#include <string.h>

/* Who is who by the roster; a member of a circle admits others to it. */
#define CHOICES_MAX 9 /* of the person who is unlocked: as many as a question has answers */

struct users {
    struct listing listing;
    char who[NAME_LEN]; /* to be admitted */
    char circles[CHOICES_MAX][CIRCLE_LEN];
    size_t n_circles;
};

enum { ACT_ADMIT = ACT_OWN, ACT_PERSON };
static const struct key_row keys[] = {
    {K_F5, ACT_ADMIT, FIELD(14, "Admit"), N_("gives this person the key of a circle that you are in"), true},
    {K_F6, ACT_PERSON, FIELD(14, "New person"), N_("a further person joins this station by an enrolment file"), false},
};

static const struct table_column columns[] = {
    {FIELD(16, "Person"), 16, 1, 0}, {FIELD(18, "Roles"), 18, 1, 0},  {FIELD(22, "Circles"), 22, 3, 0},
    {FIELD(10, "Until"), 10, 0, 0},  {FIELD(8, "Key here"), 8, 0, 0},
};

static bool user_row(struct view *v, const json_t *row, char cells[][LISTING_CELL], char id[static TABLE_ID],
                     enum look *look)
{
    bool revoked = json_is_true(json_object_get(row, "revoked")), here = json_is_true(json_object_get(row, "key_here"));
    (void)v;
    snprintf(id, TABLE_ID, "%s", desk_str(row, "user"));
    snprintf(cells[0], LISTING_CELL, "%s", desk_str(row, "user"));
    snprintf(cells[1], LISTING_CELL, "%s", desk_str(row, "roles"));
    snprintf(cells[2], LISTING_CELL, "%s", desk_str(row, "circles"));
    snprintf(cells[3], LISTING_CELL, "%.10s", revoked ? _("revoked") : desk_str(row, "until"));
    snprintf(cells[4], LISTING_CELL, "%s", here ? _("yes") : "");
    *look = revoked ? LOOK_DIM : LOOK_NORMAL;
    return true;
}

static const struct listing_kind kind = {columns, sizeof columns / sizeof columns[0],
                                         N_("The roster names nobody; sync, or ask the administrator"), user_row};

static void ask(struct view *v)
{
    static const char *const argv[] = {"users", "list", NULL};
    listing_ask(v, argv);
}

static enum err open_users(struct view *v, const void *arg)
{
    (void)arg;
    listing_open(v, &kind);
    ask(v);
    return ERR_OK;
}

static bool admitted(struct view *v, const struct opener_reply *r)
{
    const struct users *s = v->state;
    if (r->end && r->exit_code == 0) {
        desk_say(v->desk, LOOK_OK, _("%s is admitted: at the next unlock here, and elsewhere after a sync"), s->who);
        ask(v);
    }
    return false;
}

static void admit(struct view *v, int answer)
{
    struct users *s = v->state;
    if (answer < 0 || (size_t)answer >= s->n_circles)
        return;
    const char *argv[] = {"admit", s->who, s->circles[answer], NULL};
    desk_ask(v, admitted, argv);
}

/* Which circle: of those that the unlocked person is in. */
static bool take_circle(struct view *v, const struct opener_reply *r)
{
    struct users *s = v->state;
    const char *answers[CHOICES_MAX];
    char text[NAME_LEN + 128];
    if (!r->end) {
        if (json_is_true(json_object_get(r->row, "mine")) && s->n_circles < CHOICES_MAX)
            snprintf(s->circles[s->n_circles++], CIRCLE_LEN, "%s", desk_str(r->row, "circle"));
        return true;
    }
    for (size_t i = 0; i < s->n_circles; i++)
        answers[i] = s->circles[i];
    snprintf(text, sizeof text,
             _("Admit %s to which circle? It can open all that is sealed to it from now on, and what "
               "was sealed to it before."),
             s->who);
    if (s->n_circles)
        desk_ask_choice(v, admit, text, answers, s->n_circles);
    else if (r->exit_code == 0)
        desk_say(v->desk, LOOK_WARN, "%s", _("You are in no circle; a member admits"));
    return false;
}

static void act(struct view *v, int what)
{
    static const char *const argv[] = {"circles", NULL};
    struct users *s = v->state;
    const char *who = listing_selected(v);
    if (what == ACT_CHOOSE && who) {
        desk_row_menu(v);
    } else if (what == ACT_ADMIT && who) {
        snprintf(s->who, sizeof s->who, "%s", who);
        s->n_circles = 0;
        desk_ask(v, take_circle, argv);
    } else if (what == ACT_PERSON) {
        desk_show_name(v->desk, "join", NULL);
    }
}

const struct screen screen_users = {
    .name = "users",
    .title = N_("Persons"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct users),
    .open = open_users,
    .paint = listing_paint,
    .act = act,
    .key = listing_key,
    .close = listing_close,
};

static const struct table_column circle_columns[] = {
    {FIELD(24, "Circle"), 24, 1, 0},
    {FIELD(10, "Generation"), 10, 0, 1},
    {FIELD(4, "You"), 4, 0, 0},
    {FIELD(36, "Persons"), 36, 3, 0},
};

static bool circle_row(struct view *v, const json_t *row, char cells[][LISTING_CELL], char id[static TABLE_ID],
                       enum look *look)
{
    bool mine = json_is_true(json_object_get(row, "mine"));
    (void)v;
    snprintf(id, TABLE_ID, "%s", desk_str(row, "circle"));
    snprintf(cells[0], LISTING_CELL, "%s", desk_str(row, "circle"));
    snprintf(cells[1], LISTING_CELL, "%d", (int)desk_int(row, "generation"));
    snprintf(cells[2], LISTING_CELL, "%s", mine ? _("in") : "");
    snprintf(cells[3], LISTING_CELL, "%s", desk_str(row, "members"));
    *look = mine ? LOOK_NORMAL : LOOK_DIM;
    return true;
}

static const struct listing_kind circle_kind = {circle_columns, 4, N_("The roster names no circle"), circle_row};

static enum err open_circles(struct view *v, const void *arg)
{
    static const char *const argv[] = {"circles", NULL};
    (void)arg;
    listing_open(v, &circle_kind);
    listing_ask(v, argv);
    return ERR_OK;
}

const struct screen screen_circles = {
    .name = "circles",
    .title = N_("Circles"),
    .size = sizeof(struct listing),
    .open = open_circles,
    .paint = listing_paint,
    .key = listing_key,
    .close = listing_close,
};
