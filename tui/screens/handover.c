#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/dock.h"
#include "tui/screens/screens.h"
#include "tui/screens/todo.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/ask.h"
#include "tui/widgets/form.h"
#include "tui/widgets/progress.h"
#include "tui/words.h"

#include <stdio.h>
#include <string.h>

#define TAKERS ASK_ANSWERS
#define OUT_MAX 14 /* cameras that one handover names */
#define SUMMARY_ROWS 9

/*
 * The shift: what changes hands is shown, whoever is unlocked gives, another
 * person takes with their own passphrase and is unlocked then.
 */
struct handover {
    struct form form;
    struct {
        char name[NAME_LEN];
        char roles[WORDS_ROLES];
    } taker[TAKERS];
    size_t n_takers, chosen;
    struct {
        char name[CELLS_BYTES];
        json_int_t recordings, bytes;
    } camera[OUT_MAX]; /* plugged in, with something on it */
    size_t n_cameras;
    bool known; /* the users were listed */
    bool busy;
};

enum { ACT_TAKER = ACT_OWN, ACT_GIVE };
static const struct key_row keys[] = {
    {K_F2, ACT_GIVE, FIELD(14, "Hand over"), N_("both persons are here: the station changes hands"), false},
    {K_F6, ACT_TAKER, FIELD(14, "Who takes"), N_("chooses who takes over"), false},
};
static const struct form_field fields[] = {
    {.name = "from", .label = N_("Gives"), .kind = FORM_SHOWN},
    {.name = "to", .label = N_("Takes over"), .kind = FORM_SHOWN},
    {.name = "out",
     .label = N_("Cameras that are out"),
     .kind = FORM_TEXT,
     .help = N_("their names with commas between them; empty: none")},
    {.name = "pass",
     .label = N_("Passphrase"),
     .kind = FORM_SECRET,
     .needed = true,
     .help = N_("of the person who takes over; Enter hands the station over")},
};

static void show_taker(struct handover *h)
{
    char line[NAME_LEN + WORDS_ROLES + 8] = "-";
    if (h->n_takers)
        snprintf(line, sizeof line, "%s (%s)", h->taker[h->chosen].name, h->taker[h->chosen].roles);
    form_set(&h->form, "to", line);
}

static bool take_user(struct view *v, const struct opener_reply *r)
{
    struct handover *h = v->state;
    const char *who = desk_str(r->row, "user");
    if (r->end) {
        h->known = true;
        show_taker(h);
        desk_paint(v);
        return false;
    }
    if (json_is_true(json_object_get(r->row, "key_here")) && strcmp(who, v->desk->user) != 0 && h->n_takers < TAKERS) {
        snprintf(h->taker[h->n_takers].name, NAME_LEN, "%s", who);
        snprintf(h->taker[h->n_takers].roles, WORDS_ROLES, "%s", desk_str(r->row, "roles"));
        h->n_takers++;
    }
    return true;
}

/* Those that are not taken in to their end: what is plugged in when it matters. */
static void look_at_cameras(struct view *v)
{
    struct handover *h = v->state;
    json_t *all = plugged_json(dock_plugged(v->desk));
    size_t i;
    const json_t *one;
    h->n_cameras = 0;
    json_array_foreach(all, i, one)
    {
        bool in = strcmp(desk_str(one, "state"), "done") == 0 && desk_int(one, "failed") == 0;
        if (in || desk_int(one, "recordings") == 0 || h->n_cameras == OUT_MAX)
            continue;
        snprintf(h->camera[h->n_cameras].name, sizeof h->camera[0].name, "%s", desk_str(one, "name"));
        h->camera[h->n_cameras].recordings = desk_int(one, "recordings");
        h->camera[h->n_cameras].bytes = desk_int(one, "bytes");
        h->n_cameras++;
    }
    json_decref(all);
    desk_paint(v);
}

static void news(struct view *v, const void *event)
{
    (void)event;
    look_at_cameras(v);
}

