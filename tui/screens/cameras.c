#include "tui/lang/lang.h"
#include "tui/screens/dock.h"
#include "tui/screens/plugged_usb.h"
#include "tui/screens/plugged_words.h"
#include "tui/screens/prompt.h"
#include "tui/screens/report.h"
#include "tui/screens/screens.h"
#include "tui/widgets/cells.h"
#include "tui/widgets/table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANEL 6 /* rows below the list */

struct cameras {
    struct table list;
    char port[PLUGGED_PORT], usb[NAME_LEN]; /* the device that a person was asked about */
};

static const struct table_column columns[] = {
    {FIELD(16, "Camera"), 16, 2, CELLS_LEFT},      {FIELD(26, "State"), 26, 1, CELLS_LEFT},
    {FIELD(11, "Recordings"), 11, 0, CELLS_RIGHT}, {FIELD(9, "Size"), 9, 0, CELLS_RIGHT},
    {FIELD(10, "Number"), 10, 1, CELLS_LEFT},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

enum { ACT_TAKE = ACT_OWN, ACT_ALL, ACT_NUMBER, ACT_PATH, ACT_LOOK, ACT_REPORT, ACT_STOP };
static const struct key_row keys[] = {
    {K_F2, ACT_TAKE, FIELD(10, "Take in"), N_("take this camera's recordings into the station"), true},
    {K_F3, ACT_ALL, FIELD(10, "All"), N_("take in all cameras, one after the other"), false},
    {K_F4, ACT_NUMBER, FIELD(10, "Number"), N_("type the camera's number, where its card does not tell"), true},
    {K_F5, ACT_PATH, FIELD(10, "Path"), N_("type a folder or a mounted card to take in"), false},
    {K_F6, ACT_LOOK, NULL, N_("look again at what is plugged in"), false},
    {K_F7, ACT_REPORT, FIELD(10, "Result"), N_("what was taken in, what failed and why"), true},
    {K_F8, ACT_STOP, FIELD(10, "Stop"), N_("stop taking in; what is in the station stays"), false},
};

static struct plugged_camera *selected(struct view *v)
{
    struct cameras *s = v->state;
    const struct table_row *r = table_selected(&s->list);
    return r ? &dock_plugged(v->desk)->c[strtoul(r->id, NULL, 10)] : NULL;
}

static enum look look_of(const struct plugged_camera *c)
{
    if (c->state == PLUGGED_STOPPED)
        return LOOK_ALARM;
    if (c->away || (c->kind == PLUGGED_USB && c->state == PLUGGED_FREE && c->right == PLUGGED_DENIED))
        return LOOK_WARN;
    if (c->state == PLUGGED_DONE)
        return c->failed ? LOOK_WARN : LOOK_OK;
    return c->here ? LOOK_NORMAL : LOOK_DIM;
}

static void fill(struct view *v)
{
    struct cameras *s = v->state;
    struct plugged *p = dock_plugged(v->desk);
    table_reload(&s->list);
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        const struct plugged_camera *c = &p->c[i];
        char id[24], standing[PLUGGED_TEXT], n[24], size[PROGRESS_TEXT];
        if (c->kind == PLUGGED_NONE)
            continue;
        snprintf(id, sizeof id, "%zu", i);
        snprintf(n, sizeof n, "%" PRIu64, c->kind == PLUGGED_USB ? c->of : c->recordings);
        progress_size(size, c->kind == PLUGGED_USB ? c->progress.total : c->bytes);
        if (c->kind == PLUGGED_USB && c->state == PLUGGED_FREE)
            n[0] = size[0] = '\0'; /* nobody has looked */
        if (c->here || c->state == PLUGGED_TAKEN)
            plugged_standing(p, c, standing, sizeof standing);
        else
            snprintf(standing, sizeof standing, "%s", _("taken out"));
        const char *cells[COLUMNS] = {c->name, standing, n, size, c->serial};
        enum err e = table_add(&s->list, 0, id, look_of(c), cells);
        if (e)
            desk_say_error(v->desk, e);
    }
    if (p->surveyed)
        table_end(&s->list, 0, 0);
}

static enum err open_cameras(struct view *v, const void *arg)
{
    struct cameras *s = v->state;
    (void)arg;
    table_init(&s->list, columns, COLUMNS, NULL, NULL);
    s->list.empty = N_("No camera is plugged in. Plug one in and wait a moment; or F5 and type the folder of a card");
    const struct plugged *p = dock_plugged(v->desk);
    for (size_t i = 0; i < PLUGGED_MAX; i++) /* the one that is being taken in is looked at */
        if (p->c[i].kind != PLUGGED_NONE && p->c[i].state == PLUGGED_TAKEN)
            snprintf(s->list.id, sizeof s->list.id, "%zu", i);
    fill(v);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    if (!event)
        fill(v);
}

static enum prompt_next take_number(struct view *v, const struct form *f)
{
    struct plugged_camera *c = selected(v);
    if (c)
        plugged_serial(dock_plugged(v->desk), c, form_text(f, "number"));
    fill(v);
    return PROMPT_CLOSE;
}

