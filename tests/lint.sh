#!/bin/sh
# make lint: format, layers, the compiler's analyzer, clang-tidy, cppcheck.
set -eu
cd "$(dirname "$0")/.."
tests/setup.sh lint
bad=0
all=$(git ls-files -co --exclude-standard '*.c' '*.h')
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
step "cppcheck"
mkdir -p build/cppcheck
cppcheck --quiet --cppcheck-build-dir=build/cppcheck --std=c11 --enable=warning,portability --inline-suppr --suppress=missingIncludeSystem --suppress=uninitStructMember --suppress=uninitvar --suppress=legacyUninitvar --error-exitcode=1 -I. \
    -DFELDSHER_VERSION='"1"' -j "$(nproc)" storage drivers sync tui || bad=1
[ $bad = 0 ] && echo "lint: clean"
exit $bad
