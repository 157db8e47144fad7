#ifndef TUI_SCREENS_PROMPT_H
#define TUI_SCREENS_PROMPT_H

#include "tui/screens/desk.h"
#include "tui/widgets/form.h"

/* A form over a screen: a number, a reason, a second person's passphrase. */
enum prompt_next {
    PROMPT_CLOSE,
    PROMPT_STAY, /* something is wrong with it, and was said */
    PROMPT_WAIT, /* a request is under way: prompt_end comes */
};
/* Everything that is needed has been typed. v: who asked. */
typedef enum prompt_next prompt_fn(struct view *v, const struct form *f);

struct prompt_order {
    struct view *view;
    const char *title; /* translated, copied */
    const char *text;  /* a sentence above the fields, translated, copied; or NULL */
    const struct form_field *fields;
    size_t n;
    const char *const *values; /* n of them, NULL for none; or NULL */
    const char *draft;         /* what its field "why" is kept as (unsaved.h), copied; NULL: it has none */
    prompt_fn *done;
};
void prompt_open(struct desk *d, const struct prompt_order *o);
/* What was sent with v's prompt has been answered: it closes, or (good false)
 * what was typed stands there to be changed, but for secrets. */
void prompt_end(struct view *v, bool good);

#endif
