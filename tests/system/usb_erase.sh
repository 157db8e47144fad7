#!/bin/sh
# Erases over real USB, in a guest: QEMU's MTP device, whose folder is looked at
# from here afterwards, and a disk of ours by a maker's own command. The checks
# in the guest are tests/usb/erase.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin:/sbin
district_found
station_enrol amb-7 brigade-1 station bolat supervisor --circles evidence/brigade-1,evidence,records,records/brigade-1
DCIM=$T/mtp/DCIM/100MEDIA
mkdir -p "$DCIM"
for n in 1 2 3 4; do head -c "${n}000000" /dev/urandom >"$DCIM/MOV_000$n.MP4"; done
printf '$GPRMC,100000,A,4314.5,N,07657.0,E,0,0,221126,,*1F\r\n' >"$DCIM/MOV_0001.nmea"
(cd "$DCIM" && b2sum -l 256 MOV_0003.MP4 MOV_0004.MP4) >"$T/sums"
mkdir -p "$T/maker/DCIM" "$T/amb-7/profiles"
for n in GOES STAYS; do head -c 700000 /dev/urandom >"$T/maker/DCIM/$n.MP4"; done
b2sum -l 256 <"$T/maker/DCIM/STAYS.MP4" >"$T/maker.sum"
truncate -s 8M "$T/maker.img"
must mkfs.fat -F 16 -s 1 "$T/maker.img"
must mcopy -i "$T/maker.img" -s "$T/maker/DCIM" ::
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/erase 240 -device qemu-xhci,id=x,p2=8,p3=8 \
    -device usb-mtp,bus=x.0,port=1,rootdir="$T/mtp",readonly=false,desc=Camera >"$T/guest" 2>&1 || failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))
# --- what is on the camera now ---------------------------------------------------------
check "of the camera's files those that had to stay are there, and no other" test \
    "$(cd "$DCIM" && find . -type f | LC_ALL=C sort | tr '\n' ' ')" = "./MOV_0003.MP4 ./MOV_0004.MP4 "
check "and they are as they were" sh -c "cd '$DCIM' && b2sum --quiet -c '$T/sums'"
finish
