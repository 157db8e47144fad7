# A station folder used on two laptops, revoked stations, a replaced laptop.
. "$(dirname "$0")/lib.sh"
district_found
station_enrol amb-1 brigade-1 station nurse crew
mkdir -p "$T/camera" "$T/other"
echo one >"$T/camera/1.MP4"
must at amb-1 offload --from "$T/camera"
stick_round amb-1
cp -a "$T/amb-1" "$T/twin"
echo two >"$T/camera/2.MP4"
echo three >"$T/other/3.MP4"
must at amb-1 offload --from "$T/camera"
must at twin offload --from "$T/other"
must at amb-1 sync --link "$T/stick"
must feldsher-hub import "$T/hub" "$T/stick"
must feldsher-hub export "$T/hub" "$T/stick"
mkdir "$T/stick2"
must at twin sync --link "$T/stick2"
expect_exit 75 feldsher-hub import "$T/hub" "$T/stick2" || expect_exit 0 feldsher-hub import "$T/hub" "$T/stick2"
must feldsher-hub export "$T/hub" "$T/stick2"
must feldsher-hub status "$T/hub" --json
check "the hub alarms" grep -qi alarm "$out"
check "and lists what it set aside, and why" grep -q '"event":"quarantine","station":"amb-1".*"what":"label 3".*cloned' "$out"
must feldsher-hub status "$T/hub"
check "in words, too" grep -q 'quarantine: station amb-1, label 3, .*cloned' "$out"
must feldsher-hub stations "$T/hub"
check "stations counts it" grep -q '2 in quarantine' "$out"
must feldsher-hub verify "$T/hub"
check "its verify says so" grep -q '1 alarms' "$out"
check "both labels are kept" [ -n "$(find "$T/hub/quarantine" -type f)" ]
expect_exit 77 at twin sync --link "$T/stick2" || true
echo four >"$T/other/4.MP4"
check_exit 77 "the twin is frozen" at twin offload --from "$T/other"
check "it says what to do" grep -q 'clone' "$err"
must feldsher-hub export "$T/hub" "$T/stick"
expect_exit 77 at amb-1 sync --link "$T/stick" || true
check_exit 77 "the first one, too" at amb-1 offload --from "$T/other"
check_exit 0 "nothing is overwritten on the first" sh -c "grep -c '^seq: 2' '$T'/amb-1/chain/*.labels"
check_exit 0 "nor on the second" sh -c "grep -c '^seq: 2' '$T'/twin/chain/*.labels"

# the administrator enrols the laptop anew: it goes on under new keys
must authority enrol --station amb-1 --unit brigade-1 --user nurse --replace --last 1 --out "$T/again.enrol" --json
code=$(field code <"$out")
hub_roster
must feldsher -C "$T/amb-1" init --enrol "$T/again.enrol" --passphrase-file "$(lines "$code" "$(cat "$(passphrase nurse)")")"
check_exit 0 "it appends again, under a new key" at amb-1 offload --from "$T/other"
check "into a chain of its own" [ "$(ls "$T"/amb-1/chain/*.labels | wc -l)" = 2 ]
stick_round amb-1
must at amb-1 status --json
check "and the hub holds it" [ "$(number hub_labels <"$out")" -ge 1 ]

# a replaced laptop, its folder lost: the unit's history comes back from the hub
must authority enrol --station amb-1 --unit brigade-1 --user nurse --replace --out "$T/third.enrol" --json
code=$(field code <"$out")
hub_roster
must feldsher -C "$T/new" init --enrol "$T/third.enrol" --passphrase-file "$(lines "$code" "$(cat "$(passphrase nurse)")")"
rm -rf "$T/stick" # the old one still carries what the revocation cut off
stick_round new
check_exit 0 "a replaced laptop lists" as new nurse recordings list --json
check "what the old one had sent" grep -q '"1.MP4"' "$out"
check_exit 0 "and is whole" at new verify
check_exit 77 "the old one is revoked when it hears of it" sh -c "'$B/feldsher' -C '$T/amb-1' sync --link '$T/stick' >/dev/null 2>&1; exec '$B/feldsher' -C '$T/amb-1' offload --from '$T/camera'"
finish
