#include "tui/screens/bars.h"

#include "tui/lang/lang.h"
#include "tui/screens/keepers.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define GAP 2
#define MESSAGE_ROWS 3
#define DAYS_FEW 14 /* of disk left: said in another colour */
#define DAYS_LAST 3
#define CLOCK_COLUMNS 7
#define LABELS 16
#define LABEL_COLUMNS 16 /* of a key's, translated */

struct line {
    const struct area *a;
    int at, end;
};

static void put(struct line *l, enum look look, const char *s)
{
    if (!s[0] || l->at + 4 > l->end)
        return;
    l->at += term_text(l->a, 0, l->at, l->end - l->at, look, s) + GAP;
}

static void put_person(struct line *l, const struct desk *d)
{
    char text[NAME_LEN + 32];
    if (d->user[0])
        snprintf(text, sizeof text, _("%s, unlocked"), d->user);
    else
        snprintf(text, sizeof text, "%s", _("LOCKED"));
    put(l, LOOK_TITLE, text);
}

/* "connected" where a link is, as feldsher-sync says it. */
static const char *link_text(const struct desk *d)
{
    const json_t *link = keepers_link(d), *links = json_object_get(link, "links");
    bool up = false;
    if (!json_is_true(json_object_get(link, "running")))
        return _("no link");
    for (size_t i = 0; i < json_array_size(links); i++)
        up = up || strcmp(desk_str(json_array_get(links, i), "state"), "connected") == 0;
    return up ? _("connected") : _("dialling");
}

static void put_queue(struct line *l, const struct desk *d)
{
    const json_t *lanes = json_object_get(d->status, "unsent_by_lane");
    char size[PROGRESS_TEXT], text[CELLS_BYTES];
    uint64_t unsent = 0;
    for (size_t i = 0; i < json_array_size(lanes); i++)
        unsent += (uint64_t)json_integer_value(json_array_get(lanes, i));
    const char *link = link_text(d);
    progress_size(size, unsent);
    if (unsent)
        snprintf(text, sizeof text, _("%s unsent, %s"), size, link);
    else
        snprintf(text, sizeof text, _("all sent, %s"), link);
    put(l, LOOK_TITLE, text);
}

static void put_disk(struct line *l, const json_t *status)
{
    char text[CELLS_BYTES], size[PROGRESS_TEXT];
    const json_t *left = json_object_get(status, "days_left");
    int days = (int)json_integer_value(left);
    if (json_is_integer(left)) {
        snprintf(text, sizeof text, ngettext("disk for %d day", "disk for %d days", (unsigned long)days), days);
        put(l, days <= DAYS_LAST ? LOOK_ALARM : days <= DAYS_FEW ? LOOK_WARN : LOOK_TITLE, text);
        return;
    }
    progress_size(size, (uint64_t)desk_int(status, "free"));
    snprintf(text, sizeof text, _("%s free"), size);
    put(l, LOOK_TITLE, text);
}

void bars_status(const struct desk *d, const struct area *line)
{
    struct line l = {line, 1, line->cols - CLOCK_COLUMNS};
    const char *mark = desk_str(d->status, "clock");
    bool trusted = mark[0] == '\0' || strcmp(mark, "ok") == 0;
    time_t now = time(NULL);
    struct tm tm;
    char text[16] = "";
    term_cell(line, 0, 0, line->cols, LOOK_TITLE, CELLS_LEFT, "");
    put(&l, LOOK_TITLE, d->status ? desk_str(d->status, "station") : CELLS_ELLIPSIS);
    put_person(&l, d);
    if (d->status) {
        put(&l, LOOK_TITLE, d->camera);
        put_queue(&l, d);
        put_disk(&l, d->status);
    }
    if (localtime_r(&now, &tm))
        strftime(text, sizeof text, trusted ? "%H:%M" : "%H:%M?", &tm);
    term_cell(line, 0, line->cols - CLOCK_COLUMNS, CLOCK_COLUMNS, trusted ? LOOK_TITLE : LOOK_ALARM, CELLS_RIGHT, text);
}

void bars_title(const struct view *v, const struct area *line)
{
    const char *more = v->screen->subtitle ? v->screen->subtitle(v) : NULL;
    if (more)
        term_textf(line, 0, 1, 0, LOOK_WARN, "%s: %s", _(v->screen->title), more);
    else
        term_text(line, 0, 1, 0, LOOK_WARN, _(v->screen->title));
}

struct label {
    enum key_code code;
    const char *text;
};

static size_t collect(const struct key_row *rows, size_t n, struct label *out, size_t max)
{
    size_t k = 0;
    for (size_t i = 0; i < n && k < max; i++)
        if (rows[i].label && rows[i].code >= K_F1 && rows[i].code <= K_F12)
            out[k++] = (struct label){rows[i].code, _(rows[i].label)};
    return k;
}

static int columns(const struct label *l, int most)
{
    int w = cells_width(l->text);
    return (int)strlen(key_title(l->code)) + 2 + (w < most ? w : most);
}

static int all_columns(const struct label *labels, size_t n, int most)
{
    int all = 0;
    for (size_t i = 0; i < n; i++)
        all += columns(&labels[i], most);
    return all - 1;
}

/* Help, the screen's own, and those of all screens, in the keyboard's order. */
static size_t labels(const struct view *v, struct label out[static LABELS])
{
    size_t n = collect(keys_common[0].rows, 1, out, 1);
    n += collect(v->screen->keys, v->screen->n_keys, out + n, LABELS - 4);
    return n + collect(keys_common[0].rows + 1, keys_common[0].n - 1, out + n, LABELS - n);
}

int bars_keys_rows(const struct view *v, int cols)
{
    struct label l[LABELS];
    size_t n = labels(v, l);
    return all_columns(l, n, LABEL_COLUMNS) > cols ? 2 : 1;
}

static void paint_keys(const struct label *l, size_t n, const struct area *a, int row)
{
    int most = LABEL_COLUMNS, x = 0;
    while (most > 4 && all_columns(l, n, most) > a->cols)
        most--;
    for (size_t i = 0; i < n; i++) {
        int name = term_text(a, row, x, 0, LOOK_KEY, key_title(l[i].code));
        int all = columns(&l[i], most);
        term_cell(a, row, x + name + 1, all - name - 2, LOOK_NORMAL, CELLS_LEFT, l[i].text);
        x += all;
    }
}

void bars_keys(const struct view *v, const struct area *lines)
{
    struct label l[LABELS];
    size_t n = labels(v, l), first = n;
    while (lines->rows > 1 && first > 1 && (first > (n + 1) / 2 || all_columns(l, first, LABEL_COLUMNS) > lines->cols))
        first--;
    paint_keys(l, first, lines, 0);
    paint_keys(l + first, n - first, lines, 1);
}

int bars_message_rows(const struct desk *d, int cols)
{
    char clean[CELLS_BYTES];
    int rows = 0;
    cells_escape(clean, sizeof clean, d->message);
    const char *s = clean;
    for (size_t next; *s && rows < MESSAGE_ROWS; s += next, rows++)
        cells_line(s, cols - 2, &next);
    return rows;
}

void bars_message(const struct desk *d, const struct area *lines)
{
    struct area in = area_part(lines, 0, 1, lines->rows, lines->cols - 2);
    for (int i = 0; i < lines->rows; i++)
        term_cell(lines, i, 0, lines->cols, d->message_look, CELLS_LEFT, "");
    term_wrap(&in, 0, in.rows, d->message_look, d->message);
}
