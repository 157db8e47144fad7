#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/widgets/page.h"

#include <stdio.h>

static void add_rows(struct page *p, const char *title, const struct key_row *rows, size_t n)
{
    char key[64];
    if (n == 0)
        return;
    page_title(p, title);
    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof key, "  %s",
                 rows[i].code == K_NONE ? _("Enter, then its digit") : key_title(rows[i].code));
        page_pair(p, key, _(rows[i].help));
    }
    page_line(p, "%s", "");
}

/* arg: the screen that help is wanted for. */
static enum err open_help(struct view *v, const void *arg)
{
    const struct screen *s = arg;
    struct page *p = v->state;
    if (s && s->about)
        page_line(p, "%s: %s\n", _(s->title), _(s->about));
    if (s)
        add_rows(p, _(s->title), s->keys, s->n_keys);
    for (size_t i = 0; keys_common[i].name; i++)
        add_rows(p, _(keys_common[i].title), keys_common[i].rows, keys_common[i].n);
    return ERR_OK;
}

static void paint(struct view *v, const struct area *a)
{
    page_paint(v->state, a);
}

static bool key(struct view *v, const struct key *k)
{
    if (k->code == K_ENTER) {
        desk_close(v);
        return true;
    }
    return page_key(v->state, k);
}

static void close_help(struct view *v)
{
    page_free(v->state);
}

const struct screen screen_help = {
    .name = "help",
    .title = N_("Help"),
    .size = sizeof(struct page),
    .locked = true,
    .open = open_help,
    .paint = paint,
    .key = key,
    .close = close_help,
};
