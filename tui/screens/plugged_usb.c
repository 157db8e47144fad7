#include "tui/screens/plugged_usb.h"

#include "tui/screens/plugged_inside.h"

#include <stdio.h>
#include <string.h>

static bool right_of(const char *state, enum plugged_right *out)
{
    static const char *const states[] = {[PLUGGED_ADMITTED] = "admitted",
                                         [PLUGGED_AUTOMATIC] = "automatic",
                                         [PLUGGED_POSSIBLE] = "possible",
                                         [PLUGGED_DENIED] = "denied"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(states[i], state) == 0) {
            *out = (enum plugged_right)i;
            return true;
        }
    return false;
}

struct plugged_camera *plugged_find_usb(struct plugged *p, const char *port, const char *serial)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        struct plugged_camera *c = &p->c[i];
        bool same = strcmp(c->usb, serial) == 0 || (c->came_back_as[0] && strcmp(c->came_back_as, serial) == 0);
        if (c->kind == PLUGGED_USB && same && strcmp(c->port, port) == 0)
            return c;
    }
    return NULL;
}

/* Under way, and what this is: the disk that a recorder became at its port, or
 * the camera that was pulled out, at another. */
static struct plugged_camera *awaited(struct plugged *p, const json_t *row)
{
    const char *port = plugged_str(row, "port"), *serial = plugged_str(row, "serial"), *ids = plugged_str(row, "ids");
    struct plugged_camera *moved = NULL;
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        struct plugged_camera *c = &p->c[i];
        if (c->kind != PLUGGED_USB || c->state != PLUGGED_TAKEN)
            continue;
        if (strcmp(c->port, port) == 0 && !c->away) {
            snprintf(c->came_back_as, sizeof c->came_back_as, "%s", serial);
            return c;
        }
        if ((c->away || !c->here) && serial[0] && strcmp(c->usb, serial) == 0 && strcmp(c->ids, ids) == 0)
            moved = c;
    }
    if (moved)
        snprintf(moved->port, sizeof moved->port, "%s", port);
    return moved;
}

static void name_it(struct plugged_camera *c)
{
    const char *what = c->product[0] ? c->product : c->vendor[0] ? c->vendor : c->ids;
    if (c->serial[0])
        snprintf(c->name, sizeof c->name, "%s", c->serial);
    else if (what[0])
        snprintf(c->name, sizeof c->name, "%s", what);
    else
        snprintf(c->name, sizeof c->name, "USB %s", c->port);
}

/* Who it is, as its descriptors say. */
static void describe(struct plugged_camera *c, const json_t *row)
{
    c->kind = PLUGGED_USB;
    snprintf(c->port, sizeof c->port, "%s", plugged_str(row, "port"));
    snprintf(c->usb, sizeof c->usb, "%s", plugged_str(row, "serial"));
    snprintf(c->serial, sizeof c->serial, "%s", plugged_str(row, "serial"));
    snprintf(c->ids, sizeof c->ids, "%s", plugged_str(row, "ids"));
    snprintf(c->vendor, sizeof c->vendor, "%s", plugged_str(row, "vendor"));
    snprintf(c->product, sizeof c->product, "%s", plugged_str(row, "product"));
    snprintf(c->profile, sizeof c->profile, "%s", plugged_str(row, "profile"));
    c->told.battery = -1;
    name_it(c);
}

static bool is_named(const json_t *row)
{
    const char *port = plugged_str(row, "port");
    return port[0] && strlen(port) < PLUGGED_PORT && strlen(plugged_str(row, "serial")) < NAME_LEN;
}

bool plugged_see_device(struct plugged *p, const json_t *row)
{
    enum plugged_right right;
    if (!is_named(row) || !right_of(plugged_str(row, "state"), &right))
        return false; /* what cannot be a camera is not shown */
    struct plugged_camera *c = plugged_find_usb(p, plugged_str(row, "port"), plugged_str(row, "serial"));
    if (!c)
        c = awaited(p, row);
    if (c && c->state != PLUGGED_TAKEN && !c->here)
        plugged_forget(c); /* plugged in anew */
    if (!c)
        c = plugged_place(p);
    if (!c)
        return false;
    bool news = !c->here || c->right != right;
    if (c->kind == PLUGGED_NONE)
        describe(c, row);
    if (strcmp(c->usb, plugged_str(row, "serial")) == 0)
        c->right = right;
    c->here = c->seen = true;
    return news;
}

