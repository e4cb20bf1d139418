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
    assert re.search(source, domain.XMLDesc()) and "<interface type='direct'>" in domain.XMLDesc()
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


POOL = net_xml("<forward mode='hostdev' managed='yes'><driver name='vfio'/><pf dev='ens3'/></forward>", "<vlan><tag id='42'/></vlan>")
HVM = "<domain type='xen'><name>{}</name><memory>65536</memory><os><type>hvm</type></os><devices>{}</devices></domain>"


def nic_xml(number, more=""):
    return f"<interface type='network'><mac address='00:16:3e:00:00:{number:02x}'/><source network='pool'/>{more}</interface>"


def wait_for_ports(network, count):
    """Those of a domain that has ended are given back a moment later."""
    deadline = time.monotonic() + 20
    while len(network.listAllPorts()) != count and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(network.listAllPorts()) == count


def test_pci_functions(carded):
    network = carded.connect().networkCreateXML(POOL)
    for i in range(3):
        xml = network.portCreateXML(port_xml(i)).XMLDesc()
        assert "<plug type='hostdev-pci' managed='yes'>" in xml and "<driver name='vfio'/>" in xml and "<tag id='42'/>" in xml
        assert f"<address domain='0x0000' bus='0x03' slot='0x10' function='0x{i}'/>" in xml
    with pytest.raises(libvirt.libvirtError, match="exclusive access"):
        network.portCreateXML(port_xml(3))


def test_guests_of_functions(carded):
    """Each gets one of its own, and gives it back when it ends; what it shows is a device of the host's."""
    conn = carded.connect()
    network = conn.networkDefineXML(POOL)
    network.create()
    guests = [conn.defineXML(HVM.format(f"g{i}", nic_xml(i))) for i in range(4)]
    for i, guest in enumerate(guests[:3]):
        guest.create()
        live = guest.XMLDesc()
        assert "<interface type='hostdev' managed='yes'>" in live and "<driver name='vfio'/>" in live
        assert f"<address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x{i}'/>" in live
        assert "<tag id='42'/>" in live and "<alias name='hostdev0'/>" in live
        assert "<target" not in live and "network=" not in live and "<actual" not in live
        inactive = guest.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        assert "<source network='pool'/>" in inactive and "function='0x" not in inactive and "managed" not in inactive
    with pytest.raises(libvirt.libvirtError, match="requires exclusive access to interfaces, but none are available"):
        guests[3].create()
    assert "connections='3'" in network.XMLDesc()
    guests[1].destroy()
    wait_for_ports(network, 2)
    guests[3].create()
    assert "function='0x1'" in guests[3].XMLDesc()


def test_not_for_functions(carded):
    """What a function cannot do is refused by name, and leaves no port."""
    conn = carded.connect()
    network = conn.networkCreateXML(POOL)
    for more, words in (("<link state='down'/>", "network 'pool': link is not supported for network interfaces of type hostdev"),
                        ("<mtu size='9000'/>", "network 'pool': mtu is not supported for"),
                        ("<filterref filter='clean-traffic'/>", "network 'pool': filterref is not supported for"),
                        ("<vlan><tag id='1'/><tag id='2'/></vlan>", "only one vlan tag is supported by SR-IOV network devices")):
        with pytest.raises(libvirt.libvirtError, match=words) as caught:
            conn.createXML(HVM.format("guest", nic_xml(1, more)))
        assert caught.value.get_error_code() == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    with pytest.raises(libvirt.libvirtError, match="hvm domains only: there is no PCI passthrough to others") as caught:
        conn.createXML(guest_xml("guest", nic_xml(1)))
    assert caught.value.get_error_code() == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    assert network.listAllPorts() == []
    assert not conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_TRANSIENT)


@pytest.fixture
def plugged(carded):
    """The pool and a guest whose interface is its first function."""
    conn = carded.connect()
    network = conn.networkCreateXML(POOL)
    return network, conn.createXML(HVM.format("guest", nic_xml(1)))


def test_attach_function(plugged):
    network, guest = plugged
    guest.attachDevice(nic_xml(2))
    live = guest.XMLDesc()
    assert "function='0x1'" in live and "<alias name='hostdev1'/>" in live
    assert len(network.listAllPorts()) == 2
    guest.detachDevice(nic_xml(2))
    assert "function='0x1'" not in guest.XMLDesc() and len(network.listAllPorts()) == 1
    with pytest.raises(libvirt.libvirtError, match="does not plug nic 00:16:3e:00:00:ff"):
        guest.attachDevice(nic_xml(0xff))  # the card refuses
    assert len(network.listAllPorts()) == 1 and "00:16:3e:00:00:ff" not in guest.XMLDesc()


def test_attach_named_function(plugged):
    _, guest = plugged
    named = ("<interface type='hostdev' managed='yes'><mac address='00:16:3e:00:00:03'/><source><address type='pci' domain='0' bus='4' slot='0' "
             "function='1'/></source></interface>")
    guest.attachDevice(named)
    live = guest.XMLDesc()
    assert "<address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x1'/>" in live and "<alias name='hostdev1'/>" in live
    guest.updateDeviceFlags(named)
    code = code_of(guest.updateDeviceFlags, named.replace("function='1'", "function='2'"))
    assert code == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    assert "bus='0x04' slot='0x00' function='0x1'" in guest.XMLDesc()
    guest.detachDevice(named)
    assert "bus='0x04'" not in guest.XMLDesc()


def test_update_function(plugged):
    """By its definition as by its live XML it stays where it is."""
    network, guest = plugged
    port = network.listAllPorts()[0].UUIDString()
    live = re.search("<interface.*</interface>", guest.XMLDesc(), re.DOTALL).group()
    for same in (nic_xml(1), live):
        guest.updateDeviceFlags(same)
        assert "function='0x0'" in guest.XMLDesc() and "<tag id='42'/>" in guest.XMLDesc()
        assert [p.UUIDString() for p in network.listAllPorts()] == [port]
    guest.destroy()
    wait_for_ports(network, 0)


def test_listed_functions(conn):
    addresses = "".join(f"<address type='pci' domain='0' bus='4' slot='0' function='{i}'/>" for i in (1, 2))
    network = conn.networkCreateXML(net_xml(f"<forward mode='hostdev'>{addresses}</forward>"))
    for i in (1, 2):
        assert f"slot='0x00' function='0x{i}'" in network.portCreateXML(port_xml(i)).XMLDesc()
    with pytest.raises(libvirt.libvirtError, match="exclusive access"):
        network.portCreateXML(port_xml(3))
