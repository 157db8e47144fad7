# A recording that waits to be sent, a stick, a hub that listens on loopback.
mkdir "$T/stick"
must feldsher -C "$T/amb-7" offload CAM --from "$T/card"
: >"$T/serve.out"
feldsher-hub serve "$T/hub" --listen 127.0.0.1:0 >"$T/serve.out" 2>&1 &
hub_server=$!
trap 'kill $hub_server 2>/dev/null; rm -rf "$T"' EXIT
tries=100
until grep -q '^listening on' "$T/serve.out"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || must false
    sleep 0.1
done
hub_port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$T/serve.out" | head -n 1)
export hub_port hub_server
