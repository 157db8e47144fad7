#include "tui/print.h"

#include "storage/base/clock.h"
#include "storage/base/text.h"
#include "storage/seal/hash.h"
#include "tui/lang/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void print_text(const char *s)
{
    struct buf b = {0};
    if (text_escape(&b, s, strlen(s)) == ERR_OK) {
        for (size_t i = 0; i < b.len; i++) {
            putchar(b.p[i]);
            if (b.p[i] == '\\' && i + 1 < b.len && b.p[i + 1] == '\\')
                i++; /* a backslash of the text: text_escape doubled it */
        }
    }
    buf_free(&b);
}

void print_padded(const char *s, int columns)
{
    wchar_t wide[128];
    size_t n = mbstowcs(wide, s, sizeof wide / sizeof wide[0]);
    int width = n == (size_t)-1 ? (int)strlen(s) : wcswidth(wide, n);
    printf("%s%*s", s, width < columns ? columns - width : 0, "");
}

void print_json(json_t *j)
{
    char *text = j ? json_dumps(j, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    printf("%s\n", text ? text : "{\"error\":\"out of memory\"}");
    free(text);
    json_decref(j);
}

void print_progress(void *ctx, uint64_t done, uint64_t total)
{
    (void)ctx;
    print_json(json_pack("{s:s,s:I,s:I}", "event", "progress", "done", (json_int_t)done, "bytes", (json_int_t)total));
    fflush(stdout);
}

void print_size(char out[static PRINT_SIZE], uint64_t bytes)
{
    static const char *const unit[] = {N_("B"), N_("kB"), N_("MB"), N_("GB"), N_("TB"), N_("PB")};
    double v = (double)bytes;
    size_t i = 0;
    for (; v >= 1000 && i < 5; i++)
        v /= 1000;
    snprintf(out, PRINT_SIZE, i ? "%.1f %s" : "%.0f %s", v, _(unit[i]));
}

json_t *print_hash(const struct hash *h)
{
    char hex[HASH_HEX];
    hash_hex(hex, h);
    return hash_is_zero(h) ? json_null() : json_string(hex);
}

json_t *print_time(int64_t ms)
{
    return ms == INT64_MAX ? json_null() : clock_json(ms);
}
