#include "tui/screens/screens.h"

const struct screen *const screens[] = {
    &screen_home, &screen_unlock, &screen_recordings, &screen_menu, &screen_help, &screen_ask, NULL,
};
