"""fill.py FOLDER KIND: fills a mounted card as years of use would, by the kernel's own code.

KIND is what the file system can hold: fat16, fat32 or exfat.
"""
import os
import random
import sys

folder, kind = sys.argv[1], sys.argv[2]
chance = random.Random(7)
os.chdir(folder)

SCRIPTS = """plain.mp4 UPPER.MP4 Mixed.Mp4 lower with blanks.mp4
Очень длинное имя видеозаписи смены.mp4 ПРИВЕТ.MP4 привет.mp4.bak Ёлка.avi Қызылорда өңірі.mp4 Әліби Үкілі ғұмыр һ.mp4
řeka žluťoučká.mp4 Straße Äpfel Öl.mp4 çağdaş İstanbul.mp4 ελληνικά ΌΝΟΜΑ.mp4 עברית.mp4 العربية.mp4 ไทย.mp4
日本語のファイル.mp4 简体中文.mp4 繁體中文.mp4 한국어.mp4 עִבְרִית.mp4 e\u0301 combining.mp4 \U0001f4f9 camera.mp4 \U0001f468\u200d\u2695\ufe0f.mp4
.hidden ..two dots three...dots trailing~1.mp4 MANY~1.MP4 a+b=c;d[e],f.mp4 100%.mp4 'quote'.mp4 (1).mp4 #!&@$^`{}.mp4""".split("\n")


def names():
    """The lines hold names with blanks in them: a name ends with its extension, or is one word."""
    words, name = " ".join(SCRIPTS).split(" "), []
    for word in words:
        name.append(word)
        if word.lower().endswith((".mp4", ".avi", ".bak")) or len(name) > 6:
            yield " ".join(name)
            name = []
    if name:
        yield " ".join(name)


def some(n):
    return chance.randbytes(n)


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


# files that grow by turns, as several recordings at once would; some are deleted in between
os.makedirs("DCIM/100MEDIA")
size = {"fat16": 60000, "fat32": 90000, "exfat": 200000}[kind]
growing = ["DCIM/100MEDIA/MOV_%04d.MP4" % i for i in range(24)]
for lap in range(6):
    for i, path in enumerate(growing):
        if lap == 3 and i % 3 == 0:
            os.remove(path)
        elif lap < 3 or i % 3:
            with open(path, "ab") as f:
                f.write(some(chance.randrange(1, size)))
    os.sync()
for i in range(40):  # into the gaps
    write("DCIM/100MEDIA/GAP_%04d.MP4" % i, some(chance.randrange(0, size)))
for i in range(0, 24, 4):  # and shortened
    if os.path.exists(growing[i]):
        os.truncate(growing[i], os.path.getsize(growing[i]) // 3)

os.mkdir("names")
for i, name in enumerate(names()):
    write("names/" + name, some(i))
for n in (1, 12, 13, 14, 25, 26, 27, 39, 60, 63, 64, 65, 100, 254, 255):
    write("names/" + "n" * n, some(n))
    write("names/" + "ж" * (n if n < 127 else 127), some(n))
os.mkdir("пустая папка")
write("empty.mp4", b"")

deep = "."
for i in range(60):
    deep += "/d%d" % i
    os.mkdir(deep)
    if i % 7 == 0:
        write(deep + "/file.mp4", some(100 + i))

many = {"fat16": 1500, "fat32": 3000, "exfat": 3000}[kind]
os.mkdir("many")
for i in range(many):
    write("many/%06d%s" % (i, " longer than eight.mp4" if i % 2 else ""), b"%d" % i)
for i in range(0, many, 5):
    os.remove("many/%06d%s" % (i, " longer than eight.mp4" if i % 2 else ""))
for year, path in ((1980, "old.mp4"), (1999, "century.mp4"), (2026, "now.mp4"), (2099, "future.mp4")):
    write(path, some(77))
    seconds = (year - 1970) * 31556952 + 12345678
    os.utime(path, (seconds, seconds))
