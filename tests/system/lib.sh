# Shared by the system tests: a district in a folder of its own, and checks
# that print "ok - NAME" or "not ok - NAME". To be sourced; $B is the build.
# Every test ends with `finish`.

B=$(cd "${B:-build}" && pwd) || exit 1
T=$(mktemp -d "${TMPDIR:-/tmp}/feldsher-test.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 1' INT TERM
PATH=$B:$PATH
unset FELDSHER_DIR FELDSHER_USER FELDSHER_LANG
export LC_ALL=C.UTF-8
umask 022
failed=0
passed=0
out=$T/out
err=$T/err
mkdir "$T/pass"

ok() {
    passed=$((passed + 1))
    printf 'ok - %s\n' "$1"
}

not_ok() {
    failed=$((failed + 1))
    printf 'not ok - %s\n' "$1"
    [ $# -lt 2 ] || printf '#   %s\n' "$2"
    [ ! -s "$err" ] || sed 's/^/#   stderr: /' "$err"
}

# expect_exit CODE COMMAND...: true if it exits so; its output is in $out, $err.
expect_exit() {
    want=$1
    shift
    "$@" >"$out" 2>"$err" </dev/null
    got=$?
    [ "$got" = "$want" ] && return 0
    printf 'exit %s, not %s: %s\n' "$got" "$want" "$*" >>"$err"
    return 1
}

# check NAME COMMAND...: a case; it holds if the command says true.
check() {
    name=$1
    shift
    if "$@"; then ok "$name"; else not_ok "$name"; fi
}

# check_exit CODE NAME COMMAND...: a case about an exit code; errors are one line.
check_exit() {
    code=$1
    name=$2
    shift 2
    if ! expect_exit "$code" "$@"; then
        not_ok "$name"
    elif [ "$code" != 0 ] && [ "$(wc -l <"$err")" != 1 ]; then
        not_ok "$name" "the error is not one line"
    else
        ok "$name"
    fi
}

# must COMMAND...: preparation; the test ends if it fails.
must() {
    "$@" >"$out" 2>"$err" </dev/null && return 0
    printf 'not ok - preparation: %s\n' "$*"
    tail -n 12 "$out" | sed 's/^/#   /'
    sed 's/^/#   /' "$err"
    exit 1
}

contains() { grep -qF -- "$1" "$2"; }
lacks() { ! grep -qF -- "$1" "$2"; }
same() { cmp -s "$1" "$2"; }

# field NAME < JSON lines: the value of a string member, first line that has it
field() { sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' | head -n 1; }
# the same for a number, true, false or null
number() { sed -n 's/.*"'"$1"'":\([^,}]*\).*/\1/p' | head -n 1; }

# passphrase NAME: a file with the person's passphrase
passphrase() {
    [ -e "$T/pass/$1" ] || printf 'kodut-mabip-fobaz-%s-tulup-rudok\n' "$1" >"$T/pass/$1"
    printf '%s\n' "$T/pass/$1"
}

# lines SECRET...: a passphrase file with these lines, in the order given
lines() {
    printf '%s\n' "$@" >"$T/pass/.lines"
    printf '%s\n' "$T/pass/.lines"
}

# authority COMMAND ARGS...: with the folder put in and the passphrase at hand
authority() {
    sub=$1
    shift
    feldsher authority "$sub" "$T/authority" "$@" --passphrase-file "$(passphrase authority)"
}

# as STATION USER COMMAND...
as() {
    station=$1
    user=$2
    shift 2
    feldsher -C "$T/$station" --user "$user" --passphrase-file "$(passphrase "$user")" "$@"
}

# at STATION COMMAND...: locked
at() {
    station=$1
    shift
    feldsher -C "$T/$station" "$@"
}

# district_found [NAME]: $T/authority, and the hub $T/hub that it trusts
district_found() {
    must authority init --district "${1:-almaty}"
    must feldsher-hub init "$T/hub" --name hub-1
    must authority hub --add "$T/hub/hub.card"
    hub_roster
}

# hub_roster: the hub gets the authority's newest roster and notices
hub_roster() {
    must feldsher-hub roster "$T/hub" "$T/authority/roster"
    for notice in "$T/authority/notices/"*; do
        [ ! -f "$notice" ] || must feldsher-hub notice "$T/hub" "$notice"
    done
}

# station_enrol NAME UNIT KIND USER ROLE [OPTIONS...]: $T/NAME
station_enrol() {
    name=$1 unit=$2 kind=$3 user=$4 role=$5
    shift 5
    must authority enrol --station "$name" --unit "$unit" --kind "$kind" --user "$user" --role "$role" \
        --out "$T/$name.enrol" --json "$@"
    code=$(field code <"$out")
    must feldsher -C "$T/$name" init --enrol "$T/$name.enrol" \
        --passphrase-file "$(lines "$code" "$(cat "$(passphrase "$user")")")"
}

# brigade_found: the district with brigade-7: aigul's station crew1, and sup1 of two supervisors, bolat and dana
brigade_found() {
    district_found
    must authority unit brigade-7
    user_make dana supervisor evidence,evidence/brigade-7,records,records/brigade-7
    station_enrol crew1 brigade-7 station aigul crew
    station_enrol sup1 brigade-7 supervisor bolat supervisor
    user_add sup1 dana
    hub_roster
}

# user_make USER ROLE CIRCLES, user_add STATION USER: a person more on a station.
user_make() {
    must authority user --name "$1" --role "$2" --circles "$3" --out "$T/$1.key" --json
    field code <"$out" >"$T/$1.code"
}
user_add() {
    must at "$1" init --enrol "$T/$2.key" \
        --passphrase-file "$(lines "$(cat "$T/$2.code")" "$(cat "$(passphrase "$2")")")"
}

# camera_make DIR [BYTES]: a camera's folder with five recordings
camera_make() {
    mkdir -p "$1/DCIM/100MEDIA"
    head -c "${2:-9000000}" /dev/urandom >"$1/DCIM/100MEDIA/MOV_0001.MP4"
    printf '$GPRMC,100000,A,4314.5,N,07657.0,E,0,0,221126,,*1F\n' >"$1/DCIM/100MEDIA/MOV_0001.nmea"
    head -c 300000 /dev/zero >"$1/DCIM/100MEDIA/MOV_0002.MP4"
    head -c 5000 /dev/urandom >"$1/DCIM/100MEDIA/MOV_0003.MP4"
    : >"$1/DCIM/100MEDIA/MOV_0004.MP4"
    head -c 7000 /dev/urandom >"$1/DCIM/100MEDIA/$(printf 'a b\033[31m;$(id)\nc.MP4')"
}

# recording STATION USER PATH: the ID of the recording of that path's end
recording() { as "$1" "$2" recordings --json 2>/dev/null | grep -F "$3\"" | field id; }

# stick_round STATION: station, hub and station again, over the folder $T/stick
stick_round() {
    mkdir -p "$T/stick"
    must at "$1" sync --link "$T/stick" --once
    must feldsher-hub import "$T/hub" "$T/stick"
    must feldsher-hub export "$T/hub" "$T/stick"
    must at "$1" sync --link "$T/stick" --once
}

# flip FILE [BYTE]: one bit of it
flip() {
    size=$(wc -c <"$1")
    at=${2:-$((size / 2))}
    byte=$(dd if="$1" bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    printf "\\$(printf '%03o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
}

finish() {
    printf '# %s passed, %s failed\n' "$passed" "$failed"
    [ "$failed" = 0 ]
    exit
}
