#!/bin/sh
# feldsher-probe: real videos against ffprobe, position logs against gpsbabel,
# recorders' blocks against exiftool; hostile videos; a probe that hangs,
# floods, lies, dies; what the real one does to the system (strace).
. "$(dirname "$0")/lib.sh"
P=$B/system/probe
sanitized=
! grep -qa __asan_init "$B/feldsher-probe" || sanitized=1
V=$T/v
mkdir "$V"
film() { ffmpeg -nostdin -loglevel error -y "$@"; }
media() { python3 -c 'import json,sys; o=json.loads(sys.stdin.readline()); print(eval(sys.argv[1]))' "$1" <"$out"; }

must film -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=440 -t 6 -c:v libx264 -preset ultrafast -g 25 -pix_fmt yuv420p \
    -c:a aac -metadata creation_time=2026-11-22T10:00:00Z -metadata location=+43.2567+076.9286/ "$V/a.mp4"
must film -i "$V/a.mp4" -c copy "$V/b.mov"
must film -i "$V/a.mp4" -c copy "$V/c.mkv"
must film -i "$V/a.mp4" -c copy "$V/d.ts"
must film -i "$V/a.mp4" -c:v mjpeg -c:a pcm_s16le "$V/e.avi"
must film -i "$V/a.mp4" -c:v libx265 -x265-params log-level=none -preset ultrafast -an "$V/f.mp4"
must film -i "$V/a.mp4" -c:v mpeg4 -c:a mp2 "$V/g.mpg"
must film -i "$V/a.mp4" -c:v mpeg4 -c:a copy -movflags frag_keyframe+empty_moov "$V/h.mp4"

# --- real videos ----------------------------------------------------------------
# like_ffprobe FILE: duration, and each stream's codec and size
like_ffprobe() {
    want=$(ffprobe -v error -show_entries stream=codec_name,width,height -of csv=p=0 "$1" | sort -u)
    long=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$1")
    python3 - "$out" "$want" "$long" <<'E'
import json, sys
o = json.loads(open(sys.argv[1]).readline())
ours = sorted(",".join(str(s[k]) for k in ("codec", "width", "height") if k in s) for s in o["media"]["streams"])
theirs = sorted(sys.argv[2].split())
good = ours == theirs and abs(o["media"]["duration"] - float(sys.argv[3])) < 0.05 and o["why"] == ""
sys.exit(0 if good else print(ours, theirs, o) or 1)
E
}
for f in a.mp4 b.mov c.mkv d.ts e.avi f.mp4 g.mpg h.mp4; do
    must "$P" --out "$T/$f.ppm" video "$V/$f"
    check "$f: as ffprobe says" like_ffprobe "$V/$f"
    check "$f: a picture of 160 x 90, as ffprobe sees it" test \
        "$(ffprobe -v error -f ppm_pipe -show_entries stream=width,height -of csv=p=0 "$T/$f.ppm" 2>"$err")" = 160,90
done
must "$P" --out "$T/a.ppm" video "$V/a.mp4"
check "the start is the container's" test "$(media 'o["start"], o["media"]["start"]')" = "(1795341600000, '2026-11-22T10:00:00Z')"
check "the place is QuickTime's" test "$(media 'o["media"]["track"]["points"][0][1:]')" = "[43.2567, 76.9286]"
check "few pieces are asked for" test "$(media 'o["requests"] < 500 and o["bytes"] < 4 << 20')" = True
# the picture is of the second second: ffmpeg's frame there, made as small
must film -ss 1 -i "$V/a.mp4" -frames:v 1 -vf scale=160:90:flags=area -pix_fmt rgb24 "$T/want.ppm"
far() { python3 -c 'import sys; a, b = (open(f, "rb").read()[-43200:] for f in sys.argv[1:]); print(sum(abs(x - y) for x, y in zip(a, b)) / len(a) > 6)' "$1" "$2"; }
check "it shows what ffmpeg shows there" test "$(far "$T/a.ppm" "$T/want.ppm")" = False
must film -i "$V/a.mp4" -frames:v 1 -vf negate,scale=160:90 -pix_fmt rgb24 "$T/other.ppm"
check "(and not what it does not)" test "$(far "$T/a.ppm" "$T/other.ppm")" = True

