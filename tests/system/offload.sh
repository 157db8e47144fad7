# Cards as images, several at once, killed, worn, of one number, moved, copied:
# each file is taken in once, byte for byte, and nothing is written to a card.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
district_found
station_enrol amb-1 brigade-1 station nurse crew

# card IMAGE LABEL FOLDER: FAT32 with what is in the folder; its volume id is its own
card() {
    truncate -s 64M "$1"
    must mkfs.vfat -F 32 -n "$2" "$1"
    must mcopy -i "$1" -s "$3/DCIM" ::
}
film() { mkdir -p "$(dirname "$1")" && head -c "$2" /dev/urandom >"$1"; }
sums() { (cd "$1" && find DCIM -type f -exec b2sum -l 256 {} + | cut -c1-64); }
# held FOLDER: every file of it is a recording or a sidecar, with its hash
held() {
    for sum in $(sums "$1"); do
        grep -qF "$sum" "$T/shown" || { echo "no $sum" >>"$err"; return 1; }
    done
}
# shown: every recording as it is shown, one a line
shown() {
    must as amb-1 nurse recordings --json
    sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$out" >"$T/ids"
    while read -r id; do as amb-1 nurse recordings show "$id" --json 2>"$err"; done <"$T/ids" >"$T/shown"
}

# --- an image ----------------------------------------------------------------
film "$T/a/DCIM/100MEDIA/MOV_0001.MP4" 20000000
film "$T/a/DCIM/100MEDIA/MOV_0002.MP4" 3000
printf '$GPRMC,100000,A,4314.5,N,07657.0,E,0,0,221126,,*1F\r\n' >"$T/a/DCIM/100MEDIA/MOV_0001.nmea"
card "$T/a.img" BWC1 "$T/a"
b2sum "$T/a.img" >"$T/a.sum"
check_exit 0 "an image is taken in" at amb-1 offload --from "$T/a.img" --json
check "two recordings" contains '"stored":2,"known":0' "$out"
shown
check "byte for byte, by b2sum" held "$T/a"
check "the entry says how it was found" grep -q '"found":{' "$T/shown"
check_exit 0 "and known the second time" at amb-1 offload --from "$T/a.img" --json
check "all of it" contains '"stored":0,"known":2' "$out"
cp "$T/a.img" "$T/copy.img"
check_exit 0 "under another number the same card is recognised" at amb-1 offload CAM-9 --from "$T/copy.img" --json
check "nothing is stored twice" contains '"stored":0,"known":2' "$out"
check_exit 0 "nothing was written to it" b2sum --quiet -c "$T/a.sum"

# --- one number, another card --------------------------------------------------
film "$T/b/DCIM/100MEDIA/MOV_0001.MP4" 20000000
film "$T/b/DCIM/100MEDIA/MOV_0002.MP4" 3000
card "$T/b.img" BWC1 "$T/b"
must at amb-1 offload CAM-1 --from "$T/a.img" --json
check_exit 0 "a camera of the same number with another card" at amb-1 offload CAM-1 --from "$T/b.img" --json
check "is told apart" contains '"stored":2,"known":0' "$out"
shown
check "byte for byte" held "$T/b"

# --- several at once, killed at random ------------------------------------------
seed=${SEED:-7}
random() { # MAX: into $r
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    r=$((seed / 65536 % $1))
}
film "$T/both/DCIM/SAME.MP4" 9000000
for n in 1 2 3 4; do
    film "$T/c$n/DCIM/MOV_0001.MP4" 18000000
    film "$T/c$n/DCIM/MOV_0002.MP4" 40000
    film "$T/c$n/DCIM/MOV_0003.MP4" 700
    cp "$T/both/DCIM/SAME.MP4" "$T/c$n/DCIM/SAME.MP4"
    card "$T/c$n.img" "BWC$n" "$T/c$n"
done
killed=0 rounds=0 left="1 2 3 4"
while [ -n "$left" ] && [ $rounds -lt 60 ]; do
    rounds=$((rounds + 1)) pids='' again=''
    for n in $left; do
        # a third of a second at first, then longer: each comes to its end at last
        random $((300 + rounds * 60))
        timeout -s KILL "$(printf '0.%03d' $((r % 1000)) | sed "s/^0/$((r / 1000))/")" \
            feldsher-dock -C "$T/amb-1" offload "SN-$n" --from "$T/c$n.img" --json >"$T/said.$n" 2>"$T/why.$n" </dev/null &
        pids="$pids $n:$!"
    done
    for one in $pids; do
        wait "${one#*:}" 2>/dev/null && status=0 || status=$?
        [ $status = 0 ] || again="$again ${one%%:*}"
        [ $status = 0 ] || [ $status = 75 ] || killed=$((killed + 1))
    done
    left=$again
done
check "four cameras at once come to their end ($rounds rounds, $killed killed)" [ -z "$left" ]
check "some were killed" [ $killed -gt 0 ]
shown
for n in 1 2 3 4; do
    check "every byte of camera $n" held "$T/c$n"
done
check "what was on all four is stored once" [ "$(grep -c "$(sums "$T/both")" "$T/shown")" = 1 ]
check "and nothing else twice" [ "$(wc -l <"$T/ids")" = 17 ]
check_exit 0 "verify finds nothing wrong" as amb-1 nurse verify
check_exit 0 "the next one clears away what the killed left" at amb-1 offload --from "$T/a.img"
check "nothing is left in objects/tmp" [ -z "$(ls "$T/amb-1/objects/tmp")" ]

# --- what is no camera -------------------------------------------------------------
head -c 5000000 /dev/urandom >"$T/noise.img"
check_exit 65 "an image without a file system is said" at amb-1 offload --from "$T/noise.img"
check_exit 66 "one that is not there, too" at amb-1 offload --from "$T/none.img"
finish
