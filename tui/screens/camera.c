#include "storage/base/clock.h"
#include "tui/lang/lang.h"
#include "tui/screens/dock.h"
#include "tui/screens/erasable.h"
#include "tui/screens/listing.h"
#include "tui/screens/plugged_usb.h"
#include "tui/screens/plugged_words.h"
#include "tui/screens/prompt.h"
#include "tui/screens/report.h"
#include "tui/screens/screens.h"
#include "tui/widgets/page.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* One camera in full: opened with its struct plugged_camera. */
struct camera_view {
    struct page page;
    enum plugged_kind kind; /* these say which */
    char path[PLUGGED_PATH], port[PLUGGED_PORT], usb[NAME_LEN];
    char name[PLUGGED_NAME], profile[NAME_LEN];
};

enum { ACT_ERASABLE = ACT_OWN, ACT_SECRET, ACT_NO_SECRET, ACT_ADMIT, ACT_REPORT, ACT_FORGET };
static const struct key_row keys[] = {
    {K_F2, ACT_ERASABLE, FIELD(14, "May go"), N_("what may be erased on this camera, and why not"), false},
    {K_F4, ACT_SECRET, FIELD(14, "Secret"), N_("the secret that unlocks cameras of this model"), false},
    {K_F5, ACT_NO_SECRET, FIELD(14, "No secret"), N_("the secret of this model is not to be used any more"), false},
    {K_F6, ACT_ADMIT, FIELD(14, "Admit"), N_("it is a camera: taken in by itself from now on"), false},
    {K_F7, ACT_REPORT, FIELD(14, "Result"), N_("what was taken in, what failed and why"), false},
    {K_F8, ACT_FORGET, FIELD(14, "Leave it"), N_("it is no camera any more: left alone when it is plugged in"), false},
};

static const struct plugged_camera *find(const struct view *v)
{
    const struct camera_view *s = v->state;
    struct plugged *p = dock_plugged(v->desk);
    return s->kind == PLUGGED_USB ? plugged_find_usb(p, s->port, s->usb) : plugged_find(p, s->path);
}

static void pair(struct page *p, const char *label, const char *value)
{
    if (value[0])
        page_pair(p, label, value);
}

static void pair_size(struct page *p, const char *label, uint64_t bytes)
{
    char size[PROGRESS_TEXT];
    progress_size(size, bytes);
    if (bytes)
        page_pair(p, label, size);
}

static void pair_when(struct page *p, const char *label, const char *utc)
{
    char when[LISTING_WHEN];
    listing_when(when, utc);
    pair(p, label, when);
}

static const char *right_words(enum plugged_right right)
{
    switch (right) {
    case PLUGGED_ADMITTED:
        return _("a camera, a person has said so");
    case PLUGGED_AUTOMATIC:
        return _("a camera, by its maker's dialect");
    case PLUGGED_POSSIBLE:
        return _("perhaps a camera: a person has to say so");
    case PLUGGED_DENIED:
        break;
    }
    return _("this account may not use it");
}

static void fill_device(struct page *p, const struct plugged_camera *c)
{
    char percent[16];
    pair(p, _("Maker"), c->vendor);
    pair(p, _("Product"), c->product);
    pair(p, _("Number"), c->serial);
    pair(p, _("Port"), c->port);
    pair(p, _("USB ids"), c->ids);
    pair(p, _("Model"), c->profile);
    pair(p, _("Is"), right_words(c->right));
    if (!c->told.known)
        return;
    snprintf(percent, sizeof percent, "%d %%", c->told.battery);
    pair(p, _("Battery"), c->told.battery < 0 ? "" : percent);
    pair_size(p, _("Free on it"), c->told.free);
    pair_size(p, _("Its size"), c->told.size);
    pair_when(p, _("Its clock said"), c->told.clock);
    pair_when(p, _("Ours said"), c->told.asked);
    if (c->told.clock[0])
        pair(p, _("Its clock"), c->told.clock_set ? _("was set by ours") : _("was left as it is"));
}

