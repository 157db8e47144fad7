#include "sync/folder/args.h"

#include "storage/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct given {
    const struct args_option *option;
    const char *value;
};

struct args {
    const struct args_program *program;
    const char **operands;
    size_t n_operands;
    struct given *given;
    size_t n_given;
};

enum use { USE_NO, USE_MAY, USE_MUST };

/* What a command's list of options says about one. */
static enum use use_of(const struct args_command *c, const char *name)
{
    struct span rest = {c->options, strlen(c->options)}, word;
    while (span_word(&rest, &word)) {
        bool must = word.p[word.n - 1] == '!';
        word.n -= must;
        if (span_is(word, name))
            return must ? USE_MUST : USE_MAY;
    }
    return USE_NO;
}

static const struct args_option *find_long(const struct args_program *p, const char *name, size_t n)
{
    for (size_t i = 0; i < p->n_options; i++)
        if (strlen(p->options[i].name) == n && memcmp(p->options[i].name, name, n) == 0)
            return &p->options[i];
    return NULL;
}

static const struct args_option *find_letter(const struct args_program *p, char letter)
{
    for (size_t i = 0; i < p->n_options; i++)
        if (p->options[i].letter == letter)
            return &p->options[i];
    return NULL;
}

/* One option at argv[*i]; its value may be the next word. */
static enum err take_option(struct args *a, int argc, char **argv, int *i)
{
    const char *word = argv[*i], *value = NULL;
    const struct args_option *o;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        o = find_long(a->program, word + 2, equals ? (size_t)(equals - word) - 2 : strlen(word) - 2);
        value = equals ? equals + 1 : NULL;
    } else {
        o = find_letter(a->program, word[1]);
        value = word[2] ? word + 2 : NULL;
    }
    if (!o)
        return err_set(ERR_USAGE, "unknown option %s", word);
    if (!o->value && value)
        return err_set(ERR_USAGE, "option %s takes no value", word);
    if (o->value && !value) {
        if (*i + 1 >= argc)
            return err_set(ERR_USAGE, "option %s needs a value: %s", word, o->value);
        value = argv[++*i];
    }
    a->given[a->n_given++] = (struct given){o, value};
    return ERR_OK;
}

static enum err parse(struct args *a, int argc, char **argv)
{
    bool options = true;
    for (int i = 1; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && argv[i][0] == '-' && argv[i][1]) {
            enum err e = take_option(a, argc, argv, &i);
            if (e)
                return e;
        } else if (a->n_operands == ARGS_OPERANDS_MAX) {
            return err_set(ERR_USAGE, "more than %u operands", ARGS_OPERANDS_MAX);
        } else {
            a->operands[a->n_operands++] = argv[i];
        }
    }
    return ERR_OK;
}

/* The command, taken off the operands; NULL with a sentence. */
static const struct args_command *find_command(struct args *a)
{
    const struct args_program *p = a->program;
    if (!p->commands[0].name)
        return &p->commands[0];
    for (size_t i = 0; i < p->n_commands && a->n_operands; i++)
        if (strcmp(p->commands[i].name, a->operands[0]) == 0) {
            a->operands++;
            a->n_operands--;
            return &p->commands[i];
        }
    if (a->n_operands)
        (void)err_set(ERR_USAGE, "unknown command %s", a->operands[0]);
    else
        (void)err_set(ERR_USAGE, "no command given");
    return NULL;
}

static enum err check(const struct args *a, const struct args_command *c)
{
    struct span rest = {c->operands, strlen(c->operands)}, word;
    size_t need = 0;
    bool more = false;
    while (span_word(&rest, &word)) {
        need++;
        more = word.n > 3 && memcmp(word.p + word.n - 3, "...", 3) == 0;
    }
    if (a->n_operands < need || (a->n_operands > need && !more))
        return err_set(ERR_USAGE, "usage: %s %s %s", a->program->name, c->name ? c->name : "[OPTIONS]", c->operands);
    for (size_t i = 0; i < a->n_given; i++)
        if (use_of(c, a->given[i].option->name) == USE_NO)
            return err_set(ERR_USAGE, "%s does not take --%s", c->name ? c->name : a->program->name,
                           a->given[i].option->name);
    for (size_t i = 0; i < a->program->n_options; i++) {
        const struct args_option *o = &a->program->options[i];
        if (use_of(c, o->name) == USE_MUST && !args_has(a, o->name))
            return err_set(ERR_USAGE, "--%s %s is missing: %s", o->name, o->value, o->help);
    }
    return ERR_OK;
}

/* Prints the command with its options and operands through put. */
static void synopsis(const struct args_program *p, const struct args_command *c, void (*put)(const char *))
{
    put(p->name);
    if (c->name) {
        put(" ");
        put(c->name);
    }
    for (size_t i = 0; i < p->n_options; i++) {
        const struct args_option *o = &p->options[i];
        const char letter[3] = {'-', o->letter, '\0'};
        enum use use = use_of(c, o->name);
        if (use == USE_NO || strcmp(o->name, "json") == 0)
            continue;
        put(use == USE_MUST ? " " : " [");
        put(o->letter ? "" : "--");
        put(o->letter ? letter : o->name);
        put(o->value ? " " : "");
        put(o->value ? o->value : "");
        put(use == USE_MUST ? "" : "]");
    }
    put(c->operands[0] ? " " : "");
    put(c->operands);
}

