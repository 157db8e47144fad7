#!/bin/sh
# Playing: a real video through opener, socket and player to its last frame;
# no plaintext on the disk; who may look, and why, in the chain; either side
# killed, hostile or alone. The other sides are ffprobe, strace and python3.
. "$(dirname "$0")/lib.sh"
HOME=$T/home
TMPDIR=$T/tmp
XDG_RUNTIME_DIR=$T/run
export HOME TMPDIR XDG_RUNTIME_DIR
unset DISPLAY WAYLAND_DISPLAY XAUTHORITY
mkdir "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR"
sanitized=
! grep -qa __asan_init "$B/feldsher" || sanitized=1
# libraries that a sanitizer has not seen keep what they have till the end
export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

district_found
must authority unit brigade-7
user_make dana doctor evidence/brigade-7,records/brigade-7
user_make erlan admin evidence/brigade-7
station_enrol sup1 brigade-7 supervisor bolat supervisor
user_add sup1 dana
user_add sup1 erlan
station_enrol crew1 brigade-7 station aigul crew

C=$T/camera/DCIM/100MEDIA
V=$C/MOV_0001.MP4
mkdir -p "$C"
must ffmpeg -nostdin -loglevel error -f lavfi -i "testsrc2=size=640x360:rate=25" -f lavfi -i "sine=frequency=440:sample_rate=48000" \
    -f lavfi -i "nullsrc=size=16x16" -filter_complex "[0:v]noise=alls=60:allf=t[v]" -map "[v]" -map 1:a -t 20 -c:v libx264 \
    -preset ultrafast -b:v 8M -maxrate 8M -bufsize 8M -pix_fmt yuv420p -c:a aac -metadata comment=MARKER-OF-PLAINTEXT "$V"
head -c 300000 /dev/urandom >"$C/MOV_0002.MP4"
printf '#EXTM3U\n/etc/passwd\nhttp://127.0.0.1/x\n' >"$C/MOV_0003.MP4"
must at sup1 offload --from "$T/camera"
must at crew1 offload --from "$T/camera"
ID=$(recording sup1 bolat MOV_0001.MP4)
NOISE=$(recording sup1 bolat MOV_0002.MP4)
LIST=$(recording sup1 bolat MOV_0003.MP4)
play() { as sup1 bolat recordings play "$@"; }
views() { as sup1 bolat recordings show "$1" --json 2>"$err" | grep -o '"type":"view"' | wc -l; }
probe() { ffprobe -v error -count_frames -select_streams v -show_entries "$1" -of csv=p=0 "$V"; }

# --- who, and why -------------------------------------------------------------
check_exit 64 "without a reason" play "$ID"
check_exit 66 "an unknown recording" play 00000000 --why x
check_exit 77 "a crew without the evidence circle" as crew1 aigul recordings play "$(recording crew1 aigul MOV_0001.MP4)" --why x
check "it names the circle" contains "evidence/brigade-7" "$err"
check_exit 77 "an administrator with the circle and without the role" as sup1 erlan recordings play "$ID" --why x
check_exit 64 "a descriptor that is no socket" play "$ID" --why x --fd 5
check "none of these is a view" test "$(views "$ID")" = 0

