# An enrolment of a station, and one of a person.
must authority enrol --station amb-8 --unit brigade-7 --user marat --role crew --out "$T/amb-8.enrol" --json
field code <"$out" | tr 'a-z-' 'A-Z ' >"$T/pass/code"
user_make saule crew records/brigade-7
mkdir "$T/later"
mv "$T/saule.key" "$T/later/saule.enrol"
mkdir "$T/home"
printf 'kodut-mabip-fobaz-marat-tulup-rudok\n' >"$T/pass/marat"
passphrase saule >/dev/null
