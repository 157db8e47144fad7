#include "tui/screens/menu.h"

#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/widgets/cells.h"

#include <stdio.h>

const struct screen *menu_screen(const struct desk *d, int digit)
{
    for (size_t i = 0; screens[i]; i++) {
        const struct screen *s = screens[i];
        if (s->menu == '0' + digit && (s->locked || d->user[0]) && (s->roles == 0 || (s->roles & d->roles)))
            return s;
    }
    return NULL;
}

bool menu_key(struct desk *d, int *at, const struct key *k)
{
    int digit = keys_digit(k);
    if (k->code == K_UP || k->code == K_DOWN) {
        int step = k->code == K_UP ? -1 : 1;
        for (int i = *at + step; i >= 1 && i <= MENU_END; i += step) {
            if (i < MENU_END && !menu_screen(d, i))
                continue;
            *at = i;
            break;
        }
        return true;
    }
    if (k->code == K_ENTER)
        digit = *at;
    else if (k->code == K_CHAR && k->c == '0')
        digit = MENU_END;
    if (digit == MENU_END) {
        desk_end(d);
        return true;
    }
    const struct screen *s = digit ? menu_screen(d, digit) : NULL;
    if (!s)
        return k->code == K_CHAR;
    desk_home(d);
    if (s != &screen_home)
        desk_show(d, s, NULL);
    return true;
}

int menu_rows(const struct desk *d)
{
    int n = 1;
    for (int i = 1; i < MENU_END; i++)
        n += menu_screen(d, i) != NULL;
    return n;
}

void menu_paint(const struct desk *d, int at, const struct area *a)
{
    char line[CELLS_BYTES];
    int row = 0;
    for (int i = 1; i <= MENU_END; i++) {
        const struct screen *s = i < MENU_END ? menu_screen(d, i) : NULL;
        enum look look = i == at ? LOOK_SELECTED : LOOK_NORMAL;
        if (i < MENU_END && !s)
            continue;
        snprintf(line, sizeof line, " %d  %s", i % MENU_END, s ? _(s->title) : _("End"));
        term_cell(a, row, 0, a->cols, look, CELLS_LEFT, line);
        if (a->cols > 50)
            term_text(a, row, 28, 0, i == at ? LOOK_SELECTED : LOOK_DIM,
                      s ? (s->about ? _(s->about) : "") : _("the screens; work that runs goes on"));
        row++;
    }
}

struct menu {
    int at;
};

static enum err open_menu(struct view *v, const void *arg)
{
    struct menu *m = v->state;
    (void)arg;
    m->at = 0;
    menu_key(v->desk, &m->at, &(struct key){.code = K_DOWN});
    return ERR_OK;
}

static void paint(struct view *v, const struct area *a)
{
    const struct menu *m = v->state;
    struct area in;
    term_box(a, menu_rows(v->desk), 76, _("Menu"), &in);
    menu_paint(v->desk, m->at, &in);
}

static bool key(struct view *v, const struct key *k)
{
    struct menu *m = v->state;
    return menu_key(v->desk, &m->at, k);
}

const struct screen screen_menu = {
    .name = "menu",
    .title = N_("Menu"),
    .size = sizeof(struct menu),
    .locked = true,
    .over = true,
    .guard = true,
    .open = open_menu,
    .paint = paint,
    .key = key,
};
