#ifndef TUI_SCREENS_WORK_H
#define TUI_SCREENS_WORK_H

#include "tui/screens/desk.h"

/*
 * What takes long with recordings: a check, an approval (which reads the whole
 * recording), an export, viewing, making room. Each is a job of the desk; what
 * came of it is said in the message line, whatever view is open then.
 */
bool work_verify(struct desk *d, const char *recording);
/* start: as `recordings play` takes it; "": the beginning. */
bool work_play(struct desk *d, const char *recording, const char *why, const char *start);
bool work_export(struct desk *d, const char *recording, const char *folder);
/* who, pass: another person, here and now; NULL: whoever is unlocked. */
bool work_approve(struct desk *d, const char *request, const char *who, const struct secret *pass);
/* days: "": of any age. */
bool work_purge(struct desk *d, const char *days);

/* Rows that work_paint needs: 0 or 1. */
int work_rows(const struct desk *d);
void work_paint(const struct desk *d, const struct area *a);
/* Ends what work_paint shows; false: nothing runs. */
bool work_stop(struct desk *d);

/* The sentence of a result row, translated: "check", "approve", "export",
 * "play", "purge". Pure. */
void work_result(const char *name, const json_t *row, char *out, size_t cap);

#endif
