#!/bin/sh
# The main job, end to end: a camera taken in by a locked crew's laptop, a
# stick to the hub, receipts back, a supervisor's station that pulls, two
# persons, a package that stock tools check, and what must not work.
. "$(dirname "$0")/lib.sh"

# --- a district, a crew, a supervisor's station with two persons -----------
brigade_found

check "the enrolment file is spent" contains "used" "$T/crew1.enrol"
check_exit 77 "a used enrolment file" feldsher -C "$T/again" init --enrol "$T/crew1.enrol" \
    --passphrase-file "$(lines hujaf-lofat-vivaf-ruduv-ritas-jalab-hobat kodut-mabip-fobaz-tulup-rudok)"
cp "$err" "$T/used.err"
must authority enrol --station crew2 --unit brigade-7 --out "$T/crew2.enrol" --json
code2=$(field code <"$out")
check_exit 77 "a wrong code" feldsher -C "$T/again" init --enrol "$T/crew2.enrol" \
    --passphrase-file "$(lines hujaf-lofat-vivaf-ruduv-ritas-jalab-hobat kodut-mabip-fobaz-tulup-rudok)"
check "used file and wrong code look alike" same "$err" "$T/used.err"
check "nothing was made by them" test ! -e "$T/again"
check_exit 65 "a weak new passphrase" feldsher -C "$T/again" init --enrol "$T/crew2.enrol" \
    --passphrase-file "$(lines "$code2" password1)"
check_exit 0 "doctor of a fresh station" at crew1 doctor
check_exit 0 "verify of a fresh station" at crew1 verify

# --- offload while locked ---------------------------------------------------
camera_make "$T/camera"
check_exit 0 "offload, nobody logged in" at crew1 offload --from "$T/camera"
check_exit 0 "the same camera again" at crew1 offload --from "$T/camera" --json
check "nothing is stored twice" lacks '"stored","' "$out"
check_exit 0 "status of a locked station" at crew1 status
check "status claims no hub without a receipt" contains "no receipt" "$out"
check_exit 0 "a crew lists what it took in" as crew1 aigul recordings --json
check "all five are there" test "$(grep -c '"id"' "$out")" = 5
ID=$(recording crew1 aigul MOV_0001.MP4)
SMALL=$(recording crew1 aigul MOV_0003.MP4)
check_exit 0 "the crew verifies the sealed blobs" as crew1 aigul recordings verify "$ID"
check "a crew cannot see the contents" contains "its contents need the circle" "$out"
check_exit 77 "a crew without the evidence circle asks for evidence" as crew1 aigul recordings request "$ID" --why x
check_exit 77 "a wrong passphrase" feldsher -C "$T/crew1" recordings --passphrase-file "$(lines wrong)"
cp "$err" "$T/wrong.err"
check_exit 77 "an unknown user" feldsher -C "$T/crew1" --user nobody recordings --passphrase-file "$(lines wrong)"
check "wrong passphrase and unknown user look alike" same "$err" "$T/wrong.err"
check_exit 66 "an unknown recording" as crew1 aigul recordings show 00000000
check_exit 66 "too short an ID" as crew1 aigul recordings show 000
check_exit 0 "no escape sequence reaches the terminal" as crew1 aigul recordings
check "it is shown escaped" contains 'a b\x1b[31m;$(id)\x0ac.MP4' "$out"

# --- the stick ---------------------------------------------------------------
mkdir "$T/stick"
check_exit 0 "what a contact would carry" at crew1 sync --link "$T/stick" --plan
check_exit 0 "onto the stick, with a courier" at crew1 sync --link "$T/stick" --once --courier bus-14 --due 2030-01-01
check_exit 0 "the hub takes it in" feldsher-hub import "$T/hub" "$T/stick"
check_exit 0 "the hub answers" feldsher-hub export "$T/hub" "$T/stick"
check_exit 0 "receipts come back" at crew1 sync --link "$T/stick" --once
check_exit 0 "status now" at crew1 status --json
check "held by the hub, by its receipt" contains '"hub":"hub-1"' "$out"
mkdir "$T/late"
camera_make "$T/other" 1000
must at crew1 offload --from "$T/other"
must at crew1 sync --link "$T/late" --due 2020-01-01
check_exit 0 "status with a stick that is overdue" at crew1 status
check "it says so" contains "OVERDUE" "$out"
rm -rf "$T/late" "$T/other"
as crew1 aigul recordings --json >"$T/before" 2>"$err"
check_exit 0 "rebuild" at crew1 rebuild
as crew1 aigul recordings --json >"$T/after" 2>"$err"
check "the same answers from a rebuilt index" same "$T/before" "$T/after"
check_exit 69 "a stick that is not there" at crew1 sync --link "$T/nowhere"
check_exit 69 "a courier without a stick" at crew1 sync --link "$T/nowhere" --courier x

