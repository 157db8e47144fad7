# A short torture: see tests/torture.sh.
cd "$(dirname "$0")/../.."
if KILLS=${KILLS:-30} sh tests/torture.sh >/tmp/kills.$$ 2>&1; then
    echo "ok - nothing is lost by kill -9 at random instants"
else
    echo "not ok - nothing is lost by kill -9 at random instants"
fi
cat /tmp/kills.$$
rm -f /tmp/kills.$$
