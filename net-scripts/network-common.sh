# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# network-common.sh: what the network-* scripts share. Sourced, not run.
# start|stop|status come first, then NAME=VALUE.

# shellcheck source=net-scripts/vif-common.sh
. "$(dirname "$0")/vif-common.sh"

network_read_arguments() {
    command=${1:-}
    case $command in start | stop | status) shift ;; *) fail "'$command' is none of start, stop, status" ;; esac
    for argument; do
        case $argument in
        bridge=* | netdev=* | gatewaydev=*) eval "${argument%%=*}=\${argument#*=}" ;; # the name is one of these
        *=*) ;;
        *) fail "'$argument' is not NAME=VALUE" ;;
        esac
    done
}
