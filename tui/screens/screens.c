#include "tui/screens/screens.h"

const struct screen *const screens[] = {
    &screen_home,       &screen_unlock,  &screen_recordings, &screen_menu,     &screen_help,
    &screen_ask,        &screen_sync,    &screen_plan,       &screen_load,     &screen_sticks,
    &screen_refused,    &screen_limits,  &screen_station,    &screen_users,    &screen_circles,
    &screen_passphrase, &screen_status,  &screen_doctor,     &screen_verify,   &screen_rebuild,
    &screen_backup,     &screen_restore, &screen_log,        &screen_settings, NULL,
};
