#!/bin/sh
# The house's arrows: fails on an include that points up or aside, and on a
# library's header outside the rooms that may use it.
set -eu
cd "$(dirname "$0")/.."
bad=0
# FOLDER may include what the pattern allows
may() {
    found=$(grep -rnE '^#include "' --include='*.[ch]' "$1" 2>/dev/null | grep -vE "#include \"($2)" || true)
    [ -z "$found" ] || { echo "$found" | sed "s|^|points up or aside: |"; bad=1; }
}
may storage/base 'storage/base/|storage/limits'
may storage/seal 'storage/(base|seal)/|storage/limits'
may storage/trust 'storage/(base|seal|trust)/|storage/limits'
may storage/catalog 'storage/(base|catalog)/|storage/limits'
may storage/vault 'storage/(base|seal|trust|vault|catalog)/|storage/limits'
may storage/records 'storage/'
may drivers 'storage/|drivers/'
may sync/folder 'storage/|sync/(folder/|limits)'
may sync/link 'storage/|sync/(link/|limits)'
may sync/wire 'storage/|sync/(wire/|limits)'
may sync/client 'storage/|sync/(folder|link|wire|client)/|sync/limits'
may sync/hub 'storage/|sync/(folder|link|wire|hub)/|sync/limits'
may tui 'storage/|tui/'
# HEADER only in the rooms that the pattern allows
only() {
    found=$(grep -rnE "#include <$1>" --include='*.[ch]' storage drivers sync tui | grep -vE "^($2)" || true)
    [ -z "$found" ] || { echo "$found" | sed "s|^|not in this room: |"; bad=1; }
}
only 'sqlite3\.h' 'storage/|sync/hub/'
only '(libusb-1\.0/)?libusb\.h' 'drivers/'
only 'gnutls/.*' 'sync/link/'
only 'systemd/.*' 'sync/link/'
only 'dlfcn\.h' 'tui/play/'
only 'zlib\.h' 'tui/'
only '(ncursesw/)?n?curses\.h' 'tui/widgets/'
exit $bad
