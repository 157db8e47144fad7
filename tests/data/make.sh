# Made tests/data/golden-1 once, when version 1 was new: sh tests/data/make.sh DIR.
# A golden folder is never made again; a new version gets one of its own.
to=$1
. "$(dirname "$0")/../system/lib.sh"
district_found golden
station_enrol amb-1 brigade-1 station nurse crew
station_enrol office-1 office supervisor head supervisor
user_make deputy supervisor records,evidence,staff
user_add office-1 deputy
hub_roster
mkdir -p "$T/camera/DCIM"
head -c 3000 /dev/urandom >"$T/camera/DCIM/one.MP4"
printf '$GPRMC,100000,A,4314.5,N,07657.0,E,0,0,221126,,,*1F\n' >"$T/camera/DCIM/one.nmea"
: >"$T/camera/DCIM/two.MP4"
must at amb-1 offload BWC-1 --from "$T/camera"
stick_round amb-1
stick_round office-1
id=$(recording office-1 head one.MP4)
must as office-1 head recordings pull "$id"
stick_round office-1
must as office-1 head recordings hold "$id" --why "complaint 1"
must as office-1 head recordings request "$id" --why "complaint 1" --json
request=$(field request <"$out")
must as office-1 deputy recordings approve "$request"
stick_round office-1
mkdir -p "$to"
cp -a "$T/office-1" "$to/station"
cp -a "$T/hub" "$to/hub"
rm -f "$to"/hub/log/* "$to"/station/log/*
cp "$(passphrase head)" "$to/passphrase"
as office-1 head recordings list --json >"$to/list.jsonl"
b2sum -l 256 "$T/camera/DCIM/one.MP4" | cut -d' ' -f1 >"$to/one.b2"
finish
