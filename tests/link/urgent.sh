#!/bin/bash
# An urgent note behind a video at 64 kbit/s: 20 notes, each as soon as the one
# before it was answered and a moment went by, from saved (durable, queued) to
# receipt at the station. Prints a JSON line a round trip; exit 1 when one of
# the budget (2 s and one round trip) is missed by the median.
#   urgent.sh [RTT_MS...]    NOTES=20 KBIT=64; needs root
set -u
here=$(cd "$(dirname "$0")" && pwd)
B=${B:-$here/../../build}
B=$(cd "$B" && pwd) || exit 1
[ "$(id -u)" = 0 ] || { echo "urgent.sh: network namespaces need root; run it as root" >&2; exit 77; }
KBIT=${KBIT:-64}
NOTES=${NOTES:-20}
missed=0
one() { # RTT_MS
    name=fu$$-$1
    W=$(mktemp -d "${TMPDIR:-/tmp}/feldsher-urgent.XXXXXX")
    export W IP=10.77.0.2 SRC=$W DST=$W/in FELDSHER_BUILD=$B
    trap 'kill $client $server $wire 2>/dev/null; wait 2>/dev/null; "$here/lab.sh" down "$name"; rm -rf "$W"' EXIT
    trap 'exit 1' INT TERM
    wire='' server='' client=''
    "$here/lab.sh" up "$name" "$KBIT" "$1" &&
        bash "$here/feldsher.sh" prep >"$W/prep.log" 2>&1 || { cat "$W/prep.log"; exit 1; }
    # enough video to outlast the notes, seen by nobody but the counter below
    mkdir "$W/video"
    head -c $((KBIT * 125 * (NOTES * 8 + 60))) /dev/urandom >"$W/video/long.mp4"
    "$B/feldsher" -C "$W/station" offload --from "$W/video" --quiet >"$W/offload.log" 2>&1 || { cat "$W/offload.log"; exit 1; }
    ip netns exec "$name-m" "$B/link/linkd" left right $(($1 / 2)) 1 0 0 none 900 >"$W/wire.log" & wire=$!
    ip netns exec "$name-b" bash "$here/feldsher.sh" server >"$W/server.log" 2>&1 & server=$!
    ip netns exec "$name-a" bash "$here/feldsher.sh" client >"$W/client.log" 2>&1 & client=$!
    sleep 15 # the video fills the road
    timeout 600 "$B/link/note" wait "$W/station" 0 "$NOTES" 1700 >"$W/took" || { cat "$W/took" "$W"/*.log; exit 1; }
    behind=$("$B/feldsher" -C "$W/station" status --json | grep -o '"unsent_by_lane": *\[[^]]*' | grep -o '[0-9]*$')
    set -- "$1" $(tail -n 1 "$W/took")
    echo "{\"kbit\": $KBIT, \"rtt\": $1, \"notes\": $NOTES, \"median_ms\": $3, \"worst_ms\": $5, \"budget_ms\": $((2000 + $1)), \"video_left\": $behind}"
    [ "$behind" -gt 0 ] || { echo "the video did not last: nothing was measured"; exit 1; }
    [ "$3" -le $((2000 + $1)) ]
}
for rtt in "${@:-200}"; do
    (one "$rtt") || missed=1
done
exit $missed
