#include "storage/base/lang.h"

#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "feldsher"

const char *const lang_names[] = {"en", "ru", "kk", NULL};

static const char *chosen = "en";

/* The language of a locale's name, "kk_KZ.UTF-8"; NULL: not one of ours. */
static const char *known(const char *name)
{
    for (size_t i = 0; name && lang_names[i]; i++)
        if (strncmp(name, lang_names[i], 2) == 0 && !strchr("abcdefghijklmnopqrstuvwxyz", name[2] ? name[2] : '_'))
            return lang_names[i];
    return NULL;
}

static const char *of_environment(void)
{
    static const char *const names[] = {"FELDSHER_LANG", "LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && value[0])
            return known(value) ? known(value) : "en";
    }
    return "en";
}

/* Where the texts lie: beside the program as it was built, or where `make
 * install` puts them: ../share/locale. */
static void find_texts(void)
{
    char path[PATH_MAX], texts[PATH_MAX + 32];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    *(slash ? slash : path) = '\0';
    static const char *const places[] = {"/lang", "/../lang", "/../share/locale"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(texts, sizeof texts, "%s%s/ru/LC_MESSAGES/" DOMAIN ".mo", path, places[i]);
        if (access(texts, R_OK) != 0)
            continue;
        snprintf(texts, sizeof texts, "%s%s", path, places[i]);
        bindtextdomain(DOMAIN, texts);
        return;
    }
}

enum err lang_start(const char *lang)
{
    const char *name = lang ? known(lang) : of_environment();
    if (!name || (lang && lang[2]))
        return err_set(ERR_USAGE, "--lang takes en, ru or kk, not %s", lang);
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
    /* $LANGUAGE counts in every locale but "C": this one is always there */
    setlocale(LC_MESSAGES, "C.UTF-8");
    if (setenv("LANGUAGE", name, 1) != 0 || setenv("FELDSHER_LANG", name, 1) != 0)
        return err_errno(ERR_NOMEM, "cannot set the language");
    find_texts();
    bind_textdomain_codeset(DOMAIN, "UTF-8");
    textdomain(DOMAIN);
    chosen = name;
    (void)gettext("yes"); /* opens the file now */
    return ERR_OK;
}

const char *lang_text(const char *s)
{
    return s[0] ? gettext(s) : s; /* "" would give the head of the file */
}

const char *lang_folder(void)
{
    return bindtextdomain(DOMAIN, NULL);
}

const char *lang_name(void)
{
    return chosen;
}
