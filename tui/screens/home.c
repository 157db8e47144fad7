#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/menu.h"
#include "tui/screens/screens.h"

struct home {
    int at;
};

static enum err open_home(struct view *v, const void *arg)
{
    struct home *h = v->state;
    (void)arg;
    menu_key(v->desk, &h->at, &(struct key){.code = K_DOWN});
    return ERR_OK;
}

static void paint(struct view *v, const struct area *a)
{
    const struct home *h = v->state;
    struct area in = area_part(a, 1, 1, a->rows - 1, a->cols - 2);
    menu_paint(v->desk, h->at, &in);
}

static bool key(struct view *v, const struct key *k)
{
    struct home *h = v->state;
    return menu_key(v->desk, &h->at, k);
}

const struct screen screen_home = {
    .name = "home",
    .title = N_("Home"),
    .about = N_("what needs doing"),
    .size = sizeof(struct home),
    .open = open_home,
    .paint = paint,
    .key = key,
};
