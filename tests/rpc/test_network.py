# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks on bridges of the host, which are started without touching anything: definitions, states, events, updates, ports.

Networks that the host is part of are in tests/integration/test_network.py.
"""
import random
import threading

import libvirt
import pytest

from test_libvirt import code_of


def net_xml(name="n", more="", uuid=""):
    return (f"<network><name>{name}</name>{uuid and f'<uuid>{uuid}</uuid>'}<forward mode='bridge'/><bridge name='br0'/>"
            f"{more}</network>")


PORT = """<networkport><owner><name>guest</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac21</uuid></owner>
<mac address='00:16:3e:7b:35:93'/>{}<plug type='bridge' bridge='ignored0'/></networkport>"""


def test_life(conn):
    network = conn.networkDefineXML(net_xml())
    assert (network.name(), network.isActive(), network.isPersistent(), network.autostart()) == ("n", 0, 1, 0)
    assert network.bridgeName() == "br0"
    assert conn.networkLookupByName("n").UUIDString() == conn.networkLookupByUUIDString(network.UUIDString()).UUIDString()
    assert (conn.listNetworks(), conn.listDefinedNetworks()) == ([], ["n"])
    assert (conn.numOfNetworks(), conn.numOfDefinedNetworks()) == (0, 1)
    assert code_of(network.destroy) == libvirt.VIR_ERR_OPERATION_INVALID
    network.create()
    assert code_of(network.create) == libvirt.VIR_ERR_OPERATION_INVALID
    assert (conn.listNetworks(), conn.listDefinedNetworks()) == (["n"], [])
    network.setAutostart(1)
    flag = {name[len("VIR_CONNECT_LIST_NETWORKS_"):]: value for name, value in vars(libvirt).items()
            if name.startswith("VIR_CONNECT_LIST_NETWORKS_")}
    for wanted, there in [("ACTIVE", 1), ("INACTIVE", 0), ("PERSISTENT", 1), ("TRANSIENT", 0), ("AUTOSTART", 1), ("NO_AUTOSTART", 0)]:
        assert len(conn.listAllNetworks(flag[wanted])) == there
    network.undefine()
    assert network.isActive() and not network.isPersistent()
    assert code_of(network.undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(network.setAutostart, 1) == libvirt.VIR_ERR_OPERATION_INVALID
    network.destroy()
    assert code_of(network.XMLDesc) == libvirt.VIR_ERR_NO_NETWORK and conn.listAllNetworks() == []


def test_redefine(conn):
    network = conn.networkDefineXML(net_xml())
    network.create()
    again = conn.networkDefineXML(net_xml(more="<portgroup name='a'/>"))
    assert again.UUIDString() == network.UUIDString()
    assert "portgroup" not in network.XMLDesc() and "portgroup" in network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
    network.destroy()
    assert "portgroup" in network.XMLDesc()
    other = "7d5a2c5e-8f1e-4c0d-9c35-55d1b1b0a001"
    assert code_of(conn.networkDefineXML, net_xml(uuid=other)) == libvirt.VIR_ERR_OPERATION_FAILED
    assert code_of(conn.networkDefineXML, net_xml("m", uuid=network.UUIDString())) == libvirt.VIR_ERR_OPERATION_FAILED


IP = "<ip address='10.9.{}.1' prefix='24'><dhcp>{}</dhcp></ip>"


def isolated(more):
    return f"<network><name>n</name><bridge name='br-n'/>{more}</network>"


def range_of(start, end):
    return f"<range start='{start}' end='{end}'/>"


@pytest.mark.parametrize("xml, code", [
    ("<network", libvirt.VIR_ERR_XML_DETAIL),
    ("<pool/>", libvirt.VIR_ERR_XML_ERROR),
    ("<network><name>a/b</name></network>", libvirt.VIR_ERR_XML_ERROR),
    ("<network><name>" + "x" * 4096 + "</name></network>", libvirt.VIR_ERR_XML_ERROR),
    ("<network><name>n</name><uuid>1234</uuid></network>", libvirt.VIR_ERR_XML_ERROR),
    (net_xml(more="<ip address='10.0.0.1'/>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (net_xml(more="<bandwidth><inbound average='1'/></bandwidth>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (isolated("<ip address='fd00::1' prefix='64'/>"), libvirt.VIR_ERR_XML_ERROR),  # no family
    (isolated(IP.format(1, range_of("10.9.1.0", "10.9.1.9"))), libvirt.VIR_ERR_XML_ERROR),  # the network's address
    (isolated(IP.format(1, range_of("10.9.1.2", "10.9.1.255"))), libvirt.VIR_ERR_XML_ERROR),  # the broadcast address
    (isolated(IP.format(1, range_of("10.9.1.2", "10.9.1.9")) + IP.format(2, range_of("10.9.2.2", "10.9.2.9"))),
     libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (isolated(IP.format(1, "") + "<route address='10.77.0.1' prefix='16' gateway='10.9.1.9'/>"), libvirt.VIR_ERR_XML_ERROR),
    (isolated("<forward mode='open'/>"), libvirt.VIR_ERR_XML_ERROR),  # no address
    (isolated("<ip family='ipv6' address='fd00::1' prefix='64'><tftp root='/x'/></ip>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (isolated(IP.format(1, "") + "<dns><srv service='a' protocol='tcp' port='1'/></dns>"), libvirt.VIR_ERR_XML_ERROR),
    (isolated("<bandwidth><inbound average='9' floor='1'/></bandwidth>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    (isolated("<portgroup name='g'><bandwidth><inbound average='9' floor='1'/></bandwidth></portgroup>"), libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<network><name>n</name><bridge name='../x'/></network>", libvirt.VIR_ERR_XML_ERROR),
    ("<network><name>..</name></network>", libvirt.VIR_ERR_XML_ERROR),
    ("<network><name>a&#10;b</name></network>", libvirt.VIR_ERR_XML_ERROR),
    ("<network><name>n</name><domain name='a&#10;conf-dir=/'/></network>", libvirt.VIR_ERR_XML_ERROR),
    ("<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><network><name>&b;</name></network>", libvirt.VIR_ERR_XML_DETAIL),
])
def test_bad_definitions(conn, xml, code):
    assert code_of(conn.networkDefineXML, xml) == code
    assert code_of(conn.networkCreateXML, xml) == code
    assert conn.listAllNetworks() == []


def test_odd_names(daemon, conn):
    """What is no path and no line of a file is a name, to the next kanzend too."""
    odd = ["na\u00efve \u7db2", "-rf", "$(reboot)", "a;b", "%s%n", " x", "x" * 200]
    for name in odd:
        network = conn.networkDefineXML(net_xml(name))
        network.create()
        assert conn.networkLookupByName(name).isActive()
    daemon.kill()
    daemon.start()
    again = daemon.connect()
    assert sorted(again.listNetworks()) == sorted(odd)
    for name in odd:
        again.networkLookupByName(name).undefine()
        again.networkLookupByName(name).destroy()
    assert again.listAllNetworks() == [] and list((daemon.lib / "libvirt/networks").glob("*.xml")) == []


def test_two_clients_one_network(daemon):
    """Defined, started, changed, plugged into, stopped and undefined by several at once: each call is done or refused for a reason."""
    refused = {libvirt.VIR_ERR_NO_NETWORK, libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_NETWORK_PORT}
    xml = net_xml(uuid="70a7eb15-6c34-ee9c-bf57-69e8e5ff3fb3")
    wrong = []

    def client(seed):
        conn, rng = daemon.connect(), random.Random(seed)
        steps = [
            lambda: conn.networkDefineXML(xml),
            lambda: conn.networkCreateXML(xml),
            lambda: conn.networkLookupByName("n").create(),
            lambda: conn.networkLookupByName("n").destroy(),
            lambda: conn.networkLookupByName("n").undefine(),
            lambda: conn.networkLookupByName("n").setAutostart(1),
            lambda: conn.networkLookupByName("n").portCreateXML(PORT.format("")).delete(),
            lambda: conn.networkLookupByName("n").update(libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, libvirt.VIR_NETWORK_SECTION_PORTGROUP,
                                                         -1, "<portgroup name='g'/>", 0),
        ]
        for _ in range(40):
            try:
                rng.choice(steps)()
            except libvirt.libvirtError as error:
                if error.get_error_code() not in refused:
                    wrong.append(error)
        conn.close()

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []

    def found():
        return [(n.name(), n.isActive(), n.isPersistent(), len(n.listAllPorts() if n.isActive() else [])) for n in
                daemon.connect().listAllNetworks()]
    before = found()
    daemon.kill()
    daemon.start()
    assert found() == before


def test_validate(conn):
    odd = net_xml(more="<nonsense/>")
    assert code_of(conn.networkDefineXMLFlags, odd, libvirt.VIR_NETWORK_DEFINE_VALIDATE) == libvirt.VIR_ERR_XML_INVALID_SCHEMA
    assert code_of(conn.networkCreateXMLFlags, odd, libvirt.VIR_NETWORK_CREATE_VALIDATE) == libvirt.VIR_ERR_XML_INVALID_SCHEMA
    conn.networkDefineXML(odd).undefine()


def test_bridges(conn):
    """A free bridge is found; one that another network has is refused."""
    first = conn.networkDefineXML("<network><name>a</name></network>")
    second = conn.networkDefineXML("<network><name>b</name></network>")
    assert first.bridgeName() != second.bridgeName() and first.bridgeName().startswith("virbr")
    taken = f"<network><name>c</name><bridge name='{first.bridgeName()}'/></network>"
    assert code_of(conn.networkDefineXML, taken) == libvirt.VIR_ERR_INTERNAL_ERROR
    pattern = conn.networkDefineXML("<network><name>d</name><bridge name='lab%dx'/></network>")
    assert pattern.bridgeName() == "lab0x"
    assert "<mac address='52:54:00:" in pattern.XMLDesc() and "stp='on' delay='0'" in pattern.XMLDesc()
    assert code_of(conn.networkDefineXML("<network><name>e</name><forward mode='passthrough' dev='eth9'/></network>").bridgeName) \
        == libvirt.VIR_ERR_INTERNAL_ERROR


def test_survive(daemon):
    conn = daemon.connect()
    conn.networkDefineXML(net_xml("auto")).setAutostart(1)
    conn.networkDefineXML(net_xml("manual", "<portgroup name='x'/>"))
    conn.networkCreateXML(net_xml("passing")).portCreateXML(PORT.format(""))
    daemon.kill()
    daemon.start()
    conn = daemon.connect()
    assert [(n.name(), n.isActive(), n.isPersistent(), n.autostart() if n.isPersistent() else 0)
            for n in conn.listAllNetworks()] == [("auto", 0, 1, 1), ("manual", 0, 1, 0), ("passing", 1, 0, 0)]
    assert len(conn.networkLookupByName("passing").listAllPorts()) == 1
    assert "portgroup name='x'" in conn.networkLookupByName("manual").XMLDesc()


def test_events(daemon, conn):
    libvirt.virEventRegisterDefaultImpl()
    stop, seen = threading.Event(), []

    def loop():
        while not stop.is_set():
            libvirt.virEventRunDefaultImpl()

    listener = libvirt.open(daemon.uri)
    number = listener.networkEventRegisterAny(None, libvirt.VIR_NETWORK_EVENT_ID_LIFECYCLE,
                                              lambda _c, net, event, _d, _o: seen.append((net.name(), event)), None)
    tick = libvirt.virEventAddTimeout(50, lambda _t, _o: None, None)
    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    network = conn.networkDefineXML(net_xml())
    network.create()
    network.destroy()
    network.undefine()
    done = threading.Event()
    for _ in range(100):
        if len(seen) == 4 or done.wait(0.05):
            break
    assert seen == [("n", libvirt.VIR_NETWORK_EVENT_DEFINED), ("n", libvirt.VIR_NETWORK_EVENT_STARTED),
                    ("n", libvirt.VIR_NETWORK_EVENT_STOPPED), ("n", libvirt.VIR_NETWORK_EVENT_UNDEFINED)]
    listener.networkEventDeregisterAny(number)
    stop.set()
    thread.join(5)
    libvirt.virEventRemoveTimeout(tick)
    listener.close()


def test_update(conn):
    network = conn.networkDefineXML(net_xml())
    last, group = libvirt.VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, libvirt.VIR_NETWORK_SECTION_PORTGROUP
    live, config = libvirt.VIR_NETWORK_UPDATE_AFFECT_LIVE, libvirt.VIR_NETWORK_UPDATE_AFFECT_CONFIG
    assert code_of(network.update, last, group, -1, "<portgroup name='a'/>", live) == libvirt.VIR_ERR_OPERATION_INVALID
    network.update(last, group, -1, "<portgroup name='a'/>", 0)
    network.create()
    network.update(last, group, -1, "<portgroup name='b'/>", 0)
    assert "name='b'" in network.XMLDesc() and "name='b'" not in network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
    assert code_of(network.update, last, group, -1, "<portgroup name='b'/>", live | config) == libvirt.VIR_ERR_OPERATION_INVALID
    assert "name='b'" not in network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)  # both or none
    network.update(libvirt.VIR_NETWORK_UPDATE_COMMAND_DELETE, group, -1, "<portgroup name='a'/>", live | config)
    assert "name='a'" not in network.XMLDesc() + network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
    assert code_of(network.update, last, libvirt.VIR_NETWORK_SECTION_BRIDGE, -1, "<bridge/>", 0) == libvirt.VIR_ERR_OPERATION_UNSUPPORTED


def test_ports(conn):
    network = conn.networkDefineXML(net_xml(more="<portgroup name='g'><bandwidth><outbound average='7'/></bandwidth></portgroup>"))
    assert code_of(network.portCreateXML, PORT.format("")) == libvirt.VIR_ERR_OPERATION_INVALID  # not active
    network.create()
    port = network.portCreateXML(PORT.format("").replace("<mac", "<group>g</group><mac"))
    assert "<plug type='bridge' bridge='br0'/>" in port.XMLDesc() and port.network().name() == "n"
    assert network.portLookupByUUIDString(port.UUIDString()).UUIDString() == port.UUIDString()
    assert port.parameters()["outbound.average"] == 7
    port.setParameters({"outbound.average": 100, "outbound.peak": 200})
    assert "<outbound average='100' peak='200'/>" in port.XMLDesc()
    assert "connections='1'" in network.XMLDesc()
    same = PORT.format("").replace("<owner>", f"<uuid>{port.UUIDString()}</uuid><owner>", 1)
    assert code_of(network.portCreateXML, same) == libvirt.VIR_ERR_NETWORK_PORT_EXIST
    vlan = PORT.format("<vlan><tag id='4'/></vlan>")
    assert code_of(network.portCreateXML, vlan) == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    assert [p.UUIDString() for p in network.listAllPorts()] == [port.UUIDString()]
    port.delete()
    assert network.listAllPorts() == [] and code_of(port.XMLDesc) == libvirt.VIR_ERR_NO_NETWORK_PORT


def test_read_only(daemon):
    conn = daemon.connect()
    conn.networkDefineXML(net_xml())
    reader = libvirt.openReadOnly(daemon.uri)
    network = reader.networkLookupByName("n")
    assert "<name>n</name>" in network.XMLDesc()
    for call, args in [(network.create, []), (network.destroy, []), (network.undefine, []), (network.setAutostart, [1]),
                       (network.update, [3, 9, -1, "<portgroup name='a'/>", 0]), (network.portCreateXML, [PORT.format("")])]:
        assert code_of(call, *args) == libvirt.VIR_ERR_OPERATION_DENIED
    reader.close()
