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
        vif=* | bridge=* | ip=* | mac=* | mtu=* | type_if=* | INTERFACE=* | XENBUS_PATH=* | gatewaydev=*)
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

# Anti-spoofing, asked for by ip=: of what comes in from the interface only the guest's own addresses pass (and DHCP, to get
# one). One nftables table of the bridge family for each interface, so that it goes away in one piece.
check_guard() {
    case ${mac:-} in *[!0-9a-fA-F:]*) fail "'$mac' is no MAC address" ;; esac
    set -f # an address with a * is no file name
    for address in $ip; do
        case $address in *[!0-9a-fA-F.:/]*) fail "'$address' in ip= is no address" ;; esac
    done
}

guard_table() {
    echo "kanzen-$dev" | tr -c 'A-Za-z0-9_\n-' _
}

guard_rules() {
    echo "table bridge $(guard_table) {"
    echo " chain input { type filter hook prerouting priority -300; policy accept; iifname \"$dev\" jump guest; }"
    echo " chain guest {"
    [ -z "${mac:-}" ] || echo "  ether saddr != $mac drop"
    echo "  ether type ip udp sport 68 udp dport 67 accept"
    for address in $ip; do
        case $address in
        *:*) echo "  ether type ip6 ip6 saddr { $address, fe80::/10, :: } accept" ;;
        *)
            echo "  ether type ip ip saddr $address accept"
            echo "  ether type arp arp saddr ip $address accept"
            ;;
        esac
    done
    echo "  ether type arp arp saddr ip 0.0.0.0 accept" # asking whether an address is free
    echo "  drop"
    echo " }"
    echo "}"
}

guard_interface() {
    [ -n "${ip:-}" ] || return 0
    check_guard
    if ! command -v nft > /dev/null; then
        warn "$dev is not restricted to '$ip': there is no program 'nft'"
        return 0
    fi
    unguard_interface
    why=$(guard_rules | nft -f - 2>&1) || warn "$dev is not restricted to '$ip': $(echo "$why" | head -n 1)"
}

unguard_interface() {
    if command -v nft > /dev/null; then
        nft delete table bridge "$(guard_table)" 2> /dev/null || :
    fi
}
