#include "tui/screens/plugged_words.h"

#include "tui/lang/lang.h"
#include "tui/widgets/cells.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DENIED 77 /* sysexits.h */

static void count(const struct plugged *p, char *out, size_t cap)
{
    size_t n = plugged_here(p), left = plugged_out(p);
    char all[80];
    out[0] = '\0';
    if (n == 0)
        return;
    snprintf(all, sizeof all, ngettext("%zu camera", "%zu cameras", n), n);
    if (left == 0)
        snprintf(out, cap, _("%s, all taken in"), all);
    else if (left < n)
        snprintf(out, cap, _("%s, %zu not taken in"), all, left);
    else
        snprintf(out, cap, "%s", all);
}

void plugged_status(struct plugged *p, char *out, size_t cap)
{
    char name[48], clean[PLUGGED_NAME * 4];
    const struct plugged_camera *c = plugged_docked(p) > 1 ? NULL : plugged_taken(p);
    size_t n = plugged_here(p);
    for (size_t i = 0; !c && plugged_docked(p) == 1 && i < PLUGGED_MAX; i++)
        c = p->c[i].state == PLUGGED_TAKEN && p->c[i].docked ? &p->c[i] : NULL;
    for (size_t i = 0; !c && n == 1 && i < PLUGGED_MAX; i++)
        c = p->c[i].here ? &p->c[i] : NULL;
    if (!c) {
        count(p, out, cap);
        return;
    }
    cells_escape(clean, sizeof clean, c->name);
    cells_copy(name, sizeof name, clean, 24);
    int percent = progress_percent(&c->progress);
    if (c->state == PLUGGED_TAKEN && percent >= 0)
        snprintf(out, cap, "%s %d %%", name, percent);
    else
        snprintf(out, cap, "%s", name);
}

/* Each at most 26 columns, in every language. */
static const char *const standings[] = {
    [PLUGGED_FREE] = FIELD(26, "plugged in: F2 takes it in"),
    [PLUGGED_WAITS] = FIELD(26, "waits for its turn"),
    [PLUGGED_TAKEN] = FIELD(26, "being taken in"),
    [PLUGGED_DONE] = FIELD(26, "taken in"),
    [PLUGGED_STOPPED] = FIELD(26, "stopped: F2 goes on"),
};

/* Of a device that nobody takes in. */
static const char *standing_usb(const struct plugged *p, const struct plugged_camera *c)
{
    if (c->right == PLUGGED_POSSIBLE)
        return FIELD(26, "is it a camera? F2");
    if (c->right == PLUGGED_DENIED)
        return FIELD(26, "may not be used: see below");
    if (p->dock == PLUGGED_OURS)
        return FIELD(26, "is being opened");
    return p->dock == PLUGGED_ANOTHER ? FIELD(26, "another program has it") : standings[PLUGGED_FREE];
}

void plugged_standing(const struct plugged *p, const struct plugged_camera *c, char *out, size_t cap)
{
    int percent = progress_percent(&c->progress);
    const char *word = standings[c->state];
    if (c->state == PLUGGED_FREE && c->kind == PLUGGED_USB)
        word = standing_usb(p, c);
    else if (c->state == PLUGGED_TAKEN && c->away)
        word = FIELD(26, "pulled out: plug it in");
    else if (c->state == PLUGGED_STOPPED && c->kind == PLUGGED_USB && c->exit_code == DENIED)
        word = FIELD(26, "not taken in: see below");
    if (c->state == PLUGGED_TAKEN && !c->away && percent >= 0)
        snprintf(out, cap, "%s %d %%", _(word), percent);
    else if (c->state == PLUGGED_DONE && c->failed)
        snprintf(out, cap, ngettext("%" PRIu64 " failed", "%" PRIu64 " failed", c->failed), c->failed);
    else
        snprintf(out, cap, "%s", _(word));
}

/* What to do with a device that nothing was asked of. */
static const char *advice(const struct plugged *p, const struct plugged_camera *c)
{
    if (c->right == PLUGGED_POSSIBLE)
        return _("Nothing has been read from it: it may be a telephone or a disk. F2 says that it is a camera");
    if (c->right == PLUGGED_DENIED)
        return _("This account may not use it. The screen Doctor says what to do; then plug it in again");
    if (p->dock == PLUGGED_ANOTHER)
        return _("Another program at this station takes cameras in; leave it plugged in");
    return p->dock == PLUGGED_OURS ? _("It is taken in by itself; leave it plugged in") : "";
}

void plugged_result(const struct plugged *p, const struct plugged_camera *c, char *out, size_t cap)
{
    out[0] = '\0';
    if (c->state == PLUGGED_FREE && c->kind == PLUGGED_USB)
        snprintf(out, cap, "%s", advice(p, c));
    else if (c->state == PLUGGED_TAKEN && c->away)
        snprintf(out, cap, "%s", _("It was pulled out; plug it in again, at any port, and it goes on where it was"));
    else if (c->state == PLUGGED_STOPPED && strchr(c->why, ';'))
        snprintf(out, cap, "%s", c->why);
    else if (c->state == PLUGGED_STOPPED)
        snprintf(out, cap, _("Stopped: %s. What was taken in stays; F2 goes on where it stopped"), c->why);
    else if (c->state == PLUGGED_DONE && c->failed)
        snprintf(out, cap, "%s", _("Not everything could be taken in: F7 says what, and why; F2 tries again"));
    else if (c->state == PLUGGED_DONE && c->of == 0 && c->recordings == 0)
        snprintf(out, cap, "%s", _("There is no recording on it"));
    else if (c->state == PLUGGED_DONE)
        snprintf(out, cap, "%s", _("Everything on it is in this station"));
}
