#ifndef STORAGE_BASE_LANG_H
#define STORAGE_BASE_LANG_H

#include "storage/base/err.h"

#include <libintl.h>

/*
 * The language in which persons are spoken to: English (the sources), Russian
 * or Kazakh, by gettext. It lies here and not in tui/ because err_set
 * translates its sentences, in every program; the words themselves are data in
 * tui/lang/. What programs read (--json, keys, code words) is never translated,
 * and numbers are written the C way in every language.
 *
 * How to add a string: write it in English, a whole sentence, in _("..."); in
 * a table N_("...") and _(row->help) where it is shown; a count by
 * ngettext("%zu file", "%zu files", n). What err_set and err_errno are given is
 * found by itself: no _() around it. Then `make pot`, and fill what
 * tests/system/lang.sh lists into tui/lang/ru.po and kk.po.
 */
#define _(s) lang_text(s)
#define N_(s) s

/* A string in the chosen language; itself where it has no translation. */
const char *lang_text(const char *s) __attribute__((format_arg(1)));

/* Chooses the language: lang ("en", "ru", "kk"), or where that is NULL
 * $FELDSHER_LANG, else the environment's (LC_ALL, LC_MESSAGES, LANG), else
 * English. Sets the locale (text is UTF-8 always) and, for the programs that
 * this one starts, $FELDSHER_LANG and $LANGUAGE; loads the texts at once, so
 * that a process may give up reading files afterwards. Call it before threads
 * start. ERR_USAGE: no such language. */
enum err lang_start(const char *lang) MUST_USE;

/* "en", "ru" or "kk"; "en" before lang_start. */
const char *lang_name(void);

/* Where the texts lie: LL/LC_MESSAGES/feldsher.mo below it. */
const char *lang_folder(void);

/* The languages, in the order in which they are offered; NULL ends them. */
extern const char *const lang_names[];

#endif
