#!/usr/bin/env python3
"""run.py BUILD SCRIPT [SECONDS]

Boots Debian's generic kernel in QEMU, in software, with this machine's files
read-only under an overlay, and runs SCRIPT in it (sh, as root, in the
project's folder, with $B = BUILD). What it writes goes to stdout, but for lines
with an @, which are for here:

    @press KEYS...    scancodes from the keyboard: QEMU's names of keys, a-b at once
    @mark NAME        prints how long it took until here
    @end CODE         the exit code

Exit 70 if the guest did not come to its end. The kernel is Debian's package,
fetched once into build/guest, or $GUEST.
"""
import glob
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

MODULES = """drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_legacy_dev
drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci fs/netfs/netfs fs/fscache/fscache net/9p/9pnet fs/9p/9p
net/9p/9pnet_virtio fs/overlayfs/overlay""".split()
HERE = os.path.dirname(os.path.abspath(__file__))


def die(words):
    print("guest: " + words, file=sys.stderr)
    sys.exit(70)


def output(*command):
    try:
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout
    except FileNotFoundError:
        die("%s is not installed; run make setup" % command[0])
    except subprocess.CalledProcessError as e:
        die("%s failed: %s" % (" ".join(command), e.stderr.strip()))


def kernel(folder):
    """The kernel and its few modules, out of Debian's package; fetched if they are not there yet."""
    if os.path.exists(folder + "/done"):
        return
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + "/deb")
    depends = output("apt-cache", "depends", "linux-image-amd64")
    names = [line.split()[-1] for line in depends.splitlines() if "linux-image-" in line and "Depends" in line]
    if not names:
        die("apt-cache knows no linux-image-amd64; apt-get update and run it again")
    fetched = subprocess.run(["apt-get", "download", "-q", names[0]], cwd=folder + "/deb",
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    debs = glob.glob(folder + "/deb/*.deb")
    if fetched.returncode or not debs:
        said = fetched.stderr.strip().splitlines() or ["no words"]
        die("cannot fetch the kernel %s (%s); apt-get update and run it again" % (names[0], said[-1]))
    release = names[0][len("linux-image-"):]
    wanted = ["./boot/vmlinuz-" + release] + ["./lib/modules/%s/kernel/%s.ko" % (release, m) for m in MODULES]
    files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", debs[0]], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", folder, "-f", "-"] + wanted, stdin=files.stdout, check=True)
    if files.wait():
        die("dpkg-deb cannot unpack " + debs[0])
    os.rename(folder + "/boot/vmlinuz-" + release, folder + "/vmlinuz")
    os.mkdir(folder + "/modules")
    for i, m in enumerate(MODULES):
        os.rename("%s/lib/modules/%s/kernel/%s.ko" % (folder, release, m),
                  "%s/modules/%02d-%s.ko" % (folder, i, os.path.basename(m)))
    for part in ("deb", "boot", "lib"):
        shutil.rmtree(folder + "/" + part)
    open(folder + "/done", "w").close()


def initramfs(folder, work):
    root = work + "/root"
    os.makedirs(root + "/bin")
    shutil.copytree(folder + "/modules", root + "/modules")
    busybox = shutil.which("busybox") or die("busybox is not installed; run make setup")
    shutil.copy(busybox, root + "/bin/busybox")
    shutil.copy(HERE + "/init", root + "/init")
    os.chmod(root + "/init", 0o755)
    packed = work + "/initramfs"
    if subprocess.run("find . | cpio -o -H newc --quiet >" + packed, shell=True, cwd=root).returncode:
        die("cpio cannot make the initramfs; run make setup")
    return packed


class Keyboard:
    """QEMU's monitor: keys go in as scancodes, one chord after the other."""

    def __init__(self, path, until):
        self.s = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.s.connect(path)
                break
            except OSError:
                if time.monotonic() > until:
                    die("QEMU opens no monitor")
                time.sleep(0.02)
        self.f = self.s.makefile("rw")
        self.f.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.f.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.f.flush()
        while True:
            answer = json.loads(self.f.readline())
            if "error" in answer:
                die("QEMU: " + answer["error"]["desc"])
            if "return" in answer:
                return

    def press(self, chords):
        for chord in chords:
            keys = chord.split("-")
            for order, down in ((keys, True), (keys[::-1], False)):
                for key in order:
                    event = {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": key}}}
                    self.ask("input-send-event", events=[event])
                    time.sleep(0.01)  # a PS/2 queue holds 16 bytes, and a finger is slower


def main():
    if len(sys.argv) < 3:
        print(__doc__, file=sys.stderr)
        sys.exit(64)
    build, script = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 180
    qemu = shutil.which("qemu-system-x86_64") or die("qemu-system-x86_64 is not installed; run make setup")
    project = os.path.dirname(os.path.dirname(HERE))
    guest = os.environ.get("GUEST") or project + "/build/guest"
    if any(c.isspace() for c in build + script + project):
        die("a folder's name has a blank in it, which a kernel's command line cannot have: " + project)
    kernel(guest)
    work = tempfile.mkdtemp(prefix="feldsher-guest.")
    started = time.monotonic()
    vm = None
    try:
        line = "console=ttyS0 quiet panic=-1 vt.default_utf8=1 guest=%s folder=%s build=%s" % (
            script, project, build)
        vm = subprocess.Popen(
            [qemu, "-accel", "tcg,thread=multi", "-smp", "2", "-cpu", "max,-erms,-fsrm", "-m", "512", "-nodefaults",
             "-no-user-config", "-no-reboot", "-display", "none", "-vga", "std", "-serial", "stdio",
             "-qmp", "unix:%s/qmp,server=on,wait=off" % work, "-kernel", guest + "/vmlinuz",
             "-initrd", initramfs(guest, work), "-append", line,
             "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        late = threading.Timer(seconds, vm.kill)
        late.start()
        keyboard = Keyboard(work + "/qmp", started + 20)
        code = None
        for raw in vm.stdout:
            words = raw.decode("utf-8", "replace").rstrip("\r\n")
            if words.startswith("@press "):
                keyboard.press(words.split()[1:])
            elif words.startswith("@mark "):
                print("# %s after %.1f s" % (words[6:], time.monotonic() - started), flush=True)
            elif words.startswith("@end "):
                code = int(words.split()[1])
                break
            else:
                print(words, flush=True)
        late.cancel()
        if code is None:
            die("it ended after %.0f s before its script did" % (time.monotonic() - started))
        sys.exit(code)
    finally:
        if vm and vm.poll() is None:
            vm.kill()
            vm.wait()
        shutil.rmtree(work, ignore_errors=True)


main()
