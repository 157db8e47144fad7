# What a camera's folder may hold: unreadable, vanishing, odd, empty, enormous,
# many. Every other file is taken in; memory stays flat.
. "$(dirname "$0")/lib.sh"
district_found
station_enrol amb-1 brigade-1 station nurse crew
limit=49152
! grep -qa __asan_init "$B/feldsher" || limit=1048576 # a sanitizer keeps what is freed
peak() { # COMMAND...: runs it; its peak memory in KiB in $kib
    /usr/bin/env python3 - "$@" >"$out" 2>"$err" <<'P'
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
P
    got=$?
    kib=$(sed -n 's/^peak //p' "$out")
}

C=$T/odd
mkdir -p "$C/DCIM"
long=$(printf '%0251d' 0)
head -c 1000 /dev/urandom >"$C/$long.MP4"
head -c 1001 /dev/urandom >"$C/$(printf 'line\nfeed\033[2J.MP4')"
head -c 1002 /dev/urandom >"$C/$(printf 'latin\351\377.MP4')"
head -c 1003 /dev/urandom >"$C/DCIM/.hidden.MP4"
: >"$C/DCIM/empty.MP4"
ln -s /etc/passwd "$C/link.MP4"
ln -s . "$C/DCIM/loop"
mkfifo "$C/fifo.MP4"
check_exit 0 "odd names are taken in" at amb-1 offload --from "$C"
cp "$out" "$T/said"
check "five of them" grep -q '5 stored' "$T/said"
check "links and fifos are not followed, and said so" [ "$(grep -c '^not taken' "$T/said")" = 3 ]
check "nothing of a link's target is here" lacks root:x:0 "$T/said"
check "no control character reaches the terminal" [ "$(LC_ALL=C tr -d '\n -~' <"$T/said" | wc -c)" = 0 ]
must as amb-1 nurse recordings list --json
check "a name that is no UTF-8 is shown escaped" grep -qF 'latin\\xe9\\xff.MP4' "$out"
check "a name of 255 bytes is whole" grep -qF "$long.MP4" "$out"
cp -a "$C" "$T/before"
must at amb-1 offload --from "$C"
check "the camera is as it was" diff -r --no-dereference "$C/DCIM" "$T/before/DCIM"

# an unreadable file, as somebody who is not root
if [ "$(id -u)" = 0 ]; then
    mkdir "$T/locked"
    head -c 500 /dev/urandom >"$T/locked/a.MP4"
    head -c 500 /dev/urandom >"$T/locked/b.MP4"
    head -c 500 /dev/urandom >"$T/locked/c.MP4"
    chmod 000 "$T/locked/b.MP4"
    cp -a "$T/amb-1" "$T/theirs"
    chown -R nobody "$T/theirs"
    mkdir "$T/bin"
    cp "$B/feldsher" "$B/feldsher-dock" "$T/bin"
    chmod 755 "$T" "$T/locked" "$T/bin"
    check "an unreadable file fails" expect_exit 75 setpriv --reuid=nobody --clear-groups "$T/bin/feldsher" -C "$T/theirs" offload --from "$T/locked"
    check "it is named with the reason" grep -q '^failed b.MP4: .*ermission' "$out"
    check "the others went on" grep -q '2 stored, 0 known, 1 failed' "$out"
else
    ok "unreadable files: not tried, the others run as somebody else than root"
fi

# a file that vanishes and one that changes while they are read
mkdir "$T/moving"
head -c 300000000 /dev/urandom >"$T/moving/a.MP4"
head -c 700 /dev/urandom >"$T/moving/b.MP4"
head -c 700 /dev/urandom >"$T/moving/c.MP4"
(sleep 0.4; rm "$T/moving/c.MP4"; echo more >>"$T/moving/a.MP4") &
expect_exit 75 at amb-1 offload --from "$T/moving"
status=$?
wait
check "vanished and changed files fail, exit 75" [ $status = 0 ]
check "both are named" [ "$(grep -cE '^failed (a|c).MP4' "$out")" = 2 ]
check "the third is in" grep -q '^stored .* b.MP4' "$out"
rm -rf "$T/moving"
check_exit 0 "the station is whole" at amb-1 verify

mkdir "$T/many"
(cd "$T/many" && python3 -c "
for i in range(10000): open('f%05d.MP4' % i, 'w').write('recording %d' % i)")
peak feldsher -C "$T/amb-1" offload --quiet --from "$T/many"
check "10,000 small files" grep -q '10000 stored' "$out"
check "in flat memory" [ "$kib" -le "$limit" ]
rm -rf "$T/many"
mkdir "$T/big"
truncate -s 5G "$T/big/five.MP4"
printf 'end' >>"$T/big/five.MP4"
peak feldsher -C "$T/amb-1" offload --quiet --from "$T/big"
check "a file of 5 GiB" grep -q '1 stored' "$out"
check "in flat memory, too" [ "$kib" -le "$limit" ]
must as amb-1 nurse recordings list --json
check "with its size and its hash" grep -q "\"size\":5368709123,.*\"blake2b\":\"$(b2sum -l 256 "$T/big/five.MP4" | cut -c1-64)\"" "$out"
rm -rf "$T/big"

# a first run cut off by a signal goes on
mkdir "$T/cut"
head -c 120000000 /dev/urandom >"$T/cut/a.MP4"
feldsher-dock -C "$T/amb-1" offload --from "$T/cut" >"$out" 2>"$err" &
dock=$!
sleep 0.25
kill -9 $dock 2>/dev/null
wait $dock 2>/dev/null
check_exit 0 "a killed offload leaves a whole station" at amb-1 verify
check_exit 0 "and goes on when run again" at amb-1 offload --from "$T/cut" --json
check "where it had stopped, or it had finished" grep -qE '"resumed_from":[1-9]|"result":"(known|stored|resumed)"' "$out"
finish
