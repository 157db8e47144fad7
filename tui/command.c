#include "tui/command.h"

#include "tui/commands/groups.h"
#include "tui/keys.h"
#include "tui/lang/lang.h"
#include "tui/layout.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those with one title stand side by side. */
static const struct command_group *const groups[] = {
    /* clang-format off */
    &group_screens,
    &group_authority,
    &group_init,
    &group_status,
    &group_doctor,
    &group_log,
    &group_settings,
    &group_worker,
    &group_verify,
    &group_backup,
    &group_unseal,
    &group_media,
    &group_offload,
    &group_cameras,
    &group_recordings,
    &group_custody,
    &group_play,
    &group_poster,
    &group_purge,
    &group_licence,
    &group_erase,
    &group_note,
    &group_sync,
    &group_sticks,
    &group_users,
    /* clang-format on */
};
#define GROUPS (sizeof groups / sizeof groups[0])

static const struct command_option global[] = {
    {"C", "DIR", N_("the station's folder (else $FELDSHER_DIR, else ~/.feldsher)")},
    {"user", "NAME", N_("who you are (else the only user with a key here, else $FELDSHER_USER)")},
    {"passphrase-file", "FILE", N_("secrets from a file, a line each in the order they are asked")},
    {"json", NULL, N_("for programs: one JSON object a line")},
    {"lang", "LANG", N_("en, ru or kk (else as the environment says)")},
    {"help", NULL, N_("help, also behind a command")},
    {"version", NULL, N_("the version")},
    {"man", NULL, N_("the man page, in troff")},
};
#define GLOBALS (sizeof global / sizeof global[0])

static const char exits[] = N_("0 done; 1 checked and found bad; 64 usage; 65 bad input data; 66 no such input; "
                               "69 link not reachable; 70 our bug; 73 cannot create; 74 input or output, disk full; "
                               "75 try again later; 77 not permitted.");

/* Calls fn for every row; stops and returns it where fn says true. */
typedef bool row_fn(void *ctx, const struct command *r);
static const struct command *each_row(row_fn *fn, void *ctx)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < groups[g]->n; i++)
            if (fn(ctx, &groups[g]->rows[i]))
                return &groups[g]->rows[i];
    return NULL;
}

struct name {
    const char *name;
    const char *sub; /* NULL: the row that stands without one */
};

static bool is_named(void *ctx, const struct command *r)
{
    const struct name *n = ctx;
    if (strcmp(r->name, n->name) != 0)
        return false;
    if (!n->sub)
        return !r->sub || r->by_default;
    return r->sub && strcmp(r->sub, n->sub) == 0;
}

static bool has_name(void *ctx, const struct command *r)
{
    return strcmp(r->name, (const char *)ctx) == 0;
}

static const struct command *row(const char *name, const char *sub)
{
    struct name n = {name, sub};
    return each_row(is_named, &n);
}

struct parse {
    struct call *c;
    char **argv;
    int argc;
    int at;
    const char *group; /* a first word that wants a second */
};

/* Which option is this, and where does its value stand ("--why=TEXT")? */
static bool is_option(const char *arg, const struct command_option *o, const char **value)
{
    size_t n = strlen(o->name);
    *value = NULL;
    if (n == 1)
        return arg[0] == '-' && arg[1] == o->name[0] && arg[2] == '\0';
    if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, o->name, n) != 0)
        return false;
    if (arg[2 + n] == '=')
        *value = arg + 3 + n;
    return arg[2 + n] == '\0' || arg[2 + n] == '=';
}

static enum err take_value(struct parse *p, const struct command_option *o, const char **value)
{
    if (!o->value) {
        if (*value)
            return err_set(ERR_USAGE, "--%s takes no value", o->name);
        *value = "";
    } else if (!*value) {
        if (p->at + 1 >= p->argc)
            return err_set(ERR_USAGE, "%s%s needs %s", o->name[1] ? "--" : "-", o->name, o->value);
        *value = p->argv[++p->at];
    }
    return ERR_OK;
}

