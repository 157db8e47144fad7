#include "tui/screens/plugged.h"

#include "tui/lang/lang.h"
#include "tui/widgets/cells.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DISK_FULL 74 /* sysexits.h */

static const char *str(const json_t *row, const char *member)
{
    const char *s = json_string_value(json_object_get(row, member));
    return s ? s : "";
}

static uint64_t number(const json_t *row, const char *member)
{
    json_int_t n = json_integer_value(json_object_get(row, member));
    return n > 0 ? (uint64_t)n : 0;
}

static void clear_result(struct plugged_camera *c)
{
    json_decref(c->faults);
    c->faults = NULL;
    c->progress = (struct progress){0};
    c->at = c->of = c->stored = c->known = c->failed = c->not_taken = c->stored_bytes = 0;
    c->summed = false;
    c->why[0] = '\0';
}

static void forget(struct plugged_camera *c)
{
    json_decref(c->faults);
    *c = (struct plugged_camera){0};
}

void plugged_free(struct plugged *p)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        forget(&p->c[i]);
}

struct plugged_camera *plugged_find(struct plugged *p, const char *path)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (p->c[i].path[0] && strcmp(p->c[i].path, path) == 0)
            return &p->c[i];
    return NULL;
}

/* A free place, or that of a camera that was taken out again. */
static struct plugged_camera *place(struct plugged *p)
{
    struct plugged_camera *gone = NULL;
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        if (!p->c[i].path[0])
            return &p->c[i];
        if (!p->c[i].here && p->c[i].state != PLUGGED_TAKEN)
            gone = &p->c[i];
    }
    if (gone)
        forget(gone);
    return gone;
}

/* By what its number is remembered. */
static const char *mark(const struct plugged_camera *c)
{
    return c->volume[0] ? c->volume : c->path;
}

static void recall_serial(const struct plugged *p, struct plugged_camera *c)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (p->serials[i].volume[0] && strcmp(p->serials[i].volume, mark(c)) == 0)
            memcpy(c->serial, p->serials[i].serial, sizeof c->serial);
}

void plugged_serial(struct plugged *p, struct plugged_camera *c, const char *serial)
{
    size_t i = 0;
    snprintf(c->serial, sizeof c->serial, "%s", serial);
    while (i < PLUGGED_MAX && strcmp(p->serials[i].volume, mark(c)) != 0)
        i++;
    if (i == PLUGGED_MAX)
        i = p->next_serial++ % PLUGGED_MAX;
    snprintf(p->serials[i].volume, sizeof p->serials[i].volume, "%s", mark(c));
    memcpy(p->serials[i].serial, c->serial, sizeof c->serial);
}

static bool see(struct plugged *p, const json_t *row)
{
    const char *path = str(row, "path"), *volume = str(row, "volume");
    uint64_t recordings = number(row, "recordings"), bytes = number(row, "bytes");
    struct plugged_camera *c = plugged_find(p, path);
    if (!path[0] || strlen(path) >= PLUGGED_PATH)
        return false;
    /* another card in the same place is another camera */
    if (c && c->state != PLUGGED_TAKEN && (!c->here || strcmp(c->volume, volume) != 0))
        forget(c);
    if (!c)
        c = place(p);
    if (!c)
        return false;
    bool news = !c->here || c->recordings != recordings || c->bytes != bytes;
    snprintf(c->path, sizeof c->path, "%s", path);
    snprintf(c->name, sizeof c->name, "%s", str(row, "name"));
    snprintf(c->volume, sizeof c->volume, "%s", volume);
    c->recordings = recordings;
    c->bytes = bytes;
    c->here = c->seen = true;
    if (!c->serial[0])
        recall_serial(p, c);
    return news;
}

/* Those that the survey did not name have been taken out. */
static bool end_survey(struct plugged *p)
{
    bool news = !p->surveyed;
    p->surveyed = true;
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        struct plugged_camera *c = &p->c[i];
        bool seen = c->seen;
        c->seen = false;
        if (!c->path[0] || seen)
            continue;
        news = news || c->here;
        c->here = false;
        if (c->state == PLUGGED_FREE || c->state == PLUGGED_WAITS)
            forget(c);
    }
    return news;
}

bool plugged_camera_row(struct plugged *p, const json_t *row)
{
    const char *event = str(row, "event");
    if (strcmp(event, "camera") == 0)
        return see(p, row);
    return strcmp(event, "surveyed") == 0 && end_survey(p);
}

static void add_fault(struct plugged_camera *c, const json_t *row)
{
    if (!c->faults)
        c->faults = json_array();
    if (json_array_size(c->faults) < PLUGGED_FAULTS)
        json_array_append_new(c->faults, json_deep_copy(row));
}

static void count(struct plugged_camera *c, const json_t *row)
{
    const char *result = str(row, "result");
    if (strcmp(result, "stored") == 0) {
        c->stored++;
        c->stored_bytes += number(row, "size");
    } else if (strcmp(result, "known") == 0) {
        c->known++;
    } else {
        *(strcmp(result, "failed") == 0 ? &c->failed : &c->not_taken) += 1;
        add_fault(c, row);
    }
}

