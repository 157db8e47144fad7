#!/bin/sh
# A bare Linux console, no terminal emulator: fonts, layouts, real scancodes.
# The checks are tests/guest/console, run in a guest under QEMU.
cd "$(dirname "$0")/../.." || exit 1
exec python3 tests/guest/run.py "${B:-build}" tests/guest/console 300
