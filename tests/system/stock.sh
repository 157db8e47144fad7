# What must outlive the program opens with stock tools: age, zstd, b2sum,
# openssl, minisign, gfcombine. (The evidence package: custody.sh.)
. "$(dirname "$0")/lib.sh"
district_found
station_enrol amb-1 brigade-1 station nurse crew
user_make deputy supervisor records,evidence,evidence/brigade-1,records/brigade-1
user_add amb-1 deputy
mkdir -p "$T/camera"
head -c 9000000 /dev/urandom >"$T/camera/film.MP4"
printf '$GPRMC,100000,A,4314.5,N,07657.0,E,0,0,221126,,,*1F\n' >"$T/camera/film.nmea"
must at amb-1 offload --from "$T/camera"
stick_round amb-1
S=$T/amb-1
id=$(recording amb-1 deputy film.MP4)
must as amb-1 deputy recordings show "$id" --json
cp "$out" "$T/shown"

# age asks for a passphrase on a terminal: script gives it one
printf '#!/bin/sh\nsleep 1; cat "%s"; sleep 5\n' "$(passphrase deputy)" >"$T/type"
sh "$T/type" | script -qec "age -d -o $T/deputy.id $S/keys/deputy.age" /dev/null >/dev/null 2>&1
check "age opens a person's key" grep -q '^AGE-SECRET-KEY-1' "$T/deputy.id"
check "age opens a circle's key with it" expect_exit 0 age -d -i "$T/deputy.id" -o "$T/circle.id" "$S/keys/circles/evidence.1.age"
check "and that is an identity file" grep -q '^AGE-SECRET-KEY-1' "$T/circle.id"

blobs=$(grep -oE '"name":"[0-9a-f]{64}"' "$T/shown" | grep -oE '[0-9a-f]{64}')
[ -n "$blobs" ] || blobs=$(sed -n 's/^blob: \([0-9a-f]*\) .*/\1/p' "$S"/objects/*/* 2>/dev/null)
: >"$T/film"
whole=yes
first=$(grep -lr '^feldsher-parts' "$S/objects" | head -1)
for b in $(sed -n 's/^blob: \([0-9a-f]*\) .*/\1/p' "$first" | head -2); do
    o=$S/objects/$(echo "$b" | cut -c1-2)/$b
    [ "$(b2sum -l 256 "$o" | cut -d' ' -f1)" = "$b" ] || whole=no
    age -d -i "$T/circle.id" "$o" 2>/dev/null | zstd -dq >>"$T/film" 2>/dev/null || whole=no
done
check "b2sum names an object, age and zstd open it" [ $whole = yes ]
check "and the recording is the camera's" same "$T/film" "$T/camera/film.MP4"

pem() { # KEYTEXT (RW...): an Ed25519 public key for openssl
    { printf '302a300506032b6570032100'; printf '%s' "$1" | base64 -d | tail -c 32 | xxd -p -c 64; } | xxd -r -p | openssl pkey -pubin -inform DER -out "$2" 2>/dev/null
}
signed() { # TEXT PEM: checks it by hand, as storage/README.md says
    sed -n '/^signature: /q;p' "$1" >"$T/body"
    sed -n 's/^signature: \(.* \)\{0,1\}//p' "$1" | base64 -d >"$T/sig"
    openssl pkeyutl -verify -pubin -inkey "$2" -rawin -in "$T/body" -sigfile "$T/sig" >/dev/null 2>&1
}
pem "$(sed -n 's/^station: amb-1 [^ ]* [^ ]* \([^ ]*\) .*/\1/p' "$S/roster")" "$T/station.pem"
pem "$(sed -n 's/^hub: [^ ]* \([^ ]*\) .*/\1/p' "$S/roster")" "$T/hub.pem"
pem "$(sed -n 's/^authority: //p' "$S/roster")" "$T/authority.pem"
sed '/^signature/q' "$S"/chain/*.labels >"$T/label"
check "openssl verifies a label" signed "$T/label" "$T/station.pem"
check "openssl verifies a receipt" signed "$(ls "$S"/chain/*.receipt)" "$T/hub.pem"
check "openssl verifies the roster" signed "$S/roster" "$T/authority.pem"
check "the authority published that key" cmp -s "$T/authority.pem" "$T/authority/authority.pem"
sed -i 's/^seq: 1$/seq: 2/' "$T/label"
if signed "$T/label" "$T/station.pem"; then not_ok "a changed label is refused by openssl"; else ok "a changed label is refused by openssl"; fi
object=$(sed -n 's/^object: //p' "$T/label")
content=$(sed -n 's/^content: //p' "$T/label")
must age -d -i "$T/circle.id" -o "$T/batch.zst" "$S/objects/$(echo "$object" | cut -c1-2)/$object"
must zstd -dqf "$T/batch.zst" -o "$T/batch"
check "the batch is the label's content" [ "$(b2sum -l 256 "$T/batch" | cut -d' ' -f1)" = "$content" ]
check "and JSON lines" expect_exit 0 python3 -c "import json,sys; [json.loads(l) for l in open('$T/batch')]"

must authority split --out "$T/shares"
cat "$T/shares"/*.txt 2>/dev/null >"$T/paper"
ls "$T/shares" >"$out"
raw=$(ls "$T"/shares/*.[0-9][0-9][0-9] 2>/dev/null | head -2 | tr '\n' ' ')
if [ -z "$raw" ]; then # on paper only: as the paper says
    n=0
    for f in "$T"/shares/*; do
        n=$((n + 1))
        [ $n -le 2 ] || break
        no=$(sed -n 's/^number: *\([0-9]*\).*/\1/p' "$f")
        sed -n 's/^share[^:]*: *//p;s/^[0-9]*: *\([0-9a-f ]*\) .*/\1/p' "$f" | tr -d ' \n' | xxd -r -p >"$T/seed.$(printf %03d "$no")"
    done
    raw=$(ls "$T"/seed.[0-9]* | head -2 | tr '\n' ' ')
fi
check "gfcombine joins two shares" expect_exit 0 gfcombine -o "$T/seed" $raw
check "to the 32 bytes of the authority's key" [ "$(wc -c <"$T/seed")" = 32 ]
{ printf '302e020100300506032b657004220420'; xxd -p -c 64 "$T/seed"; } | xxd -r -p | openssl pkey -inform DER -pubout -out "$T/joined.pem" 2>/dev/null
check "which is the published one" cmp -s "$T/joined.pem" "$T/authority.pem"
finish
