#include "sync/folder/tell.h"

#include "storage/base/lang.h"
#include "storage/base/text.h"
#include "sync/limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tell_line(const struct tell *s, json_t *fact, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!s->json) {
        fputs(s->wipe ? "\r\033[K" : "", stdout);
        vprintf(fmt, ap);
        putchar('\n');
    } else if (fact) {
        char *text = json_dumps(fact, JSON_COMPACT);
        if (text)
            puts(text);
        free(text);
    }
    va_end(ap);
    json_decref(fact);
}

void tell_progress(void *ctx, uint64_t done, uint64_t total)
{
    const struct tell *s = ctx;
    if (!s->json)
        return;
    tell_line(s, json_pack("{s:s,s:I,s:I}", "event", "progress", "done", (json_int_t)done, "bytes", (json_int_t)total),
              "%s", "");
    fflush(stdout);
}

enum err tell_end(void)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return err_errno(ERR_IO, "cannot write what was done to standard output");
    return ERR_OK;
}

void tell_size(char out[static TELL_SIZE], uint64_t bytes)
{
    static const char *const units[] = {N_("kB"), N_("MB"), N_("GB"), N_("TB")};
    if (bytes < 1000) {
        snprintf(out, TELL_SIZE, _("%u B"), (unsigned)bytes);
        return;
    }
    unsigned u = 0;
    for (; u < 3 && bytes >= 1000000; u++)
        bytes /= 1000;
    snprintf(out, TELL_SIZE, "%u.%u %s", (unsigned)(bytes / 1000), (unsigned)(bytes % 1000 / 100), _(units[u]));
}

enum err refuse_item(struct refuse *r, const char *name, const char *why)
{
    if (r->quiet || r->n++ >= STICK_REFUSED_LISTED)
        return ERR_OK;
    char reason[1024]; /* err_text may change while this goes on */
    snprintf(reason, sizeof reason, "%s", _(why));
    struct buf shown = {0};
    enum err e = text_escape(&shown, name, strlen(name));
    if (!e) {
        const char *text = shown.p ? (const char *)shown.p : "";
        tell_line(r->tell, json_pack("{s:s, s:s, s:s}", "event", "refused", "name", text, "why", reason),
                  _("refused: %s: %s"), text, reason);
        if (r->keep)
            e = r->keep(r->ctx, text, reason);
    }
    buf_free(&shown);
    return e;
}

void refuse_end(const struct refuse *r)
{
    if (r->n <= STICK_REFUSED_LISTED)
        return;
    uint64_t more = r->n - STICK_REFUSED_LISTED;
    tell_line(r->tell, json_pack("{s:s, s:I}", "event", "refused-more", "count", (json_int_t)more),
              _("refused: %" PRIu64 " more, not listed"), more);
}
