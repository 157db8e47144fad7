#include "tui/screens/jobview.h"

#include "storage/base/clock.h"
#include "tui/lang/lang.h"

#include <string.h>

void jobview_news(struct jobview *j, const struct desk *d)
{
    const struct desk_job *job = desk_job_find(d, j->name);
    if (!job)
        return;
    if (job->id != j->seen) {
        progress_start(&j->progress, job->started, 0);
        j->seen = job->id;
    }
    if (job->running && strcmp(desk_str(job->row, "event"), "progress") == 0)
        progress_set(&j->progress, clock_uptime(), (uint64_t)desk_int(job->row, "done"),
                     (uint64_t)desk_int(job->row, "bytes"));
}

bool jobview_runs(const struct jobview *j, const struct desk *d)
{
    const struct desk_job *job = desk_job_find(d, j->name);
    return job && job->running;
}

const struct desk_job *jobview_ended(const struct jobview *j, const struct desk *d)
{
    const struct desk_job *job = desk_job_find(d, j->name);
    return job && !job->running ? job : NULL;
}

int jobview_paint(const struct jobview *j, const struct desk *d, const struct area *a, int row, const char *what,
                  bool bytes)
{
    const struct desk_job *job = desk_job_find(d, j->name);
    char text[PROGRESS_TEXT];
    if (!job)
        return 0;
    if (job->running) {
        progress_time(text, (clock_uptime() - job->started) / 1000);
        term_text(a, row, 0, 0, LOOK_NORMAL, what);
        progress_paint(&j->progress, a, row + 1, bytes);
        term_textf(a, row + 2, 0, 0, LOOK_DIM, _("Running for %s; it goes on when this screen is left"), text);
        return 3;
    }
    if (job->exit_code && job->error[0])
        return term_wrap(a, row, 4, LOOK_ALARM, job->error);
    return 0;
}

const json_t *jobview_row(const struct desk_job *job, const char *member)
{
    const json_t *found = NULL;
    for (size_t i = 0; job && i < json_array_size(job->result); i++)
        if (json_object_get(json_array_get(job->result, i), member))
            found = json_array_get(job->result, i);
    return found;
}