static enum err open_handover(struct view *v, const void *arg)
{
    static const char *const users[] = {"users", "list", NULL};
    struct handover *h = v->state;
    (void)arg;
    enum err e = form_init(&h->form, fields, sizeof fields / sizeof fields[0]);
    if (e)
        return e;
    form_set(&h->form, "from", v->desk->user);
    form_go(&h->form, "out");
    desk_ask(v, take_user, users);
    look_at_cameras(v);
    desk_refresh(v->desk);
    return ERR_OK;
}

/* The taker is here, and works on. */
static bool taken_over(struct view *v, const struct opener_reply *r)
{
    struct desk *d = v->desk;
    unsigned roles = 0;
    if (r->row) {
        if (words_roles(desk_str(r->row, "roles"), &roles) != ERR_OK)
            err_clear();
        desk_unlocked(d, desk_str(r->row, "user"), roles);
        desk_home(d);
        desk_say(d, LOOK_OK, _("%s has taken the station over and is unlocked"), desk_str(r->row, "user"));
        return true;
    }
    if (r->exit_code)
        desk_lock(d); /* it has changed hands: the giver does not go on */
    return false;
}

static bool handed_over(struct view *v, const struct opener_reply *r)
{
    struct handover *h = v->state;
    const struct secret *pass = form_secret(&h->form, "pass");
    const char *const argv[] = {"unlock", h->taker[h->chosen].name, NULL};
    if (!r->end)
        return true;
    if (r->exit_code) {
        h->busy = false;
        form_wipe(&h->form, "pass");
        form_go(&h->form, "pass");
        desk_paint(v);
        return false;
    }
    desk_ask_secret(v, taken_over, argv, &pass, 1);
    return false;
}

/* The next of "a, b": false: no more. */
static bool next_name(const char **p, char *out, size_t cap)
{
    *p += strspn(*p, ", ");
    size_t n = strcspn(*p, ",");
    if (n == 0)
        return false;
    cells_copy(out, cap, *p, n);
    *p += n;
    return true;
}

static void hand_over(struct view *v, int answer)
{
    struct handover *h = v->state;
    char out[OUT_MAX][256];
    const char *argv[4 + 2 * OUT_MAX] = {"handover", "--to", h->taker[h->chosen].name};
    const char *p = form_text(&h->form, "out");
    const struct secret *pass = form_secret(&h->form, "pass");
    size_t n = 3, k = 0;
    if (answer != 1)
        return;
    for (; k < h->n_cameras; k++) {
        argv[n++] = "--camera";
        argv[n++] = h->camera[k].name;
    }
    for (; k < OUT_MAX && next_name(&p, out[k], sizeof out[k]); k++) {
        argv[n++] = "--camera";
        argv[n++] = out[k];
    }
    h->busy = desk_ask_secret(v, handed_over, argv, &pass, 1) != 0;
}

static void check(struct view *v)
{
    struct handover *h = v->state;
    char text[NAME_LEN * 2 + 200];
    const char *problem = form_problem(&h->form);
    if (h->busy)
        return;
    if (h->n_takers == 0) {
        desk_say(v->desk, LOOK_WARN, "%s",
                 _("Nobody else has a key on this station; an enrolment file brings a further person"));
        return;
    }
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
        return;
    }
    snprintf(text, sizeof text, _("%s gives the station, %s takes it over. Do both of you agree?"), v->desk->user,
             h->taker[h->chosen].name);
    desk_ask_yes(v, hand_over, text);
}

static void choose(struct view *v, int answer)
{
    struct handover *h = v->state;
    if (answer >= 0 && (size_t)answer < h->n_takers && (size_t)answer != h->chosen) {
        h->chosen = (size_t)answer;
        form_wipe(&h->form, "pass");
        show_taker(h);
    }
}

static void act(struct view *v, int what)
{
    struct handover *h = v->state;
    const char *names[TAKERS];
    if (h->busy)
        return;
    if (what == ACT_GIVE) {
        check(v);
    } else if (what == ACT_TAKER && h->n_takers) {
        for (size_t i = 0; i < h->n_takers; i++)
            names[i] = h->taker[i].name;
        desk_ask_choice(v, choose, _("Who takes over?"), names, h->n_takers);
    }
}

