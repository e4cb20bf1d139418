# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where interfaces lead and what is set on them: seen from the host and from inside the guest."""
import socket

import pytest

from kanzen import Console, run, virsh, xl


def interface(kind, source, mac, more=""):
    return f"<interface type='{kind}'>{source}<mac address='00:16:3e:00:01:{mac:02x}'/>{more}</interface>"


def start(guest, xml, name=None):
    virsh("create", guest.write(f"{name or guest.name}.xml", xml))
    return Console("virsh", "console", name or guest.name, "--force").login()


def address(console, device, ip):
    console.command(f"ip link set {device} up; ip addr add {ip}/24 dev {device}")
    assert console.status == 0


def pings(console, ip):
    console.command(f"for i in 1 2 3 4 5 6 7 8; do ping -c 1 -W 1 {ip} > /dev/null && break; done")
    return console.status == 0


@pytest.fixture
def wire():
    """Two ends of a wire; the guest's macvtap goes on the one, the other is the host's."""
    run("ip", "link", "add", "kzw0", "type", "veth", "peer", "name", "kzw1")
    run("ip", "addr", "add", "10.88.1.1/24", "dev", "kzw1")
    run("ip", "link", "set", "kzw0", "up")
    run("ip", "link", "set", "kzw1", "up")
    yield "kzw0"
    run("ip", "link", "del", "kzw0", check=False)


@pytest.fixture
def own_tap():
    run("ip", "tuntap", "add", "kztap", "mode", "tap")
    run("ip", "addr", "add", "10.88.2.1/24", "dev", "kztap")
    run("ip", "link", "set", "kztap", "up")
    yield "kztap"
    run("ip", "link", "del", "kztap", check=False)


@pytest.fixture
def shared_wire(wire, tmp_path):
    """A network whose guests are on the wire."""
    (tmp_path / "twires.xml").write_text(f"<network><name>twires</name><forward mode='bridge'><interface dev='{wire}'/></forward></network>")
    virsh("net-create", tmp_path / "twires.xml")
    yield "twires"
    virsh("net-destroy", "twires")


def test_taps(guest, wire, shared_wire, own_tap):
    console = start(guest, guest.xml(extra="".join([
        interface("bridge", "<source bridge='xenbr0'/>", 0,
                  "<bandwidth><inbound average='2000' peak='4000' burst='512'/><outbound average='3000'/></bandwidth><mtu size='1400'/>"
                  "<port isolated='yes'/>"),
        interface("direct", f"<source dev='{wire}' mode='bridge'/>", 1),
        interface("ethernet", "", 2, f"<target dev='{own_tap}' managed='no'/>"),
        interface("bridge", "<source bridge='xenbr0'/>", 3, "<link state='down'/>"),
        interface("network", "<source network='twires'/>", 4),
    ])))
    domid = virsh("domid", guest.name).strip()
    names = [line.split()[0] for line in virsh("domiflist", guest.name).splitlines()[2:] if line]
    assert names == [f"vif{domid}.0", f"vif{domid}.1", own_tap, f"vif{domid}.3", f"vif{domid}.4"]
    limit = run("tc", "class", "show", "dev", names[0]).stdout
    assert "rate 16Mbit ceil 32Mbit" in limit, limit
    rules = run("nft", "list", "ruleset").stdout
    assert "limit rate over 3000 kbytes/second" in rules, rules
    assert "isolated on" in run("bridge", "-d", "link", "show", "dev", names[0]).stdout
    for name in (names[1], names[4]):
        assert "macvtap mode bridge" in run("ip", "-d", "link", "show", "dev", name).stdout
    assert f"<interface dev='{wire}' connections='1'/>" in virsh("net-dumpxml", shared_wire)

    address(console, "eth1", "10.88.1.2")
    assert pings(console, "10.88.1.1")
    address(console, "eth2", "10.88.2.2")
    assert pings(console, "10.88.2.1")
    console.command("ip link set eth0 down")
    address(console, "eth3", "10.87.0.77")
    assert not pings(console, "10.87.0.1")

    console.command("ip link set eth1 down")
    address(console, "eth4", "10.88.1.4")
    assert pings(console, "10.88.1.1")

    virsh("destroy", guest.name)
    left = run("ip", "-o", "link").stdout
    assert not any(name in left for name in names if name != own_tap)
    assert own_tap in left and wire in left


def test_sockets(guest):
    """One guest waits for the other: a wire between two machines."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = f"<source address='127.0.0.1' port='{port}'/>"
    first = start(guest, guest.xml(extra=interface("server", source, 0)))
    other = guest.name + "b"
    second = start(guest, guest.xml(name=other, extra=interface("client", source, 1)), name=other)
    address(first, "eth0", "10.88.3.1")
    address(second, "eth0", "10.88.3.2")
    assert pings(second, "10.88.3.1")


@pytest.mark.parametrize("xml, code, text", [
    (interface("direct", "<source dev='nosuch' mode='bridge'/>", 0), "VIR_ERR_SYSTEM_ERROR", "'nosuch' does not exist"),
    (interface("ethernet", "", 0, "<target dev='nosuch' managed='no'/>"), "VIR_ERR_SYSTEM_ERROR", "'nosuch' does not exist"),
    (interface("ethernet", "", 0, "<target managed='no'/>"), "VIR_ERR_XML_ERROR", "managed='no'"),
    (interface("direct", "", 0), "VIR_ERR_XML_ERROR", "'dev' attribute"),
    (interface("mcast", "<source address='230.0.0.1'/>", 0), "VIR_ERR_XML_ERROR", "'port' attribute"),
    (interface("vhostuser", "<source type='unix' path='/x' mode='client'/>", 0), "VIR_ERR_CONFIG_UNSUPPORTED", "vhostuser"),
    (interface("bridge", "<source bridge='xenbr0'/>", 0, "<filterref filter='nosuch'/>"), "VIR_ERR_NO_NWFILTER", "nosuch"),
    (interface("user", "", 0, "<filterref filter='clean-traffic'/>"), "VIR_ERR_CONFIG_UNSUPPORTED", "filterref"),
    (interface("bridge", "<source bridge='xenbr0'/>", 0, "<driver name='vhost'/>"), None, "/dev/vhost-net"),
])
def test_what_cannot_be_started(guest, conn, xml, code, text):
    import os

    import libvirt

    if text == "/dev/vhost-net" and os.path.exists(text):
        pytest.skip("this host has vhost-net")
    with pytest.raises(libvirt.libvirtError) as caught:
        conn.createXML(guest.xml(extra=xml))
    assert text in str(caught.value)
    if code:
        assert caught.value.get_error_code() == getattr(libvirt, code), caught.value
    assert guest.name not in xl("list")
    assert "vif" not in run("ip", "-o", "link").stdout
