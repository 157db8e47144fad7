#include "tui/screens/screens.h"

const struct screen *const screens[] = {
    /* clang-format off */
    &screen_home,
    &screen_unlock,
    &screen_cameras,
    &screen_report,
    &screen_recordings,
    &screen_recording,
    &screen_waiting,
    &screen_prompt,
    &screen_menu,
    &screen_help,
    &screen_ask,
    &screen_first,
    &screen_join,
    &screen_note,
    &screen_confirm,
    &screen_drafts,
    &screen_handover,
    /* clang-format on */
    NULL,
};
