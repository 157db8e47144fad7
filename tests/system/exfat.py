"""exfat.py IMAGE FILES: writes an exFAT volume by the specification, for what no
other program on this machine writes: files in one piece and in chains, fragmented, with bytes
behind the valid length, zones, deleted entries, folders of two clusters, and FILES files
in one folder."""
import random
import struct
import sys

SECTOR, CLUSTER = 512, 4096
chance = random.Random(5)
image, many = sys.argv[1], int(sys.argv[2])
clusters = 4000 + many * 96 // CLUSTER + 1
fat_at = 128
fat_sectors = ((clusters + 2) * 4 + SECTOR - 1) // SECTOR
heap = (fat_at + fat_sectors + 7) // 8 * 8
total = heap + clusters * CLUSTER // SECTOR
disk = bytearray(total * SECTOR)
fat = [0xfffffff8, 0xffffffff] + [0] * clusters
used = bytearray((clusters + 7) // 8)
next_free = 2


def use(cluster):
    used[(cluster - 2) // 8] |= 1 << (cluster - 2) % 8


def put(cluster, data):
    at = heap * SECTOR + (cluster - 2) * CLUSTER
    disk[at:at + len(data)] = data


def take(n, apart=False, chain=True):
    """n clusters; apart: no two side by side, and not in order."""
    global next_free
    got = list(range(next_free, next_free + n * (2 if apart else 1)))[::2 if apart else 1]
    next_free += n * (2 if apart else 1)
    if apart:
        chance.shuffle(got)
    for c in got:
        use(c)
    if chain:
        for a, b in zip(got, got[1:] + [0xffffffff]):
            fat[a] = b
    return got


def store(data, apart=False, chain=True):
    got = take((len(data) + CLUSTER - 1) // CLUSTER, apart, chain)
    for i, c in enumerate(got):
        put(c, data[i * CLUSTER:(i + 1) * CLUSTER])
    return got[0] if got else 0


def checksum(entries):
    total = 0
    for i, byte in enumerate(entries):
        if i not in (2, 3):
            total = ((total >> 1) | (total << 15)) + byte & 0xffff
    return total


def upper(name):
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in name)


def name_hash(name):
    total = 0
    for byte in upper(name).encode("utf-16-le"):
        total = ((total >> 1) | (total << 15)) + byte & 0xffff
    return total


def entry(name, attributes, first, size, valid=None, chain=True, zone=0x80):
    units = name.encode("utf-16-le")
    pieces = (len(units) + 29) // 30
    stamp = (2026 - 1980) << 25 | 11 << 21 | 25 << 16 | 12 << 11 | 34 << 5 | 28
    out = bytearray(struct.pack("<BBHHHIIIBBBBB7x", 0x85, 1 + pieces, 0, attributes, 0, stamp, stamp, stamp, 0, 50, zone, zone, zone))
    flags = (1 if chain else 3) if first else 0
    out += struct.pack("<BBBBHHQIIQ", 0xc0, flags, 0, len(units) // 2, name_hash(name), 0, size if valid is None else valid, 0, first, size)
    for i in range(pieces):
        out += bytes([0xc1, 0]) + units[30 * i:30 * i + 30].ljust(30, b"\0")
    struct.pack_into("<H", out, 2, checksum(out))
    return bytes(out)


bitmap = take((len(used) + CLUSTER - 1) // CLUSTER)[0]
table = b"".join(struct.pack("<H", ord(upper(chr(i))) if i < 0xd800 else i) for i in range(0x500)) + struct.pack("<HH", 0xffff, 0x10000 - 0x500)
table_sum = 0
for b in table:
    table_sum = ((table_sum >> 1) | (table_sum << 31)) + b & 0xffffffff
upcase = store(table)
root_data = bytes([0x83, 5]) + "Карта".encode("utf-16-le").ljust(30, b"\0")
root_data += struct.pack("<BB18xIQ", 0x81, 0, bitmap, len(used))
root_data += struct.pack("<BB2xI12xIQ", 0x82, 0, table_sum, upcase, len(table))
for i, (apart, chain) in enumerate(((False, True), (False, False), (True, True))):
    for size in (0, 1, CLUSTER, CLUSTER + 1, 10 * CLUSTER - 1, 200 * CLUSTER + 77):
        data = chance.randbytes(size)
        first = store(data, apart, chain)
        root_data += entry("Запись %d %d.mp4" % (i, size), 0x20, first, size, chain=chain)
    data = chance.randbytes(20 * CLUSTER)
    first = store(data, apart, chain)
    root_data += entry("valid %d.mp4" % i, 0x20, first, 20 * CLUSTER - 5, 3 * CLUSTER + 99, chain)
gone = bytearray(entry("deleted.mp4", 0x20, store(b"x"), 1))
for at in range(0, len(gone), 32):
    gone[at] &= 0x7f
root_data += gone
root_data += entry("zone east.mp4", 0x20, 0, 0, zone=0x80 | 5 * 4) + entry("zone west.mp4", 0x20, 0, 0, zone=0x80 | (-14 & 0x7f))
inner = b"".join(entry("x%03d" % i, 0x20, 0, 0) for i in range(60))
folder = store(inner.ljust(2 * CLUSTER, b"\0"), True)
root_data += entry("Папка", 0x10, folder, 2 * CLUSTER)
listing = b"".join(entry("m%06d" % (i * 7919 % many), 0x20, 0, 0) for i in range(many))
size = (len(listing) + CLUSTER - 1) // CLUSTER * CLUSTER
if many:
    root_data += entry("many", 0x10, store(listing.ljust(size, b"\0"), chain=False), size, chain=False)
root = store(root_data.ljust(-len(root_data) % CLUSTER + len(root_data), b"\0"))
put(bitmap, used)
disk[fat_at * SECTOR:fat_at * SECTOR + 4 * len(fat)] = struct.pack("<%dI" % len(fat), *fat)
boot = bytearray(12 * SECTOR)
struct.pack_into("<3s8s53xQQIIIIIIHHBBBBB", boot, 0, b"\xeb\x76\x90", b"EXFAT   ", 0, total, fat_at, fat_sectors, heap, clusters, root,
                 0x1a2b3c4d, 0x100, 0, 9, 3, 1, 0x80, 0xff)
for i in range(9):
    boot[i * SECTOR + 510:i * SECTOR + 512] = b"\x55\xaa"
total = 0
for i, byte in enumerate(boot[:11 * SECTOR]):
    if i not in (106, 107, 112):
        total = ((total >> 1) | (total << 31)) + byte & 0xffffffff
boot[11 * SECTOR:] = struct.pack("<I", total) * (SECTOR // 4)
disk[:12 * SECTOR] = disk[12 * SECTOR:24 * SECTOR] = boot
with open(image, "wb") as f:
    f.write(disk)
