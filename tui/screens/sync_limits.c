#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/keepers.h"
#include "tui/screens/screens.h"
#include "tui/screens/sync.h"
#include "tui/widgets/form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* DIR/link.conf as a form. What is typed is judged by feldsher-sync, which
 * reads it. */
struct limits {
    struct form form;
    json_t *was;
    bool known, saving;
};

#define WHEN N_("always"), N_("where it costs nothing"), N_("in the hours"), N_("never: by stick")
static const char *const when[] = {"always", "unmetered", "hours", "never"};
static const char *const metered[] = {"ask", "no", "yes"};
static const char *const unknown[] = {"no", "yes"};

static const struct form_field fields[] = {
    {"hub",
     FIELD(24, "Hub"),
     FORM_TEXT,
     false,
     N_("HOST:PORT, several with blanks between; empty: the address of the roster counts"),
     {NULL}},
    {"day", FIELD(24, "Megabytes a day"), FORM_TEXT, false, N_("both ways, all links; empty: no bound"), {NULL}},
    {"rate", FIELD(24, "Kilobytes a second"), FORM_TEXT, false, N_("out of one link; empty: no bound"), {NULL}},
    {"hours",
     FIELD(24, "Hours"),
     FORM_TEXT,
     false,
     N_("22:00-06:00, several with blanks between; for the lanes that go in the hours"),
     {NULL}},
    {"metered",
     FIELD(24, "Does the link cost"),
     FORM_CHOICE,
     false,
     NULL,
     {N_("ask the system"), N_("no"), N_("yes"), NULL}},
    {"unknown",
     FIELD(24, "Where nobody knows"),
     FORM_CHOICE,
     false,
     NULL,
     {N_("it costs nothing"), N_("it costs"), NULL}},
    {"lane 0", FIELD(24, "Urgent notes go"), FORM_CHOICE, false, NULL, {WHEN, NULL}},
    {"lane 1", FIELD(24, "Records go"), FORM_CHOICE, false, NULL, {WHEN, NULL}},
    {"lane 2", FIELD(24, "Lists and orders go"), FORM_CHOICE, false, NULL, {WHEN, NULL}},
    {"lane 3", FIELD(24, "Flagged recordings go"), FORM_CHOICE, false, NULL, {WHEN, NULL}},
    {"lane 4", FIELD(24, "Other recordings go"), FORM_CHOICE, false, NULL, {WHEN, NULL}},
};
#define FIELDS (sizeof fields / sizeof fields[0])

enum { ACT_SAVE = ACT_OWN };
static const struct key_row keys[] = {
    {K_F2, ACT_SAVE, FIELD(14, "Save"), N_("checks the limits and writes them; a running link takes them at once"),
     false},
};

static int index_of(const char *const words[], size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return 0;
}

/* "a b" of an array of texts. */
static void join(char *out, size_t cap, const json_t *list)
{
    size_t i, n = 0;
    const json_t *one;
    out[0] = '\0';
    json_array_foreach(list, i, one)
    {
        int len = snprintf(out + n, cap - n, "%s%s", i ? " " : "", json_string_value(one));
        n += len > 0 && (size_t)len < cap - n ? (size_t)len : 0;
    }
}

/* N units of so many bytes; a rest that a person set by hand stays to be seen. */
static void number(char out[static 32], json_int_t bytes, unsigned unit)
{
    out[0] = '\0';
    if (bytes && bytes % unit)
        snprintf(out, 32, "%.10g", (double)bytes / unit);
    else if (bytes)
        snprintf(out, 32, "%lld", (long long)bytes / unit);
}

static void show(struct limits *s)
{
    char text[FORM_TEXT_MAX], n[32];
    join(text, sizeof text, json_object_get(s->was, "hubs"));
    form_set(&s->form, "hub", text);
    number(n, desk_int(s->was, "bytes_per_day"), 1000000);
    form_set(&s->form, "day", n);
    number(n, desk_int(s->was, "rate"), 1000);
    form_set(&s->form, "rate", n);
    join(text, sizeof text, json_object_get(s->was, "hours"));
    form_set(&s->form, "hours", text);
    form_choose(&s->form, "metered", index_of(metered, 3, desk_str(s->was, "metered")));
    form_choose(&s->form, "unknown", index_of(unknown, 2, desk_str(s->was, "metered_unknown")));
    for (size_t i = 0; i < 5; i++) {
        const char *word = json_string_value(json_array_get(json_object_get(s->was, "lanes"), i));
        form_choose(&s->form, fields[6 + i].name, index_of(when, 4, word ? word : ""));
    }
}

