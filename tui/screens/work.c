#include "tui/screens/work.h"

#include "tui/lang/lang.h"
#include "tui/play/place.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *title;
} works[] = {
    {"check", N_("Check")},  {"approve", N_("Approval")},  {"export", N_("Export")},
    {"play", N_("Viewing")}, {"purge", N_("Making room")},
};
#define WORKS (sizeof works / sizeof works[0])

static void purge_result(const json_t *row, char *out, size_t cap)
{
    char size[PROGRESS_TEXT];
    progress_size(size, (uint64_t)desk_int(row, "bytes"));
    snprintf(out, cap,
             _("%s freed: %d removed that the hub holds, %d under orders; %d stay by a hold, %d without a receipt or "
               "too young"),
             size, (int)desk_int(row, "freed"), (int)desk_int(row, "destroyed"), (int)desk_int(row, "held"),
             (int)desk_int(row, "kept"));
}

static void check_result(const json_t *row, char *out, size_t cap)
{
    char size[PROGRESS_TEXT];
    const char *result = desk_str(row, "result"), *id = desk_str(row, "id");
    progress_size(size, (uint64_t)desk_int(row, "bytes"));
    if (strcmp(result, "good") == 0)
        snprintf(out, cap, _("%.8s is whole and unchanged: all of its %s were read and agree with its entry"), id,
                 size);
    else if (strcmp(result, "sealed") == 0)
        snprintf(
            out, cap,
            _("%.8s: its sealed pieces are whole (%s); who is in its unit's evidence circle can check the contents"),
            id, size);
    else
        snprintf(out, cap, _("%.8s was destroyed under order %s"), id, desk_str(row, "destroyed_under"));
}

void work_result(const char *name, const json_t *row, char *out, size_t cap)
{
    out[0] = '\0';
    if (strcmp(name, "check") == 0)
        check_result(row, out, cap);
    else if (strcmp(name, "approve") == 0)
        snprintf(out, cap, _("Approved: whoever asked for it can write it out now"));
    else if (strcmp(name, "export") == 0)
        snprintf(out, cap, _("Written to %s, approved by %s; CHECK.txt in it says how anybody checks it"),
                 desk_str(row, "folder"), desk_str(row, "approver"));
    else if (strcmp(name, "play") == 0)
        snprintf(out, cap, _("%.8s was viewed; its custody says so"), desk_str(row, "recording"));
    else if (strcmp(name, "purge") == 0)
        purge_result(row, out, cap);
}

static void on_work(struct desk *d, const struct desk_job *j, const json_t *row)
{
    char text[DESK_MESSAGE];
    size_t n = json_array_size(j->result);
    if (row || j->exit_code || n == 0)
        return;
    work_result(j->name, json_array_get(j->result, n - 1), text, sizeof text);
    if (text[0])
        desk_say(d, LOOK_OK, "%s", text);
}

static bool start(struct desk *d, const char *name, const char *about, const char *const argv[],
                  const struct secret *pass)
{
    char first[9];
    snprintf(first, sizeof first, "%.8s", about);
    struct desk_order o = {.name = name,
                           .about = about == d->dir ? desk_str(d->status, "station") : first,
                           .argv = argv,
                           .secrets = &pass,
                           .n = pass ? 1 : 0,
                           .fn = on_work,
                           .personal = true,
                           .terminal = strcmp(name, "play") == 0 && !place_has_windows()};
    return desk_job_order(d, &o);
}

bool work_verify(struct desk *d, const char *recording)
{
    const char *argv[] = {"recordings", "verify", recording, "--progress", NULL};
    return start(d, "check", recording, argv, NULL);
}

bool work_play(struct desk *d, const char *recording, const char *why, const char *from)
{
    const char *argv[] = {"recordings", "play", recording, "--progress", "--why", why, from[0] ? "--start" : NULL,
                          from,         NULL};
    return start(d, "play", recording, argv, NULL);
}

bool work_export(struct desk *d, const char *recording, const char *folder)
{
    const char *argv[] = {"recordings", "export", recording, folder, "--progress", NULL};
    return start(d, "export", recording, argv, NULL);
}

bool work_approve(struct desk *d, const char *request, const char *who, const struct secret *pass)
{
    const char *argv[] = {"recordings", "approve", request, "--progress", who ? "--user" : NULL, who, NULL};
    return start(d, "approve", request, argv, pass);
}

bool work_purge(struct desk *d, const char *days)
{
    const char *argv[] = {"purge", days[0] ? "--older" : NULL, days, NULL};
    return start(d, "purge", d->dir, argv, NULL);
}

/* The one that was begun last; NULL: none runs. */
static const struct desk_job *running(const struct desk *d, const char **title)
{
    const struct desk_job *last = NULL;
    for (size_t i = 0; i < WORKS; i++) {
        const struct desk_job *j = desk_job_find(d, works[i].name);
        if (!j || !j->running || (last && last->started > j->started))
            continue;
        last = j;
        *title = _(works[i].title);
    }
    return last;
}

int work_rows(const struct desk *d)
{
    const char *title;
    return running(d, &title) ? 1 : 0;
}

void work_paint(const struct desk *d, const struct area *a)
{
    const char *title;
    const struct desk_job *j = running(d, &title);
    if (!j)
        return;
    int used = term_textf(a, 0, 1, a->cols / 2, LOOK_WARN, _("%s: %s (F2 stops it)"), title, j->about);
    struct area bar = area_part(a, 0, used + 3, 1, a->cols - used - 4);
    if (j->progress.total)
        progress_paint(&j->progress, &bar, 0, true);
}

bool work_stop(struct desk *d)
{
    const char *title;
    const struct desk_job *j = running(d, &title);
    if (j)
        desk_job_cancel(d, j->name);
    return j != NULL;
}
