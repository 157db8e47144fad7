# For recordings.drive: what the crew has taken in is at the hub and not at the office, but for what the office took in
# itself; names that would move a cursor are among it.
mkdir -p "$T/own/DCIM" "$T/packages"
head -c 400000 /dev/urandom >"$T/own/DCIM/office1.MP4"
head -c 5000 /dev/urandom >"$T/own/DCIM/office2.MP4"
head -c 6000 /dev/urandom >"$T/own/DCIM/$(printf 'e\314\201\342\200\256\350\273\212\033[2Jx.MP4')"
must at amb-7 offload --from "$T/card"
stick_round amb-7
stick_round office
must at office offload BWC-9 --from "$T/own"
mkdir "$T/film"
must ffmpeg -nostdin -loglevel error -f lavfi -i testsrc2=size=320x240:rate=10 -t 1 -c:v libx264 -preset ultrafast \
    -pix_fmt yuv420p "$T/film/film.MP4"
must at office offload --from "$T/film"
# ask USER COMMAND...: at the office
cat >"$T/ask" <<X
#!/bin/sh
who=\$1
shift
exec feldsher -C "$T/office" --user "\$who" --passphrase-file "$T/pass/\$who" "\$@"
X
# id NAME: of the recording with that file
cat >"$T/id" <<X
#!/bin/sh
"$T/ask" bolat recordings --json | grep -F "\$1" | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p' | head -1
X
# shows NAME TEXT: does recordings show --json of that recording have it?
cat >"$T/shows" <<X
#!/bin/sh
"$T/ask" bolat recordings show "\$("$T/id" "\$1")" --json | grep -qF -- "\$2"
X
chmod 755 "$T/ask" "$T/id" "$T/shows"
