#!/bin/sh
# What is in a recording: told by feldsher-probe while it is taken in, as ffprobe,
# gpsbabel see it; its picture; when it began. Hostile files, and a
# probe that hangs, dies, lies or is not there, cost no recording and no byte.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
brigade_found

film() { ffmpeg -nostdin -loglevel error -y "$@"; }
sums() { (cd "$1" && find . -type f -exec b2sum -l 256 {} + | cut -c1-64); }
# shown STATION USER: every recording as it is shown, one a line
shown() {
    must as "$1" "$2" recordings --json
    sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' "$out" >"$T/ids"
    while read -r id; do as "$1" "$2" recordings show "$id" --json 2>"$err"; done <"$T/ids" >"$T/shown"
}
# held FOLDER: every file of it is a recording or a sidecar, with its hash
held() {
    for sum in $(sums "$1"); do
        grep -qF "$sum" "$T/shown" || { echo "no $sum" >>"$err"; return 1; }
    done
}
# of NAME EXPRESSION: of the recording o whose path ends so
of() { python3 -c 'import json,sys; o=[r for r in map(json.loads, open(sys.argv[1])) if r["path"].endswith("/" + sys.argv[2])][-1]; print(eval(sys.argv[3]))' "$T/shown" "$1" "$2"; }

# --- a camera with everything ---------------------------------------------------
C=$T/card
D=$C/DCIM/100MEDIA
mkdir -p "$D"
must film -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=440 -t 6 -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p \
    -c:a aac -metadata creation_time=2026-11-22T10:00:00Z -metadata location=+43.2567+076.9286/ "$D/A.MP4"
must film -i "$D/A.MP4" -c copy "$D/B.MOV"
must film -i "$D/A.MP4" -c copy "$D/C.MKV"
must film -i "$D/A.MP4" -c copy "$D/D.TS"
must film -i "$D/A.MP4" -c:v mjpeg -q:v 2 -c:a pcm_s16le "$D/E.AVI"
must film -i "$D/A.MP4" -c copy -metadata make="$(printf 'A\033[2Jb')" -movflags use_metadata_tags "$D/F.MOV"
# its clock was an hour ahead: the container says 11:00, the satellites 10:00
must film -i "$D/A.MP4" -c copy -metadata creation_time=2026-11-22T11:00:00Z "$D/G.MP4"
must film -i "$D/A.MP4" -c copy -metadata creation_time=2026-11-22T11:00:00Z -metadata comment=other "$D/H.MP4"
must python3 "$(dirname "$0")/gpx.py" "$D/G.gpx" 2026-11-22T10:00:00
must gpsbabel -i gpx -f "$D/G.gpx" -o nmea -F "$D/H.nmea"
# one of each kind, and bare streams
for kind in mpg m2ts asf flv 3gp h264 mp3 aac wav frag.mp4; do
    case $kind in
    h264 | 3gp | m2ts) how='-c:v copy -an' ;;
    mpg | asf) how='-c:v mpeg4' ;;
    frag.mp4) how='-c copy -movflags frag_keyframe+empty_moov' ;;
    *) how= ;;
    esac
    # shellcheck disable=SC2086 # options
    must film -i "$D/A.MP4" $how "$D/K.$kind"
done
printf 'not a log\n' >"$D/A.gpx"
head -c 30000 /dev/urandom >"$D/Z.MP4"
: >"$D/EMPTY.MP4"
# positions between the frames, in the middle of a file that is longer than what is kept of its ends
python3 - "$D/A.MP4" "$D/GPS.MP4" <<'E2'
import os, struct, sys
data, boxes, at = open(sys.argv[1], "rb").read(), [], 0
while at < len(data):
    n, kind = struct.unpack_from(">I4s", data, at)
    boxes.append((kind, data[at + 8:at + n])); at += n
def box(kind, body): return struct.pack(">I4s", 8 + len(body), kind) + body
out, table = b"", []
for kind, body in boxes:
    if kind == b"mdat":
        body += os.urandom(5 << 20)
        for i in range(20):
            b = bytearray(0x1000)
            b[:12] = struct.pack(">I8s", 0x1000, b"freeGPS ")
            struct.pack_into("<6I3sxff", b, 48, 10, 2, i, 26, 11, 22, b"ANE", 4315.0 + i / 100, 7655.5 + i / 50)
            table.append((len(out) + 8 + len(body), 0x1000)); body += bytes(b)
        body += os.urandom(5 << 20)
    if kind == b"moov":
        body += box(b"gps ", struct.pack(">II", 0x101, len(table)) + b"".join(struct.pack(">II", *t) for t in table))
    out += box(kind, body)
