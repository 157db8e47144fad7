#!/bin/sh
# Kills programs at random instants (kill -9) over offload, append by a person,
# stick sync, hub import and hub export, and checks after every kill that
# verify is clean, and at the end that nothing is missing: every file of the
# camera, every "stored" that was ever printed, everything a receipt covers.
#   KILLS=500 SEED=1 FLIPS=all KEEP=/tmp/failed B=build tests/torture.sh
set -u
cd "$(dirname "$0")/.."
export B="${B:-build}"
KILLS=${KILLS:-500}
SEED=${SEED:-$(date +%s)}
. tests/system/lib.sh
echo "torture: until $KILLS programs were killed, SEED=$SEED"
cd "$T"

seed=$SEED
random() { # MAX: 0..MAX-1 into $r; a linear congruential generator, so that a seed replays
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    r=$((seed / 65536 % $1))
}
now_ms() { echo $(($(date +%s%N) / 1000000)); }

district_found
station_enrol amb-1 brigade-1 station nurse crew
mkdir camera stick
files=0
shoot() { # one more file on the camera
    random 100
    case $((r % 5)) in
    0) size=0 ;;
    1) size=$((r * 10)) ;;
    2) size=$((r * 3000)) ;;
    3) size=9000000 ;;
    *) size=$((r * 1000 + 1)) ;;
    esac
    files=$((files + 1))
    head -c $size /dev/urandom >"camera/clip$files.mp4"
}
shoot; shoot; shoot
lost() { echo "torture: LOST in round $i (SEED=$SEED): $*"; [ -z "${KEEP:-}" ] || cp -a "$T" "$KEEP"; exit 1; }

: >acked
took=400
# runs a command and kills it at a random instant of the time it took last
strike() {
    random 100
    at=$(((took + 10) * r / 100 + 1))
    start=$(now_ms)
    timeout -s KILL "$((at / 1000)).$(printf %03d $((at % 1000)))" "$@" >out 2>err
    status=$?
    if [ $status != 137 ] && [ $status != 124 ]; then
        took=$((($(now_ms) - start) + 5))
        done_=$((done_ + 1))
    else
        killed=$((killed + 1))
    fi
}
# what was killed may still be dying, with its locks, inside an fsync
settled() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        "$@" >verify.out 2>&1
        verdict=$?
        [ $verdict = 75 ] || return $verdict
        sleep 0.3
    done
    return 75
}
i=0 killed=0 done_=0 last=
t0=400 t1=400 t2=400 t3=400 t4=1200
while [ $killed -lt "$KILLS" ]; do
    i=$((i + 1))
    case $((i % 5)) in
    1)
        shoot
        took=$t0; strike feldsher -C amb-1 offload --from camera --json; t0=$took
        sed -n 's/.*"result": *"stored".*"id": *"\([0-9a-f]*\)".*/\1/p;s/.*"id": *"\([0-9a-f]*\)".*"result": *"stored".*/\1/p' out >>acked ;;
    2) took=$t1; strike feldsher -C amb-1 sync --link stick; t1=$took ;;
    3) took=$t2; strike feldsher-hub import hub stick; t2=$took ;;
    4) took=$t3; strike feldsher-hub export hub stick; t3=$took ;;
    0)
        last=$(tail -1 acked)
        [ -n "$last" ] || continue
        took=$t4; strike as amb-1 nurse recordings link "$last" "record-$i" --json; t4=$took
        [ $status = 0 ] && echo "record-$i" >>linked ;;
    esac
    settled feldsher -C amb-1 verify || lost "station verify: $(cat verify.out)"
    settled feldsher-hub verify hub || lost "hub verify: $(cat verify.out)"
done
settled feldsher -C amb-1 offload --from camera >out 2>err || lost "the last offload: $(cat err)"
for _ in 1 2; do
    feldsher -C amb-1 sync --link stick >out 2>err || lost "the last sync: $(cat err)"
    feldsher-hub import hub stick >out 2>err || lost "the last import: $(cat err)"
    feldsher-hub export hub stick >out 2>err || lost "the last export: $(cat err)"
done
feldsher -C amb-1 sync --link stick >out 2>err || lost "the last sync: $(cat err)"
feldsher -C amb-1 verify >verify.out 2>&1 || lost "station verify: $(cat verify.out)"
as amb-1 nurse verify >verify.out 2>&1 || lost "station verify with its person: $(cat verify.out)"
feldsher-hub verify hub >verify.out 2>&1 || lost "hub verify: $(cat verify.out)"
as amb-1 nurse recordings list --json >list || lost "recordings list"
while read -r id; do grep -q "$id" list || lost "recording $id was acknowledged"; done <acked
for f in camera/*; do
    h=$(b2sum -l 256 "$f" | cut -d' ' -f1)
    grep "\"$(basename "$f")\"" list | grep -q "$h" || lost "$f is not held with its hash"
done
[ "$(sort -u list | wc -l)" = "$(ls camera | wc -l)" ] || lost "$(wc -l <list) recordings of $(ls camera | wc -l) files"
if [ -f linked ]; then
    while read -r l; do
        grep -q "\"$l\"" shown 2>/dev/null || for id in $(sort -u acked); do as amb-1 nurse recordings show "$id" --json; done >shown
        grep -q "\"$l\"" shown || lost "$l was acknowledged"
    done <linked
fi
held=$(feldsher -C amb-1 status --json | sed -n 's/.*"hub_labels": *\([0-9]*\).*/\1/p')
echo "torture: $i rounds, $killed killed, $done_ ran to their end; $files files, $(sort -u acked | wc -l) acknowledged recordings, hub holds $held labels; nothing lost"
if [ "${FLIPS:-}" = all ]; then
    "$B/system/flip" --all amb-1 || exit 1
fi