# --- logs of positions -------------------------------------------------------------
must python3 "$(dirname "$0")/gpx.py" "$T/log.gpx" 2026-11-22T10:00:05
must gpsbabel -i gpx -f "$T/log.gpx" -o nmea -F "$T/log.nmea"
track='[o["media"]["track"][k] for k in ("total", "start", "end")], len(o["media"]["track"]["points"]) <= 256, [round(x, 4) for x in o["media"]["track"]["bounds"]], o["gps_start"]'
want="([1000, '2026-11-22T10:00:05Z', '2026-11-22T10:16:44Z'], True, [43.2, -77.0998, 43.2999, -76.9], 1795341605000)"
must "$P" gpx "$T/log.gpx"
check "a GPX log as python wrote it" test "$(media "$track")" = "$want"
must "$P" nmea "$T/log.nmea"
check "an NMEA log as gpsbabel wrote it" test "$(media "$track")" = "$want"
must "$P" nmea "$T/log.gpx"
check "no log of that kind" test "$(media 'o["media"], o["why"]')" = "(None, 'there are no positions in it')"

# --- blocks of recorders -----------------------------------------------------------
python3 - "$V/a.mp4" "$V" <<'E'
import struct, sys
data = open(sys.argv[1], "rb").read()
boxes, at = [], 0
while at < len(data):
    n, kind = struct.unpack_from(">I4s", data, at)
    boxes.append((kind, data[at + 8:at + n])); at += n
def box(kind, body): return struct.pack(">I4s", 8 + len(body), kind) + body
def block(layout, i):
    b = bytearray(0x1000)
    b[:12] = struct.pack(">I8s", 0x1000, b"freeGPS ")
    clock, lat, lon = (10, 2, i), 4315.0 + i / 100, 7655.5 + i / 50
    if layout == "first":
        struct.pack_into("<6I3sxff", b, 16, *clock, 26, 11, 22, b"ANE", lat, lon)
    if layout == "novatek":
        struct.pack_into("<6I3sxff", b, 48, *clock, 26, 11, 22, b"ASW", lat, lon)
    if layout == "spread":
        struct.pack_into("<3I4sf4sf4sff3I", b, 48, *clock, b"A", lat, b"N", lon, b"E", 0, 0, 2026, 11, 22)
    if layout == "doubles":
        struct.pack_into("<3I4sd8sd8sdd3I", b, 16, *clock, b"A", lat, b"N", lon, b"E", 0, 0, 26, 11, 22)
    return bytes(b)
for layout in ("first", "novatek", "spread", "doubles"):
    # in a real video, and in one without streams: exiftool mixes their tables up with ours
    for name, parts in (("gps", boxes), ("bare", [(b"ftyp", b"mp42\0\0\0\0"), (b"mdat", b""), (b"moov", b"")])):
        out, table = b"", []
        for kind, body in parts:
            if kind == b"mdat":
                start = len(out) + 8 + len(body)
                for i in range(20):
                    table.append((start + 0x1000 * i, 0x1000)); body += block(layout, i)
            if kind == b"moov":
                body += box(b"gps ", struct.pack(">II", 0x101, len(table)) + b"".join(struct.pack(">II", *t) for t in table))
            out += box(kind, body)
        open("%s/%s-%s.mp4" % (sys.argv[2], name, layout), "wb").write(out)
E
for layout in first novatek spread doubles; do
    must "$P" video "$V/gps-$layout.mp4" "$V/bare-$layout.mp4"
    exiftool -q -ee -n -p '$GPSDateTime $GPSLatitude $GPSLongitude' "$V/bare-$layout.mp4" >"$T/theirs" 2>"$err"
    python3 - "$out" "$T/theirs" >"$T/differ" 2>&1 <<'E'
import calendar, json, sys, time
first, bare = (json.loads(line)["media"] for line in open(sys.argv[1]))
t = first["track"]
theirs = []
for line in open(sys.argv[2]):
    d, c, lat, lon = line.split()
    theirs.append((calendar.timegm(time.strptime(d + " " + c.rstrip("Z"), "%Y:%m:%d %H:%M:%S")) * 1000, float(lat), float(lon)))
