#!/bin/sh
# play.sh [--draw PICTURES] [SCRIPT...]: plays scripts of tests/screens/ (*.drive; without any: all) on the programs and
# prints "ok - NAME" for each of their tests. A script finds a district of its own in ${T}: the station ${T}/amb-7 (aigul:
# crew, timur: doctor) and ${T}/office (bolat, dana: supervisors), the hub ${T}/hub, a camera's card ${T}/card,
# passphrases in ${T}/pass/NAME. A NAME.sh beside NAME.drive is sourced first and prepares more. What a script draws
# (svg ${PICTURES}/NAME.svg "TITLE") is checked to be XML; --draw plays those that draw only and keeps it in PICTURES.
# Exit 1 if a test fails; without scripts it says so and exits 0.
here=$(cd "$(dirname "$0")" && pwd)
draw=
if [ "${1:-}" = --draw ]; then
    mkdir -p "$2" && draw=$(cd "$2" && pwd) || exit 1
    shift 2
fi
. "$here/../system/lib.sh"
PICTURES=${draw:-$T/pictures}
mkdir -p "$PICTURES"
export T PICTURES B
[ $# -gt 0 ] || set -- "$here"/*.drive
played=0
home=$T
for script; do
    [ -e "$script" ] || continue
    [ -z "$draw" ] || grep -q '^svg ' "$script" || continue
    played=$((played + 1))
    script=$(cd "$(dirname "$script")" && pwd)/$(basename "$script")
    T=$home/$(basename "$script" .drive)
    mkdir -p "$T/pass"
    out=$T/out err=$T/err
    district_found
    must authority unit brigade-7
    user_make timur doctor records,records/brigade-7
    user_make dana supervisor evidence,evidence/brigade-7,records,records/brigade-7
    station_enrol amb-7 brigade-7 station aigul crew
    station_enrol office brigade-7 supervisor bolat supervisor
    user_add amb-7 timur
    user_add office dana
    hub_roster
    camera_make "$T/card"
    [ ! -e "${script%.drive}.sh" ] || . "${script%.drive}.sh"
    (cd "$T" && "$B/system/drive" --tap "$script") >"$home/said" 2>&1
    status=$?
    cat "$home/said"
    passed=$((passed + $(grep -c '^ok - ' "$home/said")))
    failed=$((failed + $(grep -c '^not ok - ' "$home/said")))
    [ $status = 0 ] || grep -q '^not ok' "$home/said" || not_ok "$(basename "$script")" "drive ended with $status"
    rm -rf "$T"
done
T=$home
[ $played != 0 ] || { rmdir "$PICTURES"; echo "no script in tests/screens${draw:+ draws a picture}: nothing to play"; exit 0; }
for picture in "$PICTURES"/*.svg; do
    [ ! -e "$picture" ] || check "$(basename "$picture") is XML" xmllint --noout "$picture"
done
finish