static enum err take_global(struct parse *p, const char *arg, bool *taken)
{
    struct call *c = p->c;
    const char *value;
    size_t i = 0;
    while (i < GLOBALS && !is_option(arg, &global[i], &value))
        i++;
    *taken = i < GLOBALS || strcmp(arg, "-h") == 0;
    if (i == GLOBALS) {
        if (*taken)
            c->what = CALL_HELP;
        return ERR_OK;
    }
    enum err e = take_value(p, &global[i], &value);
    if (e)
        return e;
    const char *name = global[i].name;
    assert(value);
    if (strcmp(name, "C") == 0)
        c->dir = value;
    else if (strcmp(name, "user") == 0)
        c->user = value;
    else if (strcmp(name, "passphrase-file") == 0)
        c->passphrase_file = value;
    else if (strcmp(name, "json") == 0)
        c->json = true;
    else if (strcmp(name, "help") == 0)
        c->what = CALL_HELP;
    else if (strcmp(name, "version") == 0)
        c->what = CALL_VERSION;
    else if (strcmp(name, "man") == 0)
        c->what = CALL_MAN;
    else
        return lang_start(c->lang = value);
    return ERR_OK;
}

static enum err take_own(struct parse *p, const char *arg, bool *taken)
{
    struct call *c = p->c;
    const char *value;
    for (size_t i = 0; c->command && i < COMMAND_OPTIONS_MAX && c->command->options[i].name; i++) {
        const struct command_option *o = &c->command->options[i];
        if (!is_option(arg, o, &value))
            continue;
        *taken = true;
        bool again = o->value && strstr(o->value, "...");
        if (c->values[i] && (!again || c->n_again == COMMAND_AGAIN_MAX))
            return again ? err_set(ERR_USAGE, "--%s is given too often", o->name)
                         : err_set(ERR_USAGE, "--%s is given twice", o->name);
        enum err e = take_value(p, o, &value);
        if (c->values[i]) {
            c->again[c->n_again].option = i;
            c->again[c->n_again++].value = value;
        } else {
            c->values[i] = value;
        }
        return e;
    }
    return ERR_OK;
}

static enum err take_option(struct parse *p, const char *arg)
{
    struct call *c = p->c;
    bool taken = false;
    enum err e = take_own(p, arg, &taken);
    if (!e && !taken)
        e = take_global(p, arg, &taken);
    if (!e && !taken && p->group) { /* it ends the search for a second word */
        c->command = row(p->group, NULL);
        p->group = NULL;
        e = take_own(p, arg, &taken);
    }
    if (e || taken)
        return e;
    if (!c->command)
        return err_set(ERR_USAGE, "unknown option %s", arg);
    return err_set(ERR_USAGE, "%s%s%s has no option %s", c->command->name, c->command->sub ? " " : "",
                   c->command->sub ? c->command->sub : "", arg);
}

static enum err take_word(struct parse *p, char *arg)
{
    struct call *c = p->c;
    if (p->group) {
        c->command = row(p->group, arg);
        if (!c->command)
            return err_set(ERR_USAGE, "%s has no \"%s\"; see feldsher help %s", p->group, arg, p->group);
        p->group = NULL;
    } else if (!c->command && c->what == CALL_NOTHING && strcmp(arg, "help") == 0) {
        c->what = CALL_HELP;
    } else if (c->what == CALL_HELP && !c->command) {
        if (!c->topic)
            c->topic = arg;
    } else if (!c->command) {
        const struct command *first = each_row(has_name, arg);
        if (!first)
            return err_set(ERR_USAGE, "there is no command \"%s\"; see feldsher --help", arg);
        c->topic = arg;
        if (first->sub)
            p->group = arg;
        else
            c->command = first;
    } else {
        p->argv[c->n_args++] = arg;
    }
    return ERR_OK;
}

static bool has_option(const struct command_option *o, size_t n, const char *arg)
{
    const char *value;
    for (size_t i = 0; i < n && o[i].name; i++)
        if (is_option(arg, &o[i], &value))
            return true;
    return false;
}

/* Would the parser know this, here? A word behind a command may be anything. */
static bool is_known(const struct parse *p, const char *arg)
{
    const struct command *r = p->group ? row(p->group, NULL) : p->c->command;
    char copy[64];
    if (arg[0] == '-')
        return has_option(global, GLOBALS, arg) || strcmp(arg, "-h") == 0 || strcmp(arg, "--") == 0 ||
               (r && has_option(r->options, COMMAND_OPTIONS_MAX, arg));
    snprintf(copy, sizeof copy, "%s", arg);
    if (p->group)
        return row(p->group, arg) || (r && r->max != 0);
    return p->c->command || p->c->topic || strcmp(arg, "help") == 0 || each_row(has_name, copy);
}

/* A command or an option that was typed under another layout is put right
 * where it stands: read for the us layout it is no longer than it was. */
