#!/bin/sh
# make link: the laboratory of bad links, every case side by side, each in
# network namespaces of its own; prints the table. About five minutes.
#   CASES="A:down A:kill"  PEERS="feldsher nncp rsync"  PHASES="0 10"  OUT=FILE
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
B=$(cd "$B" && pwd) || exit 1
export B
[ "$(id -u)" = 0 ] || { echo "tests/link: network namespaces need root; run it as root" >&2; exit 77; }
CASES=${CASES:-A:down A:kill A:drop B:down B:kill P:down}
PHASES=${PHASES:-0}
PEERS=${PEERS:-feldsher}
out=${OUT:-$(mktemp)}
: >"$out"
pids='' runs=0
end() {
    for pid in $pids; do kill "$pid" 2>/dev/null; done
    wait
    [ -n "${OUT:-}" ] || rm -f "$out"
}
trap end EXIT
trap 'exit 1' INT TERM
for peer in $PEERS; do
    case $peer in
    nncp) command -v nncp-daemon >/dev/null || { echo "nncp is not installed: left out"; continue; } ;;
    rsync) command -v rsync >/dev/null || { echo "rsync is not installed: left out"; continue; } ;;
    esac
    for case in $CASES; do
        for phase in $PHASES; do
            tests/link/run.py --peer "$peer" "${case%:*}" "${case#*:}" "$phase" --out "$out" >/dev/null &
            pids="$pids $!"
            runs=$((runs + 1))
        done
    done
done
for pid in $pids; do wait "$pid"; done
pids=
told=$(wc -l <"$out")
[ "$told" = "$runs" ] || echo "$((runs - told)) of $runs runs broke off and are not in the table"
tests/link/table.py "$out" && [ "$told" = "$runs" ]
