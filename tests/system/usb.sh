#!/bin/sh
# Cameras on USB, for real: a guest under QEMU (tests/usb/README.md). Here are
# made a station, a hub and the cards that are plugged in; the checks are
# tests/usb/cameras.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin:/sbin

# card IMAGE SIZE KIND LABEL FOLDER: an image with what is in the folder
card() {
    truncate -s "$2" "$1"
    case $3 in
    fat32) must mkfs.vfat -F 32 -n "$4" "$1" ;;
    fat16) must mkfs.vfat -F 16 -n "$4" "$1" ;;
    esac
    must mcopy -i "$1" -s "$5/DCIM" ::
}
# film FILE BYTES
film() { mkdir -p "$(dirname "$1")" && head -c "$2" /dev/urandom >"$1"; }

district_found
station_enrol amb-7 brigade-1 station aigul crew --circles evidence/brigade-1
mkdir "$T/put"
film "$T/put/one/DCIM/100MEDIA/MOV_0001.MP4" 9000000
film "$T/put/one/DCIM/100MEDIA/MOV_0002.MP4" 3000000
printf '$GPRMC,100000,A,4314.5,N,07657.0,E,0,0,221126,,*1F\r\n' >"$T/put/one/DCIM/100MEDIA/MOV_0001.nmea"
film "$T/put/one/DCIM/100MEDIA/Запись смены.MP4" 70000
film "$T/put/two/DCIM/101MEDIA/REC_0001.MP4" 40000000
film "$T/put/bad/DCIM/100MEDIA/BAD_0001.MP4" 4000000
film "$T/put/stick/DCIM/photo.MP4" 500000
for n in one two bad stick; do
    (cd "$T/put/$n" && find DCIM -type f -exec b2sum -l 256 {} +) >"$T/put/$n.sums"
done
card "$T/one.img" 64M fat32 BWC103 "$T/put/one"
card "$T/two.img" 64M fat16 BWC104 "$T/put/two"
card "$T/bad.img" 16M fat16 BWC105 "$T/put/bad"
card "$T/stick.img" 16M fat16 HOLIDAY "$T/put/stick"
b2sum -l 256 "$T"/*.img >"$T/images.sums"

cat >"$T/blkdebug" <<X
[inject-error]
event = "read_aio"
errno = "5"
sector = "4000"
once = "off"
X
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/cameras 240 \
    -device qemu-xhci,id=x,p2=8,p3=8 -device usb-kbd,bus=x.0,port=7 \
    -blockdev driver=file,node-name=f1,filename="$T/one.img" -blockdev driver=raw,node-name=one,file=f1 \
    -blockdev driver=file,node-name=f2,filename="$T/two.img" -blockdev driver=raw,node-name=two,file=f2 \
    -blockdev driver=file,node-name=f3,filename="$T/bad.img" \
    -blockdev driver=blkdebug,node-name=d3,config="$T/blkdebug",image=f3 -blockdev driver=raw,node-name=bad,file=d3 \
    -blockdev driver=file,node-name=f4,filename="$T/stick.img" -blockdev driver=raw,node-name=stick,file=f4 \
    -device usb-storage,bus=x.0,port=4,drive=stick,id=stick,serial=STICK1 >"$T/guest" 2>&1 ||
    failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))

# --- what only this side sees ---------------------------------------------------------
read_of() { sed -n "s/^# $1: read \([0-9]*\), written.*/\1/p" "$T/guest" | tail -n 1; }
check "nothing was written to any card" sh -c "cd / && b2sum --quiet -c '$T/images.sums'"
# its firmware looks at the first sector of what could be booted
check "of a stick that nobody admitted not a byte was read" sh -c \
    "grep -c '^# stick: read 512, written 0' '$T/guest' | grep -qx 2"
two=$(read_of two)
check "a file that was interrupted in its middle was not read twice" test "${two:-99000000}" -gt 1000000 -a "${two:-99000000}" -lt 39500000
finish
