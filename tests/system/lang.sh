#!/bin/sh
# What a person reads, in three languages: complete, within its fields, one
# word for one thing, in letters that a console shows; and what a person types
# in the wrong layout.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.."
fonts=/usr/share/consolefonts
font=$fonts/FullCyrAsia-TerminusBold16.psf.gz

# --- the texts ---------------------------------------------------------------
must make -s B="$T/pot" strings
fields() { grep -rhoE 'FIELD\([0-9]+, "([^"\\]|\\.)*"\)' --include='*.[ch]' storage drivers sync tui; }
fields >"$T/fields"
judge() { python3 tests/lang.py "$1" "$font" "$T/pot/feldsher.pot" <"$T/fields" >"$out" 2>"$err"; }
if judge tui/lang; then ok "texts, fields, words and letters"; else not_ok "texts, fields, words and letters" "$(head -n 40 "$out")"; fi

# spoilt NAME SAYS FILE SED: a copy that is changed so is found
spoilt() {
    rm -rf "$T/copy" && mkdir "$T/copy" && cp tui/lang/*.po tui/lang/words.csv "$T/copy"
    sed -i "$4" "$T/copy/$3"
    if cmp -s "tui/lang/$3" "$T/copy/$3"; then
        not_ok "found: $1" "the copy is not changed"
    elif judge "$T/copy"; then
        not_ok "found: $1"
    else
        check "found: $1" grep -qF -- "$2" "$out"
    fi
}
spoilt "a missing string" "ru: missing" ru.po '/^msgid "no regular file"$/{n;s/".*"/""/}'
spoilt "a string of the sources that was not gathered" "ru: missing" ru.po '/^msgid "no regular file"$/{N;d}'
spoilt "an unsure string" "kk: unsure" kk.po 's/^msgid "no regular file"$/#, fuzzy\n&/'
spoilt "a broken format" "ru: broken" ru.po '/^msgid "cannot open %s"$/{n;s/%s/%d/}'
spoilt "a text longer than its field" "kk: longer than its field of 5" kk.po '/^msgid "warn"$/{n;s/".*"/"назар аударыңыз"/}'
spoilt "a term that is not the glossary's" 'ru: "receipt" is not called' ru.po '/^msgid "receipt: a line is missing"$/{n;s/квитанция/расписка/}'
spoilt "a term used for another thing" 'is for "hub" alone' ru.po '/^msgid "no regular file"$/{n;s/".*"/"не узел"/}'
spoilt "one term for two things" "one term for two concepts" words.csv 's/^receipt,\(.*\),квитанци,/receipt,\1,ярлык,/'
spoilt "a letter that the console lacks" "console does not show, ✓" kk.po '/^msgid "no regular file"$/{n;s/"$/ ✓"/}'
printf 'FIELD(3, "Recording")\n' >>"$T/fields"
check "found: English longer than its field" sh -c "! python3 tests/lang.py tui/lang $font $T/pot/feldsher.pot <$T/fields >$out && grep -q 'en: longer' $out"

# --- the programs ------------------------------------------------------------
check "Russian by --lang" sh -c "feldsher --lang ru -C $T/none status 2>&1 | grep -q 'нет станции'"
check "Kazakh by the environment, whatever locales there are" \
    sh -c "LC_ALL=kk_KZ.UTF-8 feldsher -C $T/none status 2>&1 | grep -q 'станция жоқ'"
check "English where nothing is said" sh -c "LC_ALL=C feldsher -C $T/none status 2>&1 | grep -q 'no station in'"
check_exit 64 "no fourth language" feldsher --lang de status
check "what is started speaks it, too" \
    sh -c "feldsher --lang ru -C $T/none offload --from $T/none 2>&1 | grep -q 'feldsher-dock: .*нет станции'"
check "and the one for the hub" sh -c "feldsher --lang kk -C $T/none sync --once 2>&1 | grep -q 'feldsher-sync: .*станция жоқ'"
must make -s B="$B" install DESTDIR="$T/inst" PREFIX=/usr
check "installed, the texts are found" sh -c "$T/inst/usr/bin/feldsher --lang kk help | grep -q 'Қолданылуы'"
check "the machine's console is left alone by DESTDIR" test ! -e "$T/inst/etc"

# --- one station, three languages, three layouts -----------------------------
district_found
station_enrol crew1 brigade-7 station aigul crew
for l in en ru kk; do
    must at crew1 --lang $l status --json
    sed 's/"free":[0-9]*/"free":0/' "$out" >"$T/status.$l"
done
check "JSON is the same in Russian" same "$T/status.en" "$T/status.ru"
check "JSON is the same in Kazakh" same "$T/status.en" "$T/status.kk"
check "a command typed in ru is understood" expect_exit 0 at crew1 ыефегы
check "and it is said how it was read" contains 'was read as status' "$err"
check "options in kz, whose hyphen is a letter" expect_exit 0 at crew1 status өөоыщт
check "numbers in kz" expect_exit 0 at crew1 log --last ә

# in LAYOUT TEXT: what the keys of TEXT type under it
in_ru() { printf '%s' "$1" | sed 'y/abcdefghijklmnopqrstuvwxyz/фисвуапршолдьтщзйкыегмцчня/'; }
in_kz() { in_ru "$1" | sed 'y/-/ө/'; }
typed=$(cat "$(passphrase aigul)")
check "a passphrase typed in ru opens" expect_exit 0 \
    feldsher -C "$T/crew1" --passphrase-file "$(lines "$(in_ru "$typed")")" recordings
check "a passphrase typed in kz opens" expect_exit 0 \
    feldsher -C "$T/crew1" --passphrase-file "$(lines "$(in_kz "$typed")")" recordings
check_exit 77 "a wrong one does not" feldsher -C "$T/crew1" --passphrase-file "$(lines "$(in_ru "x$typed")")" recordings
must authority enrol --station crew2 --unit brigade-7 --out "$T/crew2.enrol" --json
code=$(field code <"$out")
check "a one-time code typed in kz is understood" expect_exit 0 feldsher -C "$T/crew2" init --enrol "$T/crew2.enrol" \
    --passphrase-file "$(lines "$(in_kz "$code")" "күн шуақты дала қара жол құлын жүгірді")"
check "a Kazakh passphrase typed in us opens" expect_exit 0 feldsher -C "$T/crew2" \
    --passphrase-file "$(lines 'r8y ief0ns lfkf 0fhf ;jk 09ksy ;8u3hl3')" recordings
check_exit 0 "two alphabets in one passphrase are allowed" as crew1 aigul passphrase \
    --passphrase-file "$(lines "$typed" "сарай vumoh қалам dukig терезе")"
check "and warned of" contains "two alphabets" "$err"

# --- the console -------------------------------------------------------------
expect_exit 1 feldsher doctor --font "$fonts/CyrSlav-Terminus16.psf.gz"
check "doctor names Kazakh letters that CyrSlav lacks" contains "(U+049B)" "$out"
check_exit 0 "FullCyrAsia has all our letters" feldsher doctor --font "$font"
check_exit 0 "so has a font of the other format" feldsher doctor --font "$fonts/FullCyrAsia-Terminus28x14.psf.gz"
check_exit 65 "a file that is no font" feldsher doctor --font tui/lang/words.csv
check_exit 66 "a font that is not there" feldsher doctor --font "$T/none"
mkdir -p "$T/etc/default" && echo 'XKBLAYOUT="de"' >"$T/etc/default/keyboard"
must env ROOT="$T" sh tui/lang/console.sh keep
must env ROOT="$T" sh tui/lang/console.sh keep
check "the console's settings name our font" contains 'CODESET="FullCyrAsia"' "$T/etc/default/console-setup"
check "and our layouts" contains 'XKBLAYOUT="us,ru,kz"' "$T/etc/default/keyboard"
check "what stood there is kept, once" contains 'XKBLAYOUT="de"' "$T/etc/default/keyboard.before-feldsher"
check "their font is there" test -s "$(. "$T/etc/default/console-setup" && echo "$fonts/$CODESET-${FONTFACE}${FONTSIZE#8x}.psf.gz")"
finish
