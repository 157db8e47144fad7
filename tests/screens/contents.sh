# A video with a place and a log of satellites beside it; its camera's clock was an hour ahead.
mkdir -p "$T/film/DCIM"
must ffmpeg -nostdin -loglevel error -f lavfi -i "testsrc2=size=320x180:rate=10" -t 12 -c:v libx264 -preset ultrafast \
    -b:v 200k -pix_fmt yuv420p -metadata creation_time=2026-11-22T11:00:00Z "$T/film/DCIM/FILM.MP4"
printf '%s\r\n' '$GPRMC,100000.000,A,4312.000,N,07654.000,W,0.00,0.00,221126,,*10' \
    '$GPRMC,100001.000,A,4312.006,N,07654.012,W,0.00,0.00,221126,,*14' >"$T/film/DCIM/FILM.nmea"
must at office offload --from "$T/film"
