#!/usr/bin/env python3
"""run.py BUILD SCRIPT [SECONDS [QEMU'S ARGUMENTS...]]

Boots Debian's generic kernel in QEMU, in software, with this machine's files
read-only under an overlay, and runs SCRIPT in it (sh, as root, in the
project's folder, with $B = BUILD). What it writes goes to stdout, but for lines
with an @, which are for here:

    @press KEYS...         scancodes from the keyboard: QEMU's names of keys, a-b at once
    @plug DRIVER,K=V,...   QEMU's device_add
    @unplug ID             device_del
    @stats NODE            prints how many bytes of a block node the guest has read and written
    @mark NAME             prints how long it took until here
    @end CODE              the exit code

$GIVEN of here is $GIVEN there: a folder that the script is to find.
A line "#@ modules: NAME..." of the script names further groups of MODULES.

Exit 70 if the guest did not come to its end. The kernel is Debian's package,
fetched once into build/guest, or $GUEST.
"""
import fcntl
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

MODULES = {  # in the order in which they have to be loaded
    "base": """drivers/virtio/virtio_ring drivers/virtio/virtio drivers/virtio/virtio_pci_legacy_dev
        drivers/virtio/virtio_pci_modern_dev drivers/virtio/virtio_pci fs/netfs/netfs fs/fscache/fscache net/9p/9pnet
        fs/9p/9p net/9p/9pnet_virtio fs/overlayfs/overlay""",
    "usb": """drivers/usb/common/usb-common drivers/usb/core/usbcore drivers/usb/host/xhci-hcd
        drivers/usb/host/xhci-pci drivers/usb/host/ehci-hcd drivers/usb/host/ehci-pci""",
    "gadget": """drivers/usb/gadget/udc/udc-core fs/configfs/configfs drivers/usb/gadget/libcomposite
        drivers/usb/gadget/udc/dummy_hcd drivers/usb/gadget/function/usb_f_fs
        drivers/usb/gadget/function/usb_f_mass_storage""",
    "fs": """drivers/block/loop fs/nls/nls_cp437 fs/nls/nls_cp866 fs/nls/nls_ascii fs/nls/nls_iso8859-1 fs/nls/nls_utf8
        fs/fat/fat fs/fat/vfat fs/exfat/exfat""",
    "disk": """lib/crc64 crypto/crct10dif_common crypto/crct10dif_generic lib/crc-t10dif lib/crc64-rocksoft block/t10-pi
        drivers/scsi/scsi_common drivers/scsi/scsi_mod drivers/scsi/sd_mod drivers/usb/storage/usb-storage""",
    "card": "fs/fat/msdos mm/zsmalloc drivers/block/zram/zram",
    "net": "net/core/failover drivers/net/net_failover drivers/net/virtio_net",
}
MODULES = {group: names.split() for group, names in MODULES.items()}
EVERY = [m for names in MODULES.values() for m in names]
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
    done = folder + "/done"
    os.makedirs(os.path.dirname(folder) or ".", exist_ok=True)
    lock = open(folder + ".lock", "w")  # another guest may be at it; until this one is closed
    fcntl.flock(lock, fcntl.LOCK_EX)
    if os.path.exists(done) and open(done).read() == " ".join(EVERY):
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
    wanted = ["./boot/vmlinuz-" + release] + ["./lib/modules/%s/kernel/%s.ko" % (release, m) for m in EVERY]
    files = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", debs[0]], stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", folder, "-f", "-"] + wanted, stdin=files.stdout, check=True)
    if files.wait():
        die("dpkg-deb cannot unpack " + debs[0])
    os.rename(folder + "/boot/vmlinuz-" + release, folder + "/vmlinuz")
    os.mkdir(folder + "/modules")
    for m in EVERY:
        os.rename("%s/lib/modules/%s/kernel/%s.ko" % (folder, release, m),
                  "%s/modules/%s.ko" % (folder, os.path.basename(m)))
    for part in ("deb", "boot", "lib"):
        shutil.rmtree(folder + "/" + part)
    with open(done, "w") as f:
        f.write(" ".join(EVERY))


def wanted(script):
    """The modules that the script asks for."""
    groups = ["base"]
    for line in open(script, encoding="utf-8"):
        if line.startswith("#@ modules:"):
            groups += line.split(":", 1)[1].split()
    return [m for group, names in MODULES.items() if group in groups for m in names]


def initramfs(folder, work, modules):
    root = work + "/root"
    os.makedirs(root + "/bin")
    os.mkdir(root + "/modules")
    for i, m in enumerate(modules):
        name = os.path.basename(m)
        shutil.copy("%s/modules/%s.ko" % (folder, name), "%s/modules/%02d-%s.ko" % (root, i, name))
    busybox = shutil.which("busybox") or die("busybox is not installed; run make setup")
    shutil.copy(busybox, root + "/bin/busybox")
    shutil.copy(HERE + "/init", root + "/init")
    os.chmod(root + "/init", 0o755)
    packed = work + "/initramfs"
    if subprocess.run("find . | cpio -o -H newc --quiet >" + packed, shell=True, cwd=root).returncode:
        die("cpio cannot make the initramfs; run make setup")
    return packed


class Monitor:
    """QEMU's: keys go in as scancodes, one chord after the other; devices come and go."""

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
                return answer["return"]

    def plug(self, words):
        driver, *pairs = words.split(",")
        self.ask("device_add", driver=driver, **dict(p.split("=", 1) for p in pairs))

    def stats(self, node):
        for one in self.ask("query-blockstats"):
            if "/%s/" % node in one.get("qdev", "") + "/" or one.get("node-name") == node:
                return one["stats"]["rd_bytes"], one["stats"]["wr_bytes"]
        die("no device in QEMU has the block node " + node)

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
        line = "console=ttyS0 quiet panic=-1 vt.default_utf8=1 guest=%s folder=%s build=%s given=%s" % (
            script, project, build, os.environ.get("GIVEN", "/"))
        vm = subprocess.Popen(
            [qemu, "-accel", "tcg,thread=multi", "-smp", "2", "-cpu", "Nehalem", "-m", "1024", "-nodefaults",
             "-no-user-config", "-no-reboot", "-display", "none", "-vga", "std", "-serial", "stdio",
             "-qmp", "unix:%s/qmp,server=on,wait=off" % work, "-kernel", guest + "/vmlinuz",
             "-initrd", initramfs(guest, work, wanted(script)), "-append", line, *sys.argv[4:],
             "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        late = threading.Timer(seconds, vm.kill)
        late.start()
        monitor = Monitor(work + "/qmp", started + 20)
        code = None
        for raw in vm.stdout:
            words = raw.decode("utf-8", "replace").rstrip("\r\n")
            if words.startswith("@press "):
                monitor.press(words.split()[1:])
            elif words.startswith("@plug "):
                monitor.plug(words[6:])
            elif words.startswith("@unplug "):
                monitor.ask("device_del", id=words[8:])
            elif words.startswith("@stats "):
                print("# %s: read %d, written %d" % (words[7:], *monitor.stats(words[7:])), flush=True)
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
