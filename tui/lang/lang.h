#ifndef TUI_LANG_LANG_H
#define TUI_LANG_LANG_H

#include <libintl.h>

#define _(s) gettext(s)
#define N_(s) s
#define FIELD(width, text) text

#endif
