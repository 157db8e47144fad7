# FAT16, FAT32 and exFAT images that other programs made (mkfs.fat, mkfs.exfat,
# mtools, python3) or read (The Sleuth Kit, blkid), against what our reader says.
. tests/system/lib.sh
fatls=$B/system/fatls
export MTOOLS_SKIP_CHECK=1
m=$T/image

# ours IMAGE: what fatls says, sorted by path, failures last
ours() { "$fatls" "$1" >"$T/ours.raw" 2>"$err" || return 1; LC_ALL=C sort -k 4 "$T/ours.raw" >"$T/ours"; }

# tsk IMAGE [OFFSET]: the same lines as The Sleuth Kit reads it: hash, size, time, path
tsk() {
    fls -r -F -u -m / ${2:+-o "$2"} "$1" 2>"$T/fls.err" | python3 -c '
import hashlib, subprocess, sys
image, offset = sys.argv[1], sys.argv[2:]
for line in sys.stdin.buffer.read().splitlines():
    _, path, inode, mode, _, _, size, _, mtime, _, _ = line.rsplit(b"|", 10) if line.count(b"|") == 10 else [b""] * 11
    if not path or b"(Volume Label Entry)" in path or path.startswith(b"/$") or b"$OrphanFiles" in path:
        continue
    out = subprocess.run(["icat", *([] if not offset else ["-o", offset[0]]), image, inode.decode()], stdout=subprocess.PIPE, check=True).stdout
    h = hashlib.blake2b(out, digest_size=32).hexdigest().encode()
    sys.stdout.buffer.write(b"%s %s %s %s\n" % (h, size, mtime, path[1:]))' "$1" ${2:+"$2"} | LC_ALL=C sort -k 4 >"$T/tsk"
}

# as_tsk NAME IMAGE [FILES]: both agree, and there is enough to agree on
agrees() {
    ours "$1" && TZ=UTC tsk "$1" && [ "$(wc -l <"$T/ours")" -ge "$2" ] && diff "$T/tsk" "$T/ours" >"$T/diff" && return 0
    head -n 8 "$T/diff" >>"$err"
    return 1
}

# fill IMAGE: with mtools: long and Cyrillic names, holes, deleted files, a deep folder
fill() {
    mmd -i "$1" ::DCIM ::DCIM/100MEDIA "::Съёмки смены" || return 1
    for i in 1 2 3 4 5 6 7 8; do
        head -c $((i * 70001)) /dev/urandom >"$T/MOV_000$i.MP4"
        mcopy -m -i "$1" "$T/MOV_000$i.MP4" ::DCIM/100MEDIA/ || return 1
    done
    mdel -i "$1" ::DCIM/100MEDIA/MOV_0002.MP4 ::DCIM/100MEDIA/MOV_0005.MP4 || return 1
    head -c 600001 /dev/urandom >"$T/очень длинное имя Қазақша әіңғүұқөһ.mp4" # into both gaps and behind
    mcopy -m -i "$1" "$T/очень длинное имя Қазақша әіңғүұқөһ.mp4" "::Съёмки смены/" || return 1
    printf 'x' >"$T/lower.txt"
    mcopy -m -i "$1" "$T/lower.txt" ::lower.txt || return 1
    mcopy -m -i "$1" "$T/lower.txt" "::a name of more than thirteen letters, and of more than twenty-six.text" || return 1
    : >"$T/empty"
    mcopy -m -i "$1" "$T/empty" ::EMPTY.MP4 || return 1
    deep=::
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        deep=$deep/D$i
        mmd -i "$1" "$deep" || return 1
    done
    mcopy -m -i "$1" "$T/lower.txt" "$deep/LAST.TXT"
}

