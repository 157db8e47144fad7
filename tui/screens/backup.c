#include "tui/lang/lang.h"
#include "tui/screens/jobview.h"
#include "tui/screens/media_list.h"
#include "tui/screens/screens.h"
#include "tui/widgets/form.h"

#include <stdio.h>
#include <string.h>

/* A sealed copy of the station onto a medium, and a station from one. */
enum step { CHOOSE, NAME, COPY };

struct backup {
    struct listing listing; /* of media */
    struct form form;
    struct jobview job;
    enum step step;
};

enum { ACT_AGAIN = ACT_OWN, ACT_FOLDER, ACT_STOP };
static const struct key_row keys[] = {
    {K_F5, ACT_AGAIN, FIELD(14, "Look again"), N_("looks again for what is plugged in"), false},
    {K_F6, ACT_FOLDER, FIELD(14, "Folder"), N_("a folder by its name, instead of what is plugged in"), false},
    {K_F9, ACT_STOP, FIELD(14, "Stop"), N_("ends the copying; a later one goes on where it stopped"), false},
};

static const struct form_field backup_fields[] = {
    {"folder",
     FIELD(24, "Folder"),
     FORM_TEXT,
     true,
     N_("feldsher-backup is made in it, or brought up to date"),
     {NULL}},
    {"what",
     FIELD(24, "What"),
     FORM_CHOICE,
     false,
     N_("without recordings it is small: they come back from the hub"),
     {N_("everything"), N_("without recordings"), NULL}},
};
static const struct form_field restore_fields[] = {
    {"folder", FIELD(24, "Folder"), FORM_TEXT, true, N_("where feldsher-backup is"), {NULL}},
    {"user",
     FIELD(24, "Who made the backup"),
     FORM_TEXT,
     false,
     N_("a user's name; empty where there is only one"),
     {NULL}},
    {"pass", FIELD(24, "Passphrase of then"), FORM_SECRET, true, NULL, {NULL}},
};

static bool is_restore(const struct view *v)
{
    return v->screen == &screen_restore;
}

static enum err open_backup(struct view *v, const void *arg)
{
    struct backup *s = v->state;
    (void)arg;
    s->job.name = v->screen->name;
    listing_open(v, &media_kind);
    enum err e = is_restore(v) ? form_init(&s->form, restore_fields, 3) : form_init(&s->form, backup_fields, 2);
    if (jobview_runs(&s->job, v->desk))
        s->step = COPY;
    else if (!e)
        media_ask(v);
    jobview_news(&s->job, v->desk);
    return e;
}

static void name(struct view *v, const char *folder)
{
    struct backup *s = v->state;
    form_set(&s->form, "folder", folder);
    form_go(&s->form, !folder[0] ? "folder" : is_restore(v) ? "user" : "what");
    s->step = NAME;
}

static void start(struct view *v)
{
    struct backup *s = v->state;
    const char *problem = form_problem(&s->form), *folder = form_text(&s->form, "folder");
    bool begun = false;
    if (problem) {
        desk_say(v->desk, LOOK_WARN, "%s", problem);
    } else if (is_restore(v)) {
        const struct secret *pass = form_secret(&s->form, "pass");
        const char *user = form_text(&s->form, "user");
        const char *argv[] = {"restore", folder, "--progress", user[0] ? "--user" : NULL, user, NULL};
        begun = desk_job_secret(v->desk, s->job.name, argv, &pass, 1, -1);
        form_wipe(&s->form, "pass");
    } else {
        bool small = form_choice(&s->form, "what") == 1;
        const char *argv[] = {"backup", folder, "--progress", small ? "--without-blobs" : NULL, NULL};
        begun = desk_job(v->desk, s->job.name, argv);
    }
    if (begun)
        s->step = COPY;
}

