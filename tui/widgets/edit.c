#include "tui/widgets/edit.h"

#include "tui/widgets/cells.h"

#include <sodium.h>
#include <string.h>

void edit_init(struct edit *e, char *p, size_t cap, bool lines)
{
    *e = (struct edit){.p = p, .cap = cap, .lines = lines};
    p[0] = '\0';
}

void edit_set(struct edit *e, const char *s)
{
    size_t n;
    int w;
    edit_clear(e);
    while ((n = cells_letter(s, &w)) > 0 && e->len + n < e->cap) {
        memcpy(e->p + e->len, s, n);
        e->len += n;
        s += n;
    }
    e->p[e->len] = '\0';
    e->caret = e->len;
}

void edit_clear(struct edit *e)
{
    sodium_memzero(e->p, e->cap);
    e->len = e->caret = 0;
}

static size_t before(const struct edit *e)
{
    size_t at = 0, n;
    int w;
    while ((n = cells_letter(e->p + at, &w)) > 0 && at + n < e->caret)
        at += n;
    return at;
}

static size_t behind(const struct edit *e)
{
    int w;
    return e->caret + cells_letter(e->p + e->caret, &w);
}

static void cut(struct edit *e, size_t from, size_t to)
{
    memmove(e->p + from, e->p + to, e->len - to + 1);
    sodium_memzero(e->p + e->len - (to - from) + 1, to - from);
    e->len -= to - from;
    e->caret = from;
}

static void type(struct edit *e, uint32_t c)
{
    char bytes[8] = "";
    if (!cells_put(bytes, sizeof bytes, c))
        return;
    size_t n = strlen(bytes);
    if (e->len + n >= e->cap)
        return;
    memmove(e->p + e->caret + n, e->p + e->caret, e->len - e->caret + 1);
    memcpy(e->p + e->caret, bytes, n);
    e->len += n;
    e->caret += n;
}

static size_t line_start(const struct edit *e, size_t at)
{
    while (e->lines && at > 0 && e->p[at - 1] != '\n')
        at--;
    return e->lines ? at : 0;
}

static size_t line_end(const struct edit *e, size_t at)
{
    return e->lines ? at + strcspn(e->p + at, "\n") : e->len;
}

/* To the same column of the line that begins at start. */
static void go_line(struct edit *e, size_t start, int column)
{
    size_t n;
    int w;
    e->caret = start;
    while (column > 0 && e->p[e->caret] != '\n' && (n = cells_letter(e->p + e->caret, &w)) > 0) {
        e->caret += n;
        column -= w;
    }
}

static bool up_down(struct edit *e, bool up)
{
    size_t start = line_start(e, e->caret);
    int column = 0, w;
    for (size_t at = start, n; at < e->caret && (n = cells_letter(e->p + at, &w)) > 0; at += n)
        column += w;
    if (up && start > 0)
        go_line(e, line_start(e, start - 1), column);
    else if (!up && e->p[line_end(e, e->caret)] == '\n')
        go_line(e, line_end(e, e->caret) + 1, column);
    else
        return false; /* beyond: out of the field */
    return true;
}

bool edit_key(struct edit *e, const struct key *k)
{
    if (k->code == K_CHAR)
        type(e, k->c);
    else if (k->code == K_ENTER && e->lines)
        type(e, '\n');
    else if (k->code == K_BACKSPACE && e->caret > 0)
        cut(e, before(e), e->caret);
    else if (k->code == K_DELETE && e->caret < e->len)
        cut(e, e->caret, behind(e));
    else if (k->code == K_LEFT && e->caret > 0)
        e->caret = before(e);
    else if (k->code == K_RIGHT)
        e->caret = behind(e);
    else if (k->code == K_HOME)
        e->caret = line_start(e, e->caret);
    else if (k->code == K_END)
        e->caret = line_end(e, e->caret);
    else if (e->lines && (k->code == K_UP || k->code == K_DOWN))
        return up_down(e, k->code == K_UP);
    else
        return k->code == K_BACKSPACE || k->code == K_DELETE || k->code == K_LEFT;
    return true;
}
