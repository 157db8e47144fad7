#!/bin/sh
# make run: the main job from a camera's files to a package that a court can
# check, in a demonstration district under build/demo. Each step says what it
# proves, and stops the run if it does not.
set -eu
B=$(cd "$1" && pwd)
D=$B/demo
PATH=$B:$PATH
export PATH LC_ALL=C.UTF-8
rm -rf "$D"
mkdir -p "$D/secrets"
cd "$D"
chmod 700 secrets
step=0
say() { step=$((step + 1)); printf '\n%2d. %s\n' "$step" "$*"; }
proved() { printf '    proved: %s\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }
secret() { printf '%s\n' "$@" >"secrets/.new" && chmod 600 "secrets/.new" && mv "secrets/.new" "secrets/$name"; }

say "A district is founded: the authority's key, a hub, a crew's laptop, a supervisor's with two persons"
name=authority; secret "lusab-babad-gutih-tugad-mudof"
name=nurse; secret "zovat-hinil-pusom-kivab-donut"
name=head; secret "fanol-tirak-bosud-vihom-jubal"
name=deputy; secret "gosil-mapat-rohun-zidab-kuval"
A="feldsher --passphrase-file secrets/authority authority"
$A init authority --district demo
feldsher-hub init hub --name hub
$A hub authority --add hub/hub.card
# an enrolment's code, as `authority enrol` printed it
enrol() { # FILE OPTIONS...: prints the code
    f=$1; shift
    $A "$@" --out "$f" --json | sed -n 's/.*"code": *"\([^"]*\)".*/\1/p'
}
join() { # STATION FILE CODE NAME
    printf '%s\n%s\n' "$3" "$(cat "secrets/$4")" >secrets/init && chmod 600 secrets/init
    feldsher -C "$1" --passphrase-file secrets/init init --enrol "$2"
    rm -f secrets/init
}
code=$(enrol crew.enrol enrol authority --station amb-1 --unit brigade-1 --user nurse)
join crew crew.enrol "$code" nurse
code=$(enrol super.enrol enrol authority --station office-1 --unit office --kind supervisor --user head)
join office super.enrol "$code" head
code=$(enrol deputy.enrol user authority --name deputy --role supervisor --circles records,evidence,staff)
join office deputy.enrol "$code" deputy
feldsher-hub roster hub authority/roster
proved "one file, one code and one passphrase make a laptop a station; the second person joined the same laptop"

say "A camera is filled with real recordings (H.264, position, creation time, GPS sidecars)"
mkdir -p camera/DCIM/100BADGE
film() { # NAME SECONDS BITRATE CREATED POSITION
    ffmpeg -nostdin -loglevel error -f lavfi -i "testsrc2=size=1280x720:rate=25" -f lavfi -i "sine=frequency=440:sample_rate=48000" \
        -f lavfi -i "nullsrc=size=16x16" -filter_complex "[0:v]noise=alls=40:allf=t[v]" -map "[v]" -map 1:a -t "$2" \
        -c:v libx264 -preset ultrafast -b:v "$3" -maxrate "$3" -bufsize "$3" -pix_fmt yuv420p -c:a aac \
        -metadata creation_time="$4" -metadata location="$5" -movflags +use_metadata_tags "camera/DCIM/100BADGE/$1"
}
film BWC_000101_20261121_0815.MP4 24 8M 2026-11-21T03:15:00Z "+43.2389+076.8897/"
film BWC_000101_20261121_1130.MP4 16 8M 2026-11-21T06:30:00Z "+43.2567+076.9286/"
film BWC_000101_20261121_1402.AVI 12 8M 2026-11-21T09:02:00Z "+43.2000+076.8500/"
for f in BWC_000101_20261121_0815 BWC_000101_20261121_1130; do
    i=0
    while [ $i -lt 24 ]; do
        printf '$GPRMC,0315%02d.00,A,4314.334,N,07653.382,E,000.0,000.0,211126,,,A*00\n' $i
        i=$((i + 1))
    done >"camera/DCIM/100BADGE/$f.NMEA"
done
(cd camera && find . -type f | sort | xargs b2sum -l 256) >camera.b2
du -sh camera | cut -f1 | sed 's/^/    on the camera: /'
cp -a camera camera.before

say "The crew's laptop, locked, takes the camera in"
feldsher -C crew offload BWC-000101 --from camera
feldsher -C crew offload BWC-000101 --from camera | tail -1
diff -r camera camera.before >/dev/null || die "the camera was written to"
feldsher -C crew verify
proved "nobody was logged in; every byte sealed once; offered again, nothing was stored twice; the camera is untouched"

say "A thief has the laptop: names, notes and frames cannot be found in its folder"
for word in BWC_000101 DCIM GPRMC testsrc x264 nurse@; do
    if grep -rqaF "$word" crew; then die "$word stands in the station folder in clear"; fi
done
proved "no file name, position or frame is readable without a person's passphrase"

say "A stick goes to the hub and comes back with receipts"
mkdir -p stick
feldsher -C crew sync --link stick | tail -1
feldsher-hub import hub stick | tail -1
feldsher-hub export hub stick | tail -1
feldsher -C crew sync --link stick | tail -1
feldsher -C crew status
feldsher -C crew status --json | grep -q '"hub_labels": *[1-9]' || die "no receipt came back"
proved "held by the district, by the hub's signature and not by anybody's word"

say "A second shift: the crew's laptop meets the hub over TLS, on loopback"
mkdir -p camera2/DCIM/100BADGE
cp camera/DCIM/100BADGE/BWC_000101_20261121_0815.NMEA camera2/DCIM/100BADGE/BWC_000102_20261122_0900.NMEA
head -c 3000000 /dev/urandom >camera2/DCIM/100BADGE/BWC_000102_20261122_0900.MP4
feldsher -C crew offload BWC-000102 --from camera2 | tail -1
feldsher-hub serve hub --listen 127.0.0.1:0 >serve.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
tries=100
until grep -q '^listening on' serve.log; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] && kill -0 $server 2>/dev/null || die "the hub does not come up: $(cat serve.log)"
    sleep 0.1