open(sys.argv[2], "wb").write(out)
E2
check_exit 0 "a camera is taken in" at crew1 offload CAM-1 --from "$C" --json
check "all of it" contains '"stored":21,"known":0,"failed":0' "$out"
check "and nothing is said of the probe" lacks '"event":"media"' "$out"
shown crew1 aigul
check "byte for byte, by b2sum" held "$C"

# like_ffprobe NAME: duration, and each stream's codec and size
like_ffprobe() {
    want=$(ffprobe -v error -show_entries stream=codec_name,width,height -of csv=p=0 "$D/$1" | grep . | sort -u | tr '\n' ' ')
    long=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$D/$1")
    [ "$(of "$1" '" ".join(sorted(",".join(str(s[k]) for k in ("codec", "width", "height") if k in s) for s in o["media"]["streams"])) + " "')" = "$want" ] &&
        [ "$(of "$1" "abs(o['media']['duration'] - $long) < 0.05")" = True ]
}
for f in A.MP4 B.MOV C.MKV D.TS E.AVI; do check "$f: as ffprobe says" like_ffprobe "$f"; done
for kind in mpg m2ts asf flv 3gp h264 mp3 aac wav frag.mp4; do
    check "$kind: is known" test "$(of "K.$kind" 'len(o["media"]["streams"]) > 0')" = True
done
check "when it began is the container's word" test "$(of A.MP4 'o["skew"]["start"], o["skew"]["start_source"], o["media"]["start"]')" = "('2026-11-22T10:00:00Z', 'container', '2026-11-22T10:00:00Z')"
check "where is QuickTime's" test "$(of A.MP4 'o["media"]["track"]["source"], o["media"]["track"]["points"][0][1:]')" = "('quicktime', [43.2567, 76.9286])"
check "a log without positions takes nothing away" test "$(of A.MP4 'len(o["sidecars"])')" = 2
hour='o["skew"]["skew"], o["skew"]["source"], o["skew"]["start"], o["skew"]["start_source"]'
check "an hour ahead, by a GPX log" test "$(of G.MP4 "$hour")" = "(3600000, 'gps', '2026-11-22T10:00:00Z', 'gps')"
check "an hour ahead, by an NMEA log" test "$(of H.MP4 "$hour")" = "(3600000, 'gps', '2026-11-22T10:00:00Z', 'gps')"
track='[o["media"]["track"][k] for k in ("source", "total", "start", "end")], [round(x, 4) for x in o["media"]["track"]["bounds"]]'
check "its track is the log's" test "$(of G.MP4 "$track")" = "(['gpx', 1000, '2026-11-22T10:00:00Z', '2026-11-22T10:16:39Z'], [43.2, -77.0998, 43.2999, -76.9])"
check "that of NMEA, too" test "$(of H.MP4 "$track")" = "(['nmea', 1000, '2026-11-22T10:00:00Z', '2026-11-22T10:16:39Z'], [43.2, -77.0998, 43.2999, -76.9])"
check "blocks in the middle of a long file are asked of the camera" test "$(of GPS.MP4 "$track")" = "(['freegps', 20, '2026-11-22T10:02:00Z', '2026-11-22T10:02:19Z'], [43.25, 76.925, 43.2532, 76.9313])"
check "what is no video has no facts" test "$(of Z.MP4 '"media" in o, len(o["sidecars"])')" = "(False, 0)"
check "an empty file neither" test "$(of EMPTY.MP4 '"media" in o, o["size"]')" = "(False, 0)"
check "what a video says of its maker cannot move the cursor" test "$(of F.MOV 'o["media"]["make"]')" = 'A\x1b[2Jb'
check_exit 0 "shown to a person" as crew1 aigul recordings show "$(recording crew1 aigul G.MP4)"
check "when it began, by whom" contains "begins:   2026-11-22T10:00:00Z (by the satellites)" "$out"
check "its camera's clock" contains "clock:    the camera's was 1:00:00 ahead (by the satellites)" "$out"
check "how long, in which codecs" contains "video:    0:00:06, h264 640x360, aac" "$out"
check "where" contains "position: 43.20000, -76.90000; 1000 positions in all" "$out"
check_exit 0 "known the second time" at crew1 offload CAM-1 --from "$C" --json
check "all of it, its pictures too" contains '"stored":0,"known":21' "$out"