static void ask_number(struct view *v)
{
    static const struct form_field fields[] = {
        {.name = "number", .label = N_("Number"), .help = N_("as it stands on the camera; empty: not known")}};
    const struct plugged_camera *c = selected(v);
    const char *values[] = {c->serial};
    prompt_open(v->desk, &(struct prompt_order){.view = v,
                                                .title = _("The camera's number"),
                                                .text = _("It goes into the entry of each of its recordings and is "
                                                          "remembered for this card until the screens end."),
                                                .fields = fields,
                                                .n = 1,
                                                .values = values,
                                                .done = take_number});
}

/* The folder that was typed was looked into. */
static bool looked_into(struct view *v, const struct opener_reply *r)
{
    const char *path = desk_str(r->row, "path");
    if (!r->end && path[0]) {
        if (!dock_add(v->desk, path))
            desk_say(v->desk, LOOK_WARN, "%s", _("Too many folders were typed; end the screens and start again"));
        return true;
    }
    if (r->end)
        prompt_end(v, r->exit_code == 0);
    return false;
}

static enum prompt_next take_path(struct view *v, const struct form *f)
{
    const char *argv[] = {"cameras", "--from", form_text(f, "path"), NULL};
    if (argv[2][0] != '/') {
        desk_say(v->desk, LOOK_WARN, "%s", _("A folder is typed from the root on: /media/CARD"));
        return PROMPT_STAY;
    }
    desk_ask(v, looked_into, argv);
    return PROMPT_WAIT;
}

static void ask_path(struct view *v)
{
    static const struct form_field fields[] = {
        {.name = "path", .label = N_("Folder"), .needed = true, .help = N_("for example /media/CARD")}};
    prompt_open(
        v->desk,
        &(struct prompt_order){
            .view = v, .title = _("A folder that counts as a camera"), .fields = fields, .n = 1, .done = take_path});
}

static void stop(struct view *v, int answer)
{
    if (answer > 0)
        dock_stop(v->desk, answer == 2 || plugged_waiting(dock_plugged(v->desk)) == 0);
}

static void ask_stop(struct view *v)
{
    const char *answers[] = {_("No, go on"), _("Stop this one, go on with the next"), _("Stop all of them")};
    size_t n = plugged_waiting(dock_plugged(v->desk)) ? 3 : 0;
    const char *text = _("Stop taking in? What is in the station stays; F2 goes on where it stopped");
    if (n)
        desk_ask_choice(v, stop, text, answers, n);
    else
        desk_ask_yes(v, stop, text);
}

static void take_selected(struct view *v)
{
    struct plugged_camera *c = selected(v);
    if (c && c->kind == PLUGGED_USB && c->here && c->right == PLUGGED_DENIED)
        desk_say(v->desk, LOOK_WARN, "%s", _("This account may not use it; the screen Doctor says what to do"));
    else if (c && !dock_offload(v->desk, c))
        desk_say(v->desk, LOOK_WARN, "%s",
                 c->here ? _("It is being taken in, or waits for its turn") : _("It was taken out; plug it in again"));
}

/* The device that was asked about, wherever the selection is by now. */
static void take_asked(struct view *v)
{
    const struct cameras *s = v->state;
    struct plugged_camera *c = plugged_find_usb(dock_plugged(v->desk), s->port, s->usb);
    if (!c || !dock_offload(v->desk, c))
        desk_say(v->desk, LOOK_WARN, "%s", _("It was taken out; plug it in again"));
    fill(v);
}

/* A person says that it is a camera: from now on, and it is taken in now. */
static bool admitted(struct view *v, const struct opener_reply *r)
{
    if (r->end && r->exit_code == 0) {
        dock_look(v->desk);
        take_asked(v);
    }
    return false;
}

static void answer_camera(struct view *v, int answer)
{
    const struct cameras *s = v->state;
    const char *const argv[] = {"cameras", "admit", "--", s->port, NULL};
    if (answer == 1)
        take_asked(v);
    else if (answer == 2)
        desk_ask(v, admitted, argv);
}

static void take(struct view *v)
{
    struct cameras *s = v->state;
    const struct plugged_camera *c = selected(v);
    const char *answers[] = {_("No, leave it alone"), _("Yes, take it in this once"),
                             _("Yes, and take it in by itself from now on")};
    if (c && c->kind == PLUGGED_USB && c->here && c->right == PLUGGED_POSSIBLE && c->state == PLUGGED_FREE) {
        memcpy(s->port, c->port, sizeof s->port);
        memcpy(s->usb, c->usb, sizeof s->usb);
        desk_ask_choice(v, answer_camera,
                        _("Is it a camera? Nothing has been read from it yet; it may be a telephone or a disk"),
                        answers, c->usb[0] ? 3 : 2);
    } else {
        take_selected(v);
    }
}

