#!/bin/sh
# A day of each role through the real screens, in English, Russian and Kazakh, and the same day by commands: it ends in
# the same state. One district is founded and copied; the scripts are days/*.drive (days.py puts the language's words
# into them), the commands are below.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
home=$T
new=vukil-doban-sarit-molep-hagud
export new

# --- the district, once ------------------------------------------------------
T=$home/first
mkdir -p "$T/pass"
district_found
must authority unit brigade-7
user_make erlan crew records/brigade-7
user_make timur doctor records,records/brigade-7
user_make dana supervisor evidence,evidence/brigade-7,records,records/brigade-7
user_make amina admin evidence,evidence/brigade-7,records,staff
station_enrol amb-7 brigade-7 station aigul crew
station_enrol office brigade-7 supervisor bolat supervisor
for who in erlan timur; do user_add amb-7 $who; done
for who in dana amina; do user_add office $who; done
hub_roster
mkdir "$T/stick" "$T/office-stick" "$T/medium"
mkdir -p "$T/BWC-7/DCIM"
head -c 3000000 /dev/urandom >"$T/BWC-7/DCIM/MOV_0815.MP4"
printf '$GPRMC,031500.00,A,4314.334,N,07653.382,E,000.0,000.0,211126,,,A*00\n' >"$T/BWC-7/DCIM/MOV_0815.nmea"
head -c 400000 /dev/urandom >"$T/BWC-7/DCIM/MOV_1130.MP4"
head -c 50000 /dev/urandom >"$T/BWC-7/DCIM/MOV_1402.MP4"

# --- what of a station is compared -------------------------------------------
# of every recording: what it is, and its custody
custody() {
    for id in $(as "$1" "$2" recordings --json | sed -n 's/.*"id":"\([0-9a-f]*\)".*/\1/p'); do
        as "$1" "$2" recordings show "$id" --json
    done
}
state() { # OUT: in files of that folder
    mkdir -p "$1"
    for station in amb-7:timur office:bolat; do
        user=${station#*:} station=${station%:*}
        {
            as "$station" "$user" recordings --json
            custody "$station" "$user"
            as "$station" "$user" note list --json
            at "$station" users --json
            at "$station" status --json
            as "$station" "$user" sticks --json
            ls "$T/$station/notices" | wc -l | sed 's/^ */{"notices":/;s/$/}/'
            cat "$T/$station/notices"/* 2>/dev/null | sed -n 's/^\(kind\|why\|circle\|user\): .*/{"notice":"&"}/p' | sort
        } 2>&1 | python3 "$here/days.py" state >"$1/$station" || return 1
    done
    as office dana circles --json 2>&1 | python3 "$here/days.py" state >"$1/circles"
    (cd "$T/package" && ls | sed 's/\.[0-9a-f]\{16,\}//' && b2sum -- *.MP4 *.nmea) >"$1/package" 2>&1
}
# checked with stock tools, as CHECK.txt says
court() { (cd "$1" && sha256sum --quiet -c SHA256SUMS && sed -n 's/^    //p' CHECK.txt | sh -e) >"$out" 2>"$err"; }

# --- the days by commands ----------------------------------------------------
note="Adrenaline 1 mg at 03:12; the camera fell into the water."
id_of() { recording "$1" "$2" "$3"; }
# the hub takes a stick in and answers on it; the station takes the answer
road() {
    must feldsher-hub import "$T/hub" "$T/$1"
    must feldsher-hub export "$T/hub" "$T/$1"
}
crew_by_commands() {
    must at amb-7 note add --urgent --text "$note"
    must at amb-7 offload --from "$T/BWC-7"
    must as amb-7 aigul note list --json
    must as amb-7 aigul note confirm "$(field id <"$out")"
    must as amb-7 aigul recordings
    must as amb-7 aigul sync --link "$T/stick" --courier Serik --due 2099-12-24
    must feldsher -C "$T/amb-7" --user aigul handover --to erlan \
        --passphrase-file "$(lines "$(cat "$T/pass/aigul")" "$(cat "$T/pass/erlan")")"
}
doctor_by_commands() {
    id=$(id_of amb-7 timur MOV_1130.MP4)
    must as amb-7 timur search 1130
    must as amb-7 timur recordings show "$id"
    must as amb-7 timur recordings link "$id" case-17
    must as amb-7 timur note add --urgent --text "Seen: case-17."
}
supervisor_by_commands() {
    must as office bolat sync --link "$T/office-stick" --courier Serik
    id=$(id_of office bolat MOV_0815.MP4)
    must as office bolat recordings pull "$id" --why "complaint 17"
    must as office bolat sync --link "$T/office-stick" --courier Serik
    road office-stick
    must as office bolat sync --link "$T/office-stick" --courier Serik
    must as office bolat recordings verify "$id"
    must as office bolat recordings request "$id" --why "complaint 17" --json
    must as office dana recordings approve "$(field request <"$out")"
    must as office bolat recordings export "$id" "$T/package"
    must as office bolat recordings hold "$id" --why "appeal"
    must as office bolat recordings release "$id" --why "appeal refused"
    must as office bolat recordings flag "$id"
}
admin_by_commands() {
    must at office users
    must as office amina admit timur evidence
    must feldsher -C "$T/office" --user amina passphrase --passphrase-file "$(lines "$(cat "$T/pass/amina")" $new)"
    must at office doctor
    must at office verify
    must at office rebuild
    printf '%s\n' $new >"$T/pass/amina"
    must as office amina backup "$T/medium"
}
by_commands() { "$1_by_commands"; }

# --- and by the screens: the words of a language, the same keys --------------
by_screens() {
    for script in "$here"/days/*.drive; do
        python3 "$here/days.py" words "$lang" "$B/lang" <"$script" >"$T/${script##*/}" || must false
    done
    env LANGUAGE="$lang" FELDSHER_LANG="$lang" T="$T" "$B/system/drive" --tap "$T/$1.drive" |
        sed "s/^\(not \)\?ok - /&$lang: /"
}

# a day of each role; between them the stick travels
days() { # by_commands|by_screens
    "$1" crew
    road stick
    must at amb-7 sync --link "$T/stick"
    "$1" doctor
    must at office sync --link "$T/office-stick"
    road office-stick
    "$1" supervisor
    "$1" admin
}
for lang in command ${LANGS:-en ru kk}; do
    cp -a "$home/first" "$home/$lang"
    T=$home/$lang out=$T/out err=$T/err
    if [ $lang = command ]; then
        days by_commands
    else
        days by_screens >"$T/said"
        cat "$T/said"
        passed=$((passed + $(grep -c '^ok - ' "$T/said")))
        failed=$((failed + $(grep -c '^not ok - ' "$T/said")))
    fi
    check "$lang: both stations are whole" expect_exit 0 at amb-7 verify
    check "$lang: the office as well" expect_exit 0 at office verify
    check "$lang: a court can check the package" court "$T/package"
    printf '%s\n' $new >"$T/pass/amina"
    check "$lang: the new passphrase opens" expect_exit 0 as office amina circles
    check "$lang: the backup can be restored" expect_exit 0 feldsher -C "$T/restored" --user amina restore "$T/medium" \
        --passphrase-file "$(passphrase amina)"
    state "$T/state" || must false
    [ $lang = command ] || for part in "$T/state"/*; do
        diff "$home/command/state/${part##*/}" "$part" >"$err"
        check "$lang: ${part##*/} ends as by commands" [ ! -s "$err" ]
    done
done
T=$home
finish
