# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's interfaces, and their configuration by ifupdown. Every host has lo; bridges that are really made are in
tests/integration/test_network.py."""
import os

import libvirt
import pytest

from test_libvirt import code_of


def test_read(conn):
    assert "lo" in conn.listInterfaces() + conn.listDefinedInterfaces()
    assert conn.numOfInterfaces() + conn.numOfDefinedInterfaces() == len(conn.listAllInterfaces())
    assert [i.name() for i in conn.listAllInterfaces(libvirt.VIR_CONNECT_LIST_INTERFACES_ACTIVE)] == conn.listInterfaces()
    lo = conn.interfaceLookupByName("lo")
    assert lo.isActive() == ("lo" in conn.listInterfaces())
    xml = lo.XMLDesc()
    assert xml.startswith("<interface type='ethernet' name='lo'>") and "<mtu size='65536'/>" in xml
    if lo.isActive():
        assert "<ip address='127.0.0.1' prefix='8'/>" in xml
    assert lo.MACString() == "00:00:00:00:00:00"


def test_refused(conn):
    for name in ("no-such-if", "../lo", "", "x" * 4096):
        assert code_of(conn.interfaceLookupByName, name) == libvirt.VIR_ERR_NO_INTERFACE
    assert code_of(conn.interfaceLookupByMACString, "02:11:22:33:44:55") == libvirt.VIR_ERR_NO_INTERFACE


def test_without_ifupdown(stopped_daemon, tmp_path):
    stopped_daemon.start(KANZEN_NETWORK_DIR=str(tmp_path / "none"))
    conn = stopped_daemon.connect()
    interface = conn.interfaceLookupByName("lo")
    for call, args in [(conn.interfaceDefineXML, ["<interface type='ethernet' name='x'/>"]), (interface.create, []),
                       (interface.destroy, []), (interface.undefine, []), (conn.changeBegin, [])]:
        assert code_of(call, *args) == libvirt.VIR_ERR_NO_SUPPORT


ROOT = "# not kanzend's\nsource interfaces.d/*\nauto kzhost0\niface kzhost0 inet dhcp\n"
TOOL = "#!/bin/sh\necho \"$0 $*\" >> {log}\n"
WIRED = """<interface type='ethernet' name='kzeth0'><start mode='onboot'/><protocol family='ipv4'><ip address='10.99.0.2' prefix='24'/>
<route gateway='10.99.0.1'/></protocol></interface>"""


@pytest.fixture
def configured(stopped_daemon, tmp_path, monkeypatch):
    """A daemon on a host with ifupdown: a folder of its own, and stand-ins for the tools that note how they are called."""
    network, tools = tmp_path / "network", tmp_path / "tools"
    (network / "interfaces.d").mkdir(parents=True)
    (network / "interfaces").write_text(ROOT)
    tools.mkdir()
    for name in ("ifup", "ifdown", "brctl"):
        (tools / name).write_text(TOOL.format(log=tmp_path / "calls"))
        (tools / name).chmod(0o755)
    stopped_daemon.start(KANZEN_NETWORK_DIR=str(network), PATH=f"{tools}:{os.environ['PATH']}")
    stopped_daemon.network, stopped_daemon.calls = network, tmp_path / "calls"
    return stopped_daemon


def files(daemon):
    return {path.name: path.read_text() for path in (daemon.network / "interfaces.d").iterdir()}


def test_define(configured):
    conn = configured.connect()
    interface = conn.interfaceDefineXML(WIRED)
    assert "iface kzeth0 inet static\n    address 10.99.0.2/24\n    gateway 10.99.0.1\n" in files(configured)["kzeth0"]
    assert conn.listDefinedInterfaces() == sorted(set(conn.listDefinedInterfaces()) | {"kzeth0", "kzhost0"})
    assert not interface.isActive() and "<ip address='10.99.0.2' prefix='24'/>" in interface.XMLDesc()
    conn.interfaceDefineXML(WIRED.replace("10.99.0.2", "10.99.0.3"))
    assert "10.99.0.3" in conn.interfaceLookupByName("kzeth0").XMLDesc(libvirt.VIR_INTERFACE_XML_INACTIVE)
    interface.create()
    assert f"ifup --force --interfaces {configured.network}/interfaces kzeth0" in configured.calls.read_text()
    assert code_of(interface.destroy) == libvirt.VIR_ERR_OPERATION_INVALID  # the stand-in has not started it
    interface.undefine()
    assert files(configured) == {} and code_of(conn.interfaceLookupByName, "kzeth0") == libvirt.VIR_ERR_NO_INTERFACE


def test_others_files_are_left_alone(configured):
    conn = configured.connect()
    (configured.network / "interfaces.d/kzeth0").write_text("# nothing yet\n")
    for xml in (WIRED, WIRED.replace("kzeth0", "kzhost0")):
        with pytest.raises(libvirt.libvirtError, match="which is not kanzend's"):
            conn.interfaceDefineXML(xml)
    assert code_of(conn.interfaceLookupByName("kzhost0").undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    assert files(configured) == {"kzeth0": "# nothing yet\n"} and (configured.network / "interfaces").read_text() == ROOT


def test_changes(configured):
    """Begun, killed, gone on with; taken back, and kept."""
    conn = configured.connect()
    for call in (conn.changeCommit, conn.changeRollback):
        assert code_of(call) == libvirt.VIR_ERR_OPERATION_INVALID
    conn.interfaceDefineXML(WIRED)
    before = files(configured)
    conn.changeBegin()
    assert code_of(conn.changeBegin) == libvirt.VIR_ERR_OPERATION_INVALID
    conn.interfaceDefineXML(WIRED.replace("10.99.0.2", "10.99.0.4"))
    conn.interfaceDefineXML("<interface type='bridge' name='kzbr0'><bridge><interface type='ethernet' name='kzeth1'/></bridge></interface>")
    configured.kill()
    configured.start(KANZEN_NETWORK_DIR=str(configured.network))
    conn = configured.connect()
    assert set(files(configured)) == {"kzeth0", "kzbr0"}
    conn.changeRollback()
    assert files(configured) == before
    conn.changeBegin()
    conn.interfaceLookupByName("kzeth0").undefine()
    conn.changeCommit()
    assert files(configured) == {} and code_of(conn.changeRollback) == libvirt.VIR_ERR_OPERATION_INVALID


@pytest.mark.parametrize("xml, code", [
    ("<interface type='ethernet' name='../x'/>", libvirt.VIR_ERR_XML_ERROR),
    ("<interface type='ethernet' name='x'><protocol family='ipv4'><dhcp peerdns='no'/></protocol></interface>",
     libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<network/>", libvirt.VIR_ERR_XML_ERROR),
])
def test_bad_definitions(configured, xml, code):
    assert code_of(configured.connect().interfaceDefineXML, xml) == code and files(configured) == {}


def test_read_only(configured):
    configured.connect().interfaceDefineXML(WIRED)
    reader = libvirt.openReadOnly(configured.uri)
    interface = reader.interfaceLookupByName("kzeth0")
    for call, args in [(interface.create, []), (interface.destroy, []), (interface.undefine, []), (reader.interfaceDefineXML, [WIRED]),
                       (reader.changeBegin, [])]:
        assert code_of(call, *args) == libvirt.VIR_ERR_OPERATION_DENIED
    reader.close()