static void fill_faults(struct page *p, const json_t *faults)
{
    size_t i;
    const json_t *row;
    if (json_array_size(faults) == 0)
        return;
    page_line(p, "%s", "");
    page_title(p, _("Not in this station"));
    json_array_foreach(faults, i, row)
    {
        page_line(p, "%s", desk_str(row, "path"));
        page_line(p, "    %s", desk_str(row, "why"));
    }
}

static void fill_counts(struct page *p, const struct plugged_camera *c)
{
    char text[24];
    const struct {
        const char *label;
        uint64_t n;
    } counts[] = {{_("Stored"), c->stored},
                  {_("Known already"), c->known},
                  {_("Failed"), c->failed},
                  {_("Not taken"), c->not_taken}};
    if (c->state == PLUGGED_FREE || c->state == PLUGGED_WAITS)
        return;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        snprintf(text, sizeof text, "%" PRIu64, counts[i].n);
        page_pair(p, counts[i].label, text);
    }
    pair_size(p, _("Stored in all"), c->stored_bytes);
}

static void fill(struct view *v)
{
    struct camera_view *s = v->state;
    const struct plugged_camera *c = find(v);
    const json_t *shift = json_object_get(v->desk->status, "shift");
    struct page *p = &s->page;
    size_t top = p->top;
    char text[PLUGGED_TEXT];
    page_clear(p);
    if (!c) {
        page_line(p, "%s", _("It was taken out; plug it in again"));
        return;
    }
    snprintf(s->profile, sizeof s->profile, "%s", c->profile);
    plugged_standing(dock_plugged(v->desk), c, text, sizeof text);
    pair(p, _("State"), c->here || c->state == PLUGGED_TAKEN ? text : _("taken out"));
    if (c->kind == PLUGGED_USB)
        fill_device(p, c);
    else {
        pair(p, _("Folder"), c->path);
        pair(p, _("Number"), c->serial);
    }
    pair(p, _("Volume"), c->volume);
    if (desk_str(shift, "user")[0]) {
        pair(p, _("Held by"), desk_str(shift, "user"));
        pair_when(p, _("Since"), desk_str(shift, "since"));
    } else {
        pair(p, _("Held by"), _("nobody has taken this station over yet"));
    }
    fill_counts(p, c);
    plugged_result(dock_plugged(v->desk), c, text, sizeof text);
    if (text[0])
        page_line(p, "\n%s", text);
    fill_faults(p, c->faults);
    p->top = top;
}

static enum err open_camera(struct view *v, const void *arg)
{
    const struct plugged_camera *c = arg;
    struct camera_view *s = v->state;
    s->kind = c->kind;
    memcpy(s->path, c->path, sizeof s->path);
    memcpy(s->port, c->port, sizeof s->port);
    memcpy(s->usb, c->usb, sizeof s->usb);
    memcpy(s->name, c->name, sizeof s->name);
    fill(v);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    if (!event)
        fill(v);
}

static bool done(struct view *v, const struct opener_reply *r)
{
    if (!r->end)
        return true;
    prompt_end(v, r->exit_code == 0);
    if (r->exit_code)
        return false;
    dock_look(v->desk);
    desk_say(v->desk, LOOK_OK, "%s", _("Done. Unplug the camera and plug it in again"));
    return true;
}

static enum prompt_next take_secret(struct view *v, const struct form *f)
{
    const struct camera_view *s = v->state;
    const struct secret *one = form_secret(f, "secret"), *two = form_secret(f, "again");
    const char *const argv[] = {"cameras", "secret", "--", s->profile, NULL};
    if (one->len != two->len || sodium_memcmp(one->p, two->p, one->len) != 0) {
        desk_say(v->desk, LOOK_WARN, "%s", _("The two are not the same; type both again"));
        return PROMPT_STAY;
    }
    return desk_ask_secret(v, done, argv, &one, 1) ? PROMPT_WAIT : PROMPT_STAY;
}

