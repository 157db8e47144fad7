#ifndef TUI_SCREENS_SCREENS_H
#define TUI_SCREENS_SCREENS_H

#include "tui/screens/screen.h"

/* Every screen there is; NULL ends it. A new one: a file, a name here. */
extern const struct screen *const screens[];

extern const struct screen screen_home, screen_menu, screen_help, screen_ask, screen_unlock, screen_recordings;
extern const struct screen screen_sync, screen_plan, screen_load, screen_sticks, screen_refused, screen_limits;
extern const struct screen screen_station, screen_users, screen_circles, screen_passphrase, screen_status,
    screen_doctor, screen_verify, screen_rebuild, screen_backup, screen_restore, screen_log, screen_settings,
    screen_authority, screen_decree;
extern const struct screen screen_first, screen_join, screen_note, screen_confirm, screen_drafts, screen_handover;
extern const struct screen screen_cameras, screen_report, screen_prompt, screen_recording, screen_waiting;
extern const struct screen screen_poster, screen_camera, screen_erasable;

#endif
