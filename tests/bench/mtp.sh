#!/bin/sh
# MTP's speed beside a bare libusb loop on the same emulated devices, in a guest.
set -u
cd "$(dirname "$0")/../.." || exit 1
B=$(cd "${B:-build}" && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
mkdir -p "$T/mtp/DCIM"
head -c "${BYTES:-200000000}" /dev/urandom >"$T/mtp/DCIM/BIG.MP4"
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/mtp_speed 300 -device qemu-xhci,id=x,p2=4,p3=4 \
    -device usb-mtp,bus=x.0,port=1,rootdir="$T/mtp",desc=Camera
