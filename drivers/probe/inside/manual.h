#ifndef DRIVERS_PROBE_INSIDE_MANUAL_H
#define DRIVERS_PROBE_INSIDE_MANUAL_H

#define PROBE "feldsher-probe"

/* What --help and --man print. Both return main's exit code. */
int manual_help(void);
int manual_man(void);

#endif
