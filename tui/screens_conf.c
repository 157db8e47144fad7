#include "tui/screens_conf.h"

#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <stdbool.h>
#include <string.h>

#define CONF_MAX 65536u

static bool is_language(const char *s)
{
    for (size_t i = 0; lang_names[i]; i++)
        if (strcmp(s, lang_names[i]) == 0)
            return true;
    return false;
}

static bool take(struct screens_conf *s, const struct field *f)
{
    uint64_t minutes;
    char language[sizeof s->language];
    if (span_is(f->key, "idle-minutes")) {
        if (!bytes_decimal(&minutes, f->value.p, f->value.n, SCREENS_IDLE_MAX) || minutes == 0)
            return false;
        s->idle_minutes = (int)minutes;
    } else if (span_is(f->key, "language")) {
        if (!span_copy(f->value, language, sizeof language) || !is_language(language))
            return false;
        memcpy(s->language, language, sizeof language);
    }
    return true;
}

static enum err read_text(const char *dir, struct buf *text)
{
    char path[4096];
    enum err e = file_path(path, dir, SCREENS_CONF);
    return e ? e : file_read(path, CONF_MAX, text);
}

enum err screens_conf_read(const char *dir, struct screens_conf *s)
{
    struct buf text = {.max = CONF_MAX + 1};
    struct text t;
    struct field f;
    unsigned version, wrong = 0;
    *s = (struct screens_conf){.idle_minutes = SCREENS_IDLE};
    enum err e = read_text(dir, &text);
    if (!e)
        e = text_open(&t, "screens-conf", &version, (const char *)text.p, text.len);
    while (!e && (e = text_next(&t, &f)) == ERR_OK)
        if (!take(s, &f) && !wrong)
            wrong = t.line;
    buf_free(&text);
    if (e == ERR_NOINPUT) {
        err_clear();
        e = ERR_OK;
    }
    if (e == ERR_END)
        e = wrong ? err_set(ERR_DATA, SCREENS_CONF ": line %u has no such value; feldsher settings", wrong) : ERR_OK;
    return e;
}

/* The lines that are not ours, as they stand. */
static enum err keep_others(struct buf *out, const struct buf *old)
{
    struct text t;
    struct field f;
    unsigned version;
    enum err e = ERR_OK;
    if (text_open(&t, "screens-conf", &version, (const char *)old->p, old->len) != ERR_OK) {
        err_clear(); /* no such file, or nothing of it can be read: it is made anew */
        return ERR_OK;
    }
    while (!e && text_next(&t, &f) == ERR_OK)
        if (!span_is(f.key, "idle-minutes") && !span_is(f.key, "language"))
            e = buf_fmt(out, "%.*s: %.*s\n", (int)f.key.n, f.key.p, (int)f.value.n, f.value.p);
    return e;
}

enum err screens_conf_write(const char *dir, const struct screens_conf *s)
{
    struct buf old = {.max = CONF_MAX + 1}, out = {.max = CONF_MAX};
    char path[4096];
    if (s->idle_minutes < 1 || s->idle_minutes > SCREENS_IDLE_MAX)
        return err_set(ERR_USAGE, "the screens lock themselves after 1 to %d minutes, not %d", SCREENS_IDLE_MAX,
                       s->idle_minutes);
    if (s->language[0] && !is_language(s->language))
        return err_set(ERR_USAGE, "the language is en, ru or kk, not %s", s->language);
    if (read_text(dir, &old) != ERR_OK)
        err_clear();
    enum err e = buf_fmt(&out, "feldsher-screens-conf 1\nidle-minutes: %d\n", s->idle_minutes);
    if (!e && s->language[0])
        e = buf_fmt(&out, "language: %s\n", s->language);
    if (!e)
        e = keep_others(&out, &old);
    if (!e)
        e = file_path(path, dir, SCREENS_CONF);
    if (!e)
        e = file_write(path, out.p, out.len, 0600);
    buf_free(&old);
    buf_free(&out);
    return e;
}
