#include "tui/screens/plugged_inside.h"

#include "tui/lang/lang.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DISK_FULL 74 /* sysexits.h */

const char *plugged_str(const json_t *row, const char *member)
{
    const char *s = json_string_value(json_object_get(row, member));
    return s ? s : "";
}

uint64_t plugged_number(const json_t *row, const char *member)
{
    json_int_t n = json_integer_value(json_object_get(row, member));
    return n > 0 ? (uint64_t)n : 0;
}

void plugged_clear(struct plugged_camera *c)
{
    json_decref(c->faults);
    c->faults = NULL;
    c->progress = (struct progress){0};
    c->at = c->of = c->stored = c->known = c->failed = c->not_taken = c->stored_bytes = 0;
    c->summed = false;
    c->why[0] = '\0';
    c->exit_code = 0;
}

void plugged_forget(struct plugged_camera *c)
{
    json_decref(c->faults);
    *c = (struct plugged_camera){0};
}

void plugged_free(struct plugged *p)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        plugged_forget(&p->c[i]);
}

struct plugged_camera *plugged_find(struct plugged *p, const char *path)
{
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        if (p->c[i].kind == PLUGGED_CARD && strcmp(p->c[i].path, path) == 0)
            return &p->c[i];
    return NULL;
}

/* A free place, or that of a camera that was taken out again. */
struct plugged_camera *plugged_place(struct plugged *p)
{
    struct plugged_camera *gone = NULL;
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        if (p->c[i].kind == PLUGGED_NONE)
            return &p->c[i];
        if (!p->c[i].here && p->c[i].state != PLUGGED_TAKEN)
            gone = &p->c[i];
    }
    if (gone)
        plugged_forget(gone);
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

/* The card that was taken in to its end, put in again as it was. */
static bool is_whole(const struct plugged *p, const struct plugged_camera *c)
{
    for (size_t i = 0; i < PLUGGED_MAX && c->volume[0]; i++)
        if (strcmp(p->whole[i].volume, c->volume) == 0 && p->whole[i].recordings == c->recordings &&
            p->whole[i].bytes == c->bytes)
            return true;
    return false;
}

static void note_whole(struct plugged *p, const struct plugged_camera *c)
{
    size_t i = 0;
    if (!c->volume[0] || is_whole(p, c))
        return;
    while (i < PLUGGED_MAX && strcmp(p->whole[i].volume, c->volume) != 0)
        i++;
    if (i == PLUGGED_MAX)
        i = p->next_whole++ % PLUGGED_MAX;
    memcpy(p->whole[i].volume, c->volume, sizeof c->volume);
    p->whole[i].recordings = c->recordings;
    p->whole[i].bytes = c->bytes;
}

static bool see(struct plugged *p, const json_t *row)
{
    const char *path = plugged_str(row, "path"), *volume = plugged_str(row, "volume");
    uint64_t recordings = plugged_number(row, "recordings"), bytes = plugged_number(row, "bytes");
    struct plugged_camera *c = plugged_find(p, path);
    if (!path[0] || strlen(path) >= PLUGGED_PATH)
        return false;
    /* another card in the same place is another camera */
    if (c && c->state != PLUGGED_TAKEN && (!c->here || strcmp(c->volume, volume) != 0))
        plugged_forget(c);
    if (!c)
        c = plugged_place(p);
    if (!c)
        return false;
    bool news = !c->here || c->recordings != recordings || c->bytes != bytes;
    c->kind = PLUGGED_CARD;
    snprintf(c->path, sizeof c->path, "%s", path);
    snprintf(c->name, sizeof c->name, "%s", plugged_str(row, "name"));
    snprintf(c->volume, sizeof c->volume, "%s", volume);
    c->recordings = recordings;
    c->bytes = bytes;
    c->here = c->seen = true;
    if (!c->serial[0])
        recall_serial(p, c);
    if (c->state == PLUGGED_DONE && news && c->volume[0] && !is_whole(p, c) && c->failed == 0)
        c->state = PLUGGED_FREE; /* something came onto it since */
    if (c->state == PLUGGED_FREE && is_whole(p, c))
        c->state = PLUGGED_DONE;
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
        if (c->kind == PLUGGED_NONE || seen)
            continue;
        news = news || c->here;
        c->here = false;
        if (c->state == PLUGGED_FREE || c->state == PLUGGED_WAITS)
            plugged_forget(c);
    }
    return news;
}

