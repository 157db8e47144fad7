#include "tui/widgets/progress.h"

#include "tui/lang/lang.h"
#include "tui/widgets/cells.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void progress_start(struct progress *p, int64_t now, uint64_t total)
{
    *p = (struct progress){.total = total, .started = now, .n = 1, .sample = {{now, 0}}};
}

void progress_set(struct progress *p, int64_t now, uint64_t done, uint64_t total)
{
    if (p->n == 0 || done < p->done || now < p->sample[p->n - 1].at) {
        progress_start(p, now, total);
        p->sample[0].done = done;
    }
    p->done = done;
    p->total = total;
    size_t drop = 0;
    while (drop + 1 < p->n && p->sample[drop + 1].at <= now - PROGRESS_SPAN)
        drop++;
    if (p->n - drop == PROGRESS_SAMPLES)
        drop++;
    memmove(p->sample, p->sample + drop, (p->n - drop) * sizeof p->sample[0]);
    p->n -= drop;
    /* a burst of reports is one sample */
    if (p->n > 1 && now - p->sample[p->n - 2].at < PROGRESS_SPAN / PROGRESS_SAMPLES)
        p->n--;
    p->sample[p->n].at = now;
    p->sample[p->n++].done = done;
}

int progress_percent(const struct progress *p)
{
    if (p->total == 0)
        return -1;
    return p->done >= p->total ? 100 : (int)((double)p->done * 100 / (double)p->total);
}

uint64_t progress_speed(const struct progress *p)
{
    if (p->n < 2)
        return 0;
    int64_t ms = p->sample[p->n - 1].at - p->sample[0].at;
    uint64_t done = p->sample[p->n - 1].done - p->sample[0].done;
    return ms > 0 ? (uint64_t)((double)done * 1000 / (double)ms) : 0;
}

int64_t progress_left(const struct progress *p)
{
    uint64_t speed = progress_speed(p);
    if (speed == 0 || p->total == 0)
        return -1;
    return p->done >= p->total ? 0 : (int64_t)((p->total - p->done + speed - 1) / speed);
}

void progress_size(char out[static PROGRESS_TEXT], uint64_t bytes)
{
    static const char *const unit[] = {N_("B"), N_("kB"), N_("MB"), N_("GB"), N_("TB")};
    double d = (double)bytes;
    size_t u = 0;
    while (d >= 999.95 && u < 4) {
        d /= 1000;
        u++;
    }
    snprintf(out, PROGRESS_TEXT, u ? "%.1f %s" : "%.0f %s", d, _(unit[u]));
}

void progress_time(char out[static PROGRESS_TEXT], int64_t seconds)
{
    if (seconds < 60)
        snprintf(out, PROGRESS_TEXT, _("%d s"), (int)seconds);
    else if (seconds < 3600)
        snprintf(out, PROGRESS_TEXT, _("%d min %02d s"), (int)(seconds / 60), (int)(seconds % 60));
    else if (seconds < 172800)
        snprintf(out, PROGRESS_TEXT, _("%d h %02d min"), (int)(seconds / 3600), (int)(seconds / 60 % 60));
    else
        snprintf(out, PROGRESS_TEXT, ngettext("%d day", "%d days", (unsigned long)(seconds / 86400)),
                 (int)(seconds / 86400));
}

static void side_text(const struct progress *p, bool bytes, char *out, size_t cap)
{
    char speed[PROGRESS_TEXT] = "", left[PROGRESS_TEXT];
    int percent = progress_percent(p);
    int64_t seconds = progress_left(p);
    int n = percent < 0 ? snprintf(out, cap, "%" PRIu64, p->done) : snprintf(out, cap, "%3d %%", percent);
    if (bytes && percent < 0) {
        progress_size(speed, p->done);
        n = snprintf(out, cap, "%s", speed);
    }
    if (n > 0 && (size_t)n < cap && bytes && progress_speed(p)) {
        progress_size(speed, progress_speed(p));
        n += snprintf(out + n, cap - (size_t)n, _("  %s/s"), speed);
    }
    if (n > 0 && (size_t)n < cap && seconds >= 0 && percent < 100) {
        progress_time(left, seconds);
        snprintf(out + n, cap - (size_t)n, _("  %s left"), left);
    }
}

void progress_paint(const struct progress *p, const struct area *a, int row, bool bytes)
{
    char text[160], bar[CELLS_BYTES];
    int percent = progress_percent(p);
    int width = a->cols - 44; /* percent, speed and time left beside it */
    side_text(p, bytes, text, sizeof text);
    if (percent < 0 || width < 10) {
        term_text(a, row, 0, 0, LOOK_NORMAL, text);
        return;
    }
    width = width < 100 ? width : 100;
    int full = width * percent / 100;
    memset(bar, '#', (size_t)full);
    bar[full] = '\0';
    term_text(a, row, 0, 1, LOOK_DIM, "[");
    term_cell(a, row, 1, full, LOOK_OK, CELLS_LEFT, bar);
    memset(bar, '-', (size_t)(width - full));
    bar[width - full] = '\0';
    term_cell(a, row, 1 + full, width - full, LOOK_DIM, CELLS_LEFT, bar);
    term_text(a, row, 1 + width, 1, LOOK_DIM, "]");
    term_text(a, row, width + 3, 0, LOOK_NORMAL, text);
}
