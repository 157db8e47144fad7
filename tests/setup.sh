#!/bin/sh
# Installs what is missing on a Debian 12: tests/setup.sh run|test|bench|link|lint
set -eu
build="gcc libc6-dev pkg-config gettext libsodium-dev libzstd-dev libsqlite3-dev libjansson-dev libseccomp-dev libgnutls28-dev libsystemd-dev zlib1g-dev libncurses-dev libusb-1.0-0-dev"
demo="ffmpeg minisign age zstd openssl libgfshare-bin"
check="libcmocka-dev strace sqlite3 clang libclang-rt-14-dev python3 git xxd groff-base faketime binutils util-linux mount gnutls-bin dbus python3-dbusmock iproute2 procps"
usb="umtp-responder sleuthkit dosfstools exfatprogs mtools e2fsprogs fdisk udev"
screen="libvterm-dev libxml2-utils less libmpv2"
guest="qemu-system-x86 busybox-static cpio kbd console-setup"
case ${1:-run} in
run) want="$build $demo" ;;
test) want="$build $demo $check $screen $guest $usb" ;;
bench) want="$build $demo libcmocka-dev libvterm-dev procps borgbackup restic rclone rsync time" ;;
link) want="$build iproute2 ethtool procps python3 nncp rsync" ;;
lint) want="$build libcmocka-dev libvterm-dev clang-format clang-tidy cppcheck git" ;;
*) echo "usage: setup.sh run|test|bench|link|lint" >&2; exit 64 ;;
esac
missing=
for p in $want; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
echo "installing:$missing"
as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "setup: cannot install$missing: neither root nor sudo; install them and run it again" >&2; exit 77; }
    as_root=sudo
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
{ $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1 || {
    tail -20 "$log" >&2
    echo "setup: apt-get could not install$missing; see above" >&2
    exit 69
}