ours = [tuple(p) for p in t["points"]]
assert len(theirs) >= 3, theirs # of one layout exiftool 12.57 reads the first blocks only
assert bare["track"] == t and len(first["streams"]) == 2, bare
assert len(ours) == 20 and t["clock"] == "recorder" and t["source"] == "freegps", t
for a, b in zip(ours, theirs):
    assert a[0] == b[0] and abs(a[1] - b[1]) < 1e-5 and abs(a[2] - b[2]) < 1e-5, (a, b)
E
    check "blocks ($layout): the track that exiftool finds" test $? = 0
    [ ! -s "$T/differ" ] || sed 's/^/#   /' "$T/differ"
done

# --- hostile videos -----------------------------------------------------------------
mkdir "$T/bad"
python3 - "$V" "$T/bad" <<'E'
import random, struct, sys, zlib
src, dst = sys.argv[1:3]
random.seed(5)
def put(name, data): open("%s/%s" % (dst, name), "wb").write(data)
def box(kind, body): return struct.pack(">I4s", 8 + len(body), kind) + body
for f in ("a.mp4", "c.mkv", "d.ts", "e.avi", "gps-novatek.mp4"):
    data = open("%s/%s" % (src, f), "rb").read()
    for i in range(12):
        put("cut%02d-%s" % (i, f), data[:len(data) * i // 12 + i])
    for i in range(8):
        d = bytearray(data)
        for _ in range(400 if i % 2 else 20):
            at = random.randrange(4096) if i < 4 else random.randrange(len(d))
            d[at] = random.randrange(256)
        put("noise%d-%s" % (i, f), bytes(d))
data = open(src + "/a.mp4", "rb").read()
moov = data.index(b"moov") - 4
for i, kind in enumerate((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1", b"avcC", b"stts", b"stsz", b"stco", b"stsc", b"udta", b"elst")):
    at = data.index(kind, moov) - 4
    for j, n in enumerate((0, 1, 4, 7, 9, 0x7fffffff, 0xffffffff)):
        put("length%02d-%d.mp4" % (i, j), data[:at] + struct.pack(">I", n) + data[at + 4:])
for kind in (b"stts", b"stsz", b"stco", b"stsc", b"ctts", b"stss", b"stsd", b"elst"):
    if kind in data[moov:]:
        at = data.index(kind, moov) + (12 if kind == b"stsz" else 8)
        put("count-%s.mp4" % kind.decode(), data[:at] + b"\xff\xff\xff\xf0" + data[at + 4:])
ftyp = box(b"ftyp", b"qt  \0\0\0\0qt  ")
bomb = zlib.compress(box(b"udta", b"\0" * (512 << 20)), 9)
put("bomb.mov", ftyp + box(b"moov", box(b"cmov", box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", 513 << 20) + bomb))))
put("deep.mp4", ftyp + b"".join(struct.pack(">I4s", 8 * (100000 - i), (b"moov", b"trak", b"mdia")[min(i, 2)]) for i in range(100000)))
put("streams.mp4", ftyp + box(b"moov", box(b"trak", box(b"mdia", box(b"hdlr", b"\0" * 8 + b"vide" + b"\0" * 12))) * 5000))
put("many.mp4", ftyp + box(b"free", b"") * 500000)
put("meta.mp4", data[:moov] + box(b"moov", data[moov + 8:] + box(b"udta", box(b"\xa9mak", struct.pack(">HH", 65000, 0) + b"A" * 65000) * 200)))
put("huge.avi", b"RIFF" + struct.pack("<I", 0xffffffff) + b"AVI LIST" + struct.pack("<I", 0xffffffff) + b"hdrlavih" + struct.pack("<I", 0xffffffff) + b"\xff" * 4096)
put("ebml.mkv", b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + b"\xff" * 65536)
put("ebml2.mkv", open(src + "/c.mkv", "rb").read()[:64] + b"\x18\x53\x80\x67\x10\xff\xff\xff" * 20000)
put("empty.mp4", b"")
put("text.mp4", b"#EXTM3U\n/etc/passwd\nhttp://127.0.0.1/x\n" * 100)
put("concat.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n")
put("sdp.mp4", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 1 RTP/AVP 96\n")
put("noise.mp4", random.randbytes(3 << 20))
E
must "$P" video "$T/bad"/*
cp "$out" "$T/hostile"
check "each hostile video ends in an answer" test "$(grep -c '^{' "$T/hostile")" = "$(ls "$T/bad" | wc -l)"
check "none made it try what it may not" lacks "may not" "$T/hostile"
check "none took too long, or too much" lacks "took too long" "$T/hostile"
check "what is cut off is said to be" contains "damaged or cut off" "$T/hostile"
python3 -c 'import json,sys,collections; print("# " + str(dict(collections.Counter(json.loads(l)["why"] for l in open(sys.argv[1])))))' "$T/hostile"
must "$P" video "$T/bad/bomb.mov"
check "a bomb gives nothing" test "$(media 'o["poster"], o["bytes"] < 2 << 20')" = "(0, True)"
must "$P" video "$T/bad/text.mp4" "$T/bad/concat.mp4" "$T/bad/sdp.mp4"
check "lists of other files are no video" test "$(grep -c 'no video of a kind' "$out")" = 3
must "$P" --broken "$V/a.mp4"
check "a camera that cannot be read is the camera's failure" contains "source: a sector cannot be read" "$out"

# --- a probe that is not ours --------------------------------------------------------
mkdir "$T/fake"
cat >"$T/fake/feldsher-probe" <<'E'
#!/usr/bin/env python3
import json, os, signal, socket, struct, sys, time
s = socket.socket(fileno=3)
mode = open(os.path.dirname(os.path.abspath(__file__)) + "/mode").read().strip()
def say(what, body=b"", length=None, offset=0): s.sendall(struct.pack("<IIQ", what, len(body) if length is None else length, offset) + body)
def exactly(n):
    got = b""
    while len(got) < n:
        more = s.recv(n - len(got))
        if not more: sys.exit(1)
        got += more
    return got
def ask(offset, n):
    say(0, b"", n, offset)
    got, size = struct.unpack("<IQ", exactly(12))
    return exactly(got)
facts = json.dumps({"make": "fake", "why": ""}).encode()
picture = b"P6\n1 1\n255\nabc"
if mode == "hang": time.sleep(3600)
if mode == "half": s.sendall(b"\0" * 7); time.sleep(3600)
if mode == "flood":
    while True: say(0, b"", 262144)
if mode == "ask":
    while True: ask(0, 1)
if mode == "all":
    while True: ask(0, 262144)
if mode == "greedy": say(0, b"", 262145); time.sleep(3600)
if mode == "beyond": assert ask(1 << 63, 100) == b"" and ask(2**64 - 1, 262144) == b""; say(1, facts); say(3)
if mode == "nonsense": s.sendall(os.urandom(4096)); time.sleep(3600)
if mode == "long": say(1, b"", 65537); time.sleep(3600)
if mode == "json": say(1, b"{]"); time.sleep(3600)
if mode == "twice": say(1, facts); say(1, facts); time.sleep(3600)
if mode == "picture": say(2, picture); time.sleep(3600)
if mode == "pictures": say(1, facts); say(2, picture); say(2, picture); time.sleep(3600)
if mode == "nothing": say(3)
if mode == "early": say(1, facts)
if mode == "crash": say(1, facts); os.kill(os.getpid(), signal.SIGSEGV)
if mode == "linger": say(1, facts); say(2, picture); say(3); time.sleep(3600)
E
chmod +x "$T/fake/feldsher-probe"
# fake MODE: what is said with it in the place of ours
fake() {
    mkdir -p "$T/fake-$1"
    cp "$T/fake/feldsher-probe" "$T/fake-$1/"
    echo "$1" >"$T/fake-$1/mode"
    PATH=$T/fake-$1:$PATH timeout 100 "$P" video "$V/a.mp4" >"$T/fake-$1/out" 2>"$T/fake-$1/err"
}
for mode in hang half flood; do fake $mode & done # each waits until its time is over
for mode in ask all greedy beyond nonsense long json twice picture pictures nothing early crash linger; do fake $mode; done
wait
said() { # NAME MODE TEXT
    cp "$T/fake-$2/out" "$out"
    cp "$T/fake-$2/err" "$err"
    check "$1" contains "$3" "$out"
}
for mode in hang half flood; do said "one that does not end ($mode)" $mode "took too long"; done
said "one that asks for ever" ask "takes too many pieces"
check "is answered a bounded number of times" test "$(media 'o["requests"]')" = 8192
said "one that asks for everything" all "takes too many pieces"
check "gets a bounded number of bytes" test "$(media 'o["bytes"] <= 96 << 20')" = True
for mode in greedy nonsense long json twice picture pictures nothing; do said "one that lies ($mode)" $mode "makes no sense"; done
said "asking behind the end is no lie" beyond '"why":""'
said "one that ends early" early "ended too early, with 0"
check "its facts stay" contains '"make":"fake"' "$out"
said "one that crashes behind its facts" crash "ended by signal 11"
check "they stay, too" contains '"make":"fake"' "$out"
said "one that is done and does not go" linger '"why":"","start"'
check "none of them is left" sh -c '! pgrep -f "$1/fake-" >/dev/null' - "$T"
sed 's/^#!.*/#!\/nowhere\/at\/all/' "$T/fake/feldsher-probe" >"$T/fake/x"
cat "$T/fake/x" >"$T/fake/feldsher-probe"
PATH=$T/fake:$PATH must "$P" video "$V/a.mp4"
check "one that cannot be run" contains "ended too early, with 127" "$out"
mkdir "$T/bare"
cp "$P" "$T/bare/probe"
PATH=/usr/bin:/bin must "$T/bare/probe" video "$V/a.mp4"
check "none at all" contains "feldsher-probe is not installed" "$out"

# --- what it does to the system -------------------------------------------------------
check_exit 64 "without a socket" feldsher-probe
check_exit 64 "with a descriptor that is none" feldsher-probe --fd 0 video
check_exit 0 "--man" feldsher-probe --man
cat >"$T/dock.py" <<'E'
import socket, struct, subprocess, sys
path, trace = sys.argv[1:3]
data = open(path, "rb").read()
ours, theirs = socket.socketpair()
child = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "feldsher-probe", "--fd", str(theirs.fileno()), "video"], pass_fds=[theirs.fileno()])
theirs.close()
def exactly(n):
    got = b""
    while len(got) < n:
        more = ours.recv(n - len(got))
        if not more: return b""
        got += more
    return got
while True:
    head = exactly(16)
    if not head: break
    what, length, offset = struct.unpack("<IIQ", head)
    if what == 0:
        piece = data[offset:offset + length]
        ours.sendall(struct.pack("<IQ", len(piece), len(data)) + piece)
    else:
        exactly(length)
sys.exit(child.wait())
E
if [ -z "$sanitized" ] && strace -qq -o "$T/strace" true 2>/dev/null; then
    for f in a.mp4 c.mkv d.ts e.avi f.mp4; do
        check_exit 0 "$f under strace" python3 "$T/dock.py" "$V/$f" "$T/trace"
        # behind the second of its two filters
        awk 'n == 2; /seccomp\(SECCOMP_SET_MODE_FILTER.* = 0$/ { n++ }' "$T/trace" >"$T/caged"
        check "$f: it is confined before it asks for a byte" sh -c '! sed "/SECCOMP_SET_MODE_FILTER.* = 0\$/q" "$1" | grep -q sendto && test "$(grep -c "sendto(" "$2")" -gt 4' - "$T/trace" "$T/caged"
        check "$f: then it talks, takes memory, and nothing else" sh -c '! grep -vE "^[0-9]+ +(sendto|recvfrom|brk|mmap|munmap|mremap|madvise|mprotect|futex|clock_gettime|exit_group|\+\+\+ exited with 0)" "$1"' - "$T/caged"
    done
else
    echo "# skipped: no strace here, or a sanitizer in the way"
fi
finish