# --- to its end, and from its middle -------------------------------------------
check_exit 0 "a supervisor with a reason plays it to its end" play "$ID" --why "case 7" --vo null --report --json
check "as many frames as ffprobe counts" test "$(number estimated-frame-number <"$out")" = "$(probe stream=nb_read_frames)"
# ends FILE: the place it came to is the end that ffprobe tells, to a tenth of a second
ends() { awk -v a="$(number time-pos <"$1")" -v b="$(probe format=duration)" 'BEGIN { exit !(a - b < 0.1 && b - a < 0.1) }'; }
check "to the same end" ends "$out"
check "of the same width and size" test "$(number width <"$out") $(number file-size <"$out")" = "$(probe stream=width) $(probe format=size)"
check "the entry is named" test -n "$(field entry <"$out")"
check_exit 0 "a doctor with the circle plays it from its middle" as sup1 dana recordings play "$ID" --why "teaching" --start 50% --vo null --report
check "it comes to the same end" ends "$out"
as sup1 bolat recordings show "$ID" --json >"$out" 2>"$err"
check "both views are entries with their reasons" sh -c 'grep -q "\"type\":\"view\".*\"author\":\"bolat\".*case 7.*\"type\":\"view\".*\"author\":\"dana\".*teaching" "$1"' - "$out"
check_exit 64 "a place that is none" play "$ID" --why x --vo null --start 1:2:x
check_exit 69 "nothing to show it on" play "$ID" --why x --vo x11
check_exit 64 "a player that nobody has started" feldsher-play
check_exit 65 "noise is no video" play "$NOISE" --why x --vo null
check_exit 65 "a list of other files is not followed" play "$LIST" --why x --vo null

# --- the player alone: python is the opener, strace looks on -------------------------
cat >"$T/opener.py" <<'P'
import os, socket, struct, subprocess, sys
path, trace, mode = sys.argv[1:4]
data = open(path, "rb").read()
ours, theirs = socket.socketpair()
command = ["feldsher-play", "--fd", str(theirs.fileno()), "--vo", "null", "--report"]
if trace:
    command = ["strace", "-f", "-qq", "-o", trace] + command
child = subprocess.Popen(command, pass_fds=[theirs.fileno()])
theirs.close()
served = 0
while True:
    request = b""
    while len(request) < 12:
        more = ours.recv(12 - len(request))
        if not more:
            break
        request += more
    if len(request) < 12:
        break
    offset, length = struct.unpack("<QI", request)
    if mode == "hang-up" and served > 100000:
        break
    piece = data[offset:offset + min(length, 50000)] # shorter than asked is allowed
    if mode == "nonsense" and served > 100000:
        ours.sendall(os.urandom(4096))
        break
    ours.sendall(struct.pack("<IIQ", 0, len(piece), len(data)) + piece)
    served += len(piece)
ours.close()
sys.exit(child.wait())
P
check_exit 0 "it plays what another opener gives" python3 "$T/opener.py" "$V" "" plain
check "to the last frame" test "$(number estimated-frame-number <"$out")" = "$(probe stream=nb_read_frames)"
check_exit 75 "an opener that hangs up" python3 "$T/opener.py" "$V" "" hang-up
check_exit 75 "an opener that talks nonsense" python3 "$T/opener.py" "$V" "" nonsense
if [ -z "$sanitized" ]; then
    must python3 "$T/opener.py" "$V" "$T/trace" plain
    # what comes behind its own limits; before them stands the loader
    awk 'on; /seccomp\(SECCOMP_SET_MODE_FILTER/ { on = 1 }' "$T/trace" >"$T/caged"
    check "it is caged before it asks for a byte" sh -c 'grep -q "seccomp(SECCOMP_SET_MODE_FILTER" "$1" && ! sed "/SECCOMP_SET_MODE_FILTER/q" "$1" | grep -q sendto' - "$T/trace"
    check "the trace is one of a whole play" test "$(grep -c 'sendto(' "$T/caged")" -gt 100
    check "no file is made or opened for writing, but devices" \
        sh -c '! grep -E "open(at)?\(.*(O_WRONLY|O_RDWR|O_CREAT)|(creat|mkdir(at)?|mknod(at)?|rename(at2?)?|link(at)?|symlink(at)?|truncate)\(" "$1" | grep -v -e "= -1 E" -e "\"/dev/[a-z]*\""' - "$T/caged"
    check "no socket but of this machine" sh -c '! grep "socket(" "$1" | grep -v -e AF_UNIX -e AF_LOCAL -e "= -1 E"' - "$T/caged"
    check "no other program" sh -c '! grep "execve" "$1"' - "$T/caged"
fi

