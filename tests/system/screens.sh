# Every script of tests/screens/ through the real programs in a terminal.
exec sh "$(dirname "$0")/../screens/play.sh"
