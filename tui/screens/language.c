#include "tui/screens/language.h"

#include "tui/lang/lang.h"

#include <string.h>

void language_keep(struct view *v)
{
    const char *const argv[] = {"settings", "--language", lang_name(), NULL};
    desk_ask(v, NULL, argv);
}

void language_next(struct view *v)
{
    size_t i = 0;
    while (lang_names[i] && strcmp(lang_names[i], lang_name()) != 0)
        i++;
    const char *next = lang_names[i] && lang_names[i + 1] ? lang_names[i + 1] : lang_names[0];
    enum err e = lang_start(next);
    if (e) {
        desk_say_error(v->desk, e);
        return;
    }
    if (v->desk->status)
        language_keep(v);
    /* translators: name the language that you translate into */
    desk_say(v->desk, LOOK_OK, "%s", _("The screens speak English"));
    desk_paint(v);
}
