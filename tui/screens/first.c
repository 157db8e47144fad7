#include "storage/seal/passphrase.h"
#include "tui/lang/lang.h"
#include "tui/screens/code.h"
#include "tui/screens/desk.h"
#include "tui/screens/language.h"
#include "tui/screens/screens.h"
#include "tui/screens/todo.h"
#include "tui/widgets/ask.h"
#include "tui/widgets/form.h"
#include "tui/words.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define FILES ASK_ANSWERS
#define FORM_ROW 5

/*
 * From an enrolment file to an open station: the file, its one-time code, a
 * passphrase. The same brings a further person to a station (join).
 */
struct first {
    struct form form;
    struct {
        char path[FORM_TEXT_MAX];
        char when[TODO_TIME];
    } file[FILES];
    size_t n_files;
    unsigned looking; /* the request */
    bool busy;
    bool made; /* the passphrase is of generated words, and is shown */
    char user[NAME_LEN];
    bool spent; /* the file can open nothing any more */
};

enum { ACT_GO = ACT_OWN, ACT_FILE, ACT_LOOK, ACT_WORDS, ACT_LANGUAGE, ACT_RESTORE };
static const struct key_row keys[] = {
    {K_F2, ACT_GO, FIELD(14, "Go"), N_("does it: Enter in the last field as well"), false},
    {K_F3, ACT_FILE, FIELD(14, "Which file"), N_("chooses among the enrolment files that were found"), false},
    {K_F4, ACT_LOOK, FIELD(14, "Look again"), N_("looks for enrolment files again: after a stick was plugged in"),
     false},
    {K_F5, ACT_WORDS, FIELD(14, "Words"), N_("makes a passphrase of words for you to write down"), false},
    {K_F7, ACT_LANGUAGE, FIELD(14, "Language"), N_("Kazakh, Russian, English"), false},
    {K_F8, ACT_RESTORE, FIELD(14, "Restore"), N_("a station from its backup, instead of an enrolment file"), false},
};
static const struct form_field fields[] = {
    {.name = "file",
     .label = N_("Enrolment file"),
     .kind = FORM_TEXT,
     .needed = true,
     .help = N_("from the administrator, on a stick; F3 chooses, or type where it is")},
    {.name = "code",
     .label = N_("One-time code"),
     .kind = FORM_TEXT,
     .needed = true,
     .help = N_("seven words of five letters; blanks, hyphens and capitals do not matter")},
    {.name = "pass",
     .label = N_("New passphrase"),
     .kind = FORM_SECRET,
     .needed = true,
     .help = N_("yours, to unlock this station; F5 makes one of words for you")},
    {.name = "again",
     .label = N_("Once more"),
     .kind = FORM_SECRET,
     .needed = true,
     .help = N_("the same passphrase once more; then Enter")},
};

static void choose(struct view *v, int answer)
{
    struct first *f = v->state;
    if (answer >= 0 && (size_t)answer < f->n_files) {
        form_set(&f->form, "file", f->file[answer].path);
        form_go(&f->form, "code");
    }
}

static void ask_file(struct view *v)
{
    struct first *f = v->state;
    const char *names[FILES];
    for (size_t i = 0; i < f->n_files; i++)
        names[i] = f->file[i].path;
    if (f->n_files)
        desk_ask_choice(v, choose, _("Which enrolment file?"), names, f->n_files);
    else
        desk_say(v->desk, LOOK_WARN, "%s", _("No enrolment file was found; plug the stick in and press F4"));
}

static bool take_file(struct view *v, const struct opener_reply *r)
{
    struct first *f = v->state;
    if (r->id != f->looking)
        return true;
    if (r->end) {
        f->looking = 0;
        if (f->n_files == 1 && !form_text(&f->form, "file")[0])
            choose(v, 0);
        else if (f->n_files > 1 && v->desk->top == v)
            ask_file(v);
        desk_paint(v);
        return false;
    }
    if (f->n_files < FILES && strlen(desk_str(r->row, "path")) < FORM_TEXT_MAX) {
        snprintf(f->file[f->n_files].path, FORM_TEXT_MAX, "%s", desk_str(r->row, "path"));
        todo_time(f->file[f->n_files].when, desk_str(r->row, "time"));
        f->n_files++;
    }
    return true;
}

static void look(struct view *v)
{
    static const char *const argv[] = {"enrolments", NULL};
    struct first *f = v->state;
    if (f->looking)
        return;
    f->n_files = 0;
    f->looking = desk_ask(v, take_file, argv);
}

static enum err open_first(struct view *v, const void *arg)
{
    struct first *f = v->state;
    (void)arg;
    enum err e = form_init(&f->form, fields, sizeof fields / sizeof fields[0]);
    if (!e)
        look(v);
    return e;
}

static void wipe(struct first *f)
{
    form_wipe(&f->form, "pass");
    form_wipe(&f->form, "again");
    f->made = false;
}

