#!/bin/sh
# Intake of a video against the tools that a team would reach for otherwise,
# interleaved, each on the same disk. Prints a table of medians and the budgets
# of the design; exit 1 when one is broken. $B: build folder; $ROUNDS, $BYTES.
# Peers that are not installed are left out.
set -eu
cd "$(dirname "$0")/../.."
B=${B:-build}
B=$(cd "$B" && pwd)
ROUNDS=${ROUNDS:-5}
BYTES=${BYTES:-1073741824}
work=$B/bench-work/intake
results=$work/results
watch=$B/bench/intake
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
rm -rf "$work"
mkdir -p "$work/camera" "$work/out"
# the caches and settings of the peers stay in here
export HOME="$work" XDG_CACHE_HOME="$work/cache" BORG_PASSPHRASE=bench RESTIC_PASSWORD=bench
export BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
export RCLONE_CONFIG="$work/rclone.conf"

"$watch" file "$work/camera/VIDEO.MP4" "$BYTES"
video=$work/camera/VIDEO.MP4
"$B/bench/station" "$work/fresh"
# its 256 folders are there, as those of restic are after init
mkdir "$work/small"
for i in $(seq 1500); do echo "$i" >"$work/small/$i.mp4"; done
"$B/feldsher-dock" -C "$work/fresh/station" offload --from "$work/small" --quiet >/dev/null
recipient=$(sed -n 's/^circle: evidence\/brigade-1 [0-9]* //p' "$work/fresh/station/roster" | tail -1)

have() { command -v "$1" >/dev/null 2>&1; }
# NAME COMMAND...: an empty place, nothing left to write, then the stopwatch
timed() {
    name=$1
    shift
    sync
    "$watch" run "$name" "$results" "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "$name failed"; exit 1; }
}
fresh() { rm -rf "$work/out"; mkdir "$work/out"; }

cat "$video" >/dev/null
for round in $(seq "$ROUNDS"); do
    fresh
    cp -a "$work/fresh/station" "$work/out/station"
    timed feldsher "$B/feldsher-dock" -C "$work/out/station" offload --from "$work/camera" --quiet
    timed libsodium "$watch" floor "$BYTES"
    fresh
    have age && timed age age -r "$recipient" -o "$work/out/video.age" "$video"
    fresh
    have age && have zstd &&
        timed 'zstd|age+b2sum' sh -c 'zstd -q -c "$1" | age -r "$2" -o "$3" && b2sum -l 256 "$3"' sh "$video" "$recipient" \
            "$work/out/video.zst.age"
    fresh
    if have borg; then
        borg init -e repokey-blake2 "$work/out/borg" >"$work/log" 2>&1
        timed borg borg create "$work/out/borg::one" "$video"
    fi
    for level in auto max; do
        fresh
        have restic || continue
        restic init -q -r "$work/out/restic" >"$work/log" 2>&1
        name=restic
        [ $level = auto ] || name=restic-max
        timed $name restic -q -r "$work/out/restic" backup --compression $level "$video"
    done
    fresh
    if have rclone; then
        printf '[c]\ntype = crypt\nremote = %s\npassword = %s\n' "$work/out" "$(rclone obscure bench)" >"$RCLONE_CONFIG"
        timed rclone-crypt rclone copyto "$video" c:VIDEO.MP4
    fi
done
"$watch" table "$results" "$BYTES"
