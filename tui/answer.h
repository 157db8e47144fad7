#ifndef TUI_ANSWER_H
#define TUI_ANSWER_H

#include "tui/command.h"

/* Runs what a parsed call asks for: opens its secrets, limits the process for
 * good, runs the command, looks whether its output arrived, and says on
 * stderr what went wrong. Returns the exit code. */
int answer(struct call *c);

#endif
