#ifndef DRIVERS_ERASE_MANUAL_H
#define DRIVERS_ERASE_MANUAL_H

#define ERASE "feldsher-erase"

/* On standard output; both return the exit code. */
int manual_help(void);
int manual_page(void);

#endif
