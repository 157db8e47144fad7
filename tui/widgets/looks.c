#include "tui/widgets/looks.h"

#include <ncurses.h>

/* Foreground and background of 16 and of 8 colours (-1: the terminal's own),
 * attributes that go with each, and those that stand alone without colour:
 * there reverse and bold say what colour says elsewhere. */
static const struct {
    short fg16, bg16, fg8, bg8;
    attr_t attr16, attr8, attr0;
} table[LOOKS] = {
    [LOOK_NORMAL] = {-1, -1, -1, -1, A_NORMAL, A_NORMAL, A_NORMAL},
    [LOOK_DIM] = {8, -1, -1, -1, A_NORMAL, A_DIM, A_NORMAL},
    [LOOK_TITLE] = {15, 4, COLOR_WHITE, COLOR_BLUE, A_NORMAL, A_BOLD, A_REVERSE},
    [LOOK_SELECTED] = {0, 14, COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_NORMAL, A_REVERSE},
    [LOOK_FIELD] = {15, 4, COLOR_WHITE, COLOR_BLUE, A_NORMAL, A_NORMAL, A_UNDERLINE},
    [LOOK_TYPING] = {0, 15, COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_NORMAL, A_REVERSE},
    [LOOK_OK] = {10, -1, COLOR_GREEN, -1, A_NORMAL, A_NORMAL, A_NORMAL},
    [LOOK_WARN] = {11, -1, COLOR_YELLOW, -1, A_NORMAL, A_BOLD, A_BOLD},
    [LOOK_ALARM] = {15, 1, COLOR_WHITE, COLOR_RED, A_BOLD, A_BOLD, A_REVERSE | A_BOLD},
    [LOOK_KEY] = {0, 7, COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_NORMAL, A_REVERSE},
};

int term_colours(void)
{
    if (!has_colors() || COLOR_PAIRS <= LOOKS)
        return 0;
    return COLORS >= 16 ? 16 : COLORS >= 8 ? 8 : 0;
}

void looks_start(void)
{
    if (!has_colors() || start_color() == ERR)
        return;
    bool own = use_default_colors() == OK;
    bool many = term_colours() == 16;
    for (short i = 0; i < LOOKS && term_colours(); i++) {
        short fg = many ? table[i].fg16 : table[i].fg8, bg = many ? table[i].bg16 : table[i].bg8;
        if (fg < 0 && !own)
            fg = COLOR_WHITE;
        if (bg < 0 && !own)
            bg = COLOR_BLACK;
        init_pair((short)(i + 1), fg, bg);
    }
}

void looks_set(enum look look)
{
    switch (term_colours()) {
    case 0:
        attr_set(table[look].attr0, 0, NULL);
        break;
    case 8:
        attr_set(table[look].attr8, (short)(look + 1), NULL);
        break;
    default:
        attr_set(table[look].attr16, (short)(look + 1), NULL);
    }
}
