#!/bin/sh
# make lint: format, layers, the compiler's analyzer, clang-tidy, cppcheck.
set -eu
cd "$(dirname "$0")/.."
tests/setup.sh lint
bad=0
all=$(git ls-files -co --exclude-standard '*.c' '*.h')
pkg=$(pkg-config --cflags libsodium libzstd sqlite3 jansson libseccomp gnutls libsystemd zlib ncursesw libusb-1.0)
flags="-std=c17 -I. -D_GNU_SOURCE -DFELDSHER_VERSION=\"1\" $pkg"
step() { printf '  %s\n' "$1"; }
step "clang-format"
clang-format --dry-run -Werror $all || bad=1
step "layers"
tests/layers.sh || bad=1
step "file lengths"
for f in $all; do
    n=$(wc -l <"$f")
    case $f in
    */main.c) max=150 ;;
    storage/*.h | drivers/*.h | sync/*.h | tui/*.h) max=150 ;;
    tests/*) max=1200 ;;
    *) max=600 ;;
    esac
    [ "$n" -le $max ] || { echo "$f: $n lines, more than $max"; bad=1; }
done
step "gcc, every warning an error; -fanalyzer and clang-tidy outside tests/"
MAKEFLAGS= make -k -j "$(nproc)" CC=gcc analyze || bad=1
warn=$(sed -n '/^warn := /,/^warn +=/p' Makefile | grep -o -- '-W[a-z=-]*[0-9]*' | sort -u | tr '\n' ' ')
git ls-files -co --exclude-standard 'tests/*.c' | xargs -P "$(nproc)" -n 1 sh -c 'gcc '"$(echo "$flags" | sed 's/"/\\"/g')"' -O2 '"$warn"' -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init -Wformat-overflow=2 -Wformat-truncation=2 -Werror -c -o /dev/null "$0" || { echo "$0: gcc"; exit 1; }' || bad=1
step "cppcheck"
mkdir -p build/cppcheck
cppcheck --quiet --cppcheck-build-dir=build/cppcheck --std=c11 --enable=warning,portability --inline-suppr --suppress=missingIncludeSystem --suppress=uninitStructMember --suppress=uninitvar --suppress=legacyUninitvar --error-exitcode=1 -I. \
    -DFELDSHER_VERSION='"1"' -j "$(nproc)" storage drivers sync tui || bad=1
[ $bad = 0 ] && echo "lint: clean"
exit $bad
