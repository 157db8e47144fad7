# A stolen copy of a locked station folder tells nothing: strings, sqlite3 and
# a search for known plaintext find no name, note or frame.
. "$(dirname "$0")/lib.sh"
district_found
station_enrol amb-1 brigade-1 station nurse-zhanar crew
mkdir -p "$T/camera/DCIM"
ffmpeg -nostdin -loglevel error -f lavfi -i testsrc2=size=320x240:rate=10 -t 4 -c:v libx264 -preset ultrafast \
    -metadata title=SECRETTITLE "$T/camera/DCIM/BADGE_IVANOV_20261121.MP4" || exit 1
printf '$GPRMC,031500,A,4314.334,N,07653.382,E,0,0,211126,,,A*00\n' >"$T/camera/DCIM/BADGE_IVANOV_20261121.NMEA"
: >"$T/camera/DCIM/EMPTY_PETROV.MP4"
must at amb-1 offload BWC-77123 --from "$T/camera"
id=$(recording amb-1 nurse-zhanar IVANOV_20261121.MP4)
must as amb-1 nurse-zhanar recordings link "$id" complaint-of-sidorov
must at amb-1 offload BWC-77123 --from "$T/camera"
stick_round amb-1
cp -a "$T/amb-1" "$T/stolen"
find "$T/stolen" -type f | while read -r f; do cat "$f"; done >"$T/heap"
strings -n 4 "$T/heap" >"$T/strings"
for table in labels objects marks receipts jobs; do sqlite3 "$T/stolen/queue.db" "SELECT * FROM $table" >>"$T/rows" 2>/dev/null; done
check "sqlite3 does read the index" [ -s "$T/rows" ]
for word in IVANOV PETROV 77123 DCIM SECRETTITLE GPRMC 4314.334 sidorov complaint x264 ftyp moov testsrc; do
    check "no $word in the folder" lacks "$word" "$T/heap"
    check "no $word in the rows" lacks "$word" "$T/rows"
done
# a frame: 48 bytes from the middle of the film, anywhere in the folder
size=$(wc -c <"$T/camera/DCIM/BADGE_IVANOV_20261121.MP4")
found=no
for at in 0 1000 $((size / 3)) $((size / 2)) $((size - 100)); do
    hex=$(dd if="$T/camera/DCIM/BADGE_IVANOV_20261121.MP4" bs=1 skip="$at" count=24 2>/dev/null | xxd -p -c 64)
    python3 - "$T/heap" "$hex" <<'P' || found=yes
import sys
sys.exit(1 if bytes.fromhex(sys.argv[2]) in open(sys.argv[1], 'rb').read() else 0)
P
done
check "no piece of a frame in the folder" [ $found = no ]
hash=$(b2sum -l 256 "$T/camera/DCIM/BADGE_IVANOV_20261121.MP4" | cut -c1-64)
check "no hash of a camera's file in it" lacks "$hash" "$T/heap"
check "nor as bytes" python3 -c "import sys; sys.exit(bytes.fromhex('$hash') in open('$T/heap','rb').read())"
check_exit 77 "the list needs the passphrase" feldsher -C "$T/stolen" --passphrase-file "$(lines wrong-wrong-wrong)" recordings list
finish
