#include "storage/base/clock.h"
#include "storage/records/note.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/unsaved.h"
#include "tui/screens/screens.h"
#include "tui/widgets/sheet.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

/*
 * A note, typed and sealed at once: also while nobody is unlocked, then
 * nobody has signed it and its author confirms it (confirm.c).
 */
struct note {
    struct sheet sheet;
    struct unsaved unsaved;
    bool plain; /* not urgent */
    bool saving;
    bool saved; /* what is shown then */
    char said[512];
    char text[NOTE_MAX + 1];
};

enum { ACT_SAVE = ACT_OWN, ACT_URGENT, ACT_DISCARD };
static const struct key_row keys[] = {
    {K_F2, ACT_SAVE, FIELD(14, "Save"), N_("seals the note: it is saved when the screen says so"), false},
    {K_F3, ACT_URGENT, FIELD(14, "Urgent"), N_("urgent or not: an urgent note is sent before everything else"), false},
    {K_F8, ACT_DISCARD, FIELD(14, "Discard"), N_("throws away what is typed"), false},
};

static bool take_draft(struct view *v, const struct opener_reply *r)
{
    struct note *n = v->state;
    const char *text = r->row ? desk_str(r->row, "text") : "";
    if (text[0] && n->sheet.edit.len == 0) {
        edit_set(&n->sheet.edit, text);
        unsaved_found(&n->unsaved, v, r->row);
        desk_say(v->desk, LOOK_OK, "%s", _("This is what was being typed; go on"));
        desk_paint(v);
    }
    return true; /* that there is none is no fault */
}

/* arg: the name of a draft to go on with; NULL: a new note, or the person's own. */
static enum err open_note(struct view *v, const void *arg)
{
    struct note *n = v->state;
    sheet_init(&n->sheet, n->text, sizeof n->text);
    unsaved_begin(&n->unsaved, v, arg ? arg : "note");
    unsaved_find(&n->unsaved, v, take_draft);
    return ERR_OK;
}

static void say_saved(struct note *n, const char *entry, bool signed_by)
{
    n->saved = true;
    if (signed_by)
        snprintf(n->said, sizeof n->said, _("Saved: the note is sealed and signed by you, as entry %.8s."), entry);
    else
        snprintf(n->said, sizeof n->said,
                 _("Saved: the note is sealed as entry %.8s. Nobody can read it here until its author unlocks; then "
                   "the author confirms it."),
                 entry);
}

static bool take_saved(struct view *v, const struct opener_reply *r)
{
    struct note *n = v->state;
    if (r->row && strcmp(desk_str(r->row, "done"), "note") == 0)
        say_saved(n, desk_str(r->row, "entry"), json_is_string(json_object_get(r->row, "author")));
    if (r->end) {
        n->saving = false;
        if (n->saved) {
            unsaved_drop(&n->unsaved, v);
            edit_clear(&n->sheet.edit);
            desk_refresh(v->desk);
        }
    }
    desk_paint(v);
    return false;
}

static bool is_blank(const char *s)
{
    return s[strspn(s, " \n")] == '\0';
}

static void save(struct view *v)
{
    struct note *n = v->state;
    const char *argv[] = {"note", "add", "--text", n->text, n->plain ? NULL : "--urgent", NULL};
    if (is_blank(n->text)) {
        desk_say(v->desk, LOOK_WARN, "%s", _("The note is empty: type it first"));
        return;
    }
    n->saving = desk_ask(v, take_saved, argv) != 0;
}

static void discard(struct view *v, int answer)
{
    struct note *n = v->state;
    if (answer != 1)
        return;
    edit_clear(&n->sheet.edit);
    unsaved_drop(&n->unsaved, v);
    desk_close(v);
}

static void leave(struct view *v, int answer)
{
    if (answer == 1)
        desk_close(v);
}

static void act(struct view *v, int what)
{
    struct note *n = v->state;
    if (n->saved || n->saving)
        return;
    if (what == ACT_SAVE)
        save(v);
    else if (what == ACT_URGENT)
        n->plain = !n->plain;
    else if (what == ACT_DISCARD)
        desk_ask_yes(v, discard, _("Throw away what is typed?"));
}

static bool key(struct view *v, const struct key *k)
{
    struct note *n = v->state;
    if (n->saving)
        return true;
    if (n->saved) {
        if (k->code == K_ENTER || k->code == K_ESC)
            desk_close(v);
        return true;
    }
    if (k->code == K_ESC && !is_blank(n->text)) {
        desk_ask_yes(v, leave,
                     v->desk->user[0]
                         ? _("Leave the note? What is typed is not saved, but kept for you as a draft.")
                         : _("Leave the note? What is typed is not saved, but kept as a draft: sealed, and offered to "
                             "whoever unlocks next."));
        return true;
    }
    bool taken = sheet_key(&n->sheet, k);
    if (taken)
        unsaved_typed(&n->unsaved, v, clock_uptime());
    return taken;
}

static void tick(struct view *v, int64_t now)
{
    struct note *n = v->state;
    unsaved_tick(&n->unsaved, v, now, n->text);
}

static void paint(struct view *v, const struct area *a)
{
    struct note *n = v->state;
    struct area in = area_part(a, 1, 1, a->rows - 1, a->cols - 2);
    if (n->saved && !n->saving) {
        int used = term_wrap(&in, 1, in.rows - 4, LOOK_OK, n->said);
        term_text(&in, used + 2, 0, 0, LOOK_NORMAL, _("Enter: back"));
        return;
    }
    struct area sheet = area_part(&in, 4, 0, in.rows - 5, in.cols);
    term_text(&in, 0, 0, 0, n->plain ? LOOK_NORMAL : LOOK_ALARM,
              n->plain ? _("Not urgent: it is sent in its turn (F3: urgent)")
                       : _("Urgent: it is sent before everything else (F3: not urgent)"));
    term_wrap(&in, 1, 2, LOOK_DIM,
              v->desk->user[0]
                  ? _("You sign it. F2 saves it.")
                  : _("Nobody is unlocked, so nobody signs: write who you are and whom it is about. F2 saves it."));
    sheet_paint(&n->sheet, &sheet);
    if (n->saving) {
        term_caret(&in, -1, -1);
        term_text(&in, in.rows - 1, 0, 0, LOOK_DIM, _("Sealing"));
    } else {
        term_textf(&in, in.rows - 1, 0, 0, LOOK_DIM, _("%zu of %zu bytes"), n->sheet.edit.len, sizeof n->text - 1);
    }
}

static void close_note(struct view *v)
{
    struct note *n = v->state;
    unsaved_close(&n->unsaved, v, n->text);
    sodium_memzero(n->text, sizeof n->text);
}

const struct screen screen_note = {
    .name = "note",
    .title = N_("Note"),
    .about = N_("an emergency note: needs no passphrase"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct note),
    .menu = '6',
    .locked = true,
    .open = open_note,
    .paint = paint,
    .act = act,
    .key = key,
    .tick = tick,
    .close = close_note,
};
