#!/bin/sh
# Five cameras at once on a real USB stack, in a guest under QEMU
# (tests/usb/README.md): QEMU's disk and MTP device, the kernel's disk, umtp-responder,
# and a recorder of ours. The checks there are tests/usb/five.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin:/sbin

# card NAME MIB LABEL: an image of what is in $T/put/NAME; sums of it in $T/put/NAME.sums
card() {
    truncate -s "$2M" "$T/$1.img"
    must mkfs.vfat -n "$3" "$T/$1.img"
    must mcopy -i "$T/$1.img" -s "$T/put/$1/DCIM" ::
}
# film NAME FILE BYTES
film() { mkdir -p "$T/put/$1/DCIM/100MEDIA" && head -c "$3" /dev/urandom >"$T/put/$1/DCIM/100MEDIA/$2"; }

district_found
station_enrol amb-7 brigade-1 station aigul crew --circles evidence/brigade-1
for n in one linux amba mtp responder; do
    film $n MOV_0001.MP4 5000000
    film $n MOV_0002.MP4 100000
    film $n "Запись $n.MP4" 3000
    (cd "$T/put/$n" && find DCIM -type f -exec b2sum -l 256 {} +) >"$T/put/$n.sums"
done
card one 16 BWC1
card linux 16 BWC2
card amba 16 BC012345
cp -a "$T/put/mtp" "$T/put/responder" "$T"
b2sum -l 256 "$T"/*.img >"$T/images.sums"
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/five 240 -device qemu-xhci,id=x,p2=4,p3=4 -device usb-ehci,id=e \
    -device usb-kbd,bus=x.0,port=4 -device usb-mtp,bus=e.0,port=1,rootdir="$T/mtp",readonly=false,desc=Camera \
    -blockdev driver=file,node-name=f1,filename="$T/one.img" -blockdev driver=raw,node-name=one,file=f1 \
    >"$T/guest" 2>&1 || failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))
check "nothing was written to QEMU's card" sh -c "cd / && b2sum --quiet -c '$T/images.sums'"
finish
