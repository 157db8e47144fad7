#!/bin/sh
# Five cameras at once on a real USB stack, in a guest under QEMU
# (tests/usb/README.md): QEMU's disk and MTP device, the kernel's disk,
# umtp-responder, and a recorder of ours; a hub outside. The checks there are
# tests/usb/five.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
PATH=$PATH:/usr/sbin:/sbin
hub_pid=
trap '[ -z "$hub_pid" ] || kill "$hub_pid" 2>/dev/null; rm -rf "$T"' EXIT

# card NAME MIB LABEL: an image of what is in $T/put/NAME
card() {
    truncate -s "$2M" "$T/$1.img"
    must mkfs.vfat -F 32 -s 1 -n "$3" "$T/$1.img"
    must mcopy -i "$T/$1.img" -s "$T/put/$1/DCIM" ::
}
# film NAME FILE BYTES
film() { mkdir -p "$T/put/$1/DCIM/100MEDIA" && head -c "$3" /dev/urandom >"$T/put/$1/DCIM/100MEDIA/$2"; }

district_found
station_enrol amb-7 brigade-1 station aigul crew --circles evidence/brigade-1
hub_roster
mkdir -p "$T/amb-7/profiles"
for n in one linux amba mtp responder; do
    film $n MOV_0001.MP4 2300000
    film $n MOV_0002.MP4 2000000
    [ $n = mtp ] || film $n "Запись $n.MP4" 3000 # whose names QEMU cannot tell
done
film mtp MOV_0001.MP4 20000000
for n in one linux amba mtp responder; do (cd "$T/put/$n" && find DCIM -type f -exec b2sum -l 256 {} +) >"$T/put/$n.sums"; done
card one 40 BWC1
card amba 40 BC012345
truncate -s 8M "$T/linux.img"
must mkfs.exfat -c 4K "$T/linux.img"
cp -a "$T/put/mtp" "$T/put/responder" "$T"
b2sum "$T/one.img" >"$T/images.sums"
feldsher-hub serve "$T/hub" --listen 127.0.0.1:0 >"$T/serve.out" 2>"$T/serve.err" &
hub_pid=$!
until grep -qs '^listening on' "$T/serve.out"; do kill -0 $hub_pid || must cat "$T/serve.err" nothing; sleep 0.1; done
sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$T/serve.out" >"$T/port"

GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/five "${LIMIT:-240}" -device qemu-xhci,id=x,p2=4,p3=4 -device usb-ehci,id=e \
    -netdev user,id=n -device virtio-net-pci,netdev=n,romfile= \
    -device usb-kbd,bus=x.0,port=4 -device usb-mtp,bus=e.0,port=1,rootdir="$T/mtp",readonly=false,desc=Camera,id=share,serial=QEMU-MTP \
    -blockdev driver=file,node-name=f1,filename="$T/one.img" -blockdev driver=raw,node-name=one,file=f1 \
    >"$T/guest" 2>&1 || failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))
check "nothing was written to QEMU's card" sh -c "cd / && b2sum --quiet -c '$T/images.sums'"
check "nor to what its MTP device shows" sh -c "cd '$T/mtp' && b2sum -l 256 --quiet -c '$T/put/mtp.sums'"
check_exit 0 "the hub verifies what it was sent" feldsher-hub verify "$T/hub"
finish
