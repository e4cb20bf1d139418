# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks whose guests share devices of the host: macvtap on listed ones or on the functions of a card, and PCI functions. The card is
umockdev's. What a guest has of macvtap is in tests/integration/test_network.py."""
import re
import time

import libvirt
import pytest

from conftest import Daemon
from test_libvirt import code_of, xml
from test_nodedev import UMockdev

CARD = "/devices/pci0000:00/0000:03:00.0"


def function(number, net):
    path = f"/devices/pci0000:00/0000:03:10.{number}"
    text = f"P: {path}\nE: SUBSYSTEM=pci\nA: class=0x020000\\n\n\n"
    return text + (f"P: {path}/net/{net}\nE: SUBSYSTEM=net\nE: INTERFACE={net}\nL: device=../../../0000:03:10.{number}\n\n" if net else "")


# The third function has no interface: it is vfio's.
MACHINE = (f"P: {CARD}\nE: SUBSYSTEM=pci\nA: class=0x020000\\n\n" + "".join(f"L: virtfn{i}=../0000:03:10.{i}\n" for i in range(3)) +
           f"\nP: {CARD}/net/ens3\nE: SUBSYSTEM=net\nE: INTERFACE=ens3\nL: device=../../../0000:03:00.0\n\n" +
           function(0, "ens3v0") + function(1, "ens3v1") + function(2, None))


@pytest.fixture
def carded(tmp_path, monkeypatch):
    made = UMockdev.Testbed.new()
    monkeypatch.setenv("UMOCKDEV_DIR", made.get_root_dir())
    assert made.add_from_string(MACHINE)
    daemon = Daemon(tmp_path)
    daemon.start()
    yield daemon
    daemon.stop()


def net_xml(forward, more=""):
    return f"<network><name>pool</name>{forward}{more}</network>"


def port_xml(number, more=""):
    return (f"<networkport><owner><name>g{number}</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2{number}</uuid></owner>"
            f"<mac address='00:16:3e:7b:35:9{number}'/>{more}<plug type='direct' dev='asked' mode='vepa'/></networkport>")


def guest_xml(name, nic):
    """With that interface in place of its own."""
    return re.sub("<interface.*</interface>", nic, xml(name))


LISTED = "<forward mode='{}'><interface dev='eth0'/><interface dev='eth1'/></forward>"


def plugs(network, count):
    return [re.search(r"<plug .*", network.portCreateXML(port_xml(i)).XMLDesc()).group() for i in range(count)]


@pytest.mark.parametrize("mode", ["bridge", "private", "vepa"])
def test_shared_devices(conn, mode):
    """Each guest gets the device with the fewest."""
    network = conn.networkCreateXML(net_xml(LISTED.format(mode)))
    assert plugs(network, 3) == [f"<plug type='direct' dev='eth{i}' mode='{mode}'/>" for i in (0, 1, 0)]
    assert "<interface dev='eth0' connections='2'/>" in network.XMLDesc()
    assert "<interface dev='eth1' connections='1'/>" in network.XMLDesc()
    drop = (libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, libvirt.VIR_NETWORK_SECTION_FORWARD_INTERFACE, -1, "<interface dev='eth1'/>", 0)
    assert code_of(network.update, *drop) == libvirt.VIR_ERR_OPERATION_INVALID  # a guest is on it
    network.listAllPorts()[0].delete()
    for port in network.listAllPorts():
        port.delete()
    network.update(*drop)
    assert "eth1" not in network.XMLDesc()


def test_device_of_ones_own(conn):
    network = conn.networkCreateXML(net_xml(LISTED.format("passthrough")))
    assert plugs(network, 2) == [f"<plug type='direct' dev='eth{i}' mode='passthrough'/>" for i in (0, 1)]
    with pytest.raises(libvirt.libvirtError, match="network 'pool' requires exclusive access to interfaces, but none are available"):
        network.portCreateXML(port_xml(2))
    network.listAllPorts()[0].delete()
    network.portCreateXML(port_xml(2))


@pytest.mark.parametrize("more, words", [
    ("<vlan><tag id='4'/></vlan>", "is requesting a vlan tag"),
    ("<virtualport type='openvswitch'/>", "which uses a macvtap device"),
])
def test_not_for_macvtap(conn, more, words):
    network = conn.networkCreateXML(net_xml(LISTED.format("bridge")))
    with pytest.raises(libvirt.libvirtError, match=words):
        network.portCreateXML(port_xml(0, more))
    assert network.listAllPorts() == []


