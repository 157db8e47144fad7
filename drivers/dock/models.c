#include "drivers/dock/models.h"

#include "drivers/profiles/profile.h"
#include "drivers/row.h"
#include "storage/base/confine.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *const speaks[] = {"storage", "mtp", "ascii", "binary"};

bool models_take(struct models *m, int n, char **words)
{
    if (n == 2 && strcmp(words[0], "check") == 0) {
        m->file = words[1];
        return true;
    }
    return n == 1 && strcmp(words[0], "profiles") == 0;
}

static void say(const struct profile *p, bool json)
{
    struct buf shown = {0};
    const char *title = profile_title(p);
    title = text_escape(&shown, title, strlen(title)) == ERR_OK ? (const char *)shown.p : "?";
    bool automatic = profile_is_automatic(p), secret = profile_needs_secret(p);
    if (json)
        row_put(json_pack("{s:s,s:s,s:s,s:b,s:b}", "profile", profile_name(p), "title", title, "speaks",
                          speaks[profile_speaks(p)], "automatic", (int)automatic, "secret", (int)secret));
    else
        printf("%-20s %-8s %s%s%s\n", profile_name(p), speaks[profile_speaks(p)], title,
               automatic ? "" : _("; only where the operator admits it"), secret ? _("; needs a secret") : "");
    buf_free(&shown);
}

static enum err list(const char *dir, bool json)
{
    struct profiles *all = NULL;
    enum err e = profiles_load(&all, dir);
    if (!e)
        e = confine_self(NULL, 0, CONFINE_NO_NET);
    for (const struct profile *p = NULL; !e && (p = profiles_next(all, p)) != NULL;)
        say(p, json);
    /* the last one becomes the error, so that each stands on a line of stderr */
    const char *why = NULL, *next;
    for (size_t i = 0; all && (next = profiles_refused(all, i)) != NULL; why = next, i++)
        if (why)
            fprintf(stderr, "feldsher-dock: %s\n", why);
    if (why)
        e = err_set(ERR_DATA, "%s", why);
    profiles_free(all);
    return e;
}

static enum err check(const char *file, bool json)
{
    const struct confine_path path = {file, CONFINE_READ};
    enum err e = confine_self(&path, 1, CONFINE_NO_NET);
    if (!e)
        e = profile_check(file);
    if (!e && json)
        row_put(json_pack("{s:b}", "good", 1));
    else if (!e)
        printf(_("%s is a camera model; put it into the station's folder profiles/\n"), file);
    return e;
}

enum err models_run(const struct models *m, const char *dir, bool json)
{
    return m->file ? check(m->file, json) : list(dir, json);
}
