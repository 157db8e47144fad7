#include "storage/seal/passphrase.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/widgets/form.h"

#include <sodium.h>
#include <string.h>

/*
 * A person's own passphrase. The old one is asked although they are unlocked:
 * the laptop may have been left alone.
 */
struct passphrase {
    struct form form;
    struct secret *words; /* generated, shown until the screen is left; NULL: none */
    bool sent;
};

enum { ACT_WORDS = ACT_OWN };
static const struct key_row keys[] = {
    {K_F5, ACT_WORDS, FIELD(14, "Words"), N_("makes a passphrase of words for you, to write down"), false},
};

static const struct form_field fields[] = {
    {"old", FIELD(24, "Passphrase until now"), FORM_SECRET, true, NULL, {NULL}},
    {"new",
     FIELD(24, "New passphrase"),
     FORM_SECRET,
     true,
     N_("words of your own, or F5: words are made for you"),
     {NULL}},
    {"again", FIELD(24, "New passphrase, again"), FORM_SECRET, true, NULL, {NULL}},
};

static enum err open_passphrase(struct view *v, const void *arg)
{
    struct passphrase *s = v->state;
    (void)arg;
    return form_init(&s->form, fields, sizeof fields / sizeof fields[0]);
}

static void make_words(struct view *v)
{
    struct passphrase *s = v->state;
    struct buf words = {.secret = 1, .max = PASSPHRASE_MAX};
    enum err e = passphrase_words(&words, PASSPHRASE_WORDS);
    if (!e && !s->words)
        s->words = sodium_malloc(sizeof *s->words);
    if (!e && !s->words)
        e = err_set(ERR_NOMEM, "out of memory");
    if (e) {
        desk_say_error(v->desk, e);
    } else if (s->words && words.p) {
        memcpy(s->words->p, words.p, words.len + 1);
        s->words->len = words.len;
        form_wipe(&s->form, "new");
        form_wipe(&s->form, "again");
        form_go(&s->form, form_secret(&s->form, "old")->len ? "new" : "old");
    }
    buf_free(&words);
}

static bool changed(struct view *v, const struct opener_reply *r)
{
    struct passphrase *s = v->state;
    if (!r->end)
        return true;
    s->sent = false;
    if (r->exit_code == 0) {
        desk_say(v->desk, LOOK_OK, "%s",
                 _("Your passphrase is changed on this station; old backups still open with the old one"));
        desk_close(v);
    }
    form_wipe(&s->form, "old");
    form_go(&s->form, "old");
    return false;
}

static void change(struct view *v)
{
    struct passphrase *s = v->state;
    static const char *const argv[] = {"passphrase", NULL};
    const struct secret *new = form_secret(&s->form, "new"), *again = form_secret(&s->form, "again");
    const struct secret *secrets[] = {form_secret(&s->form, "old"), new};
    const char *problem = form_problem(&s->form);
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
    } else if (new->len != again->len || sodium_memcmp(new->p, again->p, new->len) != 0) {
        desk_say(v->desk, LOOK_WARN, "%s", _("The two are not the same; type the new one again"));
        form_wipe(&s->form, "again");
        form_go(&s->form, "again");
    } else {
        s->sent = desk_ask_secret(v, changed, argv, secrets, 2) != 0;
    }
}

static void paint(struct view *v, const struct area *a)
{
    struct passphrase *s = v->state;
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    struct area below = area_part(&in, 6, 0, in.rows - 6, in.cols);
    form_paint(&s->form, &in);
    if (s->words) {
        term_text(&below, 0, 0, 0, LOOK_NORMAL,
                  _("Your new passphrase, shown until you leave; write it down, then type it:"));
        term_text(&below, 2, 4, 0, LOOK_WARN, s->words->p);
    } else if (form_is_cyrillic(&s->form, "new")) {
        term_wrap(&below, 0, 2, LOOK_WARN,
                  _("Cyrillic letters are typed: remember that you will need this layout again"));
    }
    if (s->sent)
        term_text(&below, 4, 0, 0, LOOK_DIM, _("Changing; this takes a few seconds"));
}

static bool key(struct view *v, const struct key *k)
{
    struct passphrase *s = v->state;
    if (s->sent)
        return true;
    enum form_answer answer = form_key(&s->form, k);
    if (answer == FORM_DONE)
        change(v);
    return answer != FORM_NOT_MINE;
}

static void act(struct view *v, int what)
{
    const struct passphrase *s = v->state;
    if (what == ACT_WORDS && !s->sent)
        make_words(v);
}

static void close_passphrase(struct view *v)
{
    struct passphrase *s = v->state;
    form_free(&s->form);
    secret_free(s->words);
}

const struct screen screen_passphrase = {
    .name = "passphrase",
    .title = N_("Your passphrase"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct passphrase),
    .open = open_passphrase,
    .paint = paint,
    .act = act,
    .key = key,
    .close = close_passphrase,
};
