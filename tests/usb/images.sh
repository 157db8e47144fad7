# Run in the guest by tests/guest/run.py: the kernel makes FAT16, FAT32 and exFAT volumes,
# fragments them, fills them with names of many scripts, and what it then reads is compared
# with what our reader does. LONG=1: files of 4 GiB, too; LONG=only: these alone
# (images-long.sh).
#@ modules: fs card
. tests/system/lib.sh
fatls=$B/system/fatls

mkdir -p "$T/mnt"
disk=/dev/zram0

# disk_of SIZE: an empty disk, which lies compressed in memory
disk_of() {
    echo 1 >/sys/block/zram0/reset
    echo "$1" >/sys/block/zram0/disksize
}

# kernel_says OPTIONS...: a line a file, as fatls writes them, in the order of bytes
kernel_says() {
    must mount "$@" "$disk" "$T/mnt"
    (cd "$T/mnt" && find . -type f -printf '%s %T@ %P\0' | LC_ALL=C sort -z -t ' ' -k 3 | python3 -c '
import hashlib, sys
for line in sys.stdin.buffer.read().split(b"\0")[:-1]:
    size, time, path = line.split(b" ", 2)
    h = hashlib.blake2b(open(path, "rb").read(), digest_size=32).hexdigest().encode()
    sys.stdout.buffer.write(b"%s %s %d %s\n" % (h, size, float(time) // 1, path))') >"$T/kernel"
    must umount "$T/mnt"
}
we_say() { "$fatls" "$disk" | LC_ALL=C sort -k 4 >"$T/ours"; }
agree() {
    LC_ALL=C sort -k 4 "$T/kernel" >"$T/kernel.sorted"
    we_say
    [ "$(wc -l <"$T/ours")" -gt "$1" ] || { echo "too few files" >"$err"; return 1; }
    diff "$T/kernel.sorted" "$T/ours" >"$T/diff" 2>&1 && return 0
    head -n 12 "$T/diff" >"$err"
    return 1
}

# volume KIND SIZE OPTIONS MKFS...: made, filled, compared
volume() {
    kind=$1 size=$2 options=$3
    shift 3
    disk_of "$size"
    must "$@" "$disk"
    type=vfat
    [ "$kind" != exfat ] || type=exfat
    must mount -t $type -o "$options" "$disk" "$T/mnt"
    must python3 tests/usb/fill.py "$T/mnt" "$kind"
    must umount "$T/mnt"
    b2sum "$disk" >"$T/before"
    kernel_says -r -t $type -o "$options"
    check "$*: every file as the kernel reads it: names, sizes, times, bytes" agree 1000
    "$fatls" --facts "$disk" >"$T/facts"
    check "$*: it was fragmented, and files were deleted" contains '"deleted_entries"' "$T/facts"
    check "$*: nothing seems damaged" lacks '"truncated"' "$T/facts"
    check "$*: nor shared" lacks '"cross_linked"' "$T/facts"
    b2sum "$disk" >"$T/after"
    check "$*: and nothing was written" same "$T/before" "$T/after"
    echo "@mark $*"
}

utf8=codepage=866,iocharset=utf8
if [ "${LONG:-0}" != only ]; then
volume fat16 64M $utf8 mkfs.fat -F 16 -s 4
volume fat32 256M $utf8 mkfs.fat -F 32 -s 1
volume fat32 256M $utf8 mkfs.fat -F 32 -s 8 -f 1
volume exfat 256M iocharset=utf8 mkfs.exfat -c 4K
volume exfat 512M iocharset=utf8 mkfs.exfat -c 128K

# short names alone, in a code page, as DOS writes them
disk_of 64M
must mkfs.fat -F 16 -s 4 "$disk"
must mount -t msdos "$disk" "$T/mnt"
cat >"$T/short.py" <<'EOF'
import os, sys
for i, name in enumerate(("ПРИВЕТ.TXT", "ЁЖ.MP4", "СЪЁМКА1.AVI", "РУКА.РУ", "хвост.мал")):
    open(os.fsencode(sys.argv[1]) + b"/" + name.encode("cp866"), "wb").write(b"x" * i)
EOF
must python3 "$T/short.py" "$T/mnt"
must umount "$T/mnt"
kernel_says -r -t vfat -o $utf8
check "short names in code page 866" agree 4
fi

if [ "${LONG:-0}" != 0 ]; then
    for kind in exfat fat32; do
        disk_of 6G
        [ $kind = exfat ] && bytes=4400000000 && must mkfs.exfat "$disk"
        [ $kind = fat32 ] && bytes=4294967295 && must mkfs.fat -F 32 "$disk"
        type=$([ $kind = fat32 ] && echo vfat || echo exfat)
        must mount -t "$type" "$disk" "$T/mnt"
        cat >"$T/long.py" <<'EOF'
import random, sys
chance, size = random.Random(3), int(sys.argv[2])
with open(sys.argv[1], "wb") as f:
    block = bytes(1 << 20)
    while f.tell() < size:
        f.write(block[:size - f.tell()])
    for at in (0, 4294967296 - 5000, 4294967296 + 123456, size - 7777, size // 3):
        if at + 10000 < size or at == size - 7777:
            f.seek(at)
            f.write(chance.randbytes(7777))
EOF
        must python3 "$T/long.py" "$T/mnt/long.mp4" $bytes
        must umount "$T/mnt" # only now it is all on the disk
        must mount -r -t "$type" "$disk" "$T/mnt"
        check "$kind: a file of $bytes bytes is listed" sh -c "[ \$('$fatls' --list $disk) = long.mp4 ]"
        for from in 0 $((bytes / 3 - 100)) 2147483000 4293960000 4294960000 $((bytes - 500000)); do
            FROM=$from "$fatls" --cat $disk long.mp4 >"$T/ours"
            dd if="$T/mnt/long.mp4" bs=1M count=1M skip="$from" iflag=skip_bytes,count_bytes of="$T/kernel" 2>/dev/null
            check "$kind: its MiB from byte $from on" same "$T/ours" "$T/kernel"
        done
        must umount "$T/mnt"
        echo "@mark long $kind"
    done
fi
finish