bool plugged_camera_row(struct plugged *p, const json_t *row)
{
    const char *event = plugged_str(row, "event");
    if (strcmp(event, "camera") == 0)
        return see(p, row);
    if (strcmp(event, "device") == 0)
        return plugged_see_device(p, row);
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
    const char *result = plugged_str(row, "result");
    if (strcmp(result, "stored") == 0) {
        c->stored++;
        c->stored_bytes += plugged_number(row, "size");
    } else if (strcmp(result, "known") == 0) {
        c->known++;
    } else {
        *(strcmp(result, "failed") == 0 ? &c->failed : &c->not_taken) += 1;
        add_fault(c, row);
    }
}

/* What an opened device says of itself; what it does not say stays as its descriptors have it. */
static void take_told(struct plugged_camera *c, const json_t *row)
{
    static const char *const members[] = {"vendor", "product", "serial", "profile", "volume"};
    char *const to[] = {c->vendor, c->product, c->serial, c->profile, c->volume};
    const json_t *battery = json_object_get(row, "battery");
    for (size_t i = 0; i < 5; i++)
        if (plugged_str(row, members[i])[0])
            snprintf(to[i], NAME_LEN, "%s", plugged_str(row, members[i]));
    json_int_t percent = json_is_integer(battery) ? json_integer_value(battery) : -1;
    c->told = (struct plugged_told){.known = true,
                                    .battery = percent >= 0 && percent <= 100 ? (int)percent : -1,
                                    .free = plugged_number(row, "free"),
                                    .size = plugged_number(row, "size"),
                                    .clock_set = json_is_true(json_object_get(row, "clock_set"))};
    snprintf(c->told.clock, PLUGGED_CLOCK, "%s", plugged_str(row, "clock"));
    snprintf(c->told.asked, PLUGGED_CLOCK, "%s", plugged_str(row, "asked"));
}

void plugged_offload_row(struct plugged_camera *c, const json_t *row, int64_t now)
{
    const char *event = plugged_str(row, "event");
    if (strcmp(event, "taking") == 0) {
        take_told(c, row);
    } else if (strcmp(event, "waiting") == 0 || strcmp(event, "back") == 0) {
        c->away = strcmp(event, "waiting") == 0;
        c->here = !c->away;
    } else if (strcmp(event, "found") == 0) {
        c->of = plugged_number(row, "recordings");
        progress_start(&c->progress, now, plugged_number(row, "bytes"));
    } else if (strcmp(event, "progress") == 0) {
        c->at = plugged_number(row, "recording");
        c->of = plugged_number(row, "recordings");
        progress_set(&c->progress, now, plugged_number(row, "done"), plugged_number(row, "bytes"));
    } else if (strcmp(event, "recording") == 0) {
        count(c, row);
    } else if (strcmp(event, "summary") == 0) {
        c->stored = plugged_number(row, "stored");
        c->known = plugged_number(row, "known");
        c->failed = plugged_number(row, "failed");
        c->not_taken = plugged_number(row, "not_taken");
        c->stored_bytes = plugged_number(row, "bytes");
        c->summed = true;
    }
}

