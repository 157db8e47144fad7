#!/bin/bash
# NNCP as a peer: its daemon at the receiver, its caller at the sender (a call
# a second while something waits). Small files go before big ones.
#   NNCP_DEADLINE  seconds of silence after which a call is given up
set -u
configs() {
    python3 - "$W" "$DST" "$IP" "${NNCP_DEADLINE:-10}" <<'PYTHON'
import re, subprocess, sys
work, inbox, ip, deadline = sys.argv[1:]
fields = ("id", "exchpub", "exchprv", "signpub", "signprv", "noiseprv", "noisepub")
keys = {}
for node in ("left", "right"):
    text = subprocess.run(["nncp-cfgnew", "-nocomments"], capture_output=True, text=True, check=True).stdout
    own = text[text.index("self:"):text.index("neigh")]
    keys[node] = {f: re.search(rf"\b{f}: (\S+)", own).group(1) for f in fields}
def block(node, names):
    return "".join(f"  {f}: {keys[node][f]}\n" for f in names)
public = ("id", "exchpub", "signpub", "noisepub")
for node, other in (("left", "right"), ("right", "left")):
    extra = f"  onlinedeadline: {deadline}\n"
    if node == "left":
        extra += f'  addrs: {{ road: "{ip}:5400" }}\n  calls: [ {{ cron: "*/1 * * * * * *"\n when-tx-exists: true\n onlinedeadline: {deadline} }} ]\n'
    else:
        extra += f"  incoming: {inbox}\n"
    with open(f"{work}/{node}.hjson", "w") as f:
        f.write(f"{{\nspool: {work}/spool-{node}\nlog: {work}/{node}.log\nnoprogress: true\nself: {{\n{block(node, fields)}}}\n"
                f"neigh: {{\nself: {{\n{block(node, public)}}}\n{other}: {{\n{block(other, public)}{extra}}}\n}}\n}}\n")
PYTHON
}
case $1 in
prep)
mkdir -p "$W/spool-left" "$W/spool-right"
configs
;;
server)
nncp-toss -quiet -cfg "$W/right.hjson" -cycle 1 &
exec nncp-daemon -noprogress -cfg "$W/right.hjson" -bind "$IP:5400"
;;
client)
exec nncp-caller -noprogress -cfg "$W/left.hjson"
;;
send)
for f in "$2"/*; do
    if [ "$(stat -c %s "$f")" -lt 65536 ]; then nice=P; else nice=B; fi
    nncp-file -noprogress -cfg "$W/left.hjson" -nice $nice "$f" "right:${f##*/}" || exit 1
done
# what waits has a name of 52 letters; it goes once the other side has it whole
while find "$W/spool-left" -path '*/tx/*' -type f | grep -qE '/[A-Z2-7]{52}$'; do sleep 0.5; done
;;
esac