stick_round sup1
check_exit 0 "the supervisor's station lists the crew's recordings" as sup1 bolat recordings --json
check "they are at the hub" contains '"hub":"hub-1"' "$out"
check_exit 66 "not here yet, and where it is" as sup1 bolat recordings verify "$ID"
check "the hub is named" contains "hub hub-1 holds it" "$err"

# --- what is damaged stops nothing else ---------------------------------------
cp -r "$T/crew1" "$T/damaged"
object=$(sed -n 's/^object: //p' "$T/damaged/chain/"*.labels | head -n 1)
flip "$T/damaged/objects/$(printf %.2s "$object")/$object"
check_exit 0 "a batch with a flipped bit" as damaged aigul recordings --json
check "it is quarantined with the reason" contains "quarantined: label 1 " "$err"
check "the others are listed" contains '"id"' "$out"
check_exit 1 "verify names it" at damaged verify
check "by its object" contains "$object" "$out"
chmod 644 "$T/damaged/keys/station.key"
check_exit 1 "doctor sees a key that others may read" at damaged doctor
check "and says what to do" contains "chmod 0600" "$out"
rm -rf "$T/damaged"

# --- request, pull, approval, export ----------------------------------------
check_exit 64 "a request without a reason" as sup1 bolat recordings request "$ID"
check_exit 0 "a request" as sup1 bolat recordings request "$ID" --why "court of Almaly, case 7" --json
REQUEST=$(field request <"$out")
check_exit 66 "approval before the blobs are here" as sup1 dana recordings approve "$REQUEST"
check_exit 0 "pull" as sup1 bolat recordings pull "$ID" --why "request"
stick_round sup1
check_exit 0 "it is here and whole" as sup1 bolat recordings verify "$ID"
check "its contents were read" contains "and the hash of all 90000" "$out"
check_exit 73 "pulling what is here" as sup1 bolat recordings pull "$ID"
check_exit 77 "export without an approval" as sup1 bolat recordings export "$ID" "$T/package"
check_exit 77 "approving one's own request" as sup1 bolat recordings approve "$REQUEST"
check_exit 0 "approval by a second person" as sup1 dana recordings approve "$REQUEST"
check_exit 77 "export by who did not ask" as sup1 dana recordings export "$ID" "$T/package"
check "no folder of a refused export" test ! -e "$T/package"
mkdir "$T/full" && touch "$T/full/x"
check_exit 73 "export into a folder that holds something" as sup1 bolat recordings export "$ID" "$T/full"
mkdir "$T/package.part" && touch "$T/package.part/mine"
check_exit 73 "somebody's folder beside it is left alone" as sup1 bolat recordings export "$ID" "$T/package"
check "it still holds its file" test -e "$T/package.part/mine"
rm -r "$T/package.part"
check_exit 0 "export" as sup1 bolat recordings export "$ID" "$T/package"
check "the file is the camera's" same "$T/package/MOV_0001.MP4" "$T/camera/DCIM/100MEDIA/MOV_0001.MP4"
check "the sidecar is the camera's" same "$T/package/MOV_0001.nmea" "$T/camera/DCIM/100MEDIA/MOV_0001.nmea"
check "nothing unfinished stays" test ! -e "$T/package.part"

# --- the package, by stock tools alone ---------------------------------------
commands() { sed -n 's/^    //p' "$1/CHECK.txt"; }
holds() {
    (
        cd "$1" || exit 1
        commands . | while IFS= read -r line; do
            sh -c "$line" >"$out" 2>"$err" || {
                printf '%s\n' "$line" >>"$err"
                exit 1
            }
        done
    )
}
all_at_once() { (cd "$1" && commands . | PATH=/usr/bin:/bin sh -e >"$out" 2>"$err"); }
check "every line of CHECK.txt holds" holds "$T/package"
check "all of them at once hold" all_at_once "$T/package"
check "there are many" test "$(commands "$T/package" | wc -l)" -gt 40
check "a receipt is in it" test -n "$(ls "$T/package/receipts")"
check "the district's key is the published one" sh -c 'test "$(sed -n 2p "$1")" = "$(sed -n 2p "$2")"' - \
    "$T/package/keys/authority.pub" "$T/authority/authority.pub"
