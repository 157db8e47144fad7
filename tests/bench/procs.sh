#!/bin/sh
# procs.sh PID memory | idle SECONDS: a program and the workers that it began, a line each and a sum.
# memory: RSS and PSS in KiB. idle: processor time in ms, wake-ups a second, over SECONDS.
set -eu
pid=$1
tree() {
    echo "$1"
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do tree "$child"; done
}
# its command line without folders
name() { tr '\0' '\n' <"/proc/$1/cmdline" | sed 's|.*/||' | tr '\n' ' ' | sed 's/ *$//'; }
# ns run, times scheduled, times that it slept by itself: all threads of a process
ran() {
    cat "/proc/$1/task/"*/schedstat | awk '{ns += $1; n += $3} END {printf "%.0f %d ", ns, n}'
    cat "/proc/$1/task/"*/status | awk '/^voluntary/ {v += $2} END {print v + 0}'
}
case $2 in
memory)
    for p in $(tree "$pid"); do
        grep -q ^Pss "/proc/$p/smaps_rollup" 2>/dev/null || continue # ended meanwhile
        awk -v n="$(name "$p")" '/^Rss:/ {r = $2} /^Pss:/ {p = $2} END {printf "memory\t%s\t%d\t%d\n", n, r, p}' "/proc/$p/smaps_rollup"
    done | awk -F '\t' '{print; r += $3; p += $4} END {printf "memory\tall\t%d\t%d\n", r, p}'
    ;;
idle)
    all=$(for p in $(tree "$pid"); do [ ! -s "/proc/$p/cmdline" ] || echo "$p"; done)
    for p in $all; do eval "before_$p=\"\$(ran $p)\""; done
    sleep "$3"
    for p in $all; do
        eval "before=\$before_$p"
        echo "$(name "$p")	$before	$(ran "$p")"
    done | awk -F '\t' -v s="$3" '{split($2, a, " "); split($3, b, " "); ms = (b[1] - a[1]) / 1e6; w = (b[3] - a[3]) / s
        printf "idle\t%s\t%.2f\t%.2f\n", $1, ms, w; all += ms; wakes += w} END {printf "idle\tall\t%.2f\t%.2f\n", all, wakes}'
    ;;
*) echo "usage: procs.sh PID memory | idle SECONDS" >&2; exit 64 ;;
esac
