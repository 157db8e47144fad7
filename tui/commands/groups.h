#ifndef TUI_COMMANDS_GROUPS_H
#define TUI_COMMANDS_GROUPS_H

#include "tui/command.h"

/* One group a file of this folder, in the order of the help. */
extern const struct command_group group_authority, group_init, group_status, group_doctor, group_log, group_offload,
    group_recordings, group_custody, group_purge, group_sync, group_verify, group_users, group_backup, group_unseal,
    group_worker, group_note, group_settings, group_media, group_screens;

#endif