tampered=0
(cd "$T/package" && find . -type f) >"$T/files"
while IFS= read -r file; do
    cp -r "$T/package" "$T/tampered"
    flip "$T/tampered/$file"
    if all_at_once "$T/tampered"; then
        not_ok "a flipped bit of $file"
    else
        tampered=$((tampered + 1))
    fi
    rm -rf "$T/tampered"
done <"$T/files"
check "a flipped bit in any of its files fails a line" test "$tampered" = "$(wc -l <"$T/files")"
cp -r "$T/package" "$T/tampered"
rm "$T/tampered/MOV_0001.nmea"
if all_at_once "$T/tampered"; then not_ok "a file taken out"; else ok "a file taken out fails a line"; fi
rm -rf "$T/tampered"
cp -r "$T/package" "$T/tampered"
touch "$T/tampered/more"
if all_at_once "$T/tampered"; then not_ok "a file put in"; else ok "a file put in fails a line"; fi
rm -rf "$T/tampered"

# an insider alone: another video, and every sum that needs no key made anew
cp -r "$T/package" "$T/tampered"
(
    cd "$T/tampered" || exit 1
    flip MOV_0001.MP4
    find . -type f ! -name '*SUMS*' | LC_ALL=C sort | cut -c 3- | xargs sha256sum >SHA256SUMS
    find . -type f ! -path ./B2SUMS | LC_ALL=C sort | cut -c 3- | xargs b2sum -l 256 >B2SUMS
)
if all_at_once "$T/tampered"; then not_ok "sums made anew"; else ok "sums made anew do not help"; fi
rm -rf "$T/tampered"

# --- hold, flag, link, destruction -------------------------------------------
check_exit 0 "the custody of one" as sup1 bolat recordings show "$ID" --json
check "request, approval and export are in it" sh -c 'grep -q "\"type\":\"request\".*\"type\":\"approve\".*\"type\":\"export\"" "$1"' - "$out"
check_exit 77 "a crew holds nothing" as crew1 aigul recordings hold "$ID" --why x
check_exit 0 "hold" as sup1 bolat recordings hold "$ID" --why "open case"
check_exit 73 "held already" as sup1 bolat recordings hold "$ID" --why "open case"
check_exit 77 "no destruction under a hold" as sup1 bolat recordings destroy "$ID" --basis "order 1" --why "expired"
check_exit 0 "release" as sup1 bolat recordings release "$ID" --why "case closed"
check_exit 0 "flag" as crew1 aigul recordings flag "$SMALL"
check_exit 0 "link" as crew1 aigul recordings link "$SMALL" call-4711
check_exit 64 "an order without a basis" as sup1 bolat recordings destroy "$ID"
check_exit 0 "a destruction order begun" as sup1 bolat recordings destroy "$ID" --basis "order 1" --why "expired"
check "it says who is next" contains "a second supervisor" "$out"
check_exit 64 "the same person cannot complete it" as sup1 bolat recordings destroy "$ID"
check_exit 0 "completed by a second supervisor" as sup1 dana recordings destroy "$ID"
check_exit 0 "carried out" as sup1 bolat purge --json
check "one recording is destroyed" contains '"destroyed":1' "$out"
check_exit 0 "verify of a destroyed one" as sup1 bolat recordings verify "$ID"
check "it names the order" contains "destroyed under order" "$out"
check_exit 0 "the station is clean after it" at sup1 verify
check_exit 66 "nothing to export any more" as sup1 bolat recordings export "$ID" "$T/package2"
check_exit 77 "shared parts are not destroyed by the way" as sup1 bolat recordings destroy "$SMALL" --basis b --why w
check "it says with how many" contains "--together" "$err"
stick_round sup1
stick_round crew1
check_exit 0 "the crew's station carries the order out, too" as crew1 aigul purge --json
check "it destroyed it" contains '"destroyed":1' "$out"
check "and freed what the hub holds" contains '"held":0,"kept":0,"failed":0' "$out"
check_exit 0 "the crew's station is clean after it" at crew1 verify
check_exit 0 "with the batches opened, too" as crew1 aigul verify
check_exit 0 "the hub carries it out" feldsher-hub expire "$T/hub"
check_exit 0 "the hub is clean" feldsher-hub verify "$T/hub"

