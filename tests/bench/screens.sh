#!/bin/sh
# The screens' budgets: start-up, unlock to the first screen, a key's way to the paint (alone, and while an offload, a
# sync and a rebuild run), idle, memory; once more with a tenth of a processor (a cgroup; skipped with a sentence where
# none can be made). Prints a table and exits 1 if a budget is broken. $B: build; RECORDINGS, CARD_MB, KEYS; SLOW="QUOTA
# PERIOD" in microseconds of the tenth; PLACE=list|home: where keys are pressed.
cd "$(dirname "$0")/../.." || exit 1
RECORDINGS=${RECORDINGS:-2000} CARD_MB=${CARD_MB:-1500} KEYS=${KEYS:-200} SLOW=${SLOW:-1000 10000} PLACE=${PLACE:-list}
procs=$(pwd)/tests/bench/procs.sh
. tests/system/lib.sh
trap 'limit_gone; rm -rf "$T"' EXIT

# --- a station with RECORDINGS recordings, a card of CARD_MB ---------------
must feldsher --version
district_found
must authority unit brigade-7
station_enrol amb-7 brigade-7 station aigul crew
mkdir "$T/small" "$T/stick"
for i in $(seq "$RECORDINGS"); do echo "$i" >"$T/small/MOV_$i.MP4"; done
must at amb-7 offload --from "$T/small"
rm -rf "$T/small"
stick_round amb-7
cp -a "$T/amb-7" "$T/twin" # a rebuild holds the index: it works on a copy, with the same processor and disk

# --- a cgroup with a tenth of a processor ------------------------------------
# Two of them, for the screens and for what works beside them: in one, the load would use up the quota and the screens
# would wait for the next period, which no slow processor makes them do.
groups=
limit_made() { # QUOTA PERIOD: version 2 first, then 1
    for root in /sys/fs/cgroup /sys/fs/cgroup/cpu; do
        groups=
        for one in screens load; do
            group=$root/feldsher-bench-$$-$one
            mkdir "$group" && groups="$groups $group" || break
            if [ -e "$group/cpu.max" ]; then
                echo "$1 $2" >"$group/cpu.max" || break
            else # a folder that is no cgroup has no such file
                [ -e "$group/cpu.cfs_quota_us" ] || break
                echo "$2" >"$group/cpu.cfs_period_us" && echo "$1" >"$group/cpu.cfs_quota_us" || break
            fi
            [ "$one" = screens ] || return 0
        done
        limit_gone
    done 2>/dev/null
    return 1
}
limit_gone() {
    for group in $groups; do rmdir "$group" 2>/dev/null || true; done
    groups=
}

# --- one pass through the screens -------------------------------------------
pass() { # NAME [GROUP_OF_SCREENS GROUP_OF_LOAD]
    to=$T/$1
    mkdir "$to" "$to/card"
    for i in $(seq $((CARD_MB / 100))); do head -c 100000000 /dev/urandom >"$to/card/NEW_$i.MP4"; done
    # $PLACE: where the keys are pressed
    keys=$(for i in $(seq "$KEYS"); do echo 'key Down Up'; done) # each of them paints, wherever it is pressed
    list=$(printf 'key F10\nwait Recordings\nmark\nkey 3\nwait MOV_\nlap list %s' "$to/laps")
    [ "$PLACE" = list ] || list=
    begin="exec feldsher -C $T/amb-7"
    [ -z "${2:-}" ] || begin="echo \$\$ >$2/cgroup.procs && $begin"
    cat >"$T/load" <<END
# what works beside the screens: an offload, a sync, a rebuild, each again until the keys are done
[ -z "${3:-}" ] || echo \$\$ >"${3:-}/cgroup.procs"
feldsher-dock -C "$T/amb-7" offload --from "$to/card" --quiet >"$to/offload" 2>&1 &
while :; do feldsher-sync -C "$T/amb-7" --link "$T/stick" --once >"$to/sync" 2>&1 || sleep 0.2; done &
while :; do feldsher -C "$T/twin" rebuild >"$to/rebuild" 2>&1 || sleep 0.2; done &
wait
END
    cat >"$T/script" <<END
deadline 30
mark
run sh -c '$begin'
wait aigul
lap start-up $to/laps
key Enter
wait assphrase
type-from $(passphrase aigul)
mark
key Enter
wait Home:
lap unlock $to/laps
$list
shell sh $procs \$PID memory >$to/memory
shell sh $procs \$PID idle 10 >$to/idle
pace 33
timing $to/quiet
$keys
timing off
shell setsid sh $T/load & echo \$! >$T/load.pid
timing $to/loaded
$keys
timing off
shell kill -0 \$(cat $T/load.pid) && ps -o args= -g \$(cat $T/load.pid) | sort | uniq -c >$to/ran
shell kill -- -\$(cat $T/load.pid)
shell rm $T/load.pid
shell sh $procs \$PID memory | sed s/^memory/loaded/ >>$to/memory
signal TERM
closed
sane
END
    "$B/system/drive" "$T/script" >"$to/said" 2>&1 || {
        [ ! -e "$T/load.pid" ] || kill -- "-$(cat "$T/load.pid")" 2>/dev/null
        sed 's/^/#   /' "$to/said"
        not_ok "$1: the screens were driven"
        return 1
    }
}

