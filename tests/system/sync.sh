# Stations and a hub over TLS on this machine: contacts, watching, wishes, what
# is turned away, kills on either side, a contact that a stick finishes.
. "$(dirname "$0")/lib.sh"
note=$B/link/note
hub_pid= sync_pid= patience=8
quit() {
    for pid in $hub_pid $sync_pid; do kill -9 "$pid" 2>/dev/null; done
    rm -rf "$T"
}
trap quit EXIT

# within SECONDS COMMAND...: becomes true in time
within() {
    tries=$(($1 * 20))
    shift
    while [ $tries -gt 0 ]; do
        "$@" >/dev/null 2>&1 && return 0
        sleep 0.05
        tries=$((tries - 1))
    done
    return 1
}
# serve [PORT]: the hub on 127.0.0.1, and on ::1 where there is one; $port
serve() {
    : >"$T/serve.out"
    feldsher-hub serve "$T/hub" --listen "127.0.0.1:${1:-0}" >"$T/serve.out" 2>"$T/serve.err" &
    hub_pid=$!
    within 10 grep -q '^listening on' "$T/serve.out" || {
        cat "$T/serve.err"
        echo "not ok - the hub does not come up"
        exit 1
    }
    port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$T/serve.out")
}
stop() { # SIGNAL
    kill "-$1" "$hub_pid"
    wait "$hub_pid" 2>/dev/null
    stopped=$?
    hub_pid=
}
watch() { # STATION
    feldsher-sync -C "$T/$1" --watch --link "127.0.0.1:$port" >"$T/$1.sync" 2>"$T/$1.err" &
    sync_pid=$!
}
unwatch() { # SIGNAL
    kill "-$1" "$sync_pid"
    wait "$sync_pid" 2>/dev/null
    stopped=$?
    sync_pid=
}
once() { # STATION [OPTIONS...]
    who=$1
    shift
    at "$who" sync --once --link "127.0.0.1:$port" --patience "$patience" "$@"
}
labels() { at "$1" status --json | number labels; }
hub_labels() { at "$1" status --json | number hub_labels; }
covered() { [ "$(labels "$1")" = "$(hub_labels "$1")" ]; }
whole() { covered "$1" && at "$1" status --json | grep -q '"unsent_by_lane":\[0,0,0,0,0\]'; }
running() { at "$1" status --json | grep -q '"running":true'; }

district_found
station_enrol amb-1 brigade-1 station nurse crew
station_enrol office-1 brigade-1 supervisor head supervisor
hub_roster
camera_make "$T/camera" 20000000
must at amb-1 offload --from "$T/camera"

# --- nobody there ------------------------------------------------------------
serve
check_exit 66 "a roster without an address, and no --link" at amb-1 sync --once
stop TERM
patience=1
check_exit 69 "the hub is down" once amb-1
patience=8
check "one line says where" grep -q "no hub answers at 127.0.0.1:$port" "$err"
check_exit 0 "a plan needs no network" at amb-1 sync --plan
check "it says what would go" grep -q 'batches' "$out"

# --- one contact ---------------------------------------------------------------
serve
printf 'feldsher-link-conf 1\nlane 4: never\n' >"$T/amb-1/link.conf"
check_exit 75 "what link.conf withholds stays" once amb-1
check "and it says why" grep -q 'by stick' "$err"
check "labels are covered all the same" covered amb-1
printf 'feldsher-link-conf 1\nlane 4: sometimes\n' >"$T/amb-1/link.conf"
check_exit 65 "a mistake in link.conf" once amb-1
check "is named with its line" grep -q 'link.conf, line 2' "$err"
printf 'feldsher-link-conf 1\nhub: 127.0.0.1:%s\n' "$port" >"$T/amb-1/link.conf"
check_exit 0 "one contact, with the hub that link.conf names" at amb-1 sync --once
rm "$T/amb-1/link.conf"
check "a receipt covers everything" whole amb-1
check_exit 0 "once more, with nothing to do" once amb-1 --json
check "events say so" grep -q '"event":"ended","given":0' "$out"
check_exit 0 "a plan with nothing to do" at amb-1 sync --plan
check_exit 0 "the hub verifies" feldsher-hub verify "$T/hub"

# --- watching --------------------------------------------------------------------
watch amb-1
check "it connects" within 10 grep -q connected "$T/amb-1/log/sync.status"
check "status says so" running amb-1
echo 'a note' >"$T/note"
must "$note" append "$T/amb-1" 1 "$T/note"
check "a note is covered soon after it was saved" within 5 covered amb-1
check_exit 75 "a second one is told that the first carries" once amb-1
unwatch TERM
check "a goodbye ends well" [ "$stopped" = 0 ]
check "status knows that it is over" sh -c "! '$B/feldsher' -C '$T/amb-1' status --json | grep -q '\"running\":true'"

# --- the office gets it, and asks for a recording, and for a part of one -----------
check_exit 0 "the office syncs" once office-1
ID=$(recording office-1 head MOV_0001.MP4)
check "the recording is in its list" [ -n "$ID" ]
check_exit 64 "a time is no place in a file" as office-1 head recordings pull "$ID" --from 00:01:00
check_exit 64 "beyond its end" as office-1 head recordings pull "$ID" --from 90M
check_exit 0 "a part is asked for" as office-1 head recordings pull "$ID" --from 50% --to 60%
check "the wish names blobs" sh -c "'$B/feldsher' -C '$T/office-1' status | grep -q 'blobs: 1-1'"
check_exit 0 "it comes" once office-1
check "and no more than that" sh -c "'$B/feldsher' -C '$T/office-1' --user head --passphrase-file '$(passphrase head)' \
    recordings show '$ID' --json | grep -q '\"here\":1'"
