#!/bin/sh
# Stations and a hub over real TLS, with connections cut at random bytes and
# both sides killed (kill -9) now and then.
#   CUTS=1000 VIDEO=100 SEED=7 tests/system/cuts.sh     the long run: ~15 minutes
. tests/system/lib.sh
CUTS=${CUTS:-40}
VIDEO=${VIDEO:-24} # MB of a recording, cut about once a MB
SEED=${SEED:-$(date +%s)}
echo "# SEED=$SEED CUTS=$CUTS VIDEO=$VIDEO"
cutter=
quit() { [ -z "$cutter" ] || kill "$cutter" 2>/dev/null; wait; }
trap 'quit; rm -rf "$T"' EXIT
cd "$T" || exit 1
district_found
station_enrol amb-1 brigade-1 station nurse crew
station_enrol amb-2 brigade-1 station nurse-2 crew
station_enrol amb-3 brigade-2 station nurse-3 crew
hub_roster

serve='exec feldsher-hub serve hub --listen 127.0.0.1:0 2>>hub.log'
sync_of() { printf 'exec feldsher-sync -C %s --watch --link 127.0.0.1:$CUTTER_PORT >>%s.log 2>&1' "$1" "$1"; }

# cutter_start OPTIONS... -- STATION...
cutter_start() {
    "$B/system/cutter" --seed "$SEED" "$@" >cutter.out 2>cutter.err &
    cutter=$!
}
# cutter_end: it ended the programs when asked, and none ended by itself
cutter_end() {
    kill "$cutter"
    wait "$cutter"
    status=$?
    cutter=
    sed 's/^/# /' cutter.out
    [ $status = 0 ] && return 0
    tail -n 5 hub.log amb-*.log >"$err" 2>/dev/null
    return 1
}
covered() { # STATION: a receipt says that all of it is at the hub
    feldsher -C "$1" status --json >status.json 2>"$err" &&
        grep -q '"silent_since": *null' status.json &&
        grep -q '"unsent_by_lane": *\[0, *0, *0, *0, *0\]' status.json
}
until_true() { # SECONDS COMMAND...
    end=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -lt $end ] || return 1
        sleep 0.3
    done
}
all_covered() { for s; do covered "$s" || return 1; done; }
cut_enough() { grep -qs "^cuts done" cutter.out; }
same_labels() { # STATION
    feldsher -C "$1" status --json >"$1.json"
    chain=$(sed 's/"chains":\[[^]]*\]//' "$1.json" | field chain) # its own, not those that it follows
    same "$1/chain/$chain.labels" "hub/chains/$chain.labels"
}
nothing_left_over() { # FOLDER: no piece of an object, no file aside
    [ -z "$(find "$1/objects/partial" "$1/objects/tmp" -type f 2>/dev/null | tee "$err")" ]
}
# every object that a label of the hub names is there once, and nothing else is
objects_once() {
    for list in $(sed -n 's/^parts: \([0-9a-f]*\)$/\1/p' hub/chains/*.labels); do
        echo "$list"
        sed -n 's/^blob: \([0-9a-f]*\) .*/\1/p' "hub/objects/$(printf %.2s "$list")/$list"
    done >named
    sed -n 's/^object: //p' hub/chains/*.labels >>named
    sort -u named >named.sorted
    find hub/objects/?? -type f | sed 's|.*/||' | sort >held
    same named.sorted held
}
clean() { # at the end of each part
    for s in amb-1 amb-2 amb-3; do
        check "$1: station $s verifies" expect_exit 0 feldsher -C $s verify
    done
    check "$1: the hub verifies" expect_exit 0 feldsher-hub verify hub
    for s in amb-1 amb-2 amb-3; do check "$1: the hub's labels of $s are the station's, byte for byte" same_labels $s; done
    check "$1: no object is missing, twice or unasked for" objects_once
    check "$1: no piece is left over at the hub" nothing_left_over hub
}

# notes of three stations, both sides killed at every fifth cut
head -c 700 /dev/urandom >note
for s in amb-1 amb-2 amb-3; do must "$B/link/note" append $s 1 note note note; done
cutter_start --cuts "$CUTS" --bytes 20000 --kill 20 --freeze 3 "$serve" "$(sync_of amb-1)" "$(sync_of amb-2)" "$(sync_of amb-3)"
i=0
until cut_enough; do
    i=$((i + 1))
    "$B/link/note" append amb-$((i % 3 + 1)) $((i % 2)) note >/dev/null 2>"$err" || not_ok "a note is saved while its station syncs"
    [ $i -lt $((CUTS * 20 + 100)) ] || break
    sleep 0.1
done
echo "# $i notes"
check "notes: $CUTS cuts happened" cut_enough
check "notes: after the last cut a receipt covers every note of three stations" until_true 120 all_covered amb-1 amb-2 amb-3
check "notes: programs end when asked, and none ended by itself" cutter_end
clean notes

# one recording, cut about once a megabyte, at the pace of a good road
mkdir camera
head -c $((VIDEO * 1000000)) /dev/urandom >camera/long.mp4
must feldsher -C amb-1 offload --from camera
cutter_start --cuts "$VIDEO" --bytes 2000000 --even --rate 8000000 "$serve" "$(sync_of amb-1)"
check "video: a receipt covers it, whatever was cut" until_true $((VIDEO * 8 + 60)) covered amb-1
check "video: programs end when asked, and none ended by itself" cutter_end
clean video
sealed=$(stat -c %s $(sed 's|^\(..\)|hub/objects/\1/\1|' named.sorted) | sort -n | awk '$1 > 100000 { n += $1 } END { print n }')
set -- $(tail -n 1 cutter.out)
carried=$((${12} + ${14}))
echo "# carried $carried for $sealed sealed with $4 cuts: $((carried * 1000 / sealed)) thousandths"
check "video: cuts cost at most 6 %" [ $((carried * 100)) -le $((sealed * 106)) ]
finish
