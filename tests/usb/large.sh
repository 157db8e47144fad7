# A recording of more than 4 GiB on exFAT, written by the kernel, on the
# kernel's mass storage, through `offload`. Some minutes: part of the long run.
#@ modules: usb gadget fs card
GIVEN=/tmp/given
mkdir -p $GIVEN /mnt
mount -t tmpfs -o size=8G station $GIVEN && mkdir $GIVEN/pass # what is sealed there is small
. tests/usb/lab.sh
district_found
station_enrol amb-7 brigade-1 station aigul crew --circles evidence/brigade-1
mkdir -p "$T/amb-7/profiles"
model linux-disk storage 0525:a4a5 "folder DCIM"
echo 6G >/sys/block/zram0/disksize # compressed in memory
must mkfs.exfat /dev/zram0
must mount -t exfat /dev/zram0 /mnt
mkdir /mnt/DCIM
cat >/tmp/long.py <<'EOF'
import hashlib, random, sys
chance, size, h = random.Random(3), 4400000000, hashlib.blake2b(digest_size=32)
with open(sys.argv[1], "wb") as f:
    for at in range(0, size, 1 << 20):
        block = bytearray(min(1 << 20, size - at))
        block[:64] = chance.randbytes(64)
        f.write(block)
        h.update(block)
print(h.hexdigest(), "DCIM/LONG.MP4")
EOF
python3 /tmp/long.py /mnt/DCIM/LONG.MP4 >/tmp/sums || not_ok "a file of 4.4 GB is written"
must umount /mnt
echo "@mark written"
kernel_disk linux LINUX-DISK /dev/zram0 0 1
check_exit 0 "a recording of 4.4 GB is taken in" at amb-7 offload LINUX-DISK --json
tail -n 1 "$out" | sed 's/^/# /'
echo "@mark taken in"
held
check "byte for byte" holds /tmp/sums
check_exit 0 "verify finds nothing wrong" at amb-7 verify
finish