watch office-1
within 10 grep -q connected "$T/office-1/log/sync.status"
must as office-1 head recordings pull "$ID"
check "a wish while connected is carried at once" within 20 as office-1 head recordings verify "$ID"
unwatch TERM

# --- urgent first -------------------------------------------------------------------
mkdir "$T/second" && head -c 12000000 /dev/urandom >"$T/second/MOV_0009.MP4"
must at amb-1 offload --from "$T/second"
printf 'feldsher-link-conf 1\nrate: 400000\n' >"$T/amb-1/link.conf"
watch amb-1
within 10 grep -q connected "$T/amb-1/log/sync.status"
sleep 1
must "$note" append "$T/amb-1" 0 "$T/note"
check "an urgent note passes the video" within 4 covered amb-1
check "which is still on its way" sh -c "! '$B/feldsher' -C '$T/amb-1' status --json | grep -q 'unsent_by_lane\":\[0,0,0,0,0\]'"

# --- the hub, then the station, killed in the middle -----------------------------------
stop KILL
check "the hub is killed" [ "$stopped" = 137 ]
serve "$port"
check "the station comes back by itself" within 15 grep -q connected "$T/amb-1/log/sync.status"
unwatch KILL
check "a killed one is not said to run" sh -c "! '$B/feldsher' -C '$T/amb-1' status --json | grep -q '\"running\":true'"
rm "$T/amb-1/link.conf"

# --- begun by TLS, finished by stick ------------------------------------------------------
mkdir "$T/third" && head -c 9000000 /dev/urandom >"$T/third/MOV_0010.MP4"
must at amb-1 offload --from "$T/third"
mkdir "$T/stick"
at amb-1 sync --link "$T/stick" >"$out" 2>"$err"
must feldsher-hub import "$T/hub" "$T/stick"
must feldsher-hub export "$T/hub" "$T/stick"
at amb-1 sync --link "$T/stick" >"$out" 2>"$err"
check "a stick finishes what the network began" whole amb-1
check_exit 0 "and a contact has nothing left to do" once amb-1
check_exit 0 "the hub verifies after all that" feldsher-hub verify "$T/hub"
check_exit 0 "the station, too" at amb-1 verify

# --- a stick is mounted while it watches ----------------------------------------------------
if unshare -m true 2>/dev/null; then
    must "$note" append "$T/amb-1" 1 "$T/note"
    check "a stick that is mounted is met" unshare -m sh -c '
        mkdir "$1/mnt"
        feldsher-sync -C "$1/amb-1" --watch --link 127.0.0.1:1 >"$1/amb-1.sync" 2>&1 & pid=$!
        sleep 0.5
        mount --bind "$1/stick" "$1/mnt"
        tries=100
        until grep -q "^stick .*put [1-9]" "$1/amb-1.sync" || [ $tries = 0 ]; do sleep 0.1; tries=$((tries - 1)); done
        kill $pid
        wait $pid && [ $tries != 0 ]' sh "$T"
fi

# --- two links at once ----------------------------------------------------------------------
mkdir "$T/fourth" && head -c 15000000 /dev/urandom >"$T/fourth/MOV_0011.MP4"
must at amb-1 offload --from "$T/fourth"
printf 'feldsher-link-conf 1\nrate: 3000000\n' >"$T/amb-1/link.conf"
check_exit 0 "two links carry one station's things" at amb-1 sync --once --json --link "127.0.0.1:$port" \
    --link "localhost:$port"
check "both were used" [ "$(grep -c '"event":"connected"' "$out")" = 2 ]
check "all is covered" whole amb-1
rm "$T/amb-1/link.conf"

# --- a station folder used twice ---------------------------------------------------------------
cp -a "$T/amb-1" "$T/twin"
must "$note" append "$T/amb-1" 1 "$T/note"
check_exit 0 "one of two twins" once amb-1
echo 'another note' >"$T/note"
must "$note" append "$T/twin" 1 "$T/note"
check_exit 77 "the other one" once twin
check "one line says that it was cloned" grep -q 'cloned' "$err"
check "it is frozen" sh -c "'$B/feldsher' -C '$T/twin' status | grep -q '^frozen'"
check_exit 77 "the first hears of it, too" once amb-1

# --- who is turned away -----------------------------------------------------------------------
must feldsher-hub init "$T/stranger" --name hub-1
must feldsher-hub roster "$T/stranger" "$T/authority/roster"
stop TERM
kept=$T/hub
mv "$T/hub" "$T/hub.kept" && mv "$T/stranger" "$T/hub"
serve
check_exit 77 "somebody else's key" once amb-1
check "one line says so" grep -qi 'key' "$err"
stop TERM
rm -rf "$T/hub" && mv "$T/hub.kept" "$kept"
serve
station_enrol amb-2 brigade-1 station nurse-2 crew
check_exit 77 "a station that the hub's roster does not know" once amb-2
check "one line says so" grep -q 'does not know this station' "$err"
hub_roster
check "known by the next roster" within 10 once amb-2
watch amb-2
within 10 grep -q connected "$T/amb-2/log/sync.status"
must authority revoke --station amb-2
hub_roster
check "a revocation ends a conversation" within 10 grep -q 'revoked' "$T/amb-2/log/sync.status"
unwatch TERM
check_exit 77 "and it is not let in again" once amb-2
check "one line says so" grep -q 'revoked' "$err"
stop TERM
finish
