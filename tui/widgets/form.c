#include "tui/widgets/form.h"

#include "tui/lang/lang.h"
#include "storage/base/clock.h"
#include "storage/base/text.h"
#include "tui/widgets/cells.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATE_MAX 17      /* "2026-11-22 10:00" and NUL */
#define DOTS 12          /* of a secret: longer ones do not show how long */
#define LABEL_COLUMNS 36 /* at most, of a translated label */
#define LINES_ROWS 6     /* of a field of several lines */

static size_t capacity(enum form_kind kind)
{
    switch (kind) {
    case FORM_TEXT:
    case FORM_SHOWN:
        return FORM_TEXT_MAX;
    case FORM_DATE:
        return DATE_MAX;
    case FORM_LINES:
        return FORM_LINES_MAX;
    case FORM_SECRET:
    case FORM_CHOICE:
        break;
    }
    return 0;
}

static bool can_type(const struct form *f, size_t i)
{
    return f->fields[i].kind != FORM_SHOWN;
}

/* What field i is typed into; NULL: out of memory. */
static char *memory(struct form *f, size_t i, size_t *cap)
{
    if (f->fields[i].kind != FORM_SECRET) {
        *cap = capacity(f->fields[i].kind);
        return calloc(1, *cap + 1);
    }
    struct secret *s = sodium_malloc(sizeof *s);
    if (!s)
        return NULL;
    sodium_memzero(s, sizeof *s);
    f->v[i].secret = s;
    *cap = sizeof s->p;
    return s->p;
}

enum err form_init(struct form *f, const struct form_field *fields, size_t n)
{
    assert(n > 0 && n <= FORM_FIELDS);
    *f = (struct form){.fields = fields, .n = n};
    for (size_t i = 0; i < n; i++) {
        size_t cap = 0;
        if (fields[i].kind == FORM_CHOICE)
            continue;
        char *p = memory(f, i, &cap);
        if (!p) {
            form_free(f);
            return err_set(ERR_NOMEM, "out of memory for a form");
        }
        edit_init(&f->v[i].edit, p, cap, fields[i].kind == FORM_LINES);
    }
    while (f->at + 1 < n && !can_type(f, f->at))
        f->at++;
    return ERR_OK;
}

void form_free(struct form *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->fields[i].kind == FORM_SECRET) {
            secret_free(f->v[i].secret);
        } else if (f->v[i].edit.p) {
            sodium_memzero(f->v[i].edit.p, f->v[i].edit.cap);
            free(f->v[i].edit.p);
        }
    }
    *f = (struct form){0};
}

static size_t field(const struct form *f, const char *name)
{
    size_t i = 0;
    while (i < f->n && strcmp(f->fields[i].name, name) != 0)
        i++;
    assert(i < f->n);
    return i;
}

static void note_length(struct form *f, size_t i)
{
    if (f->v[i].secret)
        f->v[i].secret->len = f->v[i].edit.len;
}

void form_set(struct form *f, const char *name, const char *text)
{
    size_t i = field(f, name);
    if (f->fields[i].kind == FORM_CHOICE)
        return;
    edit_set(&f->v[i].edit, text);
    note_length(f, i);
}

const char *form_text(const struct form *f, const char *name)
{
    const char *p = f->v[field(f, name)].edit.p;
    return p ? p : "";
}

const struct secret *form_secret(const struct form *f, const char *name)
{
    return f->v[field(f, name)].secret;
}

int form_choice(const struct form *f, const char *name)
{
    return f->v[field(f, name)].choice;
}

static int choices(const struct form_field *d)
{
    int n = 0;
    while (n < FORM_CHOICES && d->choices[n])
        n++;
    return n;
}

void form_choose(struct form *f, const char *name, int choice)
{
    size_t i = field(f, name);
    if (choice >= 0 && choice < choices(&f->fields[i]))
        f->v[i].choice = choice;
}

void form_go(struct form *f, const char *name)
{
    f->at = field(f, name);
}

void form_wipe(struct form *f, const char *name)
{
    size_t i = field(f, name);
    if (f->v[i].edit.p)
        edit_clear(&f->v[i].edit);
    note_length(f, i);
    f->v[i].choice = 0;
}

/* Onto the next field that can be typed into; false: there is none. */
static bool step(struct form *f, bool back)
{
    size_t i = f->at;
    while (back ? i > 0 : i + 1 < f->n) {
        i = back ? i - 1 : i + 1;
        if (can_type(f, i)) {
            f->at = i;
            return true;
        }
    }
    return false;
}

static void round_trip(struct form *f)
{
    if (step(f, false))
        return;
    f->at = 0;
    if (!can_type(f, 0))
        step(f, false);
}

