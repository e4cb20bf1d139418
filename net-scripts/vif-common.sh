# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# vif-common.sh: what the vif-* scripts share. Sourced, not run.

script=$(basename "$0")

fail() {
    echo "$script: $*${XENBUS_PATH:+ ($XENBUS_PATH)}" >&2
    exit 1
}

warn() {
    echo "$script: warning: $*${XENBUS_PATH:+ ($XENBUS_PATH)}" >&2
}

# try WHAT CMD...: runs CMD; if it fails, says that WHAT could not be done and why.
try() {
    what=$1
    shift
    why=$("$@" 2>&1) || fail "cannot $what: ${why:-exit status $?}"
}

has_interface() {
    ip link show dev "$1" > /dev/null 2>&1
}

is_bridge() {
    ip -o link show dev "$1" type bridge 2> /dev/null | grep -q .
}

mtu_of() {
    ip -o link show dev "$1" | sed -n 's/.* mtu \([0-9]*\) .*/\1/p'
}

# Sets command and dev, and exits with 0 where Xen calls a script twice for one device and this call is not the one.
vif_read_arguments() {
    command=${1:-}
    case $command in
    online | offline | add | remove) shift ;;
    *) fail "'$command' is none of online, offline, add, remove" ;;
    esac
    for argument; do
        case $argument in
        vif=* | bridge=* | ip=* | mac=* | mtu=* | rate=* | type_if=* | INTERFACE=* | XENBUS_PATH=* | domid=* | \
            gatewaydev=* | netdev=*)
            eval "${argument%%=*}=\${argument#*=}" ;; # the name is one of these: nothing else is evaluated
        *=*) ;; # for other scripts
        *) fail "'$argument' is not NAME=VALUE" ;;
        esac
    done
    case ${type_if:=vif} in
    vif)
        dev=${vif:-}
        case $command in add | remove) exit 0 ;; esac
        ;;
    tap)
        dev=${INTERFACE:-${vif:-}}
        case $command in online | offline) exit 0 ;; esac
        ;;
    *) fail "type_if is vif or tap, not '$type_if'" ;;
    esac
    [ -n "$dev" ] || fail "no interface is given (vif=NAME)"
}

# ip= is a list, without patterns.
each_address() {
    set -f # an address with a * is no file name
    for address in ${ip:-}; do
        echo "$address"
    done
}

# Without the length of its network.
bare() {
    echo "${1%%/*}"
}

set_kernel() {
    echo "$2" > "/proc/sys/net/$1" || fail "cannot write '$2' to /proc/sys/net/$1"
}

# The interface that leads out of the host: as given, or that of the default route.
outer_interface() {
    outer=${netdev:-${gatewaydev:-$(ip -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)}}
    [ -n "$outer" ] || fail "no interface leads out of this host (netdev=NAME)"
    has_interface "$outer" || fail "there is no interface '$outer'"
}

address_of() {
    ip -4 -o addr show dev "$1" scope global | sed -n 's/.* inet \([0-9.]*\).*/\1/p' | head -n 1
}

# The host's end of the link has no address of its own: the highest unicast one keeps a bridge from taking it over.
set_host_address() {
    try "set the address of $dev" ip link set dev "$dev" address fe:ff:ff:ff:ff:ff
}

# ---- what the guest may send ----

# One nftables table of the netdev family for each interface, so that it goes away in one piece. ip= asks for anti-spoofing: only
# the guest's own addresses pass (and DHCP, to get one). rate=BYTES,MICROSECONDS limits it to so many in so long.
check_guard() {
    case ${mac:-} in *[!0-9a-fA-F:]*) fail "'$mac' is no MAC address" ;; esac
    for address in $(each_address); do
        case $address in *[!0-9a-fA-F.:/]*) fail "'$address' in ip= is no address" ;; esac
    done
    case ${rate:-1,1} in
    *[!0-9,]* | ,* | *, | *,*,* | 0*,* | *,0*) fail "rate=BYTES,MICROSECONDS, not '$rate'" ;;
    *,*) ;;
    *) fail "rate=BYTES,MICROSECONDS, not '$rate'" ;;
    esac
}

guard_table() {
    echo "kanzen-$dev" | tr -c 'A-Za-z0-9_\n-' _
}

# In whole kilobytes, at least one; a burst of what the largest offloaded packet takes, or a tenth of a second.
rate_rule() {
    kilobytes=$((${rate%,*} * 1000 / ${rate#*,}))
    [ "$kilobytes" -gt 0 ] || kilobytes=1
    burst=$((kilobytes / 10))
    [ "$burst" -ge 64 ] || burst=64
    echo "  limit rate over $kilobytes kbytes/second burst $burst kbytes drop"
}

address_rules() {
    [ -z "${mac:-}" ] || echo "  ether saddr != $mac drop"
    echo "  ether type ip udp sport 68 udp dport 67 accept"
    for address in $(each_address); do
        case $address in
        *:*) echo "  ether type ip6 ip6 saddr { $(bare "$address"), fe80::/10, :: } accept" ;;
        *)
            echo "  ether type ip ip saddr $(bare "$address") accept"
            echo "  ether type arp arp saddr ip $(bare "$address") accept"
            ;;
        esac
    done
    echo "  ether type arp arp saddr ip 0.0.0.0 accept" # asking whether an address is free
    echo "  drop"
}

guard_rules() {
    echo "table netdev $(guard_table) {"
    echo " chain input { type filter hook ingress device \"$dev\" priority -300; policy accept; jump guest; }"
    echo " chain guest {"
    [ -z "${rate:-}" ] || rate_rule
    [ -z "${ip:-}" ] || address_rules
    echo " }"
    echo "}"
}

guard_interface() {
    [ -n "${ip:-}${rate:-}" ] || return 0
    check_guard
    wanted="${ip:-}${ip:+${rate:+ }}${rate:-}"
    if ! command -v nft > /dev/null; then
        warn "$dev is not restricted to '$wanted': there is no program 'nft'"
        return 0
    fi
    unguard_interface
    why=$(guard_rules | nft -f - 2>&1) || warn "$dev is not restricted to '$wanted': $(echo "$why" | head -n 1)"
}

unguard_interface() {
    if command -v nft > /dev/null; then
        nft delete table netdev "$(guard_table)" 2> /dev/null || :
    fi
}

# ---- ip= served by DHCP ----

# A network of kanzend's has a folder of addresses that its DHCP server is to give, by bridge.
serve_folder=/run/kanzen-dnsmasq

serve_address() {
    folder="$serve_folder/${bridge:-}.hosts"
    [ -n "${bridge:-}" ] && [ -n "${mac:-}" ] && [ -d "$folder" ] || return 0
    for address in $(each_address); do
        case $address in *:*) ;; *)
            (umask 022 && echo "$mac,$(bare "$address")" > "$folder/$dev") # dnsmasq is not root
            return 0
            ;;
        esac
    done
}

# dnsmasq(8) takes up new files by itself; for one that is gone it is told.
unserve_address() {
    for file in "$serve_folder"/*.hosts/"$dev"; do
        [ -f "$file" ] || continue
        rm -f "$file"
        kill -HUP "$(cat "$(cat "$(dirname "$file")/.pid-file")")" 2> /dev/null || :
    done
}