static void say_done(struct view *v)
{
    struct first *f = v->state;
    if (!f->spent)
        desk_say(v->desk, LOOK_WARN, "%s",
                 _("Done, but the enrolment file could not be overwritten: destroy that medium, it and its code still "
                   "open the keys"));
    else
        desk_say(v->desk, LOOK_OK, _("Done: %s works here now; the enrolment file is used up"), f->user);
}

static bool unlocked(struct view *v, const struct opener_reply *r)
{
    struct desk *d = v->desk;
    unsigned roles = 0;
    if (r->row) {
        if (words_roles(desk_str(r->row, "roles"), &roles) != ERR_OK)
            err_clear();
        desk_unlocked(d, desk_str(r->row, "user"), roles);
        return true;
    }
    if (r->exit_code == 0)
        say_done(v);
    desk_close(v); /* if not, the unlock screen is below or opens */
    return false;
}

static bool enrolled(struct view *v, const struct opener_reply *r)
{
    struct first *f = v->state;
    const struct secret *pass = form_secret(&f->form, "pass");
    const char *const argv[] = {"unlock", f->user, NULL};
    if (r->row) {
        snprintf(f->user, sizeof f->user, "%s", desk_str(r->row, "user"));
        f->spent = json_is_true(json_object_get(r->row, "spent"));
        return true;
    }
    f->busy = false;
    if (r->exit_code) {
        form_go(&f->form, r->exit_code == err_exit_code(ERR_NOINPUT) ? "file" : "code");
        desk_paint(v);
        return false;
    }
    desk_refresh(v->desk);
    if (v->desk->user[0]) { /* somebody works here: they go on */
        say_done(v);
        desk_close(v);
        return false;
    }
    f->busy = desk_ask_secret(v, unlocked, argv, &pass, 1) != 0;
    return false;
}

static void start(struct view *v)
{
    struct first *f = v->state;
    const char *const argv[] = {"init", "--enrol", form_text(&f->form, "file"), NULL};
    struct secret *code = sodium_malloc(sizeof *code);
    if (!code) {
        desk_say(v->desk, LOOK_ALARM, "%s", _("Out of memory: close something and try again"));
        return;
    }
    code->len = code_plain(code->p, sizeof code->p, form_text(&f->form, "code"));
    const struct secret *const secrets[] = {code, form_secret(&f->form, "pass")};
    f->busy = desk_ask_secret(v, enrolled, argv, secrets, 2) != 0;
    secret_free(code);
}

static void check(struct view *v)
{
    struct first *f = v->state;
    const struct secret *pass = form_secret(&f->form, "pass"), *again = form_secret(&f->form, "again");
    const char *problem = form_problem(&f->form);
    struct code code;
    code_look(&code, form_text(&f->form, "code"));
    if (f->busy)
        return;
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
    } else if (!code.whole) {
        form_go(&f->form, "code");
        desk_say(v->desk, LOOK_WARN, "%s", _("The one-time code is not complete: it has seven words of five letters"));
    } else if (passphrase_check(pass->p, pass->len) != ERR_OK) {
        form_go(&f->form, "pass");
        desk_say_error(v->desk, ERR_DATA);
        err_clear();
    } else if (pass->len != again->len || sodium_memcmp(pass->p, again->p, pass->len) != 0) {
        form_wipe(&f->form, "again");
        form_go(&f->form, "again");
        desk_say(v->desk, LOOK_WARN, "%s", _("The two passphrases are not the same: type it once more"));
    } else {
        start(v);
    }
}

static void make_words(struct view *v)
{
    struct first *f = v->state;
    struct buf words = {.secret = 1, .max = PASSPHRASE_MAX};
    enum err e = passphrase_words(&words, PASSPHRASE_WORDS);
    wipe(f);
    if (e) {
        desk_say_error(v->desk, e);
    } else {
        form_set(&f->form, "pass", (const char *)words.p);
        form_go(&f->form, "again");
        f->made = true;
    }
    buf_free(&words);
    desk_paint(v);
}

static void act(struct view *v, int what)
{
    struct first *f = v->state;
    if (f->busy)
        return;
    if (what == ACT_GO)
        check(v);
    else if (what == ACT_FILE)
        ask_file(v);
    else if (what == ACT_LOOK)
        look(v);
    else if (what == ACT_WORDS)
        make_words(v);
    else if (what == ACT_LANGUAGE)
        language_next(v);
    else if (what == ACT_RESTORE && v->screen == &screen_join)
        desk_say(v->desk, LOOK_WARN, "%s",
                 _("There is a station here already; a backup is restored where there is none"));
    else if (what == ACT_RESTORE)
        desk_show(v->desk, &screen_restore, NULL);
}