# --- approval on another station, a package of one of several gathered ----------
station_enrol sup2 brigade-7 supervisor erlan supervisor
hub_roster
stick_round sup1
stick_round sup2
check_exit 0 "pull to the first" as sup1 bolat recordings pull "$SMALL"
check_exit 0 "pull to the second" as sup2 erlan recordings pull "$SMALL"
check_exit 0 "request here" as sup1 bolat recordings request "$SMALL" --why "case 8" --json
REQUEST=$(field request <"$out")
stick_round sup1
stick_round sup2
check_exit 0 "approval there" as sup2 erlan recordings approve "$REQUEST"
stick_round sup2
stick_round sup1
for after in 0.3 0.4 0.5; do
    timeout -s KILL "$after" feldsher -C "$T/sup1" --user bolat --passphrase-file "$(passphrase bolat)" \
        recordings export "$SMALL" "$T/package3" >"$out" 2>"$err"
    [ -e "$T/package3" ] && break
done
check "a killed export leaves nothing, or all" sh -c 'test ! -e "$1" || test -e "$1/B2SUMS"' - "$T/package3"
rm -rf "$T/package3"
check_exit 0 "export here" as sup1 bolat recordings export "$SMALL" "$T/package3"
check "its CHECK.txt holds" all_at_once "$T/package3"
check "it says that its batch names others" contains "names other recordings" "$T/package3/CHECK.txt"
check "both chains are in it" test "$(ls "$T/package3/labels/"*.label | sed 's/.*\///; s/-.*//' | sort -u | wc -l)" = 3

# --- people ------------------------------------------------------------------
check_exit 0 "users" at sup1 users --json
check "both persons have a key here" test "$(grep -c '"key_here":true' "$out")" = 2
check_exit 0 "handover" feldsher -C "$T/sup1" --user bolat handover --to dana \
    --passphrase-file "$(lines "$(cat "$(passphrase bolat)")" "$(cat "$(passphrase dana)")")"
check_exit 0 "handover with a camera that is out" feldsher -C "$T/sup1" --user dana handover --to bolat --camera BWC-7 --json \
    --passphrase-file "$(lines "$(cat "$(passphrase dana)")" "$(cat "$(passphrase bolat)")")"
check "the camera is in it" contains '"cameras":1' "$out"
check_exit 0 "status" at sup1 status --json
check "the shift is the taker's" contains '"shift":{"user":"bolat"' "$out"
check_exit 77 "handover with a wrong taker" feldsher -C "$T/sup1" --user bolat handover --to dana \
    --passphrase-file "$(lines "$(cat "$(passphrase bolat)")" wrong)"
check_exit 64 "handover to oneself" as sup1 bolat handover --to bolat
check_exit 77 "admitting to a circle that one is not in" as crew1 aigul admit aigul evidence
check_exit 0 "admit" as sup1 bolat admit dana staff
check_exit 0 "a new passphrase" feldsher -C "$T/crew1" passphrase \
    --passphrase-file "$(lines "$(cat "$(passphrase aigul)")" "gusol-tavab-pibuk-munor-lasik")"
check_exit 77 "the old passphrase" as crew1 aigul recordings
check_exit 0 "the new one" feldsher -C "$T/crew1" recordings --passphrase-file "$(lines gusol-tavab-pibuk-munor-lasik)"
check_exit 64 "who of two is meant" feldsher -C "$T/sup1" recordings --passphrase-file "$(passphrase bolat)"

# --- backup and restore -------------------------------------------------------
check_exit 0 "backup" as sup1 bolat backup "$T/medium" --json
check_exit 0 "a second backup adds what is new" as sup1 bolat backup "$T/medium" --json
check "objects were there" test "$(number there <"$out")" -gt 5
check "no bare key in it" test -z "$(find "$T/medium" -name '*.key')"
check_exit 77 "restore with a wrong passphrase" feldsher -C "$T/sup1b" --user bolat restore "$T/medium" \
    --passphrase-file "$(lines wrong)"
