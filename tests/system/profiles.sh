# Camera models: a mistake is named with file and line, a good one is listed;
# the secret that unlocks cameras is sealed, and in the keyring after an unlock.
. "$(dirname "$0")/lib.sh"

district_found
station_enrol brigade-1 brigade-1 station aigul crew

# spoilt NAME LINE TEXT: amba-ascii with the line that begins like TEXT replaced, or TEXT added where none does
spoilt() {
    key=${3%%: *}
    line=$2
    sed "s|^$key: .*|$3|;t;" drivers/profiles/amba-ascii.profile >"$T/amba-ascii.profile"
    grep -qF -- "$3" "$T/amba-ascii.profile" || printf '%s\n' "$3" >>"$T/amba-ascii.profile"
    last=$(grep -nF -- "$3" "$T/amba-ascii.profile" | head -n 1 | cut -d: -f1)
    [ "$line" != here ] || line=$last
    if expect_exit 65 at brigade-1 cameras check "$T/amba-ascii.profile" &&
        [ "$(wc -l <"$err")" = 1 ] && contains "$T/amba-ascii.profile: line $line" "$err"; then
        ok "$1"
    else
        not_ok "$1" "not named: line $line"
    fi
}

for f in drivers/profiles/*.profile; do
    check_exit 0 "the model $(basename "$f") is a good one" at brigade-1 cameras check "$f"
done
spoilt "a model by another name than its file" here "name: other"
spoilt "a language that no camera speaks" here "speaks: french"
spoilt "ids that are none" here "usb: 4255"
spoilt "a proof that is none" here "proof: colour"
spoilt "neither yes nor no" here "automatic: perhaps"
spoilt "a command of another form" here "command hello: Ver"
spoilt "a key that does not exist" here "colour: red"
spoilt "a path from the root" here "files: /DCIM/*"
spoilt "a sidecar with a dot" here "sidecars: .gpx"
spoilt "a field that does not exist" here "names: {colour}"
spoilt "a zone that does not exist" here "names zone: almaty"
spoilt "a clock without its zone" here "clock: dialect"
spoilt "an erase command of the standard's (04 formats)" here "erase: command 04 00 00 00 00 00"
spoilt "a lock without a command that unlocks" here "lock: 6"
spoilt "a battery that nobody asks for" here "battery: 10"
printf 'feldsher-profile 1\nname: short\n' >"$T/short.profile"
check_exit 65 "a model that ends too early" at brigade-1 cameras check "$T/short.profile"
check "and its last line is named" contains "short.profile: line 2" "$err"
check_exit 65 "a file of another name" at brigade-1 cameras check drivers/README.md
check_exit 66 "no file" at brigade-1 cameras check "$T/nothing.profile"

mkdir "$T/brigade-1/profiles"
sed 's/^title: .*/title: Ours/' drivers/profiles/generic-storage.profile >"$T/brigade-1/profiles/generic-storage.profile"
check_exit 0 "the models are listed" at brigade-1 cameras profiles
check "the station's own instead of ours" contains "Ours" "$out"
check "and not ours" lacks "that is a USB disk" "$out"
check "with what needs a secret" contains "needs a secret" "$out"
check_exit 0 "as JSON, too" at brigade-1 cameras profiles --json
check "a row each" [ "$(python3 -c 'import json,sys; print(len([json.loads(l)["profile"] for l in open(sys.argv[1])]))' "$out")" = 4 ]

