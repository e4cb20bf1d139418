# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's interfaces, read only. Every host has lo; bridges are in tests/integration/test_network.py."""
import libvirt

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
    assert code_of(conn.interfaceDefineXML, "<interface type='ethernet' name='x'/>") == libvirt.VIR_ERR_NO_SUPPORT
