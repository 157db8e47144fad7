#include "drivers/manual.h"

#include "storage/base/lang.h"

#include <stdio.h>

static int help(const struct manual *m)
{
    printf("%s\n%s\n\n%s\n\n", m->usage, m->about, m->lines);
    for (size_t i = 0; i < m->n_options; i++)
        printf("  %-16s %s\n", m->options[i].option, m->options[i].help);
    printf("\nExit status: %s\n", m->status);
    return 0;
}

static int page(const struct manual *m)
{
    printf(".TH %s 1\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.B %s\n%s.SH DESCRIPTION\n%s\n.PP\n%s\n.SH OPTIONS\n",
           m->title, m->program, m->brief, m->program, m->synopsis, m->about, m->lines);
    for (size_t i = 0; i < m->n_options; i++)
        printf(".TP\n.B \"%s\"\n%s\n", m->options[i].option, m->options[i].help);
    printf(".SH EXIT STATUS\n%s\n.SH SEE ALSO\n%s\n", m->status, m->see_also);
    return 0;
}

enum err manual_usage(const struct manual *m, const char *what)
{
    return err_set(ERR_USAGE, "%s; see %s --help", _(what), m->program);
}

enum err manual_takes(const struct manual *m, int c, int *shown)
{
    if (c == 'h')
        *shown = help(m);
    else if (c == 'v')
        *shown = printf("%s %s\n", m->program, FELDSHER_VERSION) < 0;
    else if (c == 'm')
        *shown = page(m);
    else
        return manual_usage(m, N_("an option is unknown or lacks its value"));
    return ERR_OK;
}
