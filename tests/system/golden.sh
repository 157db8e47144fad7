# The station folder and the hub of version 1 open for ever.
. "$(dirname "$0")/lib.sh"
golden=$(cd "$(dirname "$0")/../data/golden-1" && pwd)
cp -r "$golden/station" "$T/office-1"
cp -r "$golden/hub" "$T/hub"
chmod -R go-rwx "$T/office-1" "$T/hub"
cp "$golden/passphrase" "$T/pass/head"
check_exit 0 "it verifies" at office-1 verify
check_exit 0 "with its batches opened, too" as office-1 head verify
check_exit 0 "it lists" as office-1 head recordings list --json
for key in id path size blake2b chain seq mtime time; do
    check "every $key is as it was" [ "$(grep -oE "\"$key\":[^,]*" "$out" | sort)" = "$(grep -oE "\"$key\":[^,]*" "$golden/list.jsonl" | sort)" ]
done
id=$(recording office-1 head one.MP4)
check_exit 0 "a recording opens" as office-1 head recordings verify "$id"
check_exit 0 "its evidence package is exported" as office-1 head recordings export "$id" "$T/package"
check "with the camera's bytes" [ "$(b2sum -l 256 "$T"/package/*.MP4 | cut -d' ' -f1)" = "$(cat "$golden/one.b2")" ]
check_exit 77 "the hold is still in force" as office-1 head recordings destroy "$id" --basis test
check_exit 0 "an index made anew gives the same list" at office-1 rebuild
must as office-1 head recordings list --json
check "the same" [ "$(grep -oE '"id":[^,]*' "$out" | sort)" = "$(grep -oE '"id":[^,]*' "$golden/list.jsonl" | sort)" ]
check_exit 0 "the hub verifies" feldsher-hub verify "$T/hub"
check_exit 0 "it goes on: a new entry" as office-1 head recordings link "$id" card-1
mkdir "$T/stick"
check_exit 0 "to a stick" at office-1 sync --link "$T/stick"
check_exit 0 "which the hub takes" feldsher-hub import "$T/hub" "$T/stick"
finish
