#!/bin/sh
# Cameras that misbehave, on a real USB stack in a guest under QEMU
# (tests/usb/README.md): the checks there are tests/usb/faults. LONG=1: every fault, and
# recorders that are locked, low or of one number.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin:/sbin

# card NAME LABEL BYTES: an image with a recording, and its sum
card() {
    mkdir -p "$T/put/$1/DCIM"
    head -c "$3" /dev/urandom >"$T/put/$1/DCIM/MOV_$1.MP4"
    (cd "$T/put/$1" && b2sum -l 256 DCIM/*) >"$T/put/$1.sums"
    truncate -s $(($3 + 3000000)) "$T/$1.img"
    must mkfs.fat -F 16 -s "$(($3 > 2000000 ? 4 : 1))" -n "$2" "$T/$1.img"
    must mcopy -i "$T/$1.img" -s "$T/put/$1/DCIM" ::
}
district_found
station_enrol amb-7 brigade-1 station aigul crew --circles evidence/brigade-1
mkdir -p "$T/amb-7/profiles"
kinds="stall tag"
[ -z "${LONG:-}" ] || touch "$T/long"
[ -z "${LONG:-}" ] || kinds="stall short lie residue tag signature phase fail empty hang always late"
for n in $kinds; do card "fault-$n" BWC 1500000; done
card gone BWC 9000000
card bad BWC 1500000
card twin-a BWC 1500000
card twin-b BWC 1500000
card ascii BC5 300000
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/faults "${LIMIT:-600}" -device qemu-xhci,id=x >"$T/guest" 2>&1 ||
    failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))
finish