static void reread(const struct parse *p, char *arg)
{
    char reading[64];
    size_t n, name = strcspn(arg, "=");
    bool known = is_known(p, arg);
    if (known && arg[0] == '-')
        return;
    for (size_t i = 1; layout_reading(arg, name, i, reading, sizeof reading, &n); i++) {
        bool option = reading[0] == '-' && n > 2;
        if ((known && !option) || n > name || !is_known(p, reading))
            continue;
        fprintf(stderr, _("feldsher: \"%.*s\" was read as %s\n"), (int)name, arg, reading);
        memmove(arg + n, arg + name, strlen(arg + name) + 1);
        memcpy(arg, reading, n);
        return;
    }
}

static enum err check_args(const struct call *c)
{
    const struct command *r = c->command;
    if (c->n_args >= r->min && (r->max < 0 || c->n_args <= r->max))
        return ERR_OK;
    return err_set(ERR_USAGE, "%s: feldsher %s%s%s%s%s",
                   c->n_args < r->min ? _("something is missing") : _("too many words"), r->name, r->sub ? " " : "",
                   r->sub ? r->sub : "", r->args[0] ? " " : "", r->args);
}

static enum err find_dir(struct call *c)
{
    const char *home = getenv("HOME"), *set = getenv("FELDSHER_DIR");
    if (c->dir)
        return c->dir[0] ? ERR_OK : err_set(ERR_USAGE, "-C needs a folder");
    if (set && set[0]) {
        c->dir = set;
    } else {
        int n = snprintf(c->home, sizeof c->home, "%s/.feldsher", home && home[0] ? home : ".");
        if (n < 0 || (size_t)n >= sizeof c->home)
            return err_set(ERR_DATA, "$HOME is too long");
        c->dir = c->home;
    }
    return ERR_OK;
}

enum err command_parse(struct call *c, int argc, char **argv)
{
    *c = (struct call){.what = CALL_NOTHING, .args = argv};
    struct parse p = {.c = c, .argv = argv, .argc = argc};
    bool options = true;
    enum err e = ERR_OK;
    for (p.at = 1; p.at < argc && !e; p.at++) {
        char *arg = argv[p.at];
        if (options)
            reread(&p, arg);
        if (options && strcmp(arg, "--") == 0)
            options = false;
        else if (options && arg[0] == '-' && arg[1])
            e = take_option(&p, arg);
        else
            e = take_word(&p, arg);
    }
    if (!e)
        e = find_dir(c);
    if (e || c->what != CALL_NOTHING)
        return e;
    if (p.group) {
        c->command = row(p.group, NULL);
        if (!c->command)
            return err_set(ERR_USAGE, "%s needs a second word; see feldsher help %s", p.group, p.group);
    }
    if (c->command)
        c->what = CALL_RUN;
    return c->command ? check_args(c) : ERR_OK;
}

const char *command_option(const struct call *c, const char *name)
{
    for (size_t i = 0; i < COMMAND_OPTIONS_MAX && c->command->options[i].name; i++)
        if (strcmp(c->command->options[i].name, name) == 0)
            return c->values[i];
    return NULL;
}

bool command_has(const struct call *c, const char *name)
{
    return command_option(c, name) != NULL;
}

const char *command_each(const struct call *c, const char *name, size_t i)
{
    if (i == 0)
        return command_option(c, name);
    for (size_t k = 0; k < c->n_again; k++)
        if (strcmp(c->command->options[c->again[k].option].name, name) == 0 && --i == 0)
            return c->again[k].value;
    return NULL;
}

enum err command_need(const struct call *c, const char *name, const char **value)
{
    *value = command_option(c, name);
    return *value && **value ? ERR_OK : err_set(ERR_USAGE, "it needs --%s", name);
}

static void usage_of(char out[static 256], const struct command *r)
{
    snprintf(out, 256, "%s%s%s%s%s", r->name, r->sub ? " " : "", r->sub ? r->sub : "", r->args[0] ? " " : "", r->args);
}

static void option_of(char out[static 64], const struct command_option *o)
{
    snprintf(out, 64, "%s%s%s%s", o->name[1] ? "--" : "-", o->name, o->value ? " " : "", o->value ? o->value : "");
}

/* Does a title stand over group g that does not over the one before? */
static bool begins(size_t g)
{
    return g == 0 || strcmp(groups[g]->title, groups[g - 1]->title) != 0;
}

