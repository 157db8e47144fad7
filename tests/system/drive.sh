# The driver of the screens' tests: what it says when a step does not hold, and
# that it ends what it began. On programs that are somebody else's.
. "$(dirname "$0")/lib.sh"
drive=$B/system/drive
play() { printf '%s\n' "$@" >"$T/script"; "$drive" "$T/script"; }
# fails WHY STEPS...: the script ends with 1, and says WHY
fails() {
    why=$1
    shift
    printf '%s\n' "$@" >"$T/script"
    expect_exit 1 "$drive" "$T/script" || return 1
    contains "$why" "$out" && return 0
    cp "$out" "$err"
    return 1
}
holds() { expect_exit 0 play "$@" || { head -n 30 "$out" >>"$err"; return 1; }; }

printf 'Қазақша әіңғүұқөһ\nРусский\n' >"$T/text"
for i in $(seq 3 90); do echo "line $i"; done >>"$T/text"
less="run less $T/text"
check "keys, words, places and attributes of less" holds "$less" 'wait "line 23"' 'expect-at 0 0 "Қазақша ә"' \
    'expect-at 1 3 "ский"' 'key PgDn' 'wait "line 40"' 'expect-not "Русский"' 'type "?line 3"' 'key Enter' \
    'wait-attr "line 3" reverse !bold' 'resize 100 40' 'key Ctrl-l' 'wait "line 70"' 'key q' 'exit-code 0' 'sane' 'clean'
check "a word that does not come is a failure" fails '"line 99" did not come' 'deadline 1' "$less" 'wait "line 99"'
check "its screen is printed" contains '|Қазақша әіңғүұқөһ' "$out"
check "and the script's line" contains "$T/script:3: " "$out"
check "a word that is there is one" fails '"Русский" is on the screen' "$less" 'wait "line 23"' 'expect-not "Русский"'
check "a word in another place is one" fails 'is not there' "$less" 'wait "line 23"' 'expect-at 1 0 "Қазақша"'
check "a word without the attribute is one" fails 'does not stand there so' "$less" 'wait "line 23"' \
    'expect-attr "line 20" reverse'
check "an attribute that does not exist is one" fails 'no attribute is called' "$less" 'expect-attr "line 20" shiny'
check "a step that does not exist is one" fails 'no step is called' 'frobnicate 3'
check "a key that does not exist is one" fails 'no key is called' "$less" 'key Any'
check "another exit code is one" fails 'it ended with 3' "run sh -c 'exit 3'" 'exit-code 0'
check "a program that is not there is one" fails 'No such file' 'run no-such-program'
check "a program that does not end is one" fails 'the program still runs' 'deadline 1' "$less" 'closed'
check "a terminal left raw is one" fails 'not left as it was' "run sh -c 'stty raw'" 'closed' 'sane'
check "a cursor left hidden is one" fails 'not left as it was' "run sh -c 'tput civis'" 'closed' 'sane'
check "an odd control sequence is one" fails 'no terminal' "run printf '\033[12y'" 'closed' 'clean'
check "bytes that are no UTF-8 are one" fails 'a character that is none' "run printf '\377\376'" 'closed' 'clean'
check "a shell command that fails is one" fails 'exit 4 of' 'shell exit 4'
check "an empty picture is one" fails 'nothing to draw' "svg $T/empty.svg nothing"

check "a variable from the screen goes into later steps" holds "$less" 'grab N "line (4)$"' 'key Space' \
    'wait "line 3${N}"' 'shell test "$N" = 4 && kill -0 "$PID"' 'signal KILL' 'exit-code 137'
# not less: a signal that comes between its look at the signals and its reading waits for a key
check "a program stops, goes on, and is hung up" holds "run sh -c 'echo here; exec cat'" 'wait here' 'signal TSTP' \
    'sane' 'signal CONT' 'type again' 'wait again' 'hangup' 'closed'
check "keystrokes are counted" holds "run cat" 'type "әбв"' 'key Left*4 Enter' 'count-is 8' "count-print cat $T/count"
check "and written down" [ "$(cat "$T/count")" = "cat	8" ]
printf 'a secret\nsecond line\n' >"$T/secret"
check "a secret is typed" holds "run sh -c 'stty -echo; echo ready; read -r x; echo \"\${#x} letters\"'" 'wait ready' \
    "type-from $T/secret" 'key Enter' 'wait "8 letters"'
check "and is in no output of a failure" fails 'did not come' 'deadline 1' "run sh -c 'stty -echo; echo ready; sleep 9'" \
    'wait ready' "type-from $T/secret" 'wait nothing'
check "not a word of it" lacks 'a secret' "$out"
check "keys are timed" holds "$less" 'wait "line 23"' "timing $T/timing" 'key Down*5' 'timing off'
check "each of them" [ "$(grep -c '^[0-9]*$' "$T/timing")" = 5 ]
printf 'wait "line 23"\nkey q\n' >"$T/more"
check "a script includes another beside it" holds "$less" 'include more' 'exit-code 0'

printf 'test a first\nrun cat\ntest a second\ntype x\nwait x\ntest a third\ndeadline 1\nwait y\n' >"$T/script"
check "named tests are counted" expect_exit 1 "$drive" --tap "$T/script"
check "those that held" [ "$(grep -c '^ok - a ' "$out")" = 2 ]
check "and the one that did not" contains 'not ok - a third' "$out"

check "whatever runs is ended with its script" holds "run sh -c 'trap \"\" HUP TERM; echo \$\$ >$T/pid; echo up; exec sleep 1000'" \
    'wait up'
check "whatever it does about it" sh -c "! kill -0 \$(cat '$T/pid') 2>/dev/null"
printf '%s\n' "run sh -c 'echo \$\$ >$T/pid; echo up; exec sleep 1000'" 'wait up' 'shell kill -9 $PPID' >"$T/script"
"$drive" "$T/script" >"$out" 2>&1
check "also when the driver is killed" timeout 10 tail --pid="$(cat "$T/pid")" -f /dev/null

check "a picture is drawn" holds "$less" 'wait "line 23"' "svg $T/less.svg 'less, <a> & b'"
check "it is XML" xmllint --noout "$T/less.svg"
check "its letters stand in it" contains '>Қазақша әіңғүұқөһ</text>' "$T/less.svg"
check "it is small" [ "$(wc -c <"$T/less.svg")" -lt 4000 ]
finish
