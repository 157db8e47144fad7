# A film to look at, in the office.
mkdir -p "$T/film/DCIM/100MEDIA"
must ffmpeg -nostdin -loglevel error -f lavfi -i "testsrc2=size=320x180:rate=10" -t 60 -c:v libx264 -preset ultrafast \
    -b:v 200k -pix_fmt yuv420p "$T/film/DCIM/100MEDIA/FILM.MP4"
must at office offload --from "$T/film"
unset DISPLAY WAYLAND_DISPLAY # of the tests behind it, too: they need none
# kill_player: the one that this station's screens have started
cat >"$T/kill_player" <<'END'
for starter in $(pgrep -f "C $T/office worker starter"); do pkill -KILL -P "$starter" -x feldsher-play && exit; done
exit 1
END
chmod +x "$T/kill_player"
