# Disk full, read-only folder, wrong clock. Needs root for a file system of a
# size of its own; .ci/run has it.
. "$(dirname "$0")/lib.sh"
district_found
station_enrol amb-1 brigade-1 station nurse crew
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=72m tmpfs "$T/small" 2>/dev/null; then
    trap 'umount "$T/small" 2>/dev/null; rm -rf "$T"' EXIT
    cp -a "$T/amb-1" "$T/small/st"
    mkdir "$T/camera"
    head -c 9000000 /dev/urandom >"$T/camera/a.MP4"
    head -c 9500000 /dev/urandom >"$T/camera/b.MP4"
    head -c 90000000 /dev/urandom >"$T/camera/c.MP4"
    check_exit 74 "a full disk is foreseen" feldsher -C "$T/small/st" offload --from "$T/camera"
    check "it says what is needed" grep -qiE 'need' "$err"
    check_exit 0 "what is finished is kept, and whole" feldsher -C "$T/small/st" verify
    must feldsher -C "$T/small/st" --passphrase-file "$(passphrase nurse)" recordings list --json
    check "both files that fit are held" [ "$(grep -c blake2b "$out")" = 2 ]
    id=$(field id <"$out")
    head -c 28m /dev/zero >"$T/small/filler" 2>/dev/null
    check_exit 0 "records still go on where recordings do not" feldsher -C "$T/small/st" --passphrase-file "$(passphrase nurse)" recordings link "$id" card-1
    cat /dev/zero >"$T/small/filler2" 2>/dev/null
    check_exit 74 "a disk without one byte left is said so" feldsher -C "$T/small/st" offload --from "$T/camera"
    rm -f "$T/small/filler" "$T/small/filler2"
    check_exit 0 "and the station is whole after it" feldsher -C "$T/small/st" verify
    rm "$T/camera/c.MP4"
    check_exit 0 "a later run goes on" feldsher -C "$T/small/st" offload --from "$T/camera"
    check "and stores nothing twice" grep -q '0 stored, 2 known' "$out"
    # a disk that fills in mid-file: the space looks enough, another writer takes it
    umount "$T/small"
    mount -t tmpfs -o size=120m tmpfs "$T/small"
    cp -a "$T/amb-1" "$T/small/st"
    head -c 70000000 /dev/urandom >"$T/camera/d.MP4"
    ( while [ ! -e "$T/stop" ]; do head -c 4000000 /dev/zero >>"$T/small/eater" 2>/dev/null || true; done ) &
    eater=$!
    expect_exit 74 feldsher -C "$T/small/st" offload --from "$T/camera"
    status=$?
    : >"$T/stop"
    wait $eater
    check "a disk that another program fills stops it with 74" [ $status = 0 ]
    rm -f "$T/small/eater"
    check_exit 0 "clean after it" feldsher -C "$T/small/st" verify
    check_exit 0 "and it goes on where it stopped" feldsher -C "$T/small/st" offload --from "$T/camera"
    check_exit 0 "to a whole station" feldsher -C "$T/small/st" verify
    mount -o remount,ro "$T/small"
    head -c 1000 /dev/urandom >"$T/camera/e.MP4"
    check_exit 74 "a read-only folder" feldsher -C "$T/small/st" offload --from "$T/camera"
    check_exit 0 "can still be verified" feldsher -C "$T/small/st" verify
    check_exit 0 "and read" feldsher -C "$T/small/st" --passphrase-file "$(passphrase nurse)" recordings list
else
    not_ok "a file system of its own: this test needs root and mount"
fi

# a sanitizer and faketime do not live in one process
! grep -qa __asan_init "$B/feldsher" || finish
mkdir "$T/cam2"
years() { NO_FAKE_STAT=1 faketime -f "$1" feldsher -C "$T/amb-1" offload --from "$T/cam2"; }
echo 1 >"$T/cam2/1.MP4"
must at amb-1 offload --from "$T/cam2"
echo 2 >"$T/cam2/2.MP4"
check_exit 0 "work goes on with a clock ten years ahead" years +10y
echo 3 >"$T/cam2/3.MP4"
check_exit 0 "and ten years behind" years -10y
echo 4 >"$T/cam2/4.MP4"
check_exit 0 "and right again" at amb-1 offload --from "$T/cam2"
sed -n 's/^time: //p' "$T"/amb-1/chain/*.labels | cut -c1-4 | sort -u >"$T/years"
check "no label is of a wrong year" [ "$(cat "$T/years")" = "$(date -u +%Y)" ]
check "labels' times never go back" sh -c "sed -n 's/^time: //p' '$T'/amb-1/chain/*.labels | sort -c"
check_exit 0 "the chain is whole" at amb-1 verify
must as amb-1 nurse recordings list --json
mark() { # PATH: the mark of its entry's clock
    i=$(recording amb-1 nurse "$1")
    as amb-1 nurse recordings show "$i" --json 2>/dev/null | grep -oE '"clock_mark":"[a-z]*"|"mark":"[a-z]*"' | head -1
}
check "the clock ahead is marked" sh -c "echo '$(mark 2.MP4)' | grep -q ahead"
check "the clock behind is marked" sh -c "echo '$(mark 3.MP4)' | grep -q behind"
check "the right one is not" sh -c "echo '$(mark 4.MP4)' | grep -q ok"
finish
