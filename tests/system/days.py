#!/usr/bin/env python3
"""days.py words LANG LANGDIR < SCRIPT: puts the program's own words into a script of days/: _("msgid") becomes the
longest piece between the %-directives of its translation, 28 letters at most (a window cuts longer ones off).
days.py state < JSON lines: the same without what differs between two stations that did the same: ids, times, keys."""
import gettext
import json
import re
import sys

LONGEST = 28
VARY = {"id", "time", "at", "clock", "clock_mark", "chain", "chains", "seq", "label", "hlc", "since", "silent_since",
        "hub_as_of", "last", "last_object", "free", "days_left", "bytes_per_day_used", "mtime", "head", "dir", "stick",
        "network", "blobs_bytes", "clock_skew", "intake_bytes", "own", "as_of"}
DIRECTIVE = re.compile(r"%[-+ #0]*[0-9]*(?:\.[0-9*]+)?(?:hh|h|ll|l|z|j)?[a-zA-Z]|%%|\n")


def piece(text):
    """The longest literal piece of a format, in whole words if it is long."""
    best = max(DIRECTIVE.split(text), key=len).strip()
    if len(best) <= LONGEST:
        return best
    cut = best[:LONGEST + 1].rsplit(" ", 1)[0]
    return cut[:LONGEST]


def words(lang, folder):
    texts = gettext.translation("feldsher", folder, [lang], fallback=lang == "en")

    def say(m):
        text = texts.gettext(m.group(1))
        if text == m.group(1):  # it has a plural, which gettext of Debian 12's Python does not look for
            text = texts.ngettext(text, text, 1)
        return '"' + piece(text).replace("\\", "\\\\").replace('"', '\\"') + '"'

    sys.stdout.write(re.sub(r'\b_\("([^"]+)"\)', say, sys.stdin.read()))


def plain(value, key=""):
    if isinstance(value, dict):
        return {k: plain(v, k) for k, v in value.items() if k not in VARY}
    if isinstance(value, list):
        if key == "unsent_by_lane":
            return [v > 0 for v in value]
        return [plain(v, key) for v in value]
    if not isinstance(value, str) or key == "blake2b":
        return value
    value = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", value)
    value = re.sub(r"\b[0-9a-f]{16,}\b", "HEX", value)
    value = re.sub(r"[A-Za-z0-9+/]{40,}={0,2}", "BASE64", value)
    return re.sub(r"/\S*/feldsher-test\.[^/]+/[^/]+/", "T/", value)


def state():
    for line in sys.stdin:
        try:
            print(json.dumps(plain(json.loads(line)), sort_keys=True, ensure_ascii=False))
        except json.JSONDecodeError:
            print("not JSON:", line.rstrip())


if sys.argv[1:2] == ["words"]:
    words(*sys.argv[2:4])
elif sys.argv[1:] == ["state"]:
    state()
else:
    sys.exit("usage: days.py words LANG LANGDIR | state")
