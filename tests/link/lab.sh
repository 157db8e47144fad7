#!/bin/sh
# A bad link on one machine: two network namespaces, and one between them in
# which linkd makes delay and outages. Needs root.
#
#   lab.sh up NAME KBIT RTT_MS [CC]    NAME-a (10.77.0.1), NAME-b (10.77.0.2)
#   lab.sh down NAME                   ends what runs inside them, removes them
#
#   NAME-a [road, tbf] -- [left] NAME-m, linkd [right] -- [road, tbf] NAME-b
set -eu
usage() { echo "usage: lab.sh up NAME KBIT RTT_MS [CC] | down NAME" >&2; exit 64; }
[ $# -ge 2 ] || usage
[ "$(id -u)" = 0 ] || { echo "lab.sh: network namespaces need root; run it as root" >&2; exit 77; }
name=$2

# One frame is at most 1,514 bytes: segmentation offload would hand linkd, and
# the interface's counters, frames that no modem carries.
plain() { # NAMESPACE INTERFACE
    ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null
}
# Neighbours are fixed: no ARP after each outage, which a modem does not do.
end() { # SUFFIX NUMBER OTHER
    ns=$name-$1
    ip -n "$ns" link set lo up
    ip -n "$ns" link set road address "02:00:00:00:00:0$2"
    plain "$ns" road
    ip -n "$ns" addr add "10.77.0.$2/24" dev road
    ip -n "$ns" link set road up
    ip -n "$ns" neigh replace "10.77.0.$3" lladdr "02:00:00:00:00:0$3" dev road nud permanent
    ip netns exec "$ns" sysctl -qw "net.ipv4.tcp_congestion_control=$cc"
    tc -n "$ns" qdisc replace dev road root tbf rate "${kbit}kbit" burst "$burst" limit "$limit"
}

case $1 in
up)
    [ $# -ge 4 ] || usage
    kbit=$3 rtt=$4 cc=${5:-cubic}
    # the queue of a modem: one and a half of what is under way, 16 kB at least
    limit=$((kbit * rtt / 8 * 3 / 2))
    [ "$limit" -ge 16000 ] || limit=16000
    # tbf sends 10 ms at once, or two frames
    burst=$((kbit * 1000 / 8 / 100))
    [ "$burst" -ge 3200 ] || burst=3200
    # a namespace may choose only from the machine's list
    allowed=$(sysctl -n net.ipv4.tcp_allowed_congestion_control)
    case " $allowed " in
    *" $cc "*) ;;
    *) sysctl -qw "net.ipv4.tcp_allowed_congestion_control=$allowed $cc" ;;
    esac
    for x in a m b; do
        ip netns add "$name-$x"
        ip netns exec "$name-$x" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    done
    ip -n "$name-m" link add name left type veth peer name road netns "$name-a"
    ip -n "$name-m" link add name right type veth peer name road netns "$name-b"
    for i in left right; do
        plain "$name-m" $i
        ip -n "$name-m" link set $i up
    done
    end a 1 2
    end b 2 1
    ;;
down)
    for x in a m b; do
        for pid in $(ip netns pids "$name-$x" 2>/dev/null); do
            kill -9 "$pid" 2>/dev/null || true
        done
        ip netns del "$name-$x" 2>/dev/null || true
    done
    ;;
*) usage ;;
esac
