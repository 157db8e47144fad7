#ifndef TUI_SCREENS_MENU_H
#define TUI_SCREENS_MENU_H

#include "tui/screens/screen.h"

/* The menu's rows: the screens that the person's roles may see, by digit, and
 * the end. */
#define MENU_END 10 /* shown as 0 */

/* The screen of a digit from 1 to 9; NULL: none for this person. */
const struct screen *menu_screen(const struct desk *d, int digit);
int menu_rows(const struct desk *d);
void menu_paint(const struct desk *d, int at, const struct area *a);
/* at: the selected digit. True: the key was for it. */
bool menu_key(struct desk *d, int *at, const struct key *k);

#endif