# --- the opener alone: python is the player -----------------------------------------
cat >"$T/player.py" <<'P'
import os, random, socket, struct, subprocess, sys, time
path, mode = sys.argv[1:3]
ours, theirs = socket.socketpair()
child = subprocess.Popen(sys.argv[3:] + ["--fd", str(theirs.fileno())], pass_fds=[theirs.fileno()])
theirs.close()
def exactly(n):
    got = b""
    while len(got) < n:
        more = ours.recv(n - len(got))
        if not more:
            raise EOFError
        got += more
    return got
def ask(offset, length):
    ours.sendall(struct.pack("<QI", offset, length))
    code, n, size = struct.unpack("<IIQ", exactly(16))
    return code, size, exactly(n)
if mode == "copy":
    with open(path, "wb") as out:
        while True:
            code, size, piece = ask(out.tell(), 1 << 18)
            if code or not piece:
                break
            out.write(piece)
elif mode == "seek":
    data, took = open(path, "rb").read(), []
    random.seed(1)
    ask(0, 0) # it has unlocked by then
    for _ in range(60):
        at = random.randrange(len(data))
        begun = time.monotonic()
        code, size, piece = ask(at, 65536)
        took.append((time.monotonic() - begun) * 1000)
        assert code == 0 and piece and data[at:at + len(piece)] == piece
    took.sort()
    status = open("/proc/%d/status" % child.pid).read()
    rss = [l.split()[1] for l in status.splitlines() if l.startswith("VmRSS")][0]
    print("seek: median %.1f ms, longest %.1f ms; opener %s KiB" % (took[30], took[-1], rss))
elif mode == "greedy":
    ask(0, 0)
    ours.sendall(struct.pack("<QI", 0, 0xffffffff))
    assert ours.recv(1) == b""
elif mode == "mute":
    pass
elif mode == "meanwhile":
    ask(0, 10)
    code = subprocess.call(os.environ["MEANWHILE"], shell=True)
    ask(0, 10)
    assert code == 0
ours.close()
sys.exit(child.wait())
P
before=$(views "$ID")
opener() { mode=$1; file=$2; shift 2; python3 "$T/player.py" "$file" "$mode" feldsher -C "$T/sup1" --user bolat --passphrase-file "$(passphrase bolat)" recordings play "$ID" --why test "$@"; }
check_exit 0 "another player gets every byte" opener copy "$TMPDIR/copy"
check "they are the camera's" same "$TMPDIR/copy" "$V"
rm "$TMPDIR/copy"
check_exit 0 "any place is answered" opener seek "$V"
grep '^seek' "$out" | sed 's/^/# /'
check_exit 65 "a player that asks for everything at once is cut off" opener greedy -
check_exit 75 "a player that asks for nothing" opener mute -
check "only the others were views" test "$(views "$ID")" = $((before + 3))
MEANWHILE="feldsher -C '$T/sup1' offload --from '$T/camera' && feldsher -C '$T/sup1' --user dana --passphrase-file '$(passphrase dana)' recordings flag $ID >/dev/null"
export MEANWHILE
check_exit 0 "the station works on while somebody looks" opener meanwhile -

# --- as the screens do it: one process opens, another one starts the player ------------
cat >"$T/screens.py" <<'P'
import os, socket, subprocess, sys
a, b = socket.socketpair()
at = sys.argv.index("--")
opener = subprocess.Popen(sys.argv[1:at] + ["--fd", str(a.fileno())], pass_fds=[a.fileno()], stdin=subprocess.DEVNULL)
starter = subprocess.Popen(["setsid"] + sys.argv[at + 1:] + ["--fd", str(b.fileno())], pass_fds=[b.fileno()], stdin=subprocess.DEVNULL)
a.close()
b.close()
sys.exit(starter.wait() or opener.wait())
P
check_exit 0 "opener and player started apart" python3 "$T/screens.py" feldsher -C "$T/sup1" --user bolat \
    --passphrase-file "$(passphrase bolat)" recordings play "$ID" --why screens -- feldsher-play --vo null --report