static void paint_end(struct view *v, const struct desk_job *job, const struct area *a)
{
    const json_t *sum = jobview_row(job, "files");
    char size[PROGRESS_TEXT];
    unsigned long files = (unsigned long)desk_int(sum, "files"), damaged = (unsigned long)desk_int(sum, "damaged");
    progress_size(size, (uint64_t)desk_int(sum, "bytes"));
    if (!sum)
        return;
    term_textf(a, 4, 0, 0, LOOK_OK,
               ngettext("%lu file copied and read back, %s", "%lu files copied and read back, %s", files), files, size);
    term_textf(a, 5, 0, 0, LOOK_NORMAL, _("%lld objects were there already"), (long long)desk_int(sum, "there"));
    if (damaged)
        term_textf(a, 6, 0, 0, LOOK_ALARM,
                   ngettext("%lu object is damaged and was left out: verify the station",
                            "%lu objects are damaged and were left out: verify the station", damaged),
                   damaged);
    if (is_restore(v))
        term_wrap(a, 7, 3, LOOK_WARN,
                  _("Nothing can be recorded before the hub has shown that it holds no more: sync first"));
}

static void paint(struct view *v, const struct area *a)
{
    struct backup *s = v->state;
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    if (s->step == CHOOSE) {
        listing_paint(v, a);
    } else if (s->step == NAME) {
        form_paint(&s->form, &in);
    } else {
        const struct desk_job *job = jobview_ended(&s->job, v->desk);
        jobview_paint(&s->job, v->desk, &in, 0,
                      is_restore(v) ? _("The backup is copied into this station's folder")
                                    : _("The station is copied, and each file read back"),
                      true);
        if (job)
            paint_end(v, job, &in);
    }
}

/* There is a station now: what asked for one goes, too. */
static void leave_all(struct view *v)
{
    for (; v; v = v->below)
        v->closing = true;
}

static bool key(struct view *v, const struct key *k)
{
    struct backup *s = v->state;
    const struct desk_job *job = jobview_ended(&s->job, v->desk);
    if (s->step == COPY && k->code == K_ESC && is_restore(v) && job && job->exit_code == 0)
        leave_all(v);
    if (s->step == COPY)
        return false;
    if (s->step == CHOOSE)
        return listing_key(v, k);
    if (k->code == K_ESC) {
        s->step = CHOOSE;
        return true;
    }
    enum form_answer answer = form_key(&s->form, k);
    if (answer == FORM_DONE)
        start(v);
    return answer != FORM_NOT_MINE;
}

static void act(struct view *v, int what)
{
    struct backup *s = v->state;
    const struct table_row *r = table_selected(&s->listing.table);
    if (what == ACT_STOP)
        desk_job_cancel(v->desk, s->job.name);
    else if (s->step != CHOOSE)
        return;
    else if (what == ACT_AGAIN)
        media_ask(v);
    else if (what == ACT_FOLDER)
        name(v, "");
    else if (what == ACT_CHOOSE && r)
        name(v, r->cells[0]);
}

static const char *refuse(struct view *v, int what)
{
    const struct backup *s = v->state;
    return what == ACT_STOP && !jobview_runs(&s->job, v->desk) ? _("Nothing is being copied") : NULL;
}

static void news(struct view *v, const void *event)
{
    struct backup *s = v->state;
    (void)event;
    jobview_news(&s->job, v->desk);
    desk_paint(v);
}

static void tick(struct view *v, int64_t now)
{
    (void)now;
    desk_paint(v);
}

static void close_backup(struct view *v)
{
    struct backup *s = v->state;
    form_free(&s->form);
    listing_close(v);
}

const struct screen screen_backup = {
    .name = "backup",
    .title = N_("Backup"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct backup),
    .open = open_backup,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .tick = tick,
    .news = news,
    .close = close_backup,
};

/* Opened from the first screen, where there is no station yet. */
const struct screen screen_restore = {
    .name = "restore",
    .title = N_("Restore from a backup"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct backup),
    .locked = true,
    .open = open_backup,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .tick = tick,
    .news = news,
    .close = close_backup,
};
