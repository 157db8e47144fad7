#ifndef TUI_COMMANDS_GROUPS_H
#define TUI_COMMANDS_GROUPS_H

#include "tui/command.h"

/* One group a file of this folder, in the order of the help. */
extern const struct command_group group_screens;
extern const struct command_group group_authority;
extern const struct command_group group_init;
extern const struct command_group group_status;
extern const struct command_group group_doctor;
extern const struct command_group group_log;
extern const struct command_group group_settings;
extern const struct command_group group_worker;
extern const struct command_group group_verify;
extern const struct command_group group_backup;
extern const struct command_group group_unseal;
extern const struct command_group group_media;
extern const struct command_group group_offload;
extern const struct command_group group_cameras;
extern const struct command_group group_recordings;
extern const struct command_group group_custody;
extern const struct command_group group_play;
extern const struct command_group group_poster;
extern const struct command_group group_purge;
extern const struct command_group group_licence;
extern const struct command_group group_erase;
extern const struct command_group group_note;
extern const struct command_group group_sync;
extern const struct command_group group_sticks;
extern const struct command_group group_users;

#endif
