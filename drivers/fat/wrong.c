#include "drivers/fat/wrong.h"

#include <string.h>

void wrong_note(struct wrong *w, const char *what)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->what[i], what) == 0)
            return;
    if (w->n < WRONG_MAX)
        w->what[w->n++] = what;
}

json_t *wrong_json(const struct wrong *w)
{
    json_t *all = json_array();
    for (size_t i = 0; i < w->n && all; i++)
        if (json_array_append_new(all, json_string(w->what[i]))) {
            json_decref(all);
            all = NULL;
        }
    return all;
}
