# Sourced by what runs in the guest: devices that come and go, and how to wait
# for them. Gadgets hang on dummy_udc.0 to .3, which are buses of their own.
. tests/system/lib.sh
rm -rf "$T"
T=$GIVEN
trap 'exit 1' INT TERM
trap - EXIT
out=/tmp/out err=/tmp/err
G=/sys/kernel/config/usb_gadget
mkdir -p /run/udev
cp /usr/bin/udevadm /tmp/systemd-udevd && /tmp/systemd-udevd --daemon 2>/dev/null
[ ! -d /sys/kernel/config ] || mount -t configfs none /sys/kernel/config

# No program is started where the shell will do: each costs 30 ms in here.
uptime() { read -r up rest </proc/uptime && up=${up%.*}; }
# until SECONDS COMMAND...: true within that time
until_() {
    uptime
    end=$((up + $1))
    shift
    until "$@"; do
        uptime
        [ "$up" -lt "$end" ] || return 1
        sleep 0.05
    done
}
# here SERIAL, gone SERIAL: waits for it
is_here() {
    for f in /sys/bus/usb/devices/*/serial; do
        read -r s 2>/dev/null <"$f" && [ "$s" = "$1" ] && return 0
    done
    return 1
}
is_gone() { ! is_here "$1"; }
here() { until_ 20 is_here "$1"; }
gone() { until_ 20 is_gone "$1"; }
# row FILE PATTERN [SECONDS]: until one has it
has_row() { grep -qsE -- "$2" "$1"; }
row() { until_ "${3:-60}" has_row "$1" "$2" || { echo "no row $2 in $1; the last: $(tail -n 1 "$1")" >"$err"; return 1; }; }

# QEMU's: plug NODE SERIAL PORT, unplug NODE SERIAL
plug() { echo "@plug usb-storage,bus=x.0,port=$3,drive=$1,id=$1,serial=$2"; here "$2"; }
unplug() { echo "@unplug $1"; gone "$2"; }

# gadget NAME IDS SERIAL FUNCTION: a gadget that is not plugged in yet
gadget() {
    mkdir -p "$G/$1/strings/0x409" "$G/$1/configs/c.1" "$G/$1/functions/$4"
    echo "0x${2%:*}" >"$G/$1/idVendor"
    echo "0x${2#*:}" >"$G/$1/idProduct"
    echo "$3" >"$G/$1/strings/0x409/serialnumber"
    echo "Lab" >"$G/$1/strings/0x409/manufacturer"
    echo "$1" >"$G/$1/strings/0x409/product"
    ln -s "$G/$1/functions/$4" "$G/$1/configs/c.1/"
}
# bind NAME UDC: plugged in there; unbind NAME: pulled out
bind() { echo "dummy_udc.$2" 2>/dev/null >"$G/$1/UDC"; }
unbind() { echo >"$G/$1/UDC"; }
# drop NAME: it never was
drop() {
    unbind "$1" 2>/dev/null
    rm -f "$G/$1"/configs/c.1/*.*
    rmdir "$G/$1"/configs/c.1 "$G/$1"/functions/* "$G/$1"/strings/0x409 "$G/$1" 2>/dev/null
    umount "/dev/ffs-$1" 2>/dev/null
    true
}

# kernel_disk NAME SERIAL IMAGE UDC [RO]: the kernel's mass storage
kernel_disk() {
    gadget "$1" 0525:a4a5 "$2" mass_storage.0
    echo 1 >"$G/$1/functions/mass_storage.0/lun.0/removable"
    echo "${5:-0}" >"$G/$1/functions/mass_storage.0/lun.0/ro"
    echo "$3" >"$G/$1/functions/mass_storage.0/lun.0/file"
    bind "$1" "$4" && here "$2"
}
# responder NAME SERIAL FOLDER UDC: umtp-responder; one at a time
responder() {
    gadget "$1" 1d6b:0100 "$2" "ffs.$1"
    mkdir -p "/dev/ffs-$1"
    mount -t functionfs "$1" "/dev/ffs-$1"
    sed "s|^storage .*|storage \"$3\" \"card\" \"rw\"|;s|/dev/ffs-mtp|/dev/ffs-$1|;s|^manufacturer .*|manufacturer \"Lab\"|" /etc/umtprd/umtprd.conf >/tmp/umtprd.conf
    umtprd -conf /tmp/umtprd.conf >/tmp/umtprd.log 2>&1 &
    responder=$!
    until_ 20 bind "$1" "$4" && here "$2"
}
# ours NAME IDS SERIAL UDC MODE ARGS...: our gadget, until it ends: "disk IMAGE FAULTS...", "talk DIALECT..."
ours() {
    name=$1 serial=$3 udc=$4 mode=$5
    [ -e "$G/$1" ] || { gadget "$1" "$2" "$3" "ffs.$1"; mkdir -p "/dev/ffs-$1"; mount -t functionfs "$1" "/dev/ffs-$1"; }
    shift 5
    "$B/usb/gadget" "$mode" "/dev/ffs-$name" "$G/$name/UDC=dummy_udc.$udc" "$@" &
    ours=$!
    here "$serial"
}
# recorder NAME SERIAL UDC DIALECT IMAGE OPTIONS...: a camera that speaks, and
# once it is asked for its disk comes back as one that serves the image; in the background
recorder() {
    (
        name=$1 serial=$2 udc=$3 dialect=$4 image=$5
        shift 5
        ours "$name" 4255:0001 "$serial" "$udc" talk "$dialect" "$@"
        wait "$ours" && drop "$name" &&
            ours "$name-disk" 4255:1000 "$serial" "$udc" disk "$image" --count=/tmp/"$name.count" && wait "$ours"
    ) &
    recorder=$!
    here "$2"
}
# counted NAME WHAT: of our gadget's counters (read, written, commands, resets, erased)
counted() { tr ' ' '\n' <"/tmp/$1.count" | sed -n "/^$2\$/{n;p;}"; }

# plugged: what the kernel sees, a line a device
plugged() {
    for d in /sys/bus/usb/devices/*; do
        of= class=
        [ -e "$d/idVendor" ] || continue
        for f in bDeviceClass idVendor idProduct speed serial manufacturer product; do
            v=
            [ ! -e "$d/$f" ] || read -r v <"$d/$f"
            [ "$f:$v" != bDeviceClass:09 ] || continue 2
            of="$of $v"
        done
        for f in "$d"/*:1.*/bInterfaceClass; do read -r v <"$f" && class="$class $v"; done
        echo "# ${d##*/}:$of, interfaces$class"
    done
}
# model NAME SPEAKS IDS PROOF: one of the operator's, taken in by itself
model() {
    printf 'feldsher-profile 1\nname: %s\ntitle: Lab\nspeaks: %s\nusb: %s\nproof: %s\nautomatic: yes\nfiles: **\n' \
        "$@" >"$T/amb-7/profiles/$1.profile"
}
# dock [PATTERN DEVICE]: every camera is taken in, in the background, rows to
# /tmp/dock; DEVICE of QEMU's is pulled out at the first row like PATTERN
dock() {
    rm -f /tmp/rows /tmp/dock
    mkfifo /tmp/rows
    feldsher-dock -C "$T/amb-7" watch --json --progress >/tmp/rows 2>/tmp/dock.err &
    dock=$!
    while read -r line; do
        case $line in ${1:--}) echo "@unplug $2" && set -- ;; esac
        printf '%s\n' "$line" >>/tmp/dock
    done </tmp/rows &
}
undock() { kill "$dock" && wait "$dock"; }
# held: what the station holds, for `holds`; holds SUMS: every file of the list
# (b2sum -l 256) is there, byte for byte
held() { as amb-7 aigul recordings --json >/tmp/held 2>"$err" </dev/null; }
holds() {
    while read -r sum path; do
        grep -qF "$sum" /tmp/held || { echo "$path is not held as it was" >"$err"; return 1; }
    done <"$1"
}

# pulls: ends it all where the kernel never comes back from pulling a gadget of
# ours out, as 6.1.0-50 of Debian does
pulls() {
    truncate -s 1M /tmp/let-go.img
    ours let-go 4255:2000 LET-GO 3 disk /tmp/let-go.img
    { unbind let-go; : >/tmp/let-go; } &
    if ! until_ 10 test -e /tmp/let-go; then
        ok "# SKIP: the kernel $(uname -r) hangs where a gadget is pulled out"
        finish
    fi
    kill $ours && wait $ours 2>/dev/null
    drop let-go
}