def test_without_devices(conn):
    network = conn.networkCreateXML(net_xml("<forward mode='bridge'/>"))
    with pytest.raises(libvirt.libvirtError, match="has no forward dev and no interface pool"):
        network.portCreateXML(port_xml(0))


def test_guest(conn):
    """Its live definition says where it was plugged; the port goes with the guest."""
    conn.networkDefineXML(net_xml(LISTED.format("private"))).create()
    nic = "<interface type='network'><mac address='00:16:3e:7b:35:90'/><source network='pool'/></interface>"
    domain = conn.defineXML(guest_xml("guest", nic))
    domain.create()
    source = r"<source network='pool' portid='[0-9a-f-]{36}' dev='eth0' mode='private'/>"
    assert re.search(source, domain.XMLDesc())
    assert "<source network='pool'/>" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    domain.destroy()
    network = conn.networkLookupByName("pool")
    deadline = time.monotonic() + 20
    while network.listAllPorts() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert network.listAllPorts() == []
    filtered = nic.replace("</interface>", "<filterref filter='clean-traffic'/></interface>")
    assert code_of(conn.createXML, guest_xml("other", filtered)) == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    assert network.listAllPorts() == []


def test_functions_of_a_card(carded):
    """<pf> stands for its functions' interfaces, which belong to the network while it is active only."""
    conn = carded.connect()
    network = conn.networkDefineXML(net_xml("<forward mode='passthrough'><pf dev='ens3'/></forward>"))
    assert "ens3v0" not in network.XMLDesc()
    network.create()
    assert plugs(network, 2) == [f"<plug type='direct' dev='ens3v{i}' mode='passthrough'/>" for i in (0, 1)]
    assert "<interface dev='ens3v0' connections='1'/>" in network.XMLDesc()
    assert "ens3v0" not in network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
    carded.kill()
    carded.start()
    network = carded.connect().networkLookupByName("pool")
    assert "<interface dev='ens3v1' connections='1'/>" in network.XMLDesc()
    with pytest.raises(libvirt.libvirtError, match="exclusive access"):
        network.portCreateXML(port_xml(2))
    network.destroy()
    assert "ens3v0" not in network.XMLDesc()
    other = carded.connect().networkDefineXML("<network><name>none</name><forward mode='passthrough'><pf dev='ens3v0'/></forward></network>")
    with pytest.raises(libvirt.libvirtError, match="No usable Vf's present on SRIOV PF ens3v0"):
        other.create()
    assert not other.isActive()


def test_pci_functions(carded):
    conn = carded.connect()
    network = conn.networkCreateXML(net_xml("<forward mode='hostdev' managed='yes'><driver name='vfio'/><pf dev='ens3'/></forward>",
                                            "<vlan><tag id='42'/></vlan>"))
    for i in range(3):
        xml = network.portCreateXML(port_xml(i)).XMLDesc()
        assert "<plug type='hostdev-pci' managed='yes'>" in xml and "<driver name='vfio'/>" in xml and "<tag id='42'/>" in xml
        assert f"<address domain='0x0000' bus='0x03' slot='0x10' function='0x{i}'/>" in xml
    with pytest.raises(libvirt.libvirtError, match="exclusive access"):
        network.portCreateXML(port_xml(3))
    network.listAllPorts()[0].delete()
    nic = "<interface type='network'><source network='pool'/></interface>"
    with pytest.raises(libvirt.libvirtError, match="network 'pool' has PCI devices: not supported"):
        conn.createXML(guest_xml("guest", nic))
    assert len(network.listAllPorts()) == 2


def test_listed_functions(conn):
    addresses = "".join(f"<address type='pci' domain='0' bus='4' slot='0' function='{i}'/>" for i in (1, 2))
    network = conn.networkCreateXML(net_xml(f"<forward mode='hostdev'>{addresses}</forward>"))
    for i in (1, 2):
        assert f"slot='0x00' function='0x{i}'" in network.portCreateXML(port_xml(i)).XMLDesc()
    with pytest.raises(libvirt.libvirtError, match="exclusive access"):
        network.portCreateXML(port_xml(3))