static void act(struct view *v, int what)
{
    const struct plugged_camera *c = selected(v);
    if (what == ACT_PATH)
        ask_path(v);
    else if (what == ACT_LOOK)
        dock_look(v->desk);
    else if (what == ACT_STOP)
        ask_stop(v);
    else if (what == ACT_ALL && dock_offload_all(v->desk) == 0)
        desk_say(v->desk, LOOK_WARN, "%s",
                 _("There is nothing to take in: plug a camera in, or F2 for one that is done"));
    else if (c && what == ACT_TAKE)
        take(v);
    else if (c && what == ACT_CHOOSE)
        desk_show(v->desk, &screen_camera, c);
    else if (c && what == ACT_NUMBER)
        ask_number(v);
    else if (c && what == ACT_REPORT)
        desk_show(v->desk, &screen_report, &(struct report_order){c});
    fill(v);
}

static const char *refuse(struct view *v, int what)
{
    const struct plugged_camera *c = selected(v);
    bool on_row = what == ACT_TAKE || what == ACT_NUMBER || what == ACT_REPORT;
    if (what == ACT_STOP && !plugged_taken(dock_plugged(v->desk)) && plugged_docked(dock_plugged(v->desk)))
        return _("a camera on USB is taken in by itself; unplug it to stop it");
    if (what == ACT_STOP && !plugged_taken(dock_plugged(v->desk)))
        return _("nothing is being taken in");
    if (on_row && !c)
        return _("no camera is plugged in");
    if (what == ACT_NUMBER && c->kind == PLUGGED_USB)
        return _("it tells its number itself");
    if (what == ACT_NUMBER && c->state == PLUGGED_TAKEN)
        return _("it is being taken in already");
    if (what == ACT_REPORT && c->state != PLUGGED_DONE && c->state != PLUGGED_STOPPED)
        return _("it has not been taken in yet");
    return NULL;
}

/* Whose state the panel shows: the selected one's, where there is one. */
static const struct plugged_camera *shown(struct view *v)
{
    const struct plugged_camera *c = selected(v);
    bool told = c && (c->kind == PLUGGED_USB || c->state == PLUGGED_DONE || c->state == PLUGGED_STOPPED);
    return told ? c : plugged_taken(dock_plugged(v->desk));
}

static void paint_counts(const struct plugged_camera *c, const struct area *a, int row)
{
    char size[PROGRESS_TEXT];
    progress_size(size, c->stored_bytes);
    term_textf(a, row, 0, 0, c->failed ? LOOK_WARN : LOOK_NORMAL,
               _("%" PRIu64 " stored (%s), %" PRIu64 " known, %" PRIu64 " failed, %" PRIu64 " not taken"), c->stored,
               size, c->known, c->failed, c->not_taken);
}

static void paint_panel(struct view *v, const struct area *a)
{
    const struct plugged_camera *c = shown(v);
    size_t waiting = plugged_waiting(dock_plugged(v->desk));
    char text[PLUGGED_TEXT];
    if (!c)
        return;
    if (c->state == PLUGGED_TAKEN && c->of)
        term_textf(a, 0, 0, 0, LOOK_WARN, _("%s: recording %" PRIu64 " of %" PRIu64), c->name, c->at ? c->at : 1,
                   c->of);
    else if (c->state == PLUGGED_TAKEN)
        term_textf(a, 0, 0, 0, LOOK_WARN, _("%s: looking at what is on it"), c->name);
    else
        term_text(a, 0, 0, 0, LOOK_WARN, c->name);
    if (c->state == PLUGGED_FREE) {
        plugged_result(dock_plugged(v->desk), c, text, sizeof text);
        term_wrap(a, 1, a->rows - 1, LOOK_NORMAL, text);
        return;
    }
    if (c->state == PLUGGED_TAKEN && c->away) {
        plugged_result(dock_plugged(v->desk), c, text, sizeof text);
        paint_counts(c, a, 1);
        term_wrap(a, 2, a->rows - 2, LOOK_WARN, text);
        return;
    }
    if (c->state == PLUGGED_TAKEN) {
        progress_paint(&c->progress, a, 1, true);
        paint_counts(c, a, 2);
        if (waiting)
            term_textf(a, 3, 0, 0, LOOK_DIM,
                       ngettext("%zu more camera waits for its turn", "%zu more cameras wait for their turn", waiting),
                       waiting);
        return;
    }
    plugged_result(dock_plugged(v->desk), c, text, sizeof text);
    paint_counts(c, a, 1);
    term_wrap(a, 2, a->rows - 2, look_of(c), text);
}

static void paint(struct view *v, const struct area *a)
{
    struct cameras *s = v->state;
    struct area list = area_part(a, 0, 0, a->rows - PANEL, a->cols);
    struct area panel = area_part(a, a->rows - PANEL + 1, 1, PANEL - 1, a->cols - 2);
    table_paint(&s->list, &list);
    paint_panel(v, &panel);
}

static bool key(struct view *v, const struct key *k)
{
    struct cameras *s = v->state;
    return table_key(&s->list, k);
}

static void close_cameras(struct view *v)
{
    struct cameras *s = v->state;
    table_free(&s->list);
}

const struct screen screen_cameras = {
    .name = "cameras",
    .title = N_("Cameras"),
    .about = N_("what is plugged in; takes its recordings in"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct cameras),
    .menu = '2',
    .locked = true,
    .open = open_cameras,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .news = news,
    .close = close_cameras,
};
