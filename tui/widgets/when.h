#ifndef TUI_WIDGETS_WHEN_H
#define TUI_WIDGETS_WHEN_H

/* A command's time, "2026-11-25T04:21:00Z", on this station's clock:
 * "2026-11-25 09:21". What is no time comes out as "". */
#define WHEN_TEXT 24
void when_text(char out[static WHEN_TEXT], const char *time);

#endif
