#!/bin/sh
# The hub under load: thousands of stations on the loopback, against a real
# `feldsher-hub serve`; then ten thousand connections that say nothing; beside
# them what the disk gives to plain files, to SQLite and to rsync's daemon.
# Prints figures and budgets; exit 1 when one is missed. $B: build folder.
#   STATIONS=2750 PER_UNIT=2 SECONDS_EACH=20 BLOB_STATIONS=32 BLOBS=8 SILENT=10000
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
B=$(cd "$B" && pwd) || exit 1
STATIONS=${STATIONS:-2750}
SILENT=${SILENT:-10000}
export STATIONS BLOB_STATIONS="${BLOB_STATIONS:-32}" BLOBS="${BLOBS:-8}"
work=$B/bench-work/hub
served='' daemon=''
end() {
    for pid in $served $daemon; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$work"
}
trap end EXIT
trap 'exit 130' INT TERM
rm -rf "$work"
mkdir -p "$work"
ulimit -n "$(ulimit -Hn)"
files=$(ulimit -n)
[ "$files" = unlimited ] || [ "$files" -gt $((STATIONS + 500)) ] || { echo "only $files files may be open: fewer stations"; STATIONS=$((files - 500)); }
[ "$files" = unlimited ] || [ "$files" -gt $((SILENT + 500)) ] || SILENT=$((files - 500))
bad=0

# one station more, for the hostile part
"$B/feldsher-hub" init "$work/hub" --name hub >/dev/null && "$B/bench/hub" prepare "$work" $((STATIONS + 1)) &&
    "$B/feldsher-hub" roster "$work/hub" "$work/roster" >/dev/null || exit 1
serve() { # $served, $at
    "$B/feldsher-hub" serve "$work/hub" --listen 127.0.0.1:0 >"$work/said" 2>"$work/log" &
    served=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        at=$(sed -n 's/.*listening on \([0-9.:]*\).*/\1/p' "$work/said" | head -n 1)
        [ -z "$at" ] || return 0
        sleep 0.25
    done
    cat "$work/said" "$work/log" >&2
    exit 1
}
serve
"$B/bench/hub" load "$work" "$at" "$served" || bad=1
"$B/bench/hub" hostile "$work" "$at" "$served" "$SILENT" || bad=1
kill "$served" && wait "$served" || { echo "the hub did not end in order"; tail -n 3 "$work/log"; bad=1; }
served=''
"$B/feldsher-hub" verify "$work/hub" | tail -n 1 || bad=1

"$B/bench/hub" plain "$work"
if command -v rsync >/dev/null; then
    mkdir "$work/in"
    printf '%s\n' 'use chroot = no' "uid = $(id -u)" "gid = $(id -g)" 'reverse lookup = no' '[in]' "path = $work/in" 'read only = no' >"$work/rsyncd.conf"
    port=$((20000 + $$ % 10000))
    rsync --daemon --no-detach --config="$work/rsyncd.conf" --address=127.0.0.1 --port=$port >/dev/null 2>&1 &
    daemon=$!
    sleep 0.5
    t=$(date +%s%N)
    if rsync -r --whole-file --fsync --include='blob-*' --exclude='*' "$work/plain/" "rsync://127.0.0.1:$port/in/" 2>/dev/null; then
        bytes=$(du -sb "$work/in" | cut -f1)
        printf '%-46s %10.1f MB/s\n' "rsync's daemon, --fsync, no encryption: blobs" "$((bytes * 10000 / (($(date +%s%N) - t) / 1000)))e-4"
    fi
fi
exit $bad
