#include "tui/widgets/ask.h"

#include "tui/lang/lang.h"
#include "tui/widgets/cells.h"

#include <stdio.h>
#include <string.h>

#define ASK_COLUMNS 64

static void start(struct ask *a, const char *text)
{
    *a = (struct ask){0};
    snprintf(a->text, sizeof a->text, "%s", text);
}

void ask_yes_no(struct ask *a, const char *text)
{
    start(a, text);
    a->answers[0] = _("No");
    a->answers[1] = _("Yes");
    a->n = 2;
}

void ask_word(struct ask *a, const char *text, const char *word)
{
    start(a, text);
    snprintf(a->word, sizeof a->word, "%s", word);
    edit_init(&a->edit, a->typed, sizeof a->typed, false);
}

void ask_choice(struct ask *a, const char *text, const char *const answers[], size_t n)
{
    start(a, text);
    for (; a->n < n && a->n < ASK_ANSWERS; a->n++)
        a->answers[a->n] = answers[a->n];
}

static bool is_typed(const struct ask *a)
{
    return strlen(a->typed) == strlen(a->word) && cells_find(a->typed, a->word);
}

static int move(struct ask *a, bool up)
{
    for (size_t i = a->at; up ? i > 0 : i + 1 < a->n;) {
        i = up ? i - 1 : i + 1;
        if (!a->off[i]) {
            a->at = i;
            break;
        }
    }
    return ASK_OPEN;
}

int ask_key(struct ask *a, const struct key *k)
{
    if (k->code == K_ESC)
        return ASK_LEAVE;
    if (a->word[0]) {
        if (k->code == K_ENTER)
            return is_typed(a) ? 1 : ASK_OPEN;
        edit_key(&a->edit, k);
        return ASK_OPEN;
    }
    if (k->code == K_UP || k->code == K_DOWN)
        return move(a, k->code == K_UP);
    size_t i = a->at;
    if (k->code == K_CHAR && k->c >= '1' && k->c < '1' + a->n)
        i = k->c - '1';
    else if (k->code != K_ENTER)
        return ASK_OPEN;
    return i < a->n && !a->off[i] ? (int)i : ASK_OPEN;
}

static int text_rows(const char *s, int cols)
{
    int rows = 0;
    for (size_t next; *s; s += next, rows++)
        cells_line(s, cols, &next);
    return rows;
}

void ask_paint(struct ask *a, const struct area *screen)
{
    struct area in;
    int cols = screen->cols - 8 < ASK_COLUMNS ? screen->cols - 8 : ASK_COLUMNS;
    int rows = text_rows(a->text, cols), below = a->word[0] ? 2 : (int)a->n;
    term_box(screen, rows + 2 + below, cols, "", &in);
    int used = term_wrap(&in, 0, rows, LOOK_NORMAL, a->text);
    if (a->word[0]) {
        struct area line = area_part(&in, used + 2, 0, 1, ASK_WORD < in.cols ? ASK_WORD : in.cols);
        term_textf(&in, used + 1, 0, 0, LOOK_WARN, _("Type %s and press Enter, or Esc to leave it"), a->word);
        term_cell(&line, 0, 0, line.cols, LOOK_TYPING, CELLS_LEFT, a->typed);
        term_caret(&line, 0, cells_width(a->typed));
        return;
    }
    for (size_t i = 0; i < a->n; i++) {
        char line[CELLS_BYTES];
        snprintf(line, sizeof line, " %zu  %s", i + 1, a->answers[i]);
        term_cell(&in, used + 1 + (int)i, 0, in.cols,
                  i == a->at  ? LOOK_SELECTED
                  : a->off[i] ? LOOK_DIM
                              : LOOK_NORMAL,
                  CELLS_LEFT, line);
    }
}
