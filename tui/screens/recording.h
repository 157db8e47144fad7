#ifndef TUI_SCREENS_RECORDING_H
#define TUI_SCREENS_RECORDING_H

#include "tui/screens/deed.h"

/* screen_recording is opened with this. */
struct recording_order {
    const char *id;
    enum deed deed; /* to be begun as soon as the recording is known; DEEDS: none */
};

#endif