static bool take(struct view *v, const struct opener_reply *r)
{
    struct limits *s = v->state;
    if (!r->end) {
        json_decref(s->was);
        s->was = json_deep_copy(r->row);
        s->known = true;
        show(s);
    }
    desk_paint(v);
    return false;
}

static bool saved(struct view *v, const struct opener_reply *r)
{
    struct limits *s = v->state;
    if (!r->end)
        return true;
    s->saving = false;
    if (r->exit_code == 0) {
        desk_say(v->desk, LOOK_OK, "%s", _("The limits are written"));
        keepers_restart(v->desk);
        desk_refresh(v->desk);
        if (v->below && v->below->screen == &screen_sync)
            sync_ask_limits(v->below);
        desk_close(v);
    }
    return false;
}

/* "bytes-per-day: N" of a number of units as typed; false, and said: it is none. */
static bool bytes_line(struct view *v, char *out, size_t cap, const char *key, const char *typed, unsigned unit)
{
    char *end;
    double d = strtod(typed, &end);
    while (*end == ' ')
        end++;
    if (!typed[0]) {
        snprintf(out, cap, "%s:", key);
        return true;
    }
    if (*end || !(d >= 0) || d > 1e12) {
        desk_say(v->desk, LOOK_WARN, _("%s is no number; leave it empty for no bound"), typed);
        return false;
    }
    snprintf(out, cap, "%s: %.0f", key, d * unit);
    return true;
}

static void save(struct view *v)
{
    struct limits *s = v->state;
    char line[FIELDS][FORM_TEXT_MAX + 32];
    const char *argv[2 + 2 * FIELDS + 1] = {"sync", "--settings"};
    if (!s->known || s->saving)
        return;
    snprintf(line[0], sizeof line[0], "hub: %s", form_text(&s->form, "hub"));
    if (!bytes_line(v, line[1], sizeof line[1], "bytes-per-day", form_text(&s->form, "day"), 1000000) ||
        !bytes_line(v, line[2], sizeof line[2], "rate", form_text(&s->form, "rate"), 1000))
        return;
    snprintf(line[3], sizeof line[3], "hours: %s", form_text(&s->form, "hours"));
    snprintf(line[4], sizeof line[4], "metered: %s", metered[form_choice(&s->form, "metered")]);
    snprintf(line[5], sizeof line[5], "metered-unknown: %s", unknown[form_choice(&s->form, "unknown")]);
    for (size_t i = 6; i < FIELDS; i++)
        snprintf(line[i], sizeof line[i], "%s: %s", fields[i].name, when[form_choice(&s->form, fields[i].name)]);
    for (size_t i = 0; i < FIELDS; i++) {
        argv[2 + 2 * i] = "--set";
        argv[3 + 2 * i] = line[i];
    }
    s->saving = desk_ask(v, saved, argv) != 0;
}

static enum err open_limits(struct view *v, const void *arg)
{
    static const char *const argv[] = {"sync", "--settings", NULL};
    struct limits *s = v->state;
    (void)arg;
    enum err e = form_init(&s->form, fields, FIELDS);
    if (!e)
        desk_ask(v, take, argv);
    return e;
}

static void paint(struct view *v, const struct area *a)
{
    struct limits *s = v->state;
    struct area in = area_part(a, 1, 2, a->rows - 1, a->cols - 4);
    if (s->known)
        form_paint(&s->form, &in);
    else
        term_text(&in, 0, 0, 0, LOOK_DIM, _("The settings are being read"));
}

static bool key(struct view *v, const struct key *k)
{
    struct limits *s = v->state;
    enum form_answer answer = s->known && !s->saving ? form_key(&s->form, k) : FORM_NOT_MINE;
    if (answer == FORM_DONE)
        save(v);
    return answer != FORM_NOT_MINE;
}

static void act(struct view *v, int what)
{
    if (what == ACT_SAVE)
        save(v);
}

static void close_limits(struct view *v)
{
    struct limits *s = v->state;
    form_free(&s->form);
    json_decref(s->was);
}

const struct screen screen_limits = {
    .name = "limits",
    .title = N_("Limits of the link"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct limits),
    .open = open_limits,
    .paint = paint,
    .act = act,
    .key = key,
    .close = close_limits,
};
