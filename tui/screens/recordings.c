#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/widgets/table.h"
#include "tui/widgets/progress.h"

#include <stdio.h>
#include <string.h>

struct recordings {
    struct table list;
    unsigned ticket; /* of the answer that is coming */
};

static const struct table_column columns[] = {
    {FIELD(16, "Taken in"), 16, 0, 0}, {FIELD(12, "Unit"), 12, 1, 0}, {FIELD(12, "Camera"), 12, 1, 0},
    {FIELD(18, "File"), 18, 3, 0},     {FIELD(8, "Size"), 8, 0, 1},   {FIELD(4, "Held"), 4, 1, 0},
};

enum { ACT_SHOW = ACT_OWN };
static const struct key_row keys[] = {
    {K_F5, ACT_SHOW, FIELD(10, "Show"), N_("what is known of it, with its custody"), true},
};

static enum look look_of(const json_t *row)
{
    if (desk_str(row, "destroyed_under")[0])
        return LOOK_DIM;
    return json_is_true(json_object_get(row, "held")) ? LOOK_WARN : LOOK_NORMAL;
}

static enum err add(struct recordings *s, const json_t *row)
{
    char when[17], size[PROGRESS_TEXT];
    const char *path = desk_str(row, "path"), *slash = strrchr(path, '/');
    bool held = json_is_true(json_object_get(row, "held"));
    snprintf(when, sizeof when, "%.10s %.5s", desk_str(row, "time"),
             strlen(desk_str(row, "time")) > 16 ? desk_str(row, "time") + 11 : "");
    progress_size(size, (uint64_t)desk_int(row, "size"));
    const char *cells[] = {when, desk_str(row, "unit"), desk_str(row, "camera"), slash ? slash + 1 : path,
                           size, held ? _("held") : ""};
    return table_add(&s->list, s->ticket, desk_str(row, "id"), look_of(row), cells);
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct recordings *s = v->state;
    if (r->end) {
        table_fail(&s->list, s->ticket); /* passed over where the total has come */
        return false;
    }
    if (json_object_get(r->row, "total")) {
        s->list.more = json_is_true(json_object_get(r->row, "more"));
        table_end(&s->list, s->ticket, (size_t)desk_int(r->row, "total"));
        return true;
    }
    enum err e = add(s, r->row);
    if (e)
        desk_say_error(v->desk, e);
    return true;
}

static void want(void *ctx, unsigned ticket, const char *text, size_t from, size_t count)
{
    struct view *v = ctx;
    struct recordings *s = v->state;
    char first[24], n[24];
    snprintf(first, sizeof first, "%zu", from);
    snprintf(n, sizeof n, "%zu", count);
    const char *argv[] = {"rows", "recordings", "--from", first, "--count", n, text[0] ? "--text" : NULL, text, NULL};
    s->ticket = ticket;
    desk_ask(v, take, argv);
}

static enum err open_recordings(struct view *v, const void *arg)
{
    struct recordings *s = v->state;
    (void)arg;
    table_init(&s->list, columns, sizeof columns / sizeof columns[0], want, v);
    s->list.empty = N_("No recordings yet: plug a camera in and take them off it");
    table_reload(&s->list);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    struct recordings *s = v->state;
    if (event && strcmp(desk_str(event, "event"), "records") == 0)
        table_reload(&s->list);
}

static void act(struct view *v, int what)
{
    struct recordings *s = v->state;
    const struct table_row *r = table_selected(&s->list);
    if (!r)
        return;
    if (what == ACT_CHOOSE)
        desk_row_menu(v);
    else if (what == ACT_SHOW && !desk_show_name(v->desk, "recording", r->id))
        desk_say(v->desk, LOOK_WARN, "%s", r->id);
}

static void paint(struct view *v, const struct area *a)
{
    struct recordings *s = v->state;
    table_paint(&s->list, a);
}

static bool key(struct view *v, const struct key *k)
{
    struct recordings *s = v->state;
    return table_key(&s->list, k);
}

static void close_recordings(struct view *v)
{
    struct recordings *s = v->state;
    table_free(&s->list);
}

const struct screen screen_recordings = {
    .name = "recordings",
    .title = N_("Recordings"),
    .about = N_("find, see, verify, fetch, hand on"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct recordings),
    .menu = '3',
    .open = open_recordings,
    .paint = paint,
    .act = act,
    .key = key,
    .news = news,
    .close = close_recordings,
};
