#!/bin/sh
# Erase licences: given by a supervisor for what the hub holds, carried by sync,
# planned on the crew's station, told in no name. What erases is in
# feldsher-erase alone. That something is erased is shown over real MTP in
# tests/usb, and over a camera that fails at every step in unit/test_erase.
. "$(dirname "$0")/lib.sh"
brigade_found
CAM=$T/camera
camera_make "$CAM" 3000000
touch -d 2026-11-20T10:00:00Z "$CAM/DCIM/100MEDIA/"*
must at crew1 offload BWC-77123 --from "$CAM"
plan() { at "$1" erase BWC-77123 --plan --from "$CAM" --json; }
states() { grep -o '"state":"[a-z]*"' "$out" | sort | uniq -c | tr -s ' \n' ' '; }

# --- before there is a licence ------------------------------------------------
check_exit 0 "a plan without a receipt" plan crew1
check "nothing is licensed, nothing is held" test "$(states)" = ' 6 "state":"unlicensed" '
stick_round crew1
check_exit 0 "a plan with a receipt" plan crew1
check "what the hub holds is held" test "$(states)" = ' 6 "state":"held" '
check_exit 0 "in words" at crew1 erase BWC-77123 --plan --from "$CAM"
check "left alone is said" contains "camera BWC-77123 is left alone: " "$out"
check "and why" contains "no licence names it" "$out"
check_exit 66 "an erase without a licence is refused" at crew1 erase BWC-77123 --licence 00000000000000000000 --from "$CAM"
check_exit 77 "a mounted card is never erased on" at crew1 erase BWC-77123 --from "$CAM"

# --- a licence ------------------------------------------------------------------
stick_round sup1
check_exit 77 "a crew gives no licence" as crew1 aigul licence new BWC-77123 --why full
check_exit 64 "a licence without a reason" as sup1 bolat licence new BWC-77123
check_exit 64 "a licence for ever" as sup1 bolat licence new BWC-77123 --why full --days 4000
check_exit 66 "a camera that nobody knows" as sup1 bolat licence new BWC-1 --why full
id=$(recording sup1 bolat MOV_0003.MP4)
must as sup1 dana recordings hold "$id" --why "court of Almaly"
check_exit 0 "a supervisor gives one" as sup1 bolat licence new BWC-77123 --why "the card is full" --json
LICENCE=$(field licence <"$out")
check "it names five of six files" test "$(number files <"$out")" = 5
check_exit 0 "it is listed, nobody logged in" at sup1 licence --json
check "as open" contains '"state":"open"' "$out"
check_exit 0 "it is shown to who may know its files" as sup1 bolat licence show "$LICENCE"
check "by name" contains "DCIM/100MEDIA/MOV_0001.MP4" "$out"
check "the held one is not among them" lacks "MOV_0003.MP4" "$out"
check_exit 66 "no such licence" as sup1 bolat licence show 0000000000
check_exit 0 "verify" at sup1 verify
stick_round sup1
stick_round crew1
check_exit 0 "it is listed on the crew's station" at crew1 licence list
check "with its reason" contains "the card is full" "$out"
check_exit 0 "a plan with a licence" plan crew1
check "five are licensed, one is not" contains '"left":5' "$out"
check "with the licence's number" contains "\"licence\":\"$LICENCE\"" "$out"
check "a folder cannot be erased on, whatever is licensed" contains "never written to" "$out"
check_exit 77 "nor is it" at crew1 erase BWC-77123 --from "$CAM"
check_exit 66 "another camera's licence" feldsher-erase -C "$T/crew1" --licence "$LICENCE" --from "$CAM" BWC-1
check_exit 0 "a plan for another volume" feldsher-erase -C "$T/crew1" --plan --from "$CAM" --volume CARD-9 BWC-77123
check "it says so" contains "another volume" "$out"
check "the camera is as it was" test "$(find "$CAM" -type f -printf x)" = xxxxxx
check_exit 0 "verify of the crew's station" at crew1 verify
check_exit 77 "a copy on the same disk is none" at crew1 erase BWC-77123 --plan --from "$CAM" --copy "$T"
check_exit 66 "nor is one that is not there" at crew1 erase BWC-77123 --plan --from "$CAM" --copy "$T/nowhere"
check_exit 66 "with a hub, copies stand for nothing" as sup1 bolat licence new BWC-77123 --why full --volume CARD-9 --without-hub
check_exit 64 "no camera" feldsher-erase -C "$T/crew1"
check_exit 64 "two cameras" feldsher-erase -C "$T/crew1" A B
check_exit 66 "no station" feldsher-erase -C "$T/nowhere" BWC-77123

# --- a licence tells a thief nothing ----------------------------------------------
find "$T/crew1" "$T/hub" -type f | while read -r f; do cat "$f"; done >"$T/heap"
for word in 77123 MOV_000 100MEDIA; do
    check "no $word on the station or at the hub" lacks "$word" "$T/heap"
done
check "no hash of a camera's file either" lacks "$(b2sum -l 256 "$CAM/DCIM/100MEDIA/MOV_0001.MP4" | cut -c1-64)" "$T/heap"
# but who has the file can tell that it is licensed, by stock tools
plain=$(b2sum -l 256 "$CAM/DCIM/100MEDIA/MOV_0001.MP4" | cut -c1-64)
proof=$(printf '%s file %s %s' "$LICENCE" "$plain" DCIM/100MEDIA/MOV_0001.MP4 | b2sum -l 256 | cut -c1-64)
check "its line is found by b2sum" contains " $proof " "$T/crew1/notices/$LICENCE"
check "and the camera's" contains "camera: $(printf '%s camera BWC-77123' "$LICENCE" | b2sum -l 256 | cut -c1-64)" \
    "$T/crew1/notices/$LICENCE"

# --- only feldsher-erase can ----------------------------------------------------------
# by symbols (debug builds have them), by DeleteObject's number in what is told, by source
for program in feldsher feldsher-dock feldsher-sync feldsher-hub feldsher-play feldsher-probe; do
    [ -x "$B/$program" ] || continue
    nm -a "$B/$program" >"$T/nm"
    check "there are symbols in $program" test -s "$T/nm"
    for symbol in delete_vendor delete_mtp erase_run ledger_begin permit_load msc_vendor_out; do
        check "no $symbol in $program" sh -c '! grep -qw "$1" "$2"' - $symbol "$T/nm"
    done
done
check "feldsher-dock sends no DeleteObject" sh -c '! objdump -d "$1" | grep -q "[$]0x100b\\>"' - "$B/feldsher-dock"
nm -a "$B/feldsher-erase" >"$T/nm"
check "they are in feldsher-erase" sh -c 'grep -qw erase_run "$1" && grep -qw delete_vendor "$1"' - "$T/nm"
check "no other folder of the drivers names its own" sh -c \
    '! grep -rlE "drivers/erase/|100[bB]" --include="*.[ch]" "$1" | grep -v "^$1/erase/"' - "$(dirname "$0")/../../drivers"
finish