/* The camera that a row of the dock is about. */
static struct plugged_camera *of_row(struct plugged *p, const json_t *row)
{
    const char *port = plugged_str(row, "port");
    for (size_t i = 0; i < PLUGGED_MAX && port[0]; i++) {
        struct plugged_camera *c = &p->c[i];
        if (c->kind == PLUGGED_USB && c->docked && strcmp(c->began_at, port) == 0)
            return c;
    }
    return NULL;
}

/* It was opened: under way now. */
static struct plugged_camera *begin(struct plugged *p, const json_t *row)
{
    struct plugged_camera *c = of_row(p, row);
    for (size_t i = 0; i < PLUGGED_MAX && !c; i++)
        if (p->c[i].kind == PLUGGED_USB && p->c[i].here && strcmp(p->c[i].port, plugged_str(row, "port")) == 0 &&
            p->c[i].state != PLUGGED_TAKEN)
            c = &p->c[i];
    if (!c && is_named(row) && (c = plugged_place(p)) != NULL) {
        describe(c, row); /* nobody has looked since it was plugged in */
        c->right = PLUGGED_AUTOMATIC;
        c->here = c->seen = true;
    }
    if (!c)
        return NULL;
    plugged_clear(c);
    c->state = PLUGGED_TAKEN;
    c->docked = true;
    c->away = false;
    memcpy(c->began_at, c->port, sizeof c->began_at);
    return c;
}

static void leave(struct plugged *p, const json_t *row)
{
    struct plugged_camera *c = plugged_find_usb(p, plugged_str(row, "port"), plugged_str(row, "serial"));
    if (!c)
        return;
    c->here = c->seen = false;
    if (c->state == PLUGGED_FREE || c->state == PLUGGED_WAITS)
        plugged_forget(c);
}

/* The process of one has ended; it may not have come so far as to open it. */
static struct plugged_camera *end(struct plugged *p, const json_t *row)
{
    char why[PLUGGED_WHY];
    struct plugged_camera *c = of_row(p, row);
    if (!c)
        c = plugged_find_usb(p, plugged_str(row, "port"), plugged_str(row, "serial"));
    if (!c || (c->state == PLUGGED_TAKEN && !c->docked))
        return NULL;
    memcpy(why, c->why, sizeof why);
    plugged_offload_end(p, c, (int)json_integer_value(json_object_get(row, "exit")), why, false);
    return c;
}

static void fail(struct plugged *p, const json_t *row)
{
    struct plugged_camera *c = of_row(p, row);
    for (size_t i = 0; i < PLUGGED_MAX && !c; i++)
        if (p->c[i].kind == PLUGGED_USB && p->c[i].here && p->c[i].state != PLUGGED_TAKEN &&
            strcmp(p->c[i].port, plugged_str(row, "port")) == 0)
            c = &p->c[i];
    if (c)
        snprintf(c->why, sizeof c->why, "%s", plugged_str(row, "why"));
}

struct plugged_camera *plugged_dock_row(struct plugged *p, const json_t *row, int64_t now)
{
    const char *event = plugged_str(row, "event");
    struct plugged_camera *c = NULL;
    p->dock = PLUGGED_OURS;
    if (strcmp(event, "device") == 0) {
        plugged_see_device(p, row);
    } else if (strcmp(event, "left") == 0) {
        leave(p, row);
    } else if (strcmp(event, "ended") == 0) {
        return end(p, row);
    } else if (strcmp(event, "failed") == 0) {
        fail(p, row);
    } else if (strcmp(event, "taking") == 0) {
        c = begin(p, row);
    } else {
        c = of_row(p, row);
    }
    if (c)
        plugged_offload_row(c, row, now);
    if (c && strcmp(event, "taking") == 0)
        name_it(c);
    return NULL;
}

void plugged_dock_end(struct plugged *p, enum plugged_dock next)
{
    p->dock = next;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (p->c[i].docked)
            plugged_offload_end(p, &p->c[i], 75, "", false);
}
