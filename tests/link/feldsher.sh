#!/bin/bash
# Feldsher on the bad link. Called by run.py: prep | server | client | send DIR
# | arrived | sealed | verify, with W (a folder for this run), SRC, DST, IP.
#   FELDSHER_BUILD  the build; else build/ of this project
set -u
B=${FELDSHER_BUILD:-$(dirname "$0")/../../build}
B=$(cd "$B" && pwd) || exit 1
PATH=$B:$PATH
PORT=${PORT:-4433}
station=$W/station hub=$W/hub
# in workload P the small files are urgent
case $SRC in */P) lane=0 ;; *) lane=1 ;; esac

secret() { (umask 077 && printf '%s\n' "$@" >"$W/secret") && echo "$W/secret"; }
authority() { # VERB ARGS...
    local verb=$1
    shift
    feldsher authority "$verb" "$W/authority" "$@" --passphrase-file "$(secret lusab-babad-gutih-tugad-mudof)"
}
# held NAME...: objects of these names are whole and verified at the hub
held() {
    local name
    for name; do [ -e "$hub/objects/${name:0:2}/$name" ] || return 1; done
}

case $1 in
prep)
set -e
authority init --district lab
feldsher-hub init "$hub" --name hub --address "$IP:$PORT"
authority hub --add "$hub/hub.card"
code=$(authority enrol --station amb-1 --unit brigade-1 --user nurse --out "$W/enrol" --json |
    sed -n 's/.*"code": *"\([^"]*\)".*/\1/p')
feldsher -C "$station" init --enrol "$W/enrol" --passphrase-file "$(secret "$code" zovat-hinil-pusom-kivab-donut)"
feldsher-hub roster "$hub" "$W/authority/roster"
rm -f "$W/secret"
: >"$W/map"
;;
server)
exec feldsher-hub serve "$hub" --listen "$IP:$PORT"
;;
client)
exec feldsher-sync -C "$station" --watch --link "$IP:$PORT"
;;
send)
small=() big=()
for f in "$2"/*; do
    if [ "$(stat -c %s "$f")" -lt 65536 ]; then small+=("$f"); else big+=("$f"); fi
done
[ ${#small[@]} = 0 ] || "$B/link/note" append "$station" $lane "${small[@]}" |
    while read -r name object _; do echo "$name $object"; done >>"$W/map"
for f in "${big[@]}"; do
    camera=$W/camera-${f##*/}
    mkdir "$camera" && ln "$f" "$camera/${f##*/}.mp4" || exit 1
    feldsher -C "$station" offload --from "$camera" --quiet || exit 1
    names=$("$B/link/note" names "$station") && echo "${f##*/} $names" >>"$W/map" || exit 1
done
until status=$(feldsher -C "$station" status --json) &&
    [[ $status == *'"unsent_by_lane":[0,0,0,0,0]'* && $status == *'"silent_since":null'* ]]; do
    sleep 0.5
done
;;
arrived)
while read -r name names; do
    ! held $names || echo "$name"
done <"$W/map"
;;
sealed)
# bytes that the hub holds: objects that have got their names; labels, which
# travel in short, do not count
find "$hub"/objects/?? -type f -printf '%s\n' 2>/dev/null
;;
verify)
feldsher-hub verify "$hub" && feldsher -C "$station" verify &&
    cmp "$station"/chain/*.labels "$hub"/chains/*.labels
;;
esac
