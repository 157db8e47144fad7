#ifndef DRIVERS_STOP_H
#define DRIVERS_STOP_H

#include <signal.h>

/* From now on SIGINT and SIGTERM end nothing by themselves: what is returned is
 * not 0 after one of them. A quota answers write with EFBIG, not SIGXFSZ. */
const volatile sig_atomic_t *stop_on_signals(void);

#endif
