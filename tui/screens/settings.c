#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/widgets/form.h"

#include <stdio.h>
#include <string.h>

/* How the screens of this station are set (screens.conf). */
struct settings_view {
    struct form form;
    bool known, sent;
};

enum { ACT_SAVE = ACT_OWN };
static const struct key_row keys[] = {
    {K_F2, ACT_SAVE, FIELD(14, "Save"), N_("keeps the settings; they count at once"), false},
};

/* Languages call themselves by their own names. */
static const struct form_field fields[] = {
    {"language",
     FIELD(24, "Language"),
     FORM_CHOICE,
     false,
     N_("takes effect at once, for everything"),
     {"English", "Русский", "Қазақша", NULL}},
    {"idle",
     FIELD(24, "Minutes until locked"),
     FORM_TEXT,
     true,
     N_("without a key for so long, the screens lock: 1 to 60"),
     {NULL}},
};
static const char *const languages[] = {"en", "ru", "kk"};

static bool take(struct view *v, const struct opener_reply *r)
{
    struct settings_view *s = v->state;
    char minutes[16];
    if (r->end)
        return false;
    snprintf(minutes, sizeof minutes, "%d", (int)desk_int(r->row, "idle_minutes"));
    form_set(&s->form, "idle", minutes);
    s->known = true;
    desk_paint(v);
    return true;
}

static enum err open_settings(struct view *v, const void *arg)
{
    static const char *const argv[] = {"settings", NULL};
    struct settings_view *s = v->state;
    (void)arg;
    enum err e = form_init(&s->form, fields, sizeof fields / sizeof fields[0]);
    for (int i = 0; !e && i < 3; i++)
        if (strcmp(languages[i], lang_name()) == 0)
            form_choose(&s->form, "language", i);
    if (!e)
        desk_ask(v, take, argv);
    return e;
}

static bool saved(struct view *v, const struct opener_reply *r)
{
    struct settings_view *s = v->state;
    if (!r->end) {
        v->desk->idle = (int64_t)desk_int(r->row, "idle_minutes") * 60000;
        return true;
    }
    s->sent = false;
    if (r->exit_code == 0) {
        desk_say(v->desk, LOOK_OK, "%s", _("The settings are kept"));
        desk_close(v);
    }
    return false;
}

static void save(struct view *v)
{
    struct settings_view *s = v->state;
    const char *problem = form_problem(&s->form), *lang = languages[form_choice(&s->form, "language")];
    const char *argv[] = {"settings", "--language", lang, "--idle-minutes", form_text(&s->form, "idle"), NULL};
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
        return;
    }
    enum err e = lang_start(lang);
    if (e)
        desk_say_error(v->desk, e);
    else
        s->sent = desk_ask(v, saved, argv) != 0;
}

static void paint(struct view *v, const struct area *a)
{
    struct settings_view *s = v->state;
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    if (s->known)
        form_paint(&s->form, &in);
    else
        term_text(&in, 0, 0, 0, LOOK_DIM, _("The settings are being read"));
}

static bool key(struct view *v, const struct key *k)
{
    struct settings_view *s = v->state;
    enum form_answer answer = s->sent || !s->known ? FORM_NOT_MINE : form_key(&s->form, k);
    if (answer == FORM_DONE)
        save(v);
    return answer != FORM_NOT_MINE;
}

static void act(struct view *v, int what)
{
    const struct settings_view *s = v->state;
    if (what == ACT_SAVE && s->known && !s->sent)
        save(v);
}

static void close_settings(struct view *v)
{
    struct settings_view *s = v->state;
    form_free(&s->form);
}

const struct screen screen_settings = {
    .name = "settings",
    .title = N_("Settings"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct settings_view),
    .open = open_settings,
    .paint = paint,
    .act = act,
    .key = key,
    .close = close_settings,
};