static void plain(const char *s)
{
    fputs(s, stdout);
}

static void help(const struct args_program *p)
{
    char line[512];
    printf("%s: %s\n\n", p->name, p->summary);
    for (size_t i = 0; i < p->n_commands; i++) {
        plain("  ");
        synopsis(p, &p->commands[i], plain);
        printf("\n      %s\n", p->commands[i].help);
    }
    puts("");
    for (size_t i = 0; i < p->n_options; i++) {
        const struct args_option *o = &p->options[i];
        if (o->letter)
            snprintf(line, sizeof line, "-%c, --%s %s", o->letter, o->name, o->value ? o->value : "");
        else
            snprintf(line, sizeof line, "--%s %s", o->name, o->value ? o->value : "");
        printf("  %-22s %s\n", line, o->help);
    }
    printf("  %-22s %s\n", "--help", "this text");
    printf("  %-22s %s\n", "--version", "the version");
    printf("  %-22s %s\n\n%s\n", "--man", "the manual page, in troff", p->exits);
}

/* Text for troff: no escape, no request at the start of a line; an empty
 * line is a paragraph. */
static void roff(const char *s)
{
    for (bool start = true; *s; s++) {
        if (start && (*s == '.' || *s == '\''))
            fputs("\\&", stdout);
        if (start && *s == '\n') {
            puts(".PP");
            continue;
        }
        if (*s == '\\')
            fputs("\\e", stdout);
        else if (*s == '-')
            fputs("\\-", stdout);
        else
            putchar(*s);
        start = *s == '\n';
    }
}

static void roff_item(const char *tag, const char *text)
{
    fputs(".TP\n.B ", stdout);
    roff(tag);
    puts("");
    roff(text);
    puts("");
}

static void man(const struct args_program *p)
{
    char line[512];
    printf(".TH %s 1 \"\" \"%s %s\"\n.SH NAME\n", p->name, p->name, FELDSHER_VERSION);
    roff(p->name);
    fputs(" \\- ", stdout);
    roff(p->summary);
    puts("\n.SH SYNOPSIS");
    for (size_t i = 0; i < p->n_commands; i++) {
        fputs(i ? ".br\n.B " : ".B ", stdout);
        synopsis(p, &p->commands[i], roff);
        puts("");
    }
    puts(".SH DESCRIPTION");
    roff(p->about);
    puts("");
    if (p->commands[0].name)
        puts(".SH COMMANDS");
    for (size_t i = 0; i < p->n_commands && p->commands[0].name; i++) {
        snprintf(line, sizeof line, "%s %s", p->commands[i].name, p->commands[i].operands);
        roff_item(line, p->commands[i].help);
    }
    puts(".SH OPTIONS");
    for (size_t i = 0; i < p->n_options; i++) {
        const struct args_option *o = &p->options[i];
        const char *value = o->value ? o->value : "";
        if (o->letter)
            snprintf(line, sizeof line, "-%c, --%s %s", o->letter, o->name, value);
        else
            snprintf(line, sizeof line, "--%s %s", o->name, value);
        roff_item(line, o->help);
    }
    puts(".SH EXIT STATUS");
    roff(p->exits);
    puts("\n.SH SEE ALSO");
    roff(p->see);
    puts("");
}

static bool asked(int argc, char **argv, const char *option)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], option) == 0)
            return true;
    return false;
}

int args_main(const struct args_program *p, int argc, char **argv)
{
    if (asked(argc, argv, "--help"))
        help(p);
    else if (asked(argc, argv, "--man"))
        man(p);
    else if (asked(argc, argv, "--version"))
        printf("%s %s\n", p->name, FELDSHER_VERSION);
    else {
        struct args a = {.program = p};
        const char **operands = calloc(ARGS_OPERANDS_MAX, sizeof *operands);
        a.given = calloc((size_t)argc + 1, sizeof *a.given);
        a.operands = operands;
        enum err e = operands && a.given ? parse(&a, argc, argv) : err_set(ERR_NOMEM, "out of memory");
        const struct args_command *c = e ? NULL : find_command(&a);
        if (!e)
            e = c ? check(&a, c) : ERR_USAGE;
        if (c && !e)
            e = c->run(&a);
        int code = err_report(p->name, e);
        free(operands);
        free(a.given);
        return code;
    }
    return fflush(stdout) == 0 ? 0 : err_exit_code(ERR_IO);
}

size_t args_count(const struct args *a)
{
    return a->n_operands;
}

const char *args_operand(const struct args *a, size_t i)
{
    return i < a->n_operands ? a->operands[i] : NULL;
}

bool args_has(const struct args *a, const char *option)
{
    for (size_t i = 0; i < a->n_given; i++)
        if (strcmp(a->given[i].option->name, option) == 0)
            return true;
    return false;
}

const char *args_value(const struct args *a, const char *option, size_t i)
{
    for (size_t k = 0; k < a->n_given; k++)
        if (strcmp(a->given[k].option->name, option) == 0 && i-- == 0)
            return a->given[k].value;
    return NULL;
}
