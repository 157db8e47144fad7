#include "tui/keys.h"

#include "tui/lang/lang.h"
#include "tui/layout.h"
#include "tui/screens/screens.h"

#include <stdio.h>
#include <string.h>

static const struct key_row everywhere[] = {
    {K_F1, ACT_HELP, FIELD(14, "Help"), N_("the keys of this screen; also ? where nothing is typed"), false},
    {K_F10, ACT_MENU, FIELD(14, "Menu"), N_("all screens, by digit"), false},
    {K_F12, ACT_LOCK, FIELD(14, "Lock"), N_("locks the screens at once; work that runs goes on"), false},
    {K_ESC, ACT_BACK, NULL, N_("back to the screen before; at home the menu"), false},
    {K_ENTER, ACT_CHOOSE, NULL, N_("takes what is selected"), false},
};
static const struct key_row list[] = {
    {K_CHAR, ACT_NONE, NULL, N_("finds rows with these letters, in any column"), false},
    {K_BACKSPACE, ACT_NONE, NULL, N_("takes the last letter back; Esc takes all of them"), false},
    {K_UP, ACT_NONE, NULL, N_("the row above; Down the one below"), false},
    {K_PAGE_UP, ACT_NONE, NULL, N_("a page up; PgDn a page down"), false},
    {K_HOME, ACT_NONE, NULL, N_("the first row; End the last one"), false},
};
static const struct key_row form[] = {
    {K_TAB, ACT_NONE, NULL, N_("the next field; Down and Enter as well"), false},
    {K_UP, ACT_NONE, NULL, N_("the field above"), false},
    {K_LEFT, ACT_NONE, NULL, N_("moves the caret; in a choice the one before, Right the next"), false},
    {K_ENTER, ACT_NONE, NULL, N_("in the last field: done"), false},
    {K_ESC, ACT_NONE, NULL, N_("leaves the form; what was begun is kept as a draft where the screen says so"), false},
};
static const struct key_row question[] = {
    {K_CHAR, ACT_NONE, NULL, N_("1 to 9: the answer with this digit"), false},
    {K_UP, ACT_NONE, NULL, N_("the answer above; Down the one below; Enter takes it"), false},
    {K_ESC, ACT_NONE, NULL, N_("leaves everything as it is"), false},
};
static const struct key_row page[] = {
    {K_UP, ACT_NONE, NULL, N_("a line up; Down a line down"), false},
    {K_PAGE_UP, ACT_NONE, NULL, N_("a page up; PgDn and the space bar a page down"), false},
    {K_HOME, ACT_NONE, NULL, N_("the beginning; End the end"), false},
};
#define ROWS(a) (a), sizeof(a) / sizeof(a)[0]

const struct key_group keys_common[] = {
    {"everywhere", N_("On every screen"), ROWS(everywhere)},
    {"list", N_("In a list"), ROWS(list)},
    {"form", N_("In a form"), ROWS(form)},
    {"question", N_("In a question or menu"), ROWS(question)},
    {"page", N_("In a text"), ROWS(page)},
    {NULL, NULL, NULL, 0},
};

int keys_act(const struct key_row *rows, size_t n, const struct key *k)
{
    for (size_t i = 0; i < n && k->code != K_CHAR && k->code != K_NONE; i++)
        if (rows[i].code == k->code)
            return rows[i].act;
    return ACT_NONE;
}

/* The digit row of a Kazakh keyboard, from 1 to 9 without shift (kz of
 * xkeyboard-config), has letters and signs in their place. */
int keys_digit(const struct key *k)
{
    if (k->code != K_CHAR)
        return 0;
    uint32_t c = layout_us(k->c);
    return c >= '1' && c <= '9' ? (int)(c - '0') : 0;
}

static void troff(const char *s)
{
    for (; *s; s++) {
        if (*s == '-')
            fputs("\\-", stdout);
        else if (*s == '\'')
            fputs("\\(aq", stdout);
        else
            putchar(*s);
    }
}

static void man_rows(const char *title, const struct key_row *rows, size_t n)
{
    if (n == 0)
        return;
    printf(".SS ");
    troff(title);
    printf("\n");
    for (size_t i = 0; i < n; i++) {
        printf(".TP\n.B ");
        troff(rows[i].code == K_NONE ? "Enter, then its digit" : key_title(rows[i].code));
        printf("\n");
        troff(_(rows[i].help));
        printf("\n");
    }
}

void keys_man(void)
{
    printf(".SH KEYS\nWithout a command, in a terminal, the screens are opened.\n");
    for (size_t i = 0; keys_common[i].name; i++)
        man_rows(_(keys_common[i].title), keys_common[i].rows, keys_common[i].n);
    for (size_t i = 0; screens[i]; i++)
        man_rows(_(screens[i]->title), screens[i]->keys, screens[i]->n_keys);
}

static void markdown_rows(const char *title, const struct key_row *rows, size_t n)
{
    if (n == 0)
        return;
    printf("\n**%s**\n\n| key | what it does |\n|---|---|\n", title);
    for (size_t i = 0; i < n; i++)
        printf("| %s%s | %s |\n", rows[i].code == K_NONE ? _("Enter, then its digit") : key_title(rows[i].code),
               rows[i].on_row && rows[i].code != K_NONE ? _(" (or Enter and its digit)") : "", _(rows[i].help));
}

void keys_markdown(void)
{
    for (size_t i = 0; keys_common[i].name; i++)
        markdown_rows(_(keys_common[i].title), keys_common[i].rows, keys_common[i].n);
    for (size_t i = 0; screens[i]; i++)
        markdown_rows(_(screens[i]->title), screens[i]->keys, screens[i]->n_keys);
}