void plugged_offload_end(struct plugged *p, struct plugged_camera *c, int exit_code, const char *error, bool cancelled)
{
    /* failures alone are told by the code and the lines, without a sentence */
    bool whole = exit_code == 0 || (exit_code == 75 && c->summed && !error[0]);
    char why[PLUGGED_WHY];
    snprintf(why, sizeof why, "%s", error[0] ? error : _("the program that took it in has ended"));
    c->state = whole ? PLUGGED_DONE : PLUGGED_STOPPED;
    c->docked = c->away = false;
    c->began_at[0] = '\0';
    c->exit_code = exit_code;
    if (whole)
        why[0] = '\0';
    else if (cancelled)
        snprintf(why, sizeof why, "%s", _("it was stopped here"));
    memcpy(c->why, why, sizeof c->why);
    if (whole && c->failed == 0 && c->kind == PLUGGED_CARD)
        note_whole(p, c);
    if (exit_code == DISK_FULL || c->kind == PLUGGED_USB)
        return;
    c->why[strcspn(c->why, ";")] = '\0'; /* what to do is said here: F2 */
}

bool plugged_wait(struct plugged *p, struct plugged_camera *c)
{
    if (!c->here || c->state == PLUGGED_WAITS || c->state == PLUGGED_TAKEN)
        return false;
    if (c->kind == PLUGGED_USB && c->right == PLUGGED_DENIED)
        return false;
    plugged_clear(c);
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
        if (p->c[i].state == PLUGGED_TAKEN && !p->c[i].docked)
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
    if (next) {
        next->state = PLUGGED_TAKEN;
        memcpy(next->began_at, next->port, sizeof next->began_at);
    }
    return next;
}

size_t plugged_here(const struct plugged *p)
{
    size_t n = 0;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        n += p->c[i].kind != PLUGGED_NONE && p->c[i].here;
    return n;
}

size_t plugged_waiting(const struct plugged *p)
{
    size_t n = 0;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        n += p->c[i].state == PLUGGED_WAITS;
    return n;
}

size_t plugged_docked(const struct plugged *p)
{
    size_t n = 0;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        n += p->c[i].state == PLUGGED_TAKEN && p->c[i].docked;
    return n;
}

static bool is_out(const struct plugged_camera *c)
{
    return c->kind != PLUGGED_NONE && c->here && !(c->state == PLUGGED_DONE && c->failed == 0);
}

size_t plugged_out(const struct plugged *p)
{
    size_t n = 0;
    for (size_t i = 0; i < PLUGGED_MAX; i++)
        n += is_out(&p->c[i]);
    return n;
}

bool plugged_is_for_all(const struct plugged_camera *c)
{
    if (c->kind == PLUGGED_USB) /* the dock takes in what it can; what is perhaps none waits for a person */
        return c->right != PLUGGED_POSSIBLE && c->state == PLUGGED_STOPPED;
    return c->kind == PLUGGED_CARD && c->state != PLUGGED_DONE;
}

/* The word that todo.c goes by. */
static const char *state_word(const struct plugged_camera *c)
{
    static const char *const states[] = {
        [PLUGGED_FREE] = "free", [PLUGGED_WAITS] = "waits",     [PLUGGED_TAKEN] = "taken",
        [PLUGGED_DONE] = "done", [PLUGGED_STOPPED] = "stopped",
    };
    if (c->kind == PLUGGED_USB && c->state == PLUGGED_FREE && c->right == PLUGGED_POSSIBLE)
        return "possible";
    if (c->kind == PLUGGED_USB && c->state == PLUGGED_FREE && c->right == PLUGGED_DENIED)
        return "denied";
    return states[c->state];
}

json_t *plugged_json(const struct plugged *p)
{
    json_t *all = json_array();
    for (size_t i = 0; i < PLUGGED_MAX; i++) {
        const struct plugged_camera *c = &p->c[i];
        if (c->kind != PLUGGED_NONE && c->here)
            json_array_append_new(all, json_pack("{s:s,s:s,s:I,s:I,s:I,s:s}", "path", c->path, "name", c->name,
                                                 "recordings", (json_int_t)c->recordings, "bytes", (json_int_t)c->bytes,
                                                 "failed", (json_int_t)c->failed, "state", state_word(c)));
    }
    return all;
}
