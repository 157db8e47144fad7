#!/bin/sh
# MTP, for real: two devices of other people's making in a guest under QEMU
# (tests/usb/README.md). The checks there are tests/usb/mtp.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1
D=$T/mtp/DCIM/100MEDIA
mkdir -p "$D" "$T/mtp/DCIM/EMPTY" "$T/mtp/A/B/C/D"
head -c 9000017 /dev/urandom >"$D/BIG_0001.MP4"
for n in 0 1 11 12 499 500 501 511 512 1012 1024 16372 16384 65524 65536 1048564 4194292 4194304; do
    head -c $n /dev/urandom >"$T/mtp/A/B/C/D/$n.bin"
done
i=0
while [ $((i += 1)) -le 150 ]; do echo "$i" >"$D/$i.txt"; done
(cd "$T/mtp" && find . -type f -printf '%P\n' | LC_ALL=C sort | while read -r f; do
    printf '%s %s %s\n' "$(b2sum -l 256 "$f" | cut -d' ' -f1)" "$(stat -c %s "$f")" "$f"
done) | LC_ALL=C sort -k 3 >"$T/sums"
# the long run: nothing for 4 GiB, then something
if [ "${LONG:-}" ]; then
    truncate -s 4294967296 "$T/mtp/HUGE.MP4"
    head -c 99999 /dev/urandom >>"$T/mtp/HUGE.MP4"
fi
GIVEN=$T python3 tests/guest/run.py "$B" tests/usb/mtp 600 -device qemu-xhci,id=x,p2=4,p3=4 \
    -device usb-mtp,id=mtp,bus=x.0,port=1,rootdir="$T/mtp",desc=Camera >"$T/guest" 2>&1 || failed=$((failed + 1))
cat "$T/guest"
passed=$((passed + $(grep -c '^ok - ' "$T/guest")))
finish
