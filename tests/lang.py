#!/usr/bin/env python3
"""Checks the translations: lang.py DIR FONT POT < sources' FIELD lines.

DIR holds ru.po, kk.po and words.csv; POT is what the sources have. Says each fault on a line of its own:
a string that is missing, unsure, obsolete or broken in its format; one that is
longer than its field; a term of the glossary that is not used for its concept,
or is used for another; a letter that FONT does not show.
"""
import csv, gzip, re, struct, subprocess, sys, unicodedata

folder, font, pot = sys.argv[1:4]
faults = 0


def fault(lang, what, text):
    global faults
    faults += 1
    print(f"{lang}: {what}: {text!r}")


def unquote(s):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), s)


def messages(path):
    """(fuzzy, msgid, [msgid, plural], [translations]) of a .po file."""
    entry, part, out = None, None, []
    for line in open(path, encoding="utf8"):
        line = line.rstrip("\n")
        if line.startswith("#, ") and "fuzzy" in line:
            entry = {"fuzzy": True, "id": [], "str": []}
        if m := re.match(r'(msgid|msgid_plural|msgstr(?:\[\d\])?) "(.*)"$', line):
            if m[1] == "msgid":
                entry = entry if entry and not entry["id"] else {"fuzzy": False, "id": [], "str": []}
                out.append(entry)
            part = entry["id"] if m[1].startswith("msgid") else entry["str"]
            part.append(m[2])
        elif line.startswith('"') and part is not None:
            part[-1] += line[1:-1]
        elif line.startswith("#~"):
            out.append({"fuzzy": True, "id": [line], "str": [""]})
    return [e for e in out if e["id"][0]]


def shown_by(path):
    """Code points of a PSF font, version 1 or 2."""
    d, seen = gzip.open(path).read(), set()
    if d[:2] == b"\x36\x04":
        n = 512 if d[2] & 1 else 256
        for glyph in re.findall(rb"((?:(?!\xff\xff)..)*)\xff\xff", d[4 + n * d[3]:], re.S)[:n]:
            for (u,) in struct.iter_unpack("<H", glyph):
                if u == 0xFFFE:
                    break
                seen.add(u)
    else:
        head, _, n, size = struct.unpack_from("<IIII", d, 8)
        for glyph in d[head + n * size:].split(b"\xff")[:n]:
            seen.update(map(ord, glyph.split(b"\xfe")[0].decode("utf8")))
    return seen


def width(s):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s)


def says(stems, text):
    return re.search(r"(?<!\w)(" + "|".join(map(re.escape, stems.split("|"))) + ")", text, re.I)


def means(words, english):
    """Commands, options, files and what stands in quotes are no words."""
    english = re.sub(r'`[^`]*`|"\w+[":]|feldsher [a-z-]+( [a-z]+)?|--\w+|\w+,\w+(,\w+)+|\w+: HOST', "", english)
    return re.search(r"(?<![\w./-])(" + "|".join(map(re.escape, words.split("|"))) + r")(?![\w/]|\.\w|-\w)", english, re.I)


fields = {unquote(m[2]): int(m[1]) for m in re.finditer(r'FIELD\((\d+), "((?:[^"\\]|\\.)*)"\)', sys.stdin.read())}
words = list(csv.DictReader(open(f"{folder}/words.csv", encoding="utf8")))
shown = shown_by(font)

wanted = {e["id"][0]: unquote(e["id"][-1]) for e in messages(pot)}

for text, most in fields.items():
    if width(text) > most:
        fault("en", f"longer than its field of {most}", text)
for lang in ("ru", "kk"):
    path = f"{folder}/{lang}.po"
    if subprocess.run(["msgfmt", "--check-format", "--check-domain", "-o", "/dev/null", path]).returncode:
        fault(lang, "broken", path)
    for i, a in enumerate(words):
        for b in words[:i]:
            if set(a[lang].split("|")) & set(b[lang].split("|")):
                fault(lang, "one term for two concepts", f'{a["concept"]}, {b["concept"]}')
    entries = messages(path)
    for lost in sorted(wanted.keys() - {e["id"][0] for e in entries}):
        fault(lang, "missing", wanted[lost])
    for e in entries:
        english = unquote(e["id"][-1])
        if e["fuzzy"]:
            fault(lang, "unsure or obsolete", english)
        for text in map(unquote, e["str"]):
            if not text:
                fault(lang, "missing", english)
                continue
            if lost := sorted({c for c in text if c > " " and ord(c) not in shown}):
                fault(lang, f"letters that the console does not show, {' '.join(lost)}", text)
            if english in fields and width(text) > fields[english]:
                fault(lang, f"longer than its field of {fields[english]}", text)
            for w in words:
                if any(x == "=" + english or (x and x in english) for x in w["except"].split("|")):
                    continue
                meant, used = means(w["en"], english), says(w[lang], text)
                if meant and not used:
                    fault(lang, f'"{w["concept"]}" is not called "{w[lang]}"', f"{english} = {text}")
                if used and not meant and lang in w["only"]:
                    fault(lang, f'"{w[lang]}" is for "{w["concept"]}" alone', f"{english} = {text}")
sys.exit(faults > 0)