# --- what came of it ----------------------------------------------------------
# percentile FILE P: in ms
percentile() { sort -n "$1" | awk -v p="$2" '{v[NR] = $1} END {i = int(NR * p / 100 + 0.999999); printf "%.2f", v[i < 1 ? 1 : i] / 1000}'; }
# budget NAME IS MOST UNIT: a line, and whether it holds; MOST "-": told only
budget() {
    printf '  %-52s %10s %-4s' "$1" "$2" "$4"
    if [ "$3" = - ]; then echo; return; fi
    if awk "BEGIN {exit !($2 <= $3)}"; then echo " <= $3"; else echo " MORE than $3"; failed=$((failed + 1)); fi
}
table() { # NAME KEY_BUDGET
    to=$T/$1
    lap() { awk -F '\t' -v n="$1" '$1 == n {printf "%.1f", $2 / 1000}' "$to/laps"; }
    column() { awk -F '\t' -v a="$1" -v n="$2" -v c="$3" '$1 == a && $2 == n {print $c}' "$to/$4"; }
    echo "$1"
    budget "start-up to the first screen" "$(lap start-up)" - ms
    budget "unlock to the first screen, passphrase hashing included" "$(lap unlock)" - ms
    [ "$PLACE" != list ] || budget "to the list of recordings" "$(lap list)" - ms
    for kind in quiet loaded; do
        budget "key to paint, $kind, p50" "$(percentile "$to/$kind" 50)" - ms
        budget "key to paint, $kind, p99 of $(wc -l <"$to/$kind")" "$(percentile "$to/$kind" 99)" "$2" ms
    done
    budget "memory of all, PSS" "$(column memory all 4 memory)" 24576 KiB
    budget "memory of all after the load, PSS" "$(column loaded all 4 memory)" 24576 KiB
    sed -n 's/^memory\t\(.*\)\t\(.*\)\t\(.*\)/    \1: RSS \2, PSS \3 KiB/p' "$to/memory"
    budget "idle: wake-ups a second" "$(column idle all 4 idle)" 1 1/s
    budget "idle: processor in 10 s" "$(column idle all 3 idle)" 10 ms
    echo "    beside it ran, at the last key:" $(awk '$2 ~ /^feldsher/ {print $2}' "$to/ran")
    [ ! -s "$to/offload" ] || sed 's/^/    the offload said: /' "$to/offload"
}

echo "screens: $RECORDINGS recordings, a card of $CARD_MB MB, $((2 * KEYS)) keys at a keyboard's repeat rate"
pass whole && table whole 16
if limit_made $SLOW; then
    pass tenth $groups && table tenth 16
else
    echo "tenth: no cgroup with a limit of the processor can be made here (root; cgroup v2 cpu.max or v1 cpu.cfs_quota_us)"
fi
[ "$failed" = 0 ]
