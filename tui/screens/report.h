#ifndef TUI_SCREENS_REPORT_H
#define TUI_SCREENS_REPORT_H

#include "tui/screens/plugged.h"

/* What came of a camera's offload: screen_report, opened with this. */
struct report_order {
    const struct plugged_camera *camera;
};

#endif
