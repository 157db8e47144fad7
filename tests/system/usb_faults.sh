#!/bin/sh
# Cameras that misbehave, on a real USB stack in a guest under QEMU
# (tests/usb/README.md): the checks there are tests/usb/faults.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin:/sbin

# card NAME LABEL: an image with a recording, and its sum
card() {
    mkdir -p "$T/put/$1/DCIM"
    head -c 1500000 /dev/urandom >"$T/put/$1/DCIM/MOV_$1.MP4"
    (cd "$T/put/$1" && b2sum -l 256 DCIM/*) >"$T/put/$1.sums"
    truncate -s 4M "$T/$1.img"
    must mkfs.fat -F 16 -s 1 -n "$2" "$T/$1.img"
    must mcopy -i "$T/$1.img" -s "$T/put/$1/DCIM" ::
}
district_found
station_enrol amb-7 brigade-1 station aigul crew --circles evidence/brigade-1
mkdir -p "$T/amb-7/profiles"
for n in ${KINDS:-stall short lie residue tag signature phase fail empty gone hang always late}; do card $n BWC; done
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/faults "${LIMIT:-240}" -device qemu-xhci,id=x >"$T/guest" 2>&1 ||
    failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))
finish