static bool key(struct view *v, const struct key *k)
{
    struct handover *h = v->state;
    if (h->busy)
        return true;
    enum form_answer answer = form_key(&h->form, k);
    if (answer == FORM_DONE)
        check(v);
    return answer != FORM_NOT_MINE;
}

static void paint_cameras(const struct handover *h, const struct area *a, int *row)
{
    char size[PROGRESS_TEXT];
    if (h->n_cameras == 0)
        term_text(a, (*row)++, 0, 0, LOOK_NORMAL, _("No camera with recordings is plugged in"));
    for (size_t i = 0; i < h->n_cameras && *row < a->rows - 4; i++) {
        progress_size(size, (uint64_t)h->camera[i].bytes);
        term_textf(a, (*row)++, 0, 0, LOOK_WARN,
                   ngettext("Camera %s is plugged in: %lld recording on it, %s",
                            "Camera %s is plugged in: %lld recordings on it, %s",
                            (unsigned long)h->camera[i].recordings),
                   h->camera[i].name, (long long)h->camera[i].recordings, size);
    }
}

static void paint_jobs(const json_t *s, const struct area *a, int row)
{
    size_t intake = json_array_size(json_object_get(s, "intake")), want = json_array_size(json_object_get(s, "want"));
    size_t stick = json_array_size(json_object_get(s, "stick")), i;
    const json_t *lane;
    json_int_t bytes = 0;
    char size[PROGRESS_TEXT];
    json_array_foreach(json_object_get(s, "unsent_by_lane"), i, lane) bytes += json_integer_value(lane);
    progress_size(size, (uint64_t)bytes);
    if (bytes)
        term_textf(a, row++, 0, 0, LOOK_NORMAL, _("%s wait to be sent"), size);
    else
        term_text(a, row++, 0, 0, LOOK_NORMAL, _("Everything has been sent"));
    if (intake)
        term_textf(a, row++, 0, 0, LOOK_WARN,
                   ngettext("%zu recording was taken in only in part: plug its camera in again",
                            "%zu recordings were taken in only in part: plug their cameras in again", intake),
                   intake);
    if (want)
        term_textf(a, row++, 0, 0, LOOK_NORMAL,
                   ngettext("%zu recording is asked for at the district",
                            "%zu recordings are asked for at the district", want),
                   want);
    if (stick)
        term_textf(a, row++, 0, 0, LOOK_NORMAL,
                   ngettext("%zu stick is on its way", "%zu sticks are on their way", stick), stick);
}

static void paint(struct view *v, const struct area *a)
{
    struct handover *h = v->state;
    struct area in = area_part(a, 1, 1, a->rows - 1, a->cols - 2);
    struct area summary = area_part(&in, 0, 0, SUMMARY_ROWS, in.cols);
    struct area form = area_part(&in, SUMMARY_ROWS + 1, 0, form_rows(&h->form), in.cols);
    int row = 1;
    term_text(&summary, 0, 0, 0, LOOK_TITLE, _("What changes hands"));
    paint_cameras(h, &summary, &row);
    if (v->desk->status)
        paint_jobs(v->desk->status, &summary, row);
    form_paint(&h->form, &form);
    if (h->busy) {
        term_caret(&in, -1, -1);
        term_text(&in, in.rows - 1, 0, 0, LOOK_DIM, _("Checking the passphrase and signing; this takes a few seconds"));
    } else if (h->known && h->n_takers == 0) {
        term_wrap(&in, in.rows - 2, 2, LOOK_WARN,
                  _("Nobody else has a key on this station; an enrolment file brings a further person"));
    } else if (form_is_cyrillic(&h->form, "pass")) {
        term_wrap(&in, in.rows - 2, 2, LOOK_WARN,
                  _("Keyboard: Cyrillic letters are typed. Passphrases typed in the wrong layout are understood"));
    }
}

static void close_handover(struct view *v)
{
    struct handover *h = v->state;
    form_free(&h->form);
}

const struct screen screen_handover = {
    .name = "handover",
    .title = N_("Shift handover"),
    .about = N_("the station, from one shift to the next"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct handover),
    .menu = '5',
    .open = open_handover,
    .paint = paint,
    .act = act,
    .key = key,
    .news = news,
    .close = close_handover,
};
