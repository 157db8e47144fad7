#ifndef TUI_PLAY_CAGE_H
#define TUI_PLAY_CAGE_H

#include "storage/base/err.h"

/*
 * The player parses video from outside, and what it shows may be kept nowhere.
 * From here on, for ever: no network (sockets of this machine alone, because
 * the window system and the sound are behind them), no other program, no file
 * made or written, nothing read but libraries, fonts, the sound's and the
 * window system's settings, and the devices of screen and sound; no core file,
 * no descriptor but stdin, stdout, stderr and fd. Not held back: what the
 * window system, sound server and session bus do for anybody of this account.
 */
enum err cage_enter(int fd) MUST_USE;

#endif