static enum form_answer choice_key(struct form *f, const struct key *k)
{
    const struct form_field *d = &f->fields[f->at];
    int n = choices(d), *at = &f->v[f->at].choice, before = *at;
    if (n == 0)
        return FORM_NOT_MINE;
    if (k->code == K_RIGHT || (k->code == K_CHAR && k->c == ' '))
        *at = (*at + 1) % n;
    else if (k->code == K_LEFT)
        *at = (*at + n - 1) % n;
    else if (k->code == K_CHAR && k->c > '0' && k->c <= '0' + (unsigned)n)
        *at = (int)(k->c - '1');
    else
        return k->code == K_CHAR ? FORM_TAKEN : FORM_NOT_MINE;
    return *at == before ? FORM_TAKEN : FORM_CHANGED;
}

/* Only digits are typed: the signs between them come by themselves. */
static enum form_answer date_key(struct edit *e, const struct key *k)
{
    if (k->code != K_CHAR)
        return edit_key(e, k) ? FORM_CHANGED : FORM_NOT_MINE;
    if (k->c < '0' || k->c > '9' || (e->len == DATE_MAX - 1 && e->caret == e->len))
        return FORM_TAKEN;
    static const char shape[] = "0000-00-00 00:00";
    char sign = e->caret == e->len && e->len < sizeof shape - 1 ? shape[e->len] : '0';
    if (sign != '0')
        edit_key(e, &(struct key){K_CHAR, (uint32_t)sign});
    edit_key(e, k);
    return FORM_CHANGED;
}

static enum form_answer field_key(struct form *f, const struct key *k)
{
    size_t len = f->v[f->at].edit.len;
    switch (f->fields[f->at].kind) {
    case FORM_CHOICE:
        return choice_key(f, k);
    case FORM_DATE:
        return date_key(&f->v[f->at].edit, k);
    case FORM_TEXT:
    case FORM_SECRET:
    case FORM_LINES:
        if (!edit_key(&f->v[f->at].edit, k))
            return FORM_NOT_MINE;
        note_length(f, f->at);
        return k->code == K_CHAR || f->v[f->at].edit.len != len ? FORM_CHANGED : FORM_TAKEN;
    case FORM_SHOWN:
        break;
    }
    return FORM_NOT_MINE;
}

enum form_answer form_key(struct form *f, const struct key *k)
{
    enum form_answer answer = field_key(f, k);
    if (answer != FORM_NOT_MINE)
        return answer;
    if (k->code == K_ENTER)
        return step(f, false) ? FORM_TAKEN : FORM_DONE;
    if (k->code == K_TAB)
        round_trip(f);
    else if (k->code == K_DOWN)
        step(f, false);
    else if (k->code == K_UP || k->code == K_BACKTAB)
        step(f, true);
    else
        return FORM_NOT_MINE;
    return FORM_TAKEN;
}

static bool is_date(const char *s)
{
    char whole[CLOCK_TEXT];
    int64_t ms;
    if (strlen(s) != 10 && strlen(s) != 16)
        return false;
    snprintf(whole, sizeof whole, "%.10sT00:00:00Z", s);
    if (s[10])
        snprintf(whole, sizeof whole, "%.10sT%.5s:00Z", s, s + 11);
    return (!s[10] || s[10] == ' ') && clock_parse(&ms, whole, strlen(whole));
}

const char *form_problem(struct form *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct form_field *d = &f->fields[i];
        const char *text = f->v[i].edit.p;
        if (d->kind == FORM_CHOICE || d->kind == FORM_SHOWN)
            continue;
        if (d->needed && text[0] == '\0')
            snprintf(f->problem, sizeof f->problem, _("\"%s\" is empty; it is needed"), _(d->label));
        else if (d->kind == FORM_DATE && text[0] && !is_date(text))
            snprintf(f->problem, sizeof f->problem, _("\"%s\" is no date; type year, month and day as 2026-11-22"),
                     _(d->label));
        else
            continue;
        f->at = i;
        return f->problem;
    }
    return NULL;
}

bool form_is_cyrillic(const struct form *f, const char *name)
{
    const char *p = form_text(f, name);
    uint32_t c = 0;
    for (size_t n; *p && (n = text_letter(p, strlen(p), &c)) > 0; p += n)
        if (c >= 0x400 && c <= 0x52f)
            return true;
    return false;
}

static int rows_of(const struct form *f, size_t i)
{
    return f->fields[i].kind == FORM_LINES ? LINES_ROWS : 1;
}

int form_rows(const struct form *f)
{
    int rows = 2; /* a gap and the help line */
    for (size_t i = 0; i < f->n; i++)
        rows += rows_of(f, i);
    return rows;
}