# --- the picture -------------------------------------------------------------------
ID=$(recording crew1 aigul A.MP4)
check "a sidecar that was made here" test "$(of A.MP4 '[(s["path"], s["made"]) for s in o["sidecars"]]')" = "[('DCIM/100MEDIA/A.gpx', False), ('DCIM/100MEDIA/A.poster.ppm', True)]"
check "nothing of it stands on the disk in clear" sh -c '! grep -rlaE "^P6$|Lavf5|GPGGA" "$1/objects" >&2' - "$T/crew1"
stick_round crew1
stick_round sup1
as sup1 bolat recordings pull "$ID" >"$out" 2>"$err"
stick_round sup1
stick_round sup1
check_exit 0 "its picture for those who may look" as sup1 bolat recordings poster "$ID"
cp "$out" "$T/poster.ppm"
check "is 160 x 90, as ffprobe sees it" test "$(ffprobe -v error -f ppm_pipe -show_entries stream=width,height -of csv=p=0 "$T/poster.ppm" 2>"$err")" = 160,90
must film -ss 1 -i "$D/A.MP4" -frames:v 1 -vf scale=160:90:flags=area -pix_fmt rgb24 "$T/want.ppm"
far() { python3 -c 'import sys; a, b = (open(f, "rb").read()[-43200:] for f in sys.argv[1:]); print(sum(abs(x - y) for x, y in zip(a, b)) / len(a) > 6)' "$1" "$2"; }
check "and of what ffmpeg shows there" test "$(far "$T/poster.ppm" "$T/want.ppm")" = False
check_exit 0 "verified as any piece" as sup1 bolat recordings verify "$ID"
must as sup1 bolat recordings request "$ID" --why test --json
REQUEST=$(field request <"$out")
must as sup1 dana recordings approve "$REQUEST"
check_exit 0 "evidence" as sup1 bolat recordings export "$ID" "$T/package"
check "the picture is in it" same "$T/package/A.poster.ppm" "$T/poster.ppm"
check "so is the video, byte for byte" same "$T/package/A.MP4" "$D/A.MP4"
holds() { (cd "$1" && sed -n 's/^    //p' CHECK.txt | while read -r line; do sh -ec "$line" >"$out" 2>"$err" </dev/null || exit 1; done); }
check "every line of CHECK.txt holds" holds "$T/package"
must as sup1 bolat licence new CAM-1 --why full --json
cp "$out" "$T/offer"
must as sup1 bolat licence show "$(field licence <"$T/offer")" --json
check "a licence names what was on the camera, and no picture" test "$(grep -o '"path":"[^"]*"' "$out" | sort -u | wc -l)" = 24

# --- read once ----------------------------------------------------------------------
mkdir -p "$T/long/DCIM"
python3 -c 'import os,sys; d=open(sys.argv[1],"rb").read(); open(sys.argv[2],"wb").write(d + b"\0\0\0\0skip" + os.urandom(60 << 20))' "$D/B.MOV" "$T/long/DCIM/L.MOV"
if strace -qq -o "$T/strace" true 2>/dev/null && ! grep -qa __asan_init "$B/feldsher-dock"; then
    check_exit 0 "a long file under strace" strace -f -qq -y -e trace=read,pread64 -o "$T/trace" feldsher-dock -C "$T/crew1" offload CAM-2 --from "$T/long" --json
    bytes=$(sed -n 's/.*L\.MOV>.* = \([0-9]*\)$/\1/p' "$T/trace" | awk '{ n += $1 } END { print n }')
    size=$(wc -c <"$T/long/DCIM/L.MOV")
    check "is read once ($bytes of $size bytes), but for a hundredth" sh -c 'test "$1" -ge "$2" && test "$1" -le $(($2 + $2 / 100))' - "$bytes" "$size"
    shown crew1 aigul
    check "and is known for all that" test "$(of L.MOV 'o["media"]["streams"][0]["codec"], [s["made"] for s in o["sidecars"]]')" = "('h264', [True])"
fi

# --- hostile files ------------------------------------------------------------------
mkdir -p "$T/bad/DCIM"
python3 - "$D" "$T/bad/DCIM" <<'E2'
import random, struct, sys, zlib
src, dst = sys.argv[1:3]
random.seed(5)
def put(name, data): open("%s/%s" % (dst, name), "wb").write(data)
def box(kind, body): return struct.pack(">I4s", 8 + len(body), kind) + body
for f in ("A.MP4", "C.MKV", "D.TS", "E.AVI"):
    data = open("%s/%s" % (src, f), "rb").read()
    for i in range(1, 4):
        put("cut%d-%s" % (i, f), data[:len(data) * i // 4 + i])
    d = bytearray(data)
    for _ in range(300):
        d[random.randrange(len(d))] = random.randrange(256)
    put("noise-" + f, bytes(d))
data = open(src + "/A.MP4", "rb").read()
moov = data.index(b"moov") - 4
for i, kind in enumerate((b"moov", b"trak", b"stbl", b"stsd", b"stsz", b"stco", b"udta")):
    at = data.index(kind, moov) - 4
    for j, n in enumerate((0, 7, 0x7fffffff, 0xffffffff)):
        put("length%d-%d.MP4" % (i, j), data[:at] + struct.pack(">I", n) + data[at + 4:])
bomb = zlib.compress(box(b"udta", b"\0" * (256 << 20)), 9)
put("bomb.MOV", box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"cmov", box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", 257 << 20) + bomb))))
put("list.MP4", b"#EXTM3U\n/etc/passwd\nhttp://127.0.0.1/x\n" * 100)
put("log.MP4", data + b"x")
put("log.gpx", b"<gpx><trkpt lat='1e308' lon='nan'><time>" + b"9" * 100000 + b"</time></trkpt>" * 2000)
put("log.nmea", b"$GPRMC," * 50000 + b"\0" * 100000)
E2
n=$(find "$T/bad/DCIM" -type f ! -name 'log.[gn]*' | wc -l)
check_exit 0 "a card full of hostile files" at crew1 offload CAM-3 --from "$T/bad" --json
check "all $n are taken in" contains "\"stored\":$n,\"known\":0,\"failed\":0" "$out"
shown crew1 aigul
check "byte for byte" held "$T/bad"

# --- a probe that is not ours ----------------------------------------------------------
mkdir -p "$T/two/DCIM"
cp "$D/A.MP4" "$T/two/DCIM/1.MP4"
cp "$D/G.MP4" "$T/two/DCIM/2.MP4"
cat >"$T/probe" <<'E2'
#!/usr/bin/env python3
import json, os, signal, socket, struct, sys, time
here = os.path.dirname(os.path.abspath(__file__))
mode = open(here + "/mode").read().strip()
s = socket.socket(fileno=3)
def say(what, body=b"", length=None): s.sendall(struct.pack("<IIQ", what, len(body) if length is None else length, 0) + body)
facts = json.dumps({"duration": 1e308, "make": "\x1b[31m", "container": "\x1b]0;x\x07", "streams": [{"codec": "h264\x1b[2J", "width": 10**9}],
                    "track": {"source": "gps", "points": [[1, 2, 3]]}, "start": 10**18, "why": ""}).encode()
if mode == "hang": time.sleep(3600)
if mode == "waits":
    say(0, b"", 65536); s.recv(12)
    with open(here + "/pid.new", "w") as f: f.write(str(os.getpid()))
    os.rename(here + "/pid.new", here + "/pid"); time.sleep(3600)
if mode == "crash": say(0, b"", 65536); s.recv(12); os.kill(os.getpid(), signal.SIGSEGV)
if mode == "nonsense": s.sendall(os.urandom(4096)); time.sleep(3600)
if mode == "lies": say(1, facts); say(2, b"P6\n2 1\n255\n\x1b[31m!"); say(3)
if mode == "orphan": os.kill(os.getppid(), signal.SIGKILL)
E2
# with MODE: a dock that finds this one beside it
with() {
    mkdir -p "$T/with-$1"
    cp "$B/feldsher-dock" "$T/with-$1/"
    cp "$T/probe" "$T/with-$1/feldsher-probe"
    chmod +x "$T/with-$1/feldsher-probe"
    echo "$1" >"$T/with-$1/mode"
}
dock() { # MODE FOLDER
    timeout 300 "$T/with-$1/feldsher-dock" -C "$T/sup1" offload "PROBE-$1" --from "$2" --json >"$T/with-$1/out" 2>"$T/with-$1/err" </dev/null
    echo $? >"$T/with-$1/status"
}
# a bare one: each of its own bytes, else they would be known
bare() { # MODE N
    mkdir -p "$T/of-$1/DCIM"
    for i in $(seq "$2"); do (cat "$D/A.MP4"; printf '%s%s' "$1" "$i") >"$T/of-$1/DCIM/$i.MP4"; done
}
for mode in hang waits crash nonsense lies orphan; do with $mode; bare $mode 2; done
bare hang 6
bare none 2
dock hang "$T/of-hang" &
hang=$!
for mode in crash nonsense lies orphan; do dock $mode "$T/of-$mode"; done
dock waits "$T/of-waits" &
waits=$!
for i in 1 2; do # one of them for each recording
    tries=0
    while [ ! -e "$T/with-waits/pid" ] && [ $tries -lt 300 ]; do sleep 0.1; tries=$((tries + 1)); done
    victim=$(cat "$T/with-waits/pid")
    rm -f "$T/with-waits/pid"
    kill -KILL "$victim"
done
wait $waits
mkdir "$T/with-none"
cp "$B/feldsher-dock" "$T/with-none/"
PATH=/usr/bin:/bin dock none "$T/of-none"
wait $hang
shown sup1 bolat
ended() { # NAME MODE STORED WHY
    cp "$T/with-$2/out" "$out"
    cp "$T/with-$2/err" "$err"
    check "$1: the offload ends well" test "$(cat "$T/with-$2/status")" = 0
    check "$1: with all of it" contains "\"stored\":$3,\"known\":0,\"failed\":0" "$out"
    check "$1: byte for byte" held "$T/of-$2"
    [ -z "$4" ] || check "$1: said once, why" sh -c 'test "$(grep -c "\"event\":\"media\"" "$1")" = 1 && grep "\"event\":\"media\"" "$1" | grep -qF "$2"' - "$out" "$4"
}
ended "one that hangs" hang 6 "took too long"
ended "one that is killed in the middle" waits 2 "ended by signal 9"
ended "one that crashes" crash 2 "ended by signal 11"
ended "one that talks nonsense" nonsense 2 "makes no sense"
ended "one that kills who started it" orphan 2 "is gone"
ended "none at all" none 2 "is not installed"
ended "one that lies" lies 2 ""
check "of its lies those that could be true are kept" test "$(python3 -c 'import json,sys
for o in map(json.loads, open(sys.argv[1])):
    if o["camera"].endswith("PROBE-lies"): print(sorted(o["media"]), o["media"]["streams"], o["skew"]["start_source"])' "$T/shown" | sort -u)" = "['make', 'streams'] [{}] modified"
check "none of them is left" sh -c '! pgrep -f "$1/with-" >/dev/null' - "$T"
# stopped while it hangs: at once, and the recording is in
runs() { pgrep -f "$T/with-stopped/feldsher-probe" >/dev/null; }
with stopped
echo hang >"$T/with-stopped/mode"
bare stopped 2
"$T/with-stopped/feldsher-dock" -C "$T/sup1" offload "PROBE-stopped" --from "$T/of-stopped" --json >"$out" 2>"$err" </dev/null &
pid=$!
tries=0
while ! runs && [ $tries -lt 300 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -TERM $pid
begun=$(date +%s)
wait $pid
check "stopped while a probe hangs: exit 75" test $? = 75
check "without waiting for it" test $(($(date +%s) - begun)) -lt 10
check "what was read is kept" contains '"stored":1' "$out"
# killed while it hangs: what it started goes with it
"$T/with-stopped/feldsher-dock" -C "$T/sup1" offload "PROBE-stopped" --from "$T/of-stopped" --json >"$out" 2>"$err" </dev/null &
pid=$!
tries=0
while ! runs && [ $tries -lt 300 ]; do sleep 0.1; tries=$((tries + 1)); done
kill -KILL $pid
wait $pid
tries=0
while runs && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
check "killed while a probe hangs: nothing of it is left" test $tries -lt 100
check_exit 0 "verify finds nothing wrong" as crew1 aigul verify
check_exit 0 "there neither" as sup1 bolat verify
finish