check_exit 73 "restore over a station" as sup1 bolat restore "$T/medium"
mv "$T/sup1" "$T/sup1.lost"
check_exit 0 "restore" as sup1 bolat restore "$T/medium"
check_exit 0 "the restored station is whole" as sup1 bolat verify
check_exit 77 "it appends nothing before it met its hub" as sup1 bolat recordings link "$SMALL" x
stick_round sup1
stick_round sup1
check_exit 0 "after that it goes on" as sup1 bolat recordings link "$SMALL" call-4712
check_exit 0 "verify after restore" at sup1 verify

# --- without a station ----------------------------------------------------------
key=$T/crew1/keys/aigul.age
object=$(grep -rl '^age-encryption.org/v1' "$T/crew1/objects" | head -n 1)
printf 'hello\n' >"$T/plain"
must age-keygen -o "$T/id"
must age -r "$(age-keygen -y "$T/id")" -o "$T/plain.age" "$T/plain"
unseal() { feldsher unseal --identity "$T/id" <"$T/plain.age" >"$out" 2>"$err"; }
check "unseal opens what stock age made" unseal
check "as age does" same "$out" "$T/plain"
must sh -c 'zstd -q -c "$1" | age -r "$(age-keygen -y "$2")" >"$3"' - "$T/plain" "$T/id" "$T/plain.age"
unseal() { feldsher unseal --unzstd --identity "$T/id" <"$T/plain.age" >"$out" 2>"$err"; }
check "and unpacks" unseal
check "as zstd does" same "$out" "$T/plain"
flip "$T/plain.age" $(($(wc -c <"$T/plain.age") - 1))
unseal() {
    feldsher unseal --identity "$T/id" <"$T/plain.age" >"$out" 2>"$err"
    test $? = 65
}
check "a flipped bit is refused" unseal
unseal() {
    feldsher unseal --identity "$key" --passphrase-file "$(lines gusol-tavab-pibuk-munor-lasik)" <"$object" >"$out" 2>"$err"
    test $? = 77
}
check "a person's own key does not open a circle's object" unseal

# --- the authority's shares, a list -----------------------------------------------
check_exit 0 "split" authority split --out "$T/shares"
check_exit 0 "join from two" feldsher authority join "$T/shares/"share-*1.txt "$T/shares/"share-*3.txt --out "$T/joined" \
    --roster "$T/authority/roster" --passphrase-file "$(passphrase authority)" || true
printf 'station,unit,kind,user,role\npost-1,post-a,station,asel,doctor\npost-2,post-b,,,\n' >"$T/list.csv"
check_exit 0 "enrolment from a list" authority enrol --batch "$T/list.csv" --out "$T/enrolled"
check "the codes are for the administrator alone" test "$(stat -c %a "$T/enrolled/codes.csv")" = 600
check_exit 0 "the same list again enrols nobody twice" authority enrol --batch "$T/list.csv" --out "$T/enrolled"
code=$(sed -n 's/^post-1,asel,//p' "$T/enrolled/codes.csv")
check_exit 0 "a station from the list" feldsher -C "$T/post1" init --enrol "$T/enrolled/post-1.enrol" \
    --passphrase-file "$(lines "$code" kodut-mabip-fobaz-tulup-rudok)"
must authority revoke --user asel
must authority revoke --station post-1 --last 0
check_exit 0 "the roster" authority roster --json
check "both are revoked in it" test "$(grep -c '"revoked":true' "$out")" = 2
check_exit 64 "revoking nobody" authority revoke
printf 'post-3,post-c\npost-4,Post C\n' >"$T/list.csv"
check_exit 65 "a bad line of a list" authority enrol --batch "$T/list.csv" --out "$T/enrolled"
check "it is named" contains "line 2" "$err"
check "and nobody was enrolled" test ! -e "$T/enrolled/post-3.enrol"

# --- the command line ---------------------------------------------------------------
check_exit 64 "no command" feldsher
check_exit 64 "an unknown command" feldsher offlaod
check_exit 64 "an unknown option" feldsher status --verbose
check_exit 0 "help" feldsher --help
check_exit 0 "the man page" feldsher --man
check "troff takes it" sh -c '! groff -man -ww -Tutf8 "$1" 2>&1 >/dev/null | grep -q .' - "$out"
check_exit 66 "a folder that is no station" feldsher -C "$T" status
check_exit 0 "the log" at crew1 log --last 3
check "three lines of it" test "$(wc -l <"$out")" = 3
finish