check "every frame was shown" test "$(number estimated-frame-number <"$out")" = "$(probe stream=nb_read_frames)"

# --- no plaintext on the disk -------------------------------------------------------
cat >"$T/search.py" <<'P'
import os, sys
data = open(sys.argv[1], "rb").read()
needles = [b"MARKER-OF-PLAINTEXT"] + [data[len(data) * i // 40:][:24] for i in range(1, 39)]
bad = 0
for top in sys.argv[2:]:
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            text = open(path, "rb").read() if os.path.isfile(path) else b""
            bad += any(n in text for n in needles)
sys.exit(bad != 0)
P
check "the search finds what is there" sh -c '! python3 "$@"' - "$T/search.py" "$V" "$T/camera"
check "no plaintext of a video that was played stands on the disk" python3 "$T/search.py" "$V" "$T/sup1" "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR" /dev/shm
check "nothing at all was put into the home folder" test -z "$(find "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR" -type f)"

# --- kills -----------------------------------------------------------------------------
# until COMMAND...: waits for it, a minute at most
until_() { for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; return 1; }
gone() { ! grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status" 2>/dev/null; }
# a play in letters, at the speed of the video, for long enough; $opener, $player
start_play() {
    rm -f "$T/letters"
    before=$(views "$ID")
    feldsher -C "$T/sup1" --user bolat --passphrase-file "$(passphrase bolat)" recordings play "$ID" --why kill --vo tct >"$T/letters" 2>"$err" </dev/null &
    opener=$!
    until_ test -s "$T/letters"
    player=$(cat "/proc/$opener/task/$opener/children")
    player=${player% }
}
start_play
[ -n "$sanitized" ] || check "the player is confined" sh -c 'grep -q "^Seccomp:.2" "$1" && grep -q "^NoNewPrivs:.1" "$1"' - "/proc/$player/status"
[ -n "$sanitized" ] || check "the opener is confined" grep -q '^Seccomp:.2' "/proc/$opener/status"
kill -9 "$player"
wait "$opener"
check "a killed player ends the command" test $? = 75
check "with a sentence" contains "the player was killed" "$err"
check "that it was viewed stays" test "$(views "$ID")" = $((before + 1))
start_play
kill -9 "$opener"
wait "$opener" 2>/dev/null
check "a player whose opener was killed ends by itself" until_ gone "$player"
check "that it was viewed stays, too" test "$(views "$ID")" = $((before + 1))
start_play
kill -INT "$player"
wait "$opener"
check "an interrupt ends both in order" test $? = 0

# --- not everything is here ---------------------------------------------------------------
cp -r "$T/sup1" "$T/part"
find "$T/part/objects" -size +1000k -delete
check_exit 66 "a recording that is not whole" as part bolat recordings play "$ID" --why x --vo null
cp -r "$T/sup1" "$T/none"
find "$T/none/objects" -size +100k -delete
check_exit 66 "a recording that is not here" as none bolat recordings play "$NOISE" --why x --vo null
check "and it says so" contains "not here" "$err"

# --- no libmpv ----------------------------------------------------------------------------
lib=$(ldconfig -p | sed -n 's/.*libmpv\.so\.2 .*=> //p' | head -n 1)
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    before=$(views "$ID")
    check_exit 69 "without libmpv" unshare -m sh -c 'mount --bind /dev/null "$1" && shift && exec "$@"' - "$lib" \
        feldsher -C "$T/sup1" --user bolat --passphrase-file "$(passphrase bolat)" recordings play "$ID" --why x --vo null
    check "it says what to install" contains "apt-get install libmpv2" "$err"
    check "that is no view" test "$(views "$ID")" = "$before"
else
    ok "a machine without libmpv: not tried, mounting needs root"
fi
check "the station is clean after it all" expect_exit 0 at sup1 verify

finish