static bool key(struct view *v, const struct key *k)
{
    struct first *f = v->state;
    const char *at = f->form.fields[f->form.at].name;
    if (f->busy)
        return true;
    enum form_answer answer = form_key(&f->form, k);
    if (answer == FORM_DONE)
        check(v);
    if (answer == FORM_CHANGED && strcmp(at, "pass") == 0) {
        form_wipe(&f->form, "again");
        f->made = false; /* it is no longer what is shown */
    }
    return answer != FORM_NOT_MINE;
}

static void paint_files(const struct first *f, const struct area *a)
{
    if (f->looking)
        term_text(a, 0, 0, 0, LOOK_DIM, _("Looking for enrolment files"));
    else if (f->n_files == 0)
        term_text(a, 0, 0, 0, LOOK_WARN, _("No enrolment file found: plug the administrator's stick in, then F4"));
    else if (f->n_files == 1)
        term_textf(a, 0, 0, 0, LOOK_OK, _("Found: %s, of %s"), f->file[0].path, f->file[0].when);
    else
        term_textf(
            a, 0, 0, 0, LOOK_OK,
            ngettext("%zu enrolment file found: F3 chooses", "%zu enrolment files found: F3 chooses", f->n_files),
            f->n_files);
}

static void paint_code(const struct first *f, const struct area *a)
{
    struct code c;
    code_look(&c, form_text(&f->form, "code"));
    if (c.whole)
        term_text(a, 0, 0, 0, LOOK_OK, _("The code is complete"));
    else if (c.odd)
        term_text(a, 0, 0, 0, LOOK_WARN, _("A letter is wrong: no code has it in this place"));
    else
        term_textf(a, 0, 0, 0, LOOK_DIM, ngettext("%u word of the code of %u", "%u words of the code of %u", c.words),
                   c.words, CODE_WORDS);
}

/* The passphrase: what is made, or whether what is typed will do. */
static void paint_pass(struct first *f, const struct area *a)
{
    const struct secret *pass = form_secret(&f->form, "pass"), *again = form_secret(&f->form, "again");
    if (f->made) {
        int row =
            term_wrap(a, 0, 2, LOOK_NORMAL, _("Your passphrase, shown this once. Write it down and keep it on you:"));
        term_text(a, row, 4, 0, LOOK_WARN, pass->p);
        term_wrap(a, row + 1, 2, LOOK_NORMAL, _("Then type it here, as it is written, in the last field."));
        return;
    }
    if (!pass->len)
        return;
    if (passphrase_check(pass->p, pass->len) != ERR_OK) {
        term_wrap(a, 0, 2, LOOK_WARN, err_text());
        err_clear();
    } else if (pass->len == again->len && sodium_memcmp(pass->p, again->p, pass->len) == 0) {
        term_text(a, 0, 0, 0, LOOK_OK, _("The passphrase is strong enough, and the same twice"));
    } else {
        term_text(a, 0, 0, 0, LOOK_OK, _("The passphrase is strong enough"));
    }
    if (form_is_cyrillic(&f->form, "pass"))
        term_text(a, 2, 0, 0, LOOK_WARN, _("Keyboard: Cyrillic letters are typed"));
    else
        term_text(a, 2, 0, 0, LOOK_DIM, _("Keyboard: Latin letters are typed"));
}

static void paint(struct view *v, const struct area *a)
{
    struct first *f = v->state;
    struct area in = area_part(a, 1, 1, a->rows - 1, a->cols - 2);
    struct area files = area_part(&in, 3, 0, 1, in.cols);
    struct area form = area_part(&in, FORM_ROW, 0, form_rows(&f->form), in.cols);
    struct area code = area_part(&in, FORM_ROW + 7, 0, 1, in.cols);
    struct area pass = area_part(&in, FORM_ROW + 9, 0, in.rows - FORM_ROW - 9, in.cols);
    term_wrap(
        &in, 0, 3, LOOK_NORMAL,
        v->screen == &screen_first
            ? _("This laptop is no station yet. An enrolment file from the administrator, its one-time code and a "
                "passphrase of your own make it one.")
            : _("A further person works on this station with an enrolment file of their own, its one-time code "
                "and a passphrase."));
    paint_files(f, &files);
    form_paint(&f->form, &form);
    paint_code(f, &code);
    if (f->busy) {
        term_caret(&in, -1, -1);
        term_text(&pass, 0, 0, 0, LOOK_DIM, _("Working; this takes a few seconds"));
    } else {
        paint_pass(f, &pass);
    }
}

static void close_first(struct view *v)
{
    struct first *f = v->state;
    form_free(&f->form);
}

const struct screen screen_first = {
    .name = "first",
    .title = N_("First run"),
    .about = N_("makes this laptop a station"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct first),
    .locked = true,
    .open = open_first,
    .paint = paint,
    .act = act,
    .key = key,
    .close = close_first,
};

const struct screen screen_join = {
    .name = "join",
    .title = N_("A further person"),
    .about = N_("an enrolment file brings somebody to this station"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct first),
    .locked = true,
    .open = open_first,
    .paint = paint,
    .act = act,
    .key = key,
    .close = close_first,
};
