# Every flipped bit of a small station is named by verify (one bit of every
# byte here; every bit in `make torture`).
. "$(dirname "$0")/lib.sh"
district_found
station_enrol amb-1 brigade-1 station nurse crew
mkdir -p "$T/camera/DCIM"
head -c 700 /dev/urandom >"$T/camera/DCIM/a.MP4"
head -c 300 /dev/urandom >"$T/camera/DCIM/b.MP4"
: >"$T/camera/DCIM/c.MP4"
must at amb-1 offload --from "$T/camera"
stick_round amb-1
id=$(recording amb-1 nurse a.MP4)
must as amb-1 nurse recordings link "$id" card-17
rm "$T/amb-1"/records-*.db # an index that its own reader checks, and makes anew: unit/test_records_blocks
"$B/system/flip" "$T/amb-1" >"$out" 2>"$err"
status=$?
cat "$out"
check "every flipped bit of a station is named" [ $status = 0 ]
check "all kinds of files were flipped" [ "$(sed -n 's/.* flips in \([0-9]*\) files.*/\1/p' "$out")" -ge 15 ]
finish