printf 'feldsher-profile 1\nname: bad\nspeaks: french\n' >"$T/brigade-1/profiles/bad.profile"
check_exit 65 "a model with a mistake among them is named" at brigade-1 cameras profiles
check "with its line" contains "bad.profile: line 3" "$err"
check "and blocks no other" contains amba-binary "$out"
# told NAME COMMAND...: says the file with its line on stderr, once, whatever comes of it
told() {
    name=$1
    shift
    "$@" >"$out" 2>"$err" </dev/null
    check "$name" [ "$(grep -c "bad.profile: line 3: .*; " "$err")" = 1 ]
}
told "who lists cameras hears of it" at brigade-1 cameras
told "who takes one in, too" at brigade-1 offload
told "and who admits one" at brigade-1 cameras admit SN-1
told "and the dock" timeout -s INT 2 feldsher-dock -C "$T/brigade-1" watch
at brigade-1 cameras --json >"$out" 2>"$err" </dev/null
check "as JSON it is a row" [ "$(grep -c '"event":"refused","why":".*bad.profile: line 3' "$out")" = 1 ]
rm "$T/brigade-1/profiles/bad.profile"

# --- the secret
key=$T/brigade-1/keys/cameras/amba-binary.age
printf 'abc123\n' >"$T/secret"
check_exit 77 "a secret is not taken from who cannot unlock" \
    feldsher -C "$T/brigade-1" --passphrase-file "$T/secret" cameras secret amba-binary --secret-file "$T/secret"
check "and nothing is kept" [ ! -e "$key" ]
echo >"$T/nothing"
check_exit 65 "an empty secret" \
    feldsher -C "$T/brigade-1" --passphrase-file "$(passphrase aigul)" cameras secret amba-binary --secret-file "$T/nothing"
check_exit 64 "a profile that can have no such name" as brigade-1 aigul cameras secret ../x --secret-file "$T/secret"
if expect_exit 0 as brigade-1 aigul cameras secret amba-binary --secret-file "$T/secret"; then
    ok "a secret is kept"
    # a machine whose kernel has no keyring, or closes it, keeps the sealed copy alone
    keyring=yes
elif grep -q keyring "$err"; then
    keyring=no
    printf '# no keyring here: %s\n' "$(cat "$err")"
else
    not_ok "a secret is kept"
    keyring=no
fi
check "sealed, for its owner's eyes alone" [ "$(stat -c %a "$key")" = 600 ]
check "nowhere in clear" sh -c '! grep -rqF abc123 "$1"' sh "$T/brigade-1"
must at brigade-1 verify
ok "verify knows the file"

# stock age opens it with the person's key
if python3 - "$T/brigade-1/keys/aigul.age" "$(cat "$(passphrase aigul)")" "$T/aigul.id" <<'PY'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp("age", ["age", "-d", "-o", sys.argv[3], sys.argv[1]])
seen = b""
while b"assphrase" not in seen:
    seen += os.read(fd, 4096)
os.write(fd, sys.argv[2].encode() + b"\n")
try:
    while os.read(fd, 4096):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
then
    age -d -i "$T/aigul.id" "$key" >"$T/opened" 2>"$err"
    check "stock age opens it" [ "$(cat "$T/opened")" = abc123 ]
else
    not_ok "stock age opens it"
fi

# keyring COMMAND: read, drop: the account's keyring, from outside
chain=$(sed -n 's/^chain: //p' "$T/brigade-1/station.conf" | head -n 1)
keyring() {
    python3 - "$1" "feldsher:$chain:camera:amba-binary" <<'PY'
import ctypes, platform, sys
numbers = {"x86_64": 250, "aarch64": 219}
libc = ctypes.CDLL(None, use_errno=True)
def keyctl(*a):
    return libc.syscall(numbers[platform.machine()], *[ctypes.c_long(x) if isinstance(x, int) else x for x in a])
key = keyctl(10, -4, b"user", sys.argv[2].encode(), 0)
if key < 0:
    sys.exit(1)
if sys.argv[1] == "drop":
    sys.exit(keyctl(9, key, -4) != 0)
b = ctypes.create_string_buffer(1024)
n = keyctl(11, key, b, 1024)
print(b.raw[:n].decode())
PY
}
if [ $keyring = yes ]; then
    check "the secret is in the keyring" [ "$(keyring read)" = abc123 ]
    must keyring drop
    check "as after switching on" sh -c '[ -z "$1" ]' sh "$(keyring read)"
    must as brigade-1 aigul circles
    check "any unlock brings it back" [ "$(keyring read)" = abc123 ]
    check_exit 0 "it is forgotten" as brigade-1 aigul cameras secret amba-binary --forget
    check "and out of the keyring" sh -c '[ -z "$1" ]' sh "$(keyring read)"
    must as brigade-1 aigul circles
    check "and does not come back" sh -c '[ -z "$1" ]' sh "$(keyring read)"
fi

# --- typed into a terminal: twice, and nothing of it is seen
typed() { # SECOND CODE SAYS
    cat >"$T/typed.drive" <<END
run feldsher -C $T/brigade-1 cameras secret amba-binary
wait "Passphrase of aigul"
type-from $(passphrase aigul)
key Enter
wait "Secret that unlocks the cameras of profile amba-binary"
type "typed1"
key Enter
wait ", again"
type "$1"
key Enter
wait "$3"
expect-not "typed"
closed
exit-code $2
END
    "$B/system/drive" "$T/typed.drive" >"$out" 2>"$err"
}
check "two that differ are not taken" typed typed2 65 "not the same"
[ $keyring = no ] || check "two that agree are" typed typed1 0 "is kept"
[ $keyring = no ] || check "as they were typed" [ "$(keyring read)" = typed1 ]

# --- the screens' unlock brings it back, too
if [ $keyring = yes ]; then
    must keyring drop
    cat >"$T/screens.drive" <<END
run feldsher -C $T/brigade-1 screens
wait "aigul"
key Enter
wait "Passphrase"
type-from $(passphrase aigul)
key Enter
wait "Home:"
signal TERM
closed
END
    check "the screens are unlocked" expect_exit 0 "$B/system/drive" "$T/screens.drive"
    check "and the secret is at hand" [ "$(keyring read)" = typed1 ]
fi
[ $keyring = no ] || must as brigade-1 aigul cameras secret amba-binary --forget
finish
