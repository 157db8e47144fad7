#!/bin/sh
# Every test: the layers, the units, the fuzz corpora, the programs as a user
# meets them. $B is the build folder. The last line says how many passed.
set -u
cd "$(dirname "$0")/.."
B=${B:-build}
export B
passed=0 failed=0
outs=$(mktemp -d)
out=$outs/out
trap 'rm -rf "$outs"' EXIT
count() { # NAME STATUS: one test whose program says no more than its exit code
    if [ "$2" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1"; cat "$out"; fi
}
tests/layers.sh >"$out" 2>&1
count "layers" $?
for t in "$B"/unit/test_*; do
    case $t in *.d | *\**) continue ;; esac
    timeout 600 "$t" >"$out" 2>&1
    status=$?
    ok=$(grep -c '^\[       OK \]' "$out")
    bad=$(grep -c '^\[  FAILED  \] [^0-9]' "$out")
    # a program that died has failed, whatever it had printed by then
    [ $status != 0 ] && [ "$bad" = 0 ] && bad=1
    [ $status = 0 ] && [ "$ok" = 0 ] && bad=1
    passed=$((passed + ok)) failed=$((failed + bad))
    if [ "$bad" = 0 ]; then echo "unit   $(basename "$t"): $ok"; else echo "FAILED: $t (exit $status)"; grep -v '^\[       OK \]\|^\[ RUN' "$out"; fi
done
for t in "$B"/replay/*; do
    case $t in *.d | *\**) continue ;; esac
    timeout 600 "$t" "tests/fuzz/corpus/$(basename "$t")" >"$out" 2>&1
    count "corpus $(basename "$t")" $?
    echo "corpus $(basename "$t"): $(tail -1 "$out")"
done
# NAME.out and NAME.status: what a system test said
tested() { timeout 1200 sh "$1" >"$outs/${1##*/}.out" 2>&1; echo $? >"$outs/${1##*/}.status"; }
# guests compute little and wait much: two at a time
began=$(date +%s)
beside=0
for t in tests/system/usb*.sh; do
    tested "$t" &
    [ $((beside = 1 - beside)) = 1 ] || wait
done
wait
echo "guests: $(($(date +%s) - began)) s"
for t in tests/system/*.sh; do
    case $t in */lib.sh) continue ;; esac
    [ -e "$outs/${t##*/}.status" ] || tested "$t"
    read -r status <"$outs/${t##*/}.status"
    out="$outs/${t##*/}.out"
    ok=$(grep -c '^ok - ' "$out")
    bad=$(grep -c '^not ok - ' "$out")
    [ $status != 0 ] && [ "$bad" = 0 ] && bad=1
    [ $status = 0 ] && [ "$ok" = 0 ] && bad=1
    passed=$((passed + ok)) failed=$((failed + bad))
    if [ "$bad" = 0 ]; then echo "system $(basename "$t"): $ok"; else echo "FAILED: $t (exit $status)"; cat "$out"; fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
