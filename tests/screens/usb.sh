# For usb.drive: this machine has no USB. A copy of the programs' folder in which feldsher-dock and feldsher-erase are
# scripts that print the rows of drivers/dock/README.md and drivers/erase/README.md, a step each time $T/step is
# touched. The real ones run on real devices in tests/usb.
mkdir -p "$T/bin" "$T/rows"
cp "$B/feldsher" "$T/bin/"
for kind in dock cameras; do : >"$T/rows/$kind"; done
cat >"$T/bin/feldsher-dock" <<X
#!/bin/sh
# says what is appended to a file of rows until it is ended
says() { exec tail -n +1 -f "$T/rows/\$1"; }
shift 2
echo "\$*" >>"$T/asked"
case "\$1" in
cameras) says cameras ;;
watch) [ ! -e "$T/another" ] || { echo "feldsher-dock: another feldsher dock takes cameras in at this station already" >&2; exit 75; }
    says dock ;;
admit) echo '{"done":"admit","serial":"SN-3","profile":"generic-mtp"}' ;;
forget) echo '{"done":"forget","serial":"SN-3","profile":""}' ;;
offload) cat "$T/rows/offload" ;;
esac
X
cat >"$T/bin/feldsher-erase" <<X
#!/bin/sh
echo "erase \$*" >>"$T/asked"
case "\$*" in
*--plan*) cat "$T/rows/plan" ;;
*) cat "$T/rows/erase" ;;
esac
X
# say FILE ROW...: rows that the program says from now on
cat >"$T/say" <<X
#!/bin/sh
file=$T/rows/\$1
shift
for row; do printf '%s\n' "\$row"; done >>"\$file"
X
chmod 755 "$T/bin/feldsher-dock" "$T/bin/feldsher-erase" "$T/say"
D1='"port":"1-1","ids":"4255:0001","vendor":"Maker","product":"BodyCam","serial":"SN-1","speed":"high"'
D2='"port":"1-2","ids":"4255:0001","vendor":"Maker","product":"BodyCam","serial":"SN-2","speed":"high"'
D3='"port":"1-3","ids":"18d1:4ee1","vendor":"Phones","product":"Telephone","serial":"SN-3","speed":"high"'
D4='"port":"1-4","ids":"0bda:0119","vendor":"Readers","product":"Reader","serial":"","speed":"high"'
export D1 D2 D3 D4
cat >"$T/survey" <<X
#!/bin/sh
"$T/say" cameras '{"event":"device",$D1,"state":"automatic","profile":"amba"}' \
    '{"event":"device",$D2,"state":"automatic","profile":"amba"}' \
    '{"event":"device",$D3,"state":"possible","profile":"generic-mtp"}' \
    '{"event":"device",$D4,"state":"denied","profile":"generic-storage"}' '{"event":"surveyed","cameras":4}'
X
chmod 755 "$T/survey"
cat >"$T/rows/offload" <<'X'
{"event":"taking","port":"1-3","vendor":"Phones","product":"Telephone","serial":"SN-3","profile":"generic-mtp","volume":"","battery":80,"free":1000,"size":2000,"clock":null,"asked":null,"clock_set":false}
{"event":"found","recordings":1,"bytes":9000}
{"event":"recording","result":"stored","path":"DCIM/a.MP4","id":"00","size":9000,"resumed_from":0}
{"event":"summary","stored":1,"known":0,"failed":0,"not_taken":0,"bytes":9000,"seconds":0.1}
X
cat >"$T/rows/plan" <<'X'
{"event":"camera","serial":"SN-1","volume":"AB-12","how":"vendor","why":null}
{"event":"licence","id":"11","by":"bolat","time":"2026-11-20T00:00:00Z","expires":"2026-12-20T00:00:00Z","files":1,"begun":false,"why":null}
{"event":"file","state":"may","path":"DCIM/old.MP4","size":5000,"licence":"11","recording":"22","why":null}
{"event":"file","state":"left","path":"DCIM/held.MP4","size":6000,"licence":"11","recording":"33","why":"it is under a hold"}
{"event":"file","state":"unlicensed","path":"DCIM/new.MP4","size":7000,"licence":null,"recording":null,"why":null}
{"event":"summary","may":1,"held":0,"unlicensed":1,"erased":0,"gone":0,"left":1,"failed":0,"bytes":0}
X
cat >"$T/rows/erase" <<'X'
{"event":"progress","done":5000,"bytes":5000}
{"event":"file","state":"erased","path":"DCIM/old.MP4","size":5000,"licence":"11","recording":"22","why":null}
{"event":"summary","may":0,"held":0,"unlicensed":0,"erased":1,"gone":0,"left":0,"failed":0,"bytes":5000}
X
