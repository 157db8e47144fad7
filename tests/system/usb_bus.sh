#!/bin/sh
# Who may use what on USB, by our rule of udev; arrivals with udev and without;
# disks that the kernel has a driver for, and mounted ones. In a guest: the
# checks there are tests/usb/bus.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin:/sbin

district_found
station_enrol amb-7 brigade-1 station aigul crew --circles evidence/brigade-1
mkdir -p "$T/DCIM/100MEDIA"
head -c 3000000 /dev/urandom >"$T/DCIM/100MEDIA/MOV_0001.MP4"
for n in stick amba; do
    truncate -s 40M "$T/$n.img"
    must mkfs.vfat -F 32 -n "$n" "$T/$n.img"
    must mcopy -i "$T/$n.img" -s "$T/DCIM" ::
done
b2sum "$T"/*.img >"$T/images.sums"
must make -s B="$B" install DESTDIR="$T/inst" PREFIX=/usr
check "the rule is installed where udev reads it" test -f "$T/inst/usr/lib/udev/rules.d/70-feldsher.rules"
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/bus 240 \
    -device qemu-xhci,id=x,p2=4,p3=4 -device usb-kbd,bus=x.0,port=4 \
    -blockdev driver=file,node-name=f1,filename="$T/stick.img" -blockdev driver=raw,node-name=stick,file=f1 \
    >"$T/guest" 2>&1 || failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))
check "nothing was written to the disk that was not mounted" sh -c "cd / && grep stick '$T/images.sums' | b2sum --quiet -c"
finish
