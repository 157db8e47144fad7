#!/bin/sh
# make fuzz: each target for SECONDS_EACH (60) over a copy of its corpus; what
# is found stays under build/fuzz/findings.
set -eu
targets=$1
seconds=${SECONDS_EACH:-60}
findings=build/fuzz/findings
mkdir -p "$findings"
bad=0
for t in "$targets"/*; do
    case $t in *.d) continue ;; esac
    name=$(basename "$t")
    work=$(mktemp -d)
    echo "fuzz $name for $seconds s"
    "$t" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -artifact_prefix="$findings/$name-" -print_final_stats=1 \
        "$work" "tests/fuzz/corpus/$name" >"$findings/$name.log" 2>&1 || { bad=1; tail -30 "$findings/$name.log"; }
    grep -E 'number_of_executed_units|slowest_unit' "$findings/$name.log" || true
    rm -rf "$work"
done
[ $bad = 0 ] && echo "fuzz: no finding"
exit $bad