static void ask_secret(struct view *v)
{
    static const struct form_field fields[] = {
        {.name = "secret", .label = N_("Secret"), .kind = FORM_SECRET, .needed = true},
        {.name = "again", .label = N_("Again"), .kind = FORM_SECRET, .needed = true},
    };
    prompt_open(v->desk, &(struct prompt_order){
                             .view = v,
                             .title = _("The secret of this camera model"),
                             .text = _("It unlocks every camera of the model. It is kept sealed, for who has a "
                                       "key on this station; a wrong one is not tried twice."),
                             .fields = fields,
                             .n = 2,
                             .done = take_secret});
}

static void forget_secret(struct view *v, int answer)
{
    const struct camera_view *s = v->state;
    const char *const argv[] = {"cameras", "secret", "--forget", "--", s->profile, NULL};
    if (answer == 1)
        desk_ask(v, done, argv);
}

static void admit(struct view *v, int answer)
{
    const struct camera_view *s = v->state;
    const char *const argv[] = {"cameras", "admit", "--", s->port, NULL};
    if (answer == 1)
        desk_ask(v, done, argv);
}

static void forget(struct view *v, int answer)
{
    const struct camera_view *s = v->state;
    const char *const argv[] = {"cameras", "forget", "--", s->usb, NULL};
    if (answer == 1)
        desk_ask(v, done, argv);
}

static void act(struct view *v, int what)
{
    const struct plugged_camera *c = find(v);
    if (!c)
        return;
    if (what == ACT_ERASABLE)
        desk_show(v->desk, &screen_erasable, &(struct erasable_order){c->serial});
    else if (what == ACT_REPORT)
        desk_show(v->desk, &screen_report, &(struct report_order){c});
    else if (what == ACT_SECRET)
        ask_secret(v);
    else if (what == ACT_NO_SECRET)
        desk_ask_yes(v, forget_secret, _("Forget the secret? Cameras of this model then stay locked"));
    else if (what == ACT_ADMIT)
        desk_ask_yes(v, admit, _("Is it a camera, to be taken in by itself whenever it is plugged in?"));
    else if (what == ACT_FORGET)
        desk_ask_yes(v, forget, _("Leave it alone from now on? What was taken in stays"));
}

static const char *refuse(struct view *v, int what)
{
    const struct plugged_camera *c = find(v);
    if (!c)
        return _("no camera is plugged in");
    if (what == ACT_REPORT && c->state != PLUGGED_DONE && c->state != PLUGGED_STOPPED)
        return _("it has not been taken in yet");
    if (what == ACT_REPORT)
        return NULL;
    if (what == ACT_ERASABLE && c->kind == PLUGGED_CARD)
        return _("nothing is erased on a mounted card");
    if (c->kind == PLUGGED_CARD)
        return _("it is no device on USB");
    if (what == ACT_ERASABLE && !c->serial[0])
        return _("nothing is erased on a camera without a number");
    if (what == ACT_ERASABLE)
        return c->state == PLUGGED_TAKEN ? _("it is being taken in already") : NULL;
    if (!v->desk->user[0])
        return _("unlock first");
    if ((what == ACT_SECRET || what == ACT_NO_SECRET) && !c->profile[0])
        return _("its model is not known");
    if (what == ACT_ADMIT && c->right != PLUGGED_POSSIBLE)
        return _("it is a camera already");
    if (what == ACT_FORGET && c->right != PLUGGED_ADMITTED)
        return _("no person has said that it is a camera");
    return NULL;
}

static void paint(struct view *v, const struct area *a)
{
    struct camera_view *s = v->state;
    struct area in = area_part(a, 0, 1, a->rows, a->cols - 2);
    page_paint(&s->page, &in);
}

static bool key(struct view *v, const struct key *k)
{
    struct camera_view *s = v->state;
    return page_key(&s->page, k);
}

static void close_camera(struct view *v)
{
    struct camera_view *s = v->state;
    page_free(&s->page);
}

static const char *subtitle(const struct view *v)
{
    const struct camera_view *s = v->state;
    return s->name;
}

const struct screen screen_camera = {
    .name = "camera",
    .title = N_("Camera"),
    .about = N_("one camera: what it is, how it stands, its secret, what may go"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct camera_view),
    .locked = true,
    .open = open_camera,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .news = news,
    .close = close_camera,
    .subtitle = subtitle,
};