/* One line of typed text, shifted so that the caret is in it. */
static void paint_line(const struct area *a, int row, enum look look, const char *s, size_t caret, bool has_caret)
{
    char part[CELLS_BYTES];
    int w, before = 0;
    size_t at = 0, n;
    for (size_t i = 0; i < caret && (n = cells_letter(s + i, &w)) > 0; i += n)
        before += w;
    while (has_caret && before >= a->cols && (n = cells_letter(s + at, &w)) > 0) {
        at += n;
        before -= w;
    }
    size_t len = strcspn(s + at, "\n");
    cells_copy(part, sizeof part, s + at, len);
    term_cell(a, row, 0, a->cols, look, CELLS_LEFT, part);
    if (has_caret)
        term_caret(a, row, before);
}

static void paint_lines(const struct edit *e, const struct area *a, enum look look, bool here)
{
    size_t line = 0, at = 0, caret_line = 0;
    for (size_t i = 0; i < e->caret; i++)
        caret_line += e->p[i] == '\n';
    size_t top = caret_line >= (size_t)a->rows ? caret_line - (size_t)a->rows + 1 : 0;
    for (int row = 0; row < a->rows; row++)
        term_cell(a, row, 0, a->cols, look, CELLS_LEFT, "");
    for (;; line++) {
        size_t n = strcspn(e->p + at, "\n");
        if (line >= top && line < top + (size_t)a->rows)
            paint_line(a, (int)(line - top), look, e->p + at, line == caret_line ? e->caret - at : 0,
                       here && line == caret_line);
        if (!e->p[at + n])
            break;
        at += n + 1;
    }
}

static void paint_secret(const struct edit *e, const struct area *a, enum look look, bool here)
{
    char dots[DOTS + 1];
    size_t n = 0;
    int w;
    for (size_t i = 0, k; n < DOTS && (k = cells_letter(e->p + i, &w)) > 0; i += k)
        dots[n++] = '*';
    dots[n] = '\0';
    paint_line(a, 0, look, dots, n, here);
}

static void paint_choice(const struct form *f, size_t i, const struct area *a, bool here)
{
    const struct form_field *d = &f->fields[i];
    int n = choices(d), all = 0, col = 0;
    for (int k = 0; k < n; k++)
        all += cells_width(_(d->choices[k])) + 4;
    if (all > a->cols) {
        term_textf(a, 0, 0, 0, here ? LOOK_TYPING : LOOK_FIELD, "< %s >", n ? _(d->choices[f->v[i].choice]) : "");
        return;
    }
    for (int k = 0; k < n; k++) {
        bool it = k == f->v[i].choice;
        col += 2 + term_textf(a, 0, col, 0,
                              !it    ? LOOK_DIM
                              : here ? LOOK_TYPING
                                     : LOOK_FIELD,
                              it ? "[%s]" : " %s ", _(d->choices[k]));
    }
}

static void paint_field(const struct form *f, size_t i, const struct area *a)
{
    bool here = i == f->at;
    enum look look = here ? LOOK_TYPING : LOOK_FIELD;
    const struct edit *e = &f->v[i].edit;
    switch (f->fields[i].kind) {
    case FORM_CHOICE:
        paint_choice(f, i, a, here);
        break;
    case FORM_SECRET:
        paint_secret(e, a, look, here);
        break;
    case FORM_LINES:
        paint_lines(e, a, look, here);
        break;
    case FORM_SHOWN:
        term_text(a, 0, 0, 0, LOOK_NORMAL, e->p);
        break;
    case FORM_TEXT:
    case FORM_DATE: {
        struct area line = *a;
        if (f->fields[i].kind == FORM_DATE && line.cols > DATE_MAX)
            line.cols = DATE_MAX;
        paint_line(&line, 0, look, e->p, e->caret, here);
        break;
    }
    }
}

static int label_columns(const struct form *f, int cols)
{
    int widest = 0;
    for (size_t i = 0; i < f->n; i++) {
        int w = cells_width(_(f->fields[i].label));
        widest = w > widest ? w : widest;
    }
    int most = cols / 2 < LABEL_COLUMNS ? cols / 2 : LABEL_COLUMNS;
    return widest < most ? widest : most;
}

void form_paint(struct form *f, const struct area *a)
{
    int label = label_columns(f, a->cols), y = 0, rows = a->rows - 2;
    for (size_t i = 0; i < f->at; i++)
        y += rows_of(f, i);
    if (y < f->top)
        f->top = y;
    else if (y + rows_of(f, f->at) > f->top + rows)
        f->top = y + rows_of(f, f->at) - rows;
    y = -f->top;
    for (size_t i = 0; i < f->n && y < rows; y += rows_of(f, i), i++) {
        if (y < 0)
            continue;
        int high = rows_of(f, i) < rows - y ? rows_of(f, i) : rows - y;
        struct area value = area_part(a, y, label + 2, high, a->cols - label - 2);
        term_cell(a, y, 0, label, LOOK_NORMAL, CELLS_LEFT, _(f->fields[i].label));
        paint_field(f, i, &value);
    }
    if (f->fields[f->at].help)
        term_text(a, a->rows - 1, 0, 0, LOOK_DIM, _(f->fields[f->at].help));
}
