#!/bin/sh
# make bench: every budget that can be measured today, beside its peers.
set -u
cd "$(dirname "$0")/../.."
B=${B:-build}
bad=0
echo "== save and rebuild"
"$B/bench/chain" "${NOTES:-3000}" || bad=1
echo "== records: encrypted beside plain SQLite, search, catch-up"
"$B/bench/records" "${ROWS:-100000}" "${BATCHES:-5000}" || bad=1
echo "== a hub's store"
"$B/bench/hub_store" "${GROUPS_OF_LABELS:-40}" || bad=1
echo "== intake"
B=$B sh tests/bench/intake.sh || bad=1
echo "== reading over USB, in a guest"
B=$B sh tests/bench/usb.sh || bad=1
B=$B sh tests/bench/mtp.sh || bad=1
echo "== screens"
B=$B sh tests/bench/screens.sh || bad=1
echo "== hub"
B=$B sh tests/bench/hub.sh || bad=1
exit $bad