# fat NAME SIZE MKFS.FAT OPTIONS...: an image, filled, compared
fat() {
    kind=$1 size=$2
    shift 2
    rm -f "$m"
    truncate -s "$size" "$m"
    must mkfs.fat "$@" -n FELDSHER -i 1A2B3C4D "$m"
    must fill "$m"
    cp "$m" "$T/copy"
    check "$kind: names, sizes, times and bytes as The Sleuth Kit reads them" agrees "$m" 10
    check "$kind: the image is as it was" same "$m" "$T/copy"
    check_exit 0 "$kind: facts" "$fatls" --facts "$m"
    check "$kind: volume id as blkid prints it" contains '"id": "1A2B-3C4D"' "$out"
    check "$kind: label" contains '"label": "FELDSHER"' "$out"
    check "$kind: deleted entries are counted, not listed" contains '"deleted_entries": 2' "$out"
    free=$(mdir -i "$m" :: 2>/dev/null | sed -n 's/ bytes free//p' | tr -d '  \240\302\347\257' | tr -cd 0-9)
    check "$kind: free bytes as mtools counts them" contains "\"free\": $free" "$out"
    check "$kind: nothing is wrong with it" contains '"wrong": []}], "wrong": []' "$out"
}
fat "FAT16" 40M -F 16 -s 4
fat "FAT16 of sectors of 2048" 80M -F 16 -S 2048 -s 1
fat "FAT16 with one FAT" 40M -F 16 -s 4 -f 1
fat "FAT32" 80M -F 32 -s 1
fat "FAT32 of large clusters" 300M -F 32 -s 8
fat "FAT32 of sectors of 4096" 400M -F 32 -S 4096 -s 1

# read from its end to its beginning it is the same
big="Съёмки смены/очень длинное имя Қазақша әіңғүұқөһ.mp4"
OFFSETS=back "$fatls" --cat "$m" "$big" >"$T/back"
check "a fragmented file, read backwards" same "$T/back" "$T/очень длинное имя Қазақша әіңғүұқөһ.mp4"

# FAT12 is named
truncate -s 2M "$T/small"
must mkfs.fat -F 12 "$T/small"
check_exit 65 "FAT12 is refused" "$fatls" "$T/small"
check "and named" contains "FAT12" "$err"
head -c 1000000 /dev/zero >"$T/zero"
check_exit 65 "an image of nothing is refused in one line" "$fatls" "$T/zero"
: >"$T/nothing"
check_exit 65 "an empty file" "$fatls" "$T/nothing"
check_exit 66 "no file" "$fatls" "$T/nowhere"
check_exit 65 "a folder" "$fatls" "$T"
mkfifo "$T/fifo"
check_exit 65 "a fifo, without waiting for it" "$fatls" "$T/fifo"

# tables of partitions, made by sfdisk, read by mmls
rm -f "$m"
fat "FAT32 in a partition" 80M -F 32 -s 1
cp "$m" "$T/volume"
ours "$T/volume" && cp "$T/ours" "$T/alone"
table() { # NAME COUNT, the script of sfdisk
    rm -f "$T/disk"
    truncate -s 300M "$T/disk"
    printf "$3" >"$T/script"
    must sh -c "sfdisk -q '$T/disk' <'$T/script'"
    starts=$(mmls -a "$T/disk" | awk '$1 ~ /^[0-9]+:$/ { print $3 + 0 }')
    for start in $starts; do
        dd if="$T/volume" of="$T/disk" bs=512 seek="$start" conv=notrunc,sparse 2>/dev/null
    done
    check "$1: as many partitions as mmls finds" [ "$(echo $starts | wc -w)" = "$2" ]
}
table "MBR" 1 'label: dos\nstart=2048, size=170000, type=c\n'
check "MBR, one volume: paths as they are" sh -c "'$fatls' '$T/disk' | LC_ALL=C sort -k 4 | cmp - '$T/alone'"
table "MBR with logical partitions" 3 'label: dos\nstart=2048, size=170000, type=c\nstart=180000, type=5
start=182048, size=170000, type=c\nstart=360000, size=170000, type=b\n'
check_exit 0 "MBR with logical partitions is read" "$fatls" "$T/disk"
cp "$out" "$T/raw"
for n in 1 5 6; do
    sed -n "s|^\([^ ]* [^ ]* [^ ]* \)$n/|\1|p" "$T/raw" | LC_ALL=C sort -k 4 >"$T/part"
    check "its volume $n, below a folder of its number" same "$T/part" "$T/alone"
done
table "GPT" 2 'label: gpt\nstart=2048, size=170000\nstart=180000, size=170000\n'
check_exit 0 "GPT is read" "$fatls" "$T/disk"
cp "$out" "$T/whole"
check "with both volumes" [ "$(grep -c ' [12]/' "$T/whole")" = "$((2 * $(wc -l <"$T/alone")))" ]
for damage in "512 first header" "1024 first entries"; do
    cp "$T/disk" "$T/damaged"
    printf 'X' | dd of="$T/damaged" bs=1 seek=$((${damage%% *} + 17)) conv=notrunc 2>/dev/null
    check "GPT: ${damage#* } damaged: the copy is used" sh -c "'$fatls' '$T/damaged' | cmp - '$T/whole'"
    "$fatls" --facts "$T/damaged" >"$out"
    check "GPT: and that is said" contains "its copy was used" "$out"