static bool show_row(void *ctx, const struct command *r)
{
    char usage[256], option[64];
    if (r->hidden || (ctx && strcmp(r->name, (const char *)ctx) != 0))
        return false;
    usage_of(usage, r);
    printf("  %-34s %s%s\n", usage, _(r->help), r->by_default ? _(" (the second word may be left out)") : "");
    for (size_t i = 0; ctx && i < COMMAND_OPTIONS_MAX && r->options[i].name; i++) {
        option_of(option, &r->options[i]);
        printf("      %-30s %s\n", option, _(r->options[i].help));
    }
    return false;
}

static void show_globals(void)
{
    char option[64];
    printf(_("\nFor every command:\n"));
    for (size_t i = 0; i < GLOBALS; i++) {
        option_of(option, &global[i]);
        printf("  %-34s %s\n", option, _(global[i].help));
    }
}

enum err command_help(const char *topic)
{
    char copy[64];
    if (topic) {
        snprintf(copy, sizeof copy, "%s", topic);
        if (!each_row(has_name, copy))
            return err_set(ERR_USAGE, "there is no command \"%s\"; see feldsher --help", topic);
        printf(_("Usage: feldsher [-C DIR] [--user NAME] [--json] ...\n\n"));
        each_row(show_row, copy);
        show_globals();
        return ERR_OK;
    }
    printf(_("Usage: feldsher [-C DIR] [--user NAME] [--json] COMMAND ...\n"
             "Seals what body cameras recorded, keeps its chain of custody, carries it to the district.\n"));
    for (size_t g = 0; g < GROUPS; g++) {
        if (begins(g))
            printf("\n%s:\n", _(groups[g]->title));
        for (size_t i = 0; i < groups[g]->n; i++)
            show_row(NULL, &groups[g]->rows[i]);
    }
    show_globals();
    printf(_("\nA command's options: feldsher help COMMAND\nExit codes: %s\n"), _(exits));
    return ERR_OK;
}

/* Text that troff takes as it stands. */
static void troff(const char *s)
{
    for (; *s; s++) {
        if (*s == '-')
            fputs("\\-", stdout);
        else if (*s == '\\')
            fputs("\\e", stdout);
        else if (*s == '\'')
            fputs("\\(aq", stdout);
        else
            putchar(*s);
    }
}

static void troff_options(const struct command_option *o, size_t n)
{
    char text[64];
    for (size_t i = 0; i < n && o[i].name; i++) {
        option_of(text, &o[i]);
        printf(".TP\n.B ");
        troff(text);
        printf("\n");
        troff(o[i].help);
        printf("\n");
    }
}

void command_man(void)
{
    char usage[256];
    printf(
        ".TH FELDSHER 1 \"\" \"Feldsher " FELDSHER_VERSION "\" \"Feldsher\"\n.SH NAME\n"
        "feldsher \\- seal body-camera evidence offline, with a chain of custody\n.SH SYNOPSIS\n"
        ".B feldsher\n[\\-C DIR] [\\-\\-user NAME] [\\-\\-json] COMMAND ...\n.SH DESCRIPTION\n"
        "Every act is an entry in the station\\(aqs signed chain. Taking in recordings needs no passphrase; opening\n"
        "one needs a person\\(aqs, and membership of the circle it was sealed to.\n");
    for (size_t g = 0; g < GROUPS; g++) {
        if (begins(g)) {
            printf(".SS ");
            troff(groups[g]->title);
            printf("\n");
        }
        for (size_t i = 0; i < groups[g]->n; i++) {
            const struct command *r = &groups[g]->rows[i];
            if (r->hidden)
                continue;
            usage_of(usage, r);
            printf(".TP\n.B ");
            troff(usage);
            printf("\n");
            troff(r->help);
            printf(".\n");
            if (r->options[0].name) {
                printf(".RS\n");
                troff_options(r->options, COMMAND_OPTIONS_MAX);
                printf(".RE\n");
            }
        }
    }
    printf(".SH OPTIONS\n");
    troff_options(global, GLOBALS);
    keys_man();
    printf(".SH EXIT STATUS\n");
    troff(exits);
    printf("\n.SH ENVIRONMENT\n.TP\n.B FELDSHER_DIR\nthe station\\(aqs folder\n.TP\n.B FELDSHER_USER\nwho you are\n"
           ".SH FILES\n.TP\n.I ~/.feldsher\nthe station\\(aqs folder where nothing else is said\n"
           ".SH SEE ALSO\n.BR feldsher\\-dock (1),\n.BR feldsher\\-sync (1),\n.BR feldsher\\-hub (1)\n");
}
