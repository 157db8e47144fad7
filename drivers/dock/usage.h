#ifndef DRIVERS_DOCK_USAGE_H
#define DRIVERS_DOCK_USAGE_H

#define DOCK "feldsher-dock"

/* What --help and --man print. Both return main's exit code. */
int usage_help(void);
int usage_man(void);

#endif