done
port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' serve.log)
feldsher -C crew sync --plan --link "127.0.0.1:$port"
feldsher -C crew sync --once --link "127.0.0.1:$port" | tail -1
feldsher -C crew status | grep '^held'
feldsher -C crew status --json | grep -q '"unsent_by_lane":\[0,0,0,0,0\]' || die "something is not covered by a receipt"
feldsher-hub status hub | head -2
kill $server
wait $server || die "the hub did not end well"
trap - EXIT
proved "both knew each other by their keys in the roster; labels, batches and video went, and the hub signed for all of it"

say "The supervisor's laptop gets the district's batches and asks for one recording"
mkdir -p stick2
feldsher -C office sync --link stick2 | tail -1
feldsher-hub export hub stick2 | tail -1
feldsher -C office sync --link stick2 | tail -1
as() { who=$1; shift; feldsher -C office --user "$who" --passphrase-file "secrets/$who" "$@"; }
as head recordings list
id=$(as head recordings list --json | sed -n 's/.*"id": *"\([0-9a-f]*\)".*1130\.MP4.*/\1/p;s/.*1130\.MP4.*"id": *"\([0-9a-f]*\)".*/\1/p' | head -1)
[ -n "$id" ] || die "the recording is not in the list"
as head recordings pull "$id"
feldsher -C office sync --link stick2 | tail -1
feldsher-hub import hub stick2 | tail -1
feldsher-hub export hub stick2 | tail -1
feldsher -C office sync --link stick2 | tail -1
as head recordings verify "$id"
proved "what the office holds is, byte for byte, what the camera held"

say "One person requests, a second approves, the first exports"
request=$(as head recordings request "$id" --why "complaint 17" --json | sed -n 's/.*"request": *"\([0-9a-f]*\)".*/\1/p')
if as head recordings approve "$request" 2>/dev/null; then die "one person approved their own request"; fi
if as head recordings export "$id" package 2>/dev/null; then die "a package left without a second person"; fi
as deputy recordings approve "$request"
as head recordings export "$id" package
ls package
proved "nobody releases alone"

say "A court checks the package with stock tools, without us"
cd package
sha256sum --quiet -c SHA256SUMS
b2sum --quiet -l 256 -c B2SUMS
for sig in manifest.json.*.minisig; do
    who=${sig#manifest.json.}
    who=${who%.minisig}
    key=$(sed -n "s/^user: $who \([^ ]*\) .*/\1/p" roster)
    minisign -V -P "$key" -m manifest.json -x "$sig"
done
sed -n 's/^    //p' CHECK.txt | sh -e >/dev/null || die "a line of CHECK.txt failed"
film=$(ls | grep -i '\.mp4$')
mine=$(b2sum -l 256 "$film" | cut -d' ' -f1)
grep -q "^$mine .*1130\.MP4" ../camera.b2 || die "the file of the package is not the camera's"
printf 'X' | dd of="$film" bs=1 seek=1000 conv=notrunc status=none
if sha256sum --status -c SHA256SUMS; then die "a changed frame was not noticed"; fi
cd ..
proved "sha256sum, b2sum, minisign agree; one changed byte is seen"

say "Everything is verified once more"
for s in crew office; do feldsher -C $s verify | tail -1; done
feldsher-hub verify hub | tail -1
printf '\nEvery step proven. The district stays under %s\n' "${D#"$PWD/"}"

# somebody sits here: the crew's screens, with a camera waiting
if [ -t 1 ] && (: </dev/tty) 2>/dev/null; then
    mkdir -p BWC-000103/DCIM/100BADGE
    film_to=BWC-000103/DCIM/100BADGE
    cp camera/DCIM/100BADGE/BWC_000101_20261121_1130.MP4 "$film_to/BWC_000103_20261123_0815.MP4"
    printf 'X' >>"$film_to/BWC_000103_20261123_0815.MP4"
    printf '\nThe crew'\''s screens open now, with the camera BWC-000103 waiting. The person is nurse, the passphrase\n\n    %s\n\nEnter opens them. ' "$(cat secrets/nurse)"
    read -r answer </dev/tty
    exec feldsher -C crew screens --from BWC-000103 </dev/tty
fi
