# For offload.drive: a card that takes a while (a.MP4, and z.MP4 that will vanish), one with things that are no
# recordings.
mkdir -p "$T/slow/DCIM" "$T/odd/DCIM"
truncate -s 700000000 "$T/slow/DCIM/a.MP4"
head -c 70000 /dev/urandom >"$T/slow/DCIM/m.MP4"
head -c 70000 /dev/urandom >"$T/slow/DCIM/z.MP4"
head -c 9000 /dev/urandom >"$T/odd/DCIM/one.MP4"
ln -s /etc/passwd "$T/odd/DCIM/link.MP4"
# dock KILL: the offload of the slow card that is under way, and no other program
cat >"$T/dock" <<'X'
#!/bin/sh
for tries in $(seq 200); do
    pkill -"$1" -f "^feldsher-dock .*offload --from $T/slow" && exit 0
    sleep 0.02
done
exit 1
X
chmod 755 "$T/dock"
