# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cases of peers.py: networks from their start to a client's first lease, and a hundred of them."""
import subprocess
import time

MANY = 100
NAMESPACE = "bench-client"


def network_xml(i, forward=""):
    return (f"<network><name>bench{i}</name>{forward}<bridge name='benchbr{i}' stp='off' delay='0'/>"
            f"<ip address='10.77.{i}.1' netmask='255.255.255.0'><dhcp><range start='10.77.{i}.2' end='10.77.{i}.254'/></dhcp></ip>"
            "</network>")


def ip(*args, check=True):
    subprocess.run(["ip", *args], check=check, capture_output=True, timeout=30)


def first_lease(bridge):
    """A client of its own namespace on the bridge asks until it is given an address."""
    ip("netns", "add", NAMESPACE)
    ip("link", "add", "benchveth0", "type", "veth", "peer", "name", "benchveth1", "netns", NAMESPACE)
    ip("link", "set", "benchveth0", "master", bridge, "up")
    ip("-n", NAMESPACE, "link", "set", "benchveth1", "up")
    try:
        subprocess.run(["ip", "netns", "exec", NAMESPACE, "busybox", "udhcpc", "-i", "benchveth1", "-n", "-q", "-t", "15", "-T", "1", "-s",
                        "/bin/true"], check=True, capture_output=True, timeout=60)
    finally:
        ip("netns", "delete", NAMESPACE)
        ip("link", "delete", "benchveth0", check=False)


def one_network(_daemon, conn, put):
    """A NAT network, its start and its first lease. libvirt's dnsmasq asks for 3 s whether the address is in use."""
    network = conn.networkDefineXML(network_xml(1, "<forward mode='nat'/>"))
    begin = time.perf_counter()
    network.create()
    put("start, ms", (time.perf_counter() - begin) * 1e3)
    first_lease("benchbr1")
    put("... and first lease, ms", (time.perf_counter() - begin) * 1e3)
    begin = time.perf_counter()
    network.destroy()
    put("stop, ms", (time.perf_counter() - begin) * 1e3)
    network.undefine()


def hundred_networks(_daemon, conn, put):
    """100 isolated networks with DHCP."""
    begin = time.perf_counter()
    networks = [conn.networkDefineXML(network_xml(i)) for i in range(MANY)]
    put("define 100, ms", (time.perf_counter() - begin) * 1e3)
    begin = time.perf_counter()
    for network in networks:
        network.create()
    put("start 100, ms", (time.perf_counter() - begin) * 1e3)
    begin = time.perf_counter()
    conn.listAllNetworks()
    put("list, ms", (time.perf_counter() - begin) * 1e3)
    begin = time.perf_counter()
    for network in networks:
        network.destroy()
        network.undefine()
    put("stop and undefine 100, ms", (time.perf_counter() - begin) * 1e3)
