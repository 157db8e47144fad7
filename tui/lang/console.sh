#!/bin/sh
# A bare Linux console that shows and types English, Russian and Kazakh.
#   console.sh          now, on the console where it runs (as root)
#   console.sh keep     at every start: writes console-setup's and keyboard's
#                       settings below $ROOT/etc/default; what stood there is
#                       kept beside as *.before-feldsher
# The font has 512 glyphs, Kazakh letters and half blocks among them; that
# leaves 8 colours. CapsLock or Alt+Shift goes round us, ru, us, kz: the keymap
# has four groups.
set -eu
face=TerminusBold
size=8x16
font=FullCyrAsia-${face}16
layouts=us,ru,kz
options=grp:caps_toggle,grp:alt_shift_toggle

put() { # FILE: stdin becomes it, unless it says the same already
    new=$(cat)
    [ -f "$1" ] && [ "$(cat "$1")" = "$new" ] && return
    if [ -f "$1" ] && [ ! -e "$1.before-feldsher" ]; then cp -p "$1" "$1.before-feldsher"; fi
    printf '%s\n' "$new" >"$1.new"
    mv "$1.new" "$1"
}

case ${1:-now} in
now)
    setfont "$font"
    ckbcomp -model pc105 -layout "$layouts" -variant ,, -option "$options" | loadkeys -q
    ;;
keep)
    to=${ROOT:-}/etc/default
    mkdir -p "$to"
    put "$to/console-setup" <<END
# Written when Feldsher was installed; what stood here is in console-setup.before-feldsher
ACTIVE_CONSOLES="/dev/tty[1-6]"
CHARMAP="UTF-8"
CODESET="FullCyrAsia"
FONTFACE="$face"
FONTSIZE="$size"
END
    put "$to/keyboard" <<END
# Written when Feldsher was installed; what stood here is in keyboard.before-feldsher
XKBMODEL="pc105"
XKBLAYOUT="$layouts"
XKBVARIANT=",,"
XKBOPTIONS="$options"
BACKSPACE="guess"
END
    ;;
*)
    echo "usage: console.sh [now|keep]" >&2
    exit 64
    ;;
esac
