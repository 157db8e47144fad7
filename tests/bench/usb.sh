#!/bin/sh
# The speed of storage on USB beside a bare libusb loop, on QEMU's device and on the
# kernel's gadget, in a guest.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(cd "${B:-build}" && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
head -c 210000000 /dev/urandom >"$T/card.img"
truncate -s 256M "$T/card.img"
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/storage_speed 300 -device qemu-xhci,id=x,p2=4,p3=4 \
    -blockdev driver=file,node-name=f,filename="$T/card.img",read-only=on \
    -device usb-storage,bus=x.0,port=1,drive=f,serial=STICK1