done

# exFAT: an empty one, its label and serial, its copies of the boot region
rm -f "$m"
truncate -s 64M "$m"
must mkfs.exfat -L Карта "$m"
check_exit 0 "an empty exFAT has no file" "$fatls" "$m"
check "not one" [ ! -s "$out" ]
"$fatls" --facts "$m" >"$out"
check "exFAT: label" contains '"label": "Карта"' "$out"
id=$(blkid -o value -s UUID "$m")
check "exFAT: volume id as blkid prints it" contains "\"id\": \"$id\"" "$out"
check "exFAT: nothing is wrong" contains '"wrong": []}], "wrong": []' "$out"
for sector in 0 3 11; do
    cp "$m" "$T/damaged"
    printf 'XYZ' | dd of="$T/damaged" bs=1 seek=$((sector * 512 + 200)) conv=notrunc 2>/dev/null
    "$fatls" --facts "$T/damaged" >"$out" 2>"$err"
    check "exFAT: boot sector $sector damaged: the copy is used" contains "its copy was used" "$out"
done
# and a full one, which fsck.exfat finds whole
must python3 tests/system/exfat.py "$m" 1000
check_exit 0 "exFAT: the image is what fsck.exfat takes for whole" fsck.exfat -n "$m"
agrees "$m" 1000 # it knows no zones, and hands out what lies behind the valid length
grep -v -e ' zone ' -e ' valid ' "$T/tsk" >"$T/a"
grep -v -e ' zone ' -e ' valid ' "$T/ours" >"$T/b"
check "exFAT: names, sizes, times and bytes as The Sleuth Kit reads them" same "$T/a" "$T/b"
for i in 0 1 2; do
    inode=$(fls -p "$m" | sed -n "s/^r.r \\([0-9]*\\):.valid $i.mp4$/\\1/p")
    icat "$m" "$inode" | head -c 12387 >"$T/a"
    head -c 69528 /dev/zero >>"$T/a"
    "$fatls" --cat "$m" "valid $i.mp4" >"$T/b"
    check "exFAT: and behind the valid length of valid $i.mp4 zeros" same "$T/a" "$T/b"
done
for zone in "east 1795592096" "west 1795622696"; do # 12:34:56 at +05:00 and at -03:30
    check "exFAT: zone ${zone% *}" contains " ${zone#* } zone ${zone% *}.mp4" "$T/ours"
done
"$fatls" --facts "$m" >"$out"
check "exFAT: deleted entries are counted" contains '"deleted_entries": 1' "$out"
check "exFAT: nothing seems damaged" contains '"wrong": []}], "wrong": []' "$out"
OFFSETS=back "$fatls" --cat "$m" "Запись 2 819277.mp4" >"$T/back"
"$fatls" --cat "$m" "Запись 2 819277.mp4" >"$T/there"
check "exFAT: a fragmented file backwards and forwards" sh -c "[ \$(wc -c <'$T/back') = 819277 ] && cmp '$T/back' '$T/there'"
"$fatls" --file "$m" "valid 1.mp4" >"$out"
check "exFAT: its valid length is in its facts" contains '"valid": 12387' "$out"
must python3 tests/system/exfat.py "$m" 100000
check_exit 0 "exFAT: 100,000 files in one folder" "$fatls" "$m"
check "and each is there" [ "$(grep -c ' many/' "$out")" = 100000 ]

# FAT32's
cp "$T/volume" "$T/damaged"
dd if=/dev/zero of="$T/damaged" bs=512 count=1 conv=notrunc 2>/dev/null
check "FAT32: boot sector gone: the copy is used" sh -c "'$fatls' '$T/damaged' | LC_ALL=C sort -k 4 | cmp - '$T/alone'"
# a disk that was FAT32 once is none
cp "$T/volume" "$T/damaged"
must mkfs.ext4 -q -F "$T/damaged"
check_exit 65 "ext4 over an old FAT32 is not taken for it" "$fatls" "$T/damaged"
finish