void plugged_offload_row(struct plugged_camera *c, const json_t *row, int64_t now)
{
    const char *event = str(row, "event");
    if (strcmp(event, "found") == 0) {
        c->of = number(row, "recordings");
        progress_start(&c->progress, now, number(row, "bytes"));
    } else if (strcmp(event, "progress") == 0) {
        c->at = number(row, "recording");
        c->of = number(row, "recordings");
        progress_set(&c->progress, now, number(row, "done"), number(row, "bytes"));
    } else if (strcmp(event, "recording") == 0) {
        count(c, row);
    } else if (strcmp(event, "summary") == 0) {
        c->stored = number(row, "stored");
        c->known = number(row, "known");
        c->failed = number(row, "failed");
        c->not_taken = number(row, "not_taken");
        c->stored_bytes = number(row, "bytes");
        c->summed = true;
    }
}

void plugged_offload_end(struct plugged_camera *c, int exit_code, const char *error, bool cancelled)
{
    /* failures alone are told by the code and the lines, without a sentence */
    bool whole = exit_code == 0 || (exit_code == 75 && c->summed && !error[0]);
    c->state = whole ? PLUGGED_DONE : PLUGGED_STOPPED;
    if (whole)
        c->why[0] = '\0';
    else if (cancelled)
        snprintf(c->why, sizeof c->why, "%s", _("it was stopped here"));
    else
        snprintf(c->why, sizeof c->why, "%s", error[0] ? error : _("the program that took it in has ended"));
    if (exit_code == DISK_FULL)
        return;
    c->why[strcspn(c->why, ";")] = '\0'; /* what to do is said here: F2 */
}

bool plugged_wait(struct plugged *p, struct plugged_camera *c)
{
    if (!c->here || c->state == PLUGGED_WAITS || c->state == PLUGGED_TAKEN)
        return false;
    clear_result(c);
    c->state = PLUGGED_WAITS;
    c->turn = ++p->turns;
    return true;
}

void plugged_wait_no_more(struct plugged *p)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (p->c[i].state == PLUGGED_WAITS)
            p->c[i].state = PLUGGED_FREE;
}

struct plugged_camera *plugged_taken(struct plugged *p)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (p->c[i].state == PLUGGED_TAKEN)
            return &p->c[i];
    return NULL;
}

struct plugged_camera *plugged_take(struct plugged *p)
{
    struct plugged_camera *next = NULL;
    if (plugged_taken(p))
        return NULL;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (p->c[i].state == PLUGGED_WAITS && (!next || p->c[i].turn < next->turn))
            next = &p->c[i];
    if (next)
        next->state = PLUGGED_TAKEN;
    return next;
}

size_t plugged_here(const struct plugged *p)
{
    size_t n = 0;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        n += p->c[i].path[0] && p->c[i].here;
    return n;
}

size_t plugged_waiting(const struct plugged *p)
{
    size_t n = 0;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        n += p->c[i].state == PLUGGED_WAITS;
    return n;
}

void plugged_status(struct plugged *p, char *out, size_t cap)
{
    char name[48], clean[PLUGGED_NAME * 4];
    const struct plugged_camera *c = plugged_taken(p);
    size_t n = plugged_here(p);
    for (size_t i = 0; !c && n == 1 && i < PLUGGED_MAX; i++)
        c = p->c[i].here ? &p->c[i] : NULL;
    if (!c) {
        out[0] = '\0';
        if (n)
            snprintf(out, cap, ngettext("%zu camera", "%zu cameras", n), n);
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

void plugged_standing(const struct plugged_camera *c, char *out, size_t cap)
{
    int percent = progress_percent(&c->progress);
    if (c->state == PLUGGED_TAKEN && percent >= 0)
        snprintf(out, cap, "%s %d %%", _(standings[c->state]), percent);
    else if (c->state == PLUGGED_DONE && c->failed)
        snprintf(out, cap, ngettext("%" PRIu64 " failed", "%" PRIu64 " failed", c->failed), c->failed);
    else
        snprintf(out, cap, "%s", _(standings[c->state]));
}

void plugged_result(const struct plugged_camera *c, char *out, size_t cap)
{
    out[0] = '\0';
    if (c->state == PLUGGED_STOPPED && strchr(c->why, ';'))
        snprintf(out, cap, "%s", c->why);
    else if (c->state == PLUGGED_STOPPED)
        snprintf(out, cap, _("Stopped: %s. What was taken in stays; F2 goes on where it stopped"), c->why);
    else if (c->state == PLUGGED_DONE && c->of == 0)
        snprintf(out, cap, "%s", _("There is no recording on it"));
    else if (c->state == PLUGGED_DONE && c->failed)
        snprintf(out, cap, "%s", _("Not everything could be taken in: F7 says what, and why; F2 tries again"));
    else if (c->state == PLUGGED_DONE)
        snprintf(out, cap, "%s", _("Everything on it is in this station"));
}

json_t *plugged_json(const struct plugged *p)
{
    static const char *const states[] = {
        [PLUGGED_FREE] = "free", [PLUGGED_WAITS] = "waits",     [PLUGGED_TAKEN] = "taken",
        [PLUGGED_DONE] = "done", [PLUGGED_STOPPED] = "stopped",
    };
    json_t *all = json_array();
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        const struct plugged_camera *c = &p->c[i];
        if (c->path[0] && c->here)
            json_array_append_new(all, json_pack("{s:s,s:s,s:I,s:I,s:I,s:s}", "path", c->path, "name", c->name,
                                                 "recordings", (json_int_t)c->recordings, "bytes", (json_int_t)c->bytes,
                                                 "failed", (json_int_t)c->failed, "state", states[c->state]));
    }
    return all;
}
