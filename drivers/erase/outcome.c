#include "drivers/erase/outcome.h"

#include "drivers/row.h"
#include "storage/base/clock.h"
#include "storage/base/lang.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define EVERY 250 /* ms */

static const char *const states[OUTCOME_KINDS] = {"may", "held", "unlicensed", "erased", "gone", "left", "failed"};
static const char *const words[OUTCOME_KINDS] = {
    N_("may be erased"), N_("held, not licensed"), N_("not licensed"), N_("erased"), N_("gone"), N_("left"),
    N_("failed")};

void outcome_begin(struct outcome *t, bool json, bool progress)
{
    *t = (struct outcome){.json = json, .progress = json && progress};
}

void outcome_camera(struct outcome *t, const char *serial, const char *volume, const char *how, const char *why)
{
    if (t->json) {
        row_put(json_pack("{s:s,s:s,s:s,s:s?,s:s?}", "event", "camera", "serial", serial, "volume", volume, "how", how,
                          "why", how ? NULL : why));
    } else if (!how) {
        printf(_("camera %s is left alone: %s\n"), serial, why);
    }
}

void outcome_licence(struct outcome *t, const struct permit_licence *l)
{
    char given[CLOCK_TEXT], expires[CLOCK_TEXT];
    clock_text(given, l->n->time);
    clock_text(expires, l->n->licence->expires);
    if (t->json) {
        row_put(json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:b,s:s?}", "event", "licence", "id", l->n->id, "by",
                          l->n->sig.sigs[0].who, "time", given, "expires", expires, "files",
                          (json_int_t)l->n->licence->n_files, "begun", (int)l->begun, "why",
                          l->why[0] ? l->why : NULL));
        return;
    }
    printf(_("licence %s of %s, until %s: %zu files"), l->n->id, l->n->sig.sigs[0].who, expires,
           l->n->licence->n_files);
    if (l->begun)
        printf(_(", begun here"));
    if (l->why[0])
        printf(_("; it may not be used: %s"), l->why);
    putchar('\n');
}

void outcome_line(struct outcome *t, const struct outcome_line *l)
{
    t->count[l->what]++;
    if (l->what == OUTCOME_ERASED)
        t->erased += l->size;
    if (t->json) {
        row_put(json_pack("{s:s,s:s,s:s?,s:I,s:s?,s:s?,s:s?}", "event", "file", "state", states[l->what], "path",
                          l->path, "size", (json_int_t)l->size, "licence", l->licence, "recording", l->recording, "why",
                          l->why));
        return;
    }
    printf("%s ", _(words[l->what]));
    if (l->path)
        fputs(l->path, stdout);
    else
        printf(_("a file of recording %s"), l->recording);
    printf(" %llu", (unsigned long long)l->size);
    if (l->why) {
        printf(": ");
        fputs(l->why, stdout);
    }
    putchar('\n');
}

void outcome_progress(struct outcome *t, uint64_t more)
{
    int64_t now = clock_uptime();
    t->done += more;
    if (!t->progress || now - t->told < EVERY)
        return;
    t->told = now;
    row_put(json_pack("{s:s,s:I,s:I}", "event", "progress", "done", (json_int_t)t->done, "bytes",
                      (json_int_t)(t->bytes > t->done ? t->bytes : t->done)));
}

void outcome_summary(const struct outcome *t)
{
    if (t->json)
        row_put(json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "event", "summary", "may",
                          (json_int_t)t->count[OUTCOME_MAY], "held", (json_int_t)t->count[OUTCOME_HELD], "unlicensed",
                          (json_int_t)t->count[OUTCOME_UNLICENSED], "erased", (json_int_t)t->count[OUTCOME_ERASED],
                          "gone", (json_int_t)t->count[OUTCOME_GONE], "left", (json_int_t)t->count[OUTCOME_LEFT],
                          "failed", (json_int_t)t->count[OUTCOME_FAILED], "bytes", (json_int_t)t->erased));
    else if (t->count[OUTCOME_MAY] || t->count[OUTCOME_HELD] || t->count[OUTCOME_UNLICENSED])
        printf(_("%llu may be erased, %llu are held and not licensed, %llu are not licensed, %llu must stay\n"),
               (unsigned long long)t->count[OUTCOME_MAY], (unsigned long long)t->count[OUTCOME_HELD],
               (unsigned long long)t->count[OUTCOME_UNLICENSED], (unsigned long long)t->count[OUTCOME_LEFT]);
    else
        printf(_("%llu erased (%llu bytes), %llu were gone, %llu left, %llu failed\n"),
               (unsigned long long)t->count[OUTCOME_ERASED], (unsigned long long)t->erased,
               (unsigned long long)t->count[OUTCOME_GONE], (unsigned long long)t->count[OUTCOME_LEFT],
               (unsigned long long)t->count[OUTCOME_FAILED]);
}
