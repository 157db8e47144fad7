#include "drivers/manual.h"

#include <stdio.h>

int manual_help(const struct manual *m)
{
    printf("%s\n%s\n\n%s\n\n", m->usage, m->about, m->lines);
    for (size_t i = 0; i < m->n_options; i++)
        printf("  %-16s %s\n", m->options[i].option, m->options[i].help);
    printf("\nExit status: %s\n", m->status);
    return 0;
}

int manual_page(const struct manual *m)
{
    printf(".TH %s 1\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.B %s\n%s.SH DESCRIPTION\n%s\n.PP\n%s\n.SH OPTIONS\n",
           m->title, m->program, m->brief, m->program, m->synopsis, m->about, m->lines);
    for (size_t i = 0; i < m->n_options; i++)
        printf(".TP\n.B \"%s\"\n%s\n", m->options[i].option, m->options[i].help);
    printf(".SH EXIT STATUS\n%s\n.SH SEE ALSO\n%s\n", m->status, m->see_also);
    return 0;
}
