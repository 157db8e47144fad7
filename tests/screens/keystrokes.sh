# A new laptop's enrolment file beside it; the table of tui/README.md, which the counts must agree with.
must authority enrol --station amb-8 --unit brigade-7 --user marat --role crew --out "$T/amb-8.enrol" --json
field code <"$out" >"$T/pass/code"
mkdir "$T/home" "$T/stick"
repository=$(cd "$here/../.." && pwd)
export repository
