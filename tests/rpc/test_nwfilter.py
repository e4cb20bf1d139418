# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network filters: definitions, bindings, and what packets pass. The daemon runs in a network namespace of its own, in
which a pair of virtual interfaces stands for a guest's: the end called vnet0 is on a bridge, "guest" is what a guest has."""
import os
import subprocess
import sys
import time
from pathlib import Path

import libvirt
import pytest

import frames
from conftest import Daemon
from test_libvirt import code_of, xml as domain_xml

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="rules of a firewall are root's")
SHARED = Path(os.environ.get("KANZEN_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "corpora"

MAC, OTHER_MAC, FALSE_MAC = "52:54:00:12:34:56", "52:54:00:ab:cd:ef", "52:54:00:77:77:77"
IP, OTHER_IP = "10.1.2.3", "10.1.2.9"
SYN, ACK = 2, 16
OWNER = "d54df46f-1ab5-4a22-8618-4560ef5fac2c"


class Host(Daemon):
    """kanzend in a network of its own."""

    def start(self, **env):
        self.real, os.environ["KANZEND"] = os.environ["KANZEND"], str(self.wrapper())
        try:
            super().start(**env)
        finally:
            os.environ["KANZEND"] = self.real

    def wrapper(self):
        path = self.folder / "kanzend-in-namespace"
        name = f"/proc/{self.namespace.pid}/ns/net"
        path.write_text(f"#!/bin/sh\nexec nsenter --net={name} {self.real} \"$@\"\n")
        path.chmod(0o755)
        return path

    def make_namespace(self):
        self.namespace = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 600"], stdout=subprocess.PIPE)
        self.namespace.stdout.readline()
        for command in ("link add br0 type bridge", "link set br0 up", "link add far type veth peer name vnet9",
                        "link set vnet9 master br0", "link set vnet9 up", "link set far up"):
            self.run_in("ip", *command.split())

    def run_in(self, *argv, text=None):
        return subprocess.run(["nsenter", f"--net=/proc/{self.namespace.pid}/ns/net", *argv], input=text, check=True,
                              capture_output=True, text=True).stdout

    def plug(self, name="vnet0"):
        for command in (f"link add guest type veth peer name {name}", f"link set {name} master br0", f"link set {name} up",
                        "link set guest up"):
            self.run_in("ip", *command.split())

    def unplug(self, name="vnet0"):
        self.run_in("ip", "link", "delete", name)

    def passes(self, *sent, back=False):
        """Of each frame that the guest sends (back: that it is sent), whether it comes out at the other end. What does not is
        sent once more, as a busy host may be late."""
        ends = ("far", "guest") if back else ("guest", "far")
        came = [False] * len(sent)
        for _ in range(2):
            missing = [i for i, there in enumerate(came) if not there]
            out = self.run_in(sys.executable, str(Path(__file__).with_name("frames.py")), *ends,
                              text="\n".join(sent[i].hex() for i in missing))
            for i, letter in zip(missing, out.strip()):
                came[i] = letter == "1"
            if all(came):
                break
        return came

    def rules(self):
        return "".join(self.run_in(tool, "-t", table) for tool, table in
                       (("ebtables-save", "nat"), ("iptables-save", "filter"), ("ip6tables-save", "filter")))

    def ours(self):
        return [line for line in self.rules().splitlines() if "vnet" in line or "libvirt" in line]


@pytest.fixture
def host(tmp_path):
    made = Host(tmp_path)
    made.real = os.environ["KANZEND"]
    made.make_namespace()
    try:
        made.start()
        yield made
        if made.process is not None:
            made.stop()
    finally:
        made.namespace.kill()
        made.namespace.wait()


@pytest.fixture
def on_host(host):
    made = host.connect()
    yield made
    if made._o is not None:  # a test may have closed it before it ended the daemon
        made.close()


def binding_xml(name, parameters="", portdev="vnet0", mac=MAC):
    return (f"<filterbinding><owner><name>d</name><uuid>{OWNER}</uuid></owner><portdev name='{portdev}'/>"
            f"<mac address='{mac}'/><filterref filter='{name}'>{parameters}</filterref></filterbinding>")


def bind(conn, name, parameters="", **more):
    return conn.nwfilterBindingCreateXML(binding_xml(name, parameters, **more))


def parameter(name, *values):
    return "".join(f"<parameter name='{name}' value='{value}'/>" for value in values)


def define(conn, name, rules, chain="root", uuid=None):
    return conn.nwfilterDefineXML(f"<filter name='{name}' chain='{chain}'>{uuid and f'<uuid>{uuid}</uuid>' or ''}{rules}</filter>")


def ping(source_ip=IP, source=MAC, data=b"\x08\0\xf7\xfe\0\0\0\1"):
    return frames.ipv4(source, OTHER_MAC, source_ip, OTHER_IP, 1, data)


# ---- definitions ----

STANDARD = """allow-arp allow-dhcp allow-dhcp-server allow-dhcpv6 allow-dhcpv6-server allow-incoming-ipv4 allow-incoming-ipv6
allow-ipv4 allow-ipv6 clean-traffic clean-traffic-gateway no-arp-ip-spoofing no-arp-mac-spoofing no-arp-spoofing
no-ip-multicast no-ip-spoofing no-ipv6-multicast no-ipv6-spoofing no-mac-broadcast no-mac-spoofing no-other-l2-traffic
no-other-rarp-traffic qemu-announce-self qemu-announce-self-rarp""".split()


def test_standard_filters(daemon):
    with daemon.connect() as conn:
        assert sorted(conn.listNWFilters()) == STANDARD and conn.numOfNWFilters() == len(STANDARD)
        assert [f.name() for f in conn.listAllNWFilters()] == STANDARD
        uuid = conn.nwfilterLookupByName("clean-traffic").UUIDString()
        conn.nwfilterLookupByName("allow-ipv6").undefine()
        arp = conn.nwfilterLookupByName("allow-arp")
        conn.nwfilterDefineXML(arp.XMLDesc().replace("inout", "out"))
        changed = arp.UUIDString()
        del arp
    daemon.stop()
    daemon.start()
    with daemon.connect() as again:
        assert sorted(again.listNWFilters()) == [name for name in STANDARD if name != "allow-ipv6"]
        assert again.nwfilterLookupByName("clean-traffic").UUIDString() == uuid
        assert "direction='out'" in again.nwfilterLookupByUUIDString(changed).XMLDesc()


def test_life(daemon, conn):
    made = define(conn, "f", "<rule action='drop' direction='out'><tcp dstportstart='25'/></rule>")
    assert conn.nwfilterLookupByUUID(made.UUID()).name() == "f"
    path = daemon.lib / "libvirt" / "nwfilter" / f"{made.UUIDString()}.xml"
    assert "dstportstart='25'" in path.read_text() and path.stat().st_mode & 0o777 == 0o600
    assert code_of(define, conn, "f", "") == libvirt.VIR_ERR_OPERATION_FAILED  # of the same name, and another UUID
    assert code_of(lambda: define(conn, "g", "", uuid=made.UUIDString())) == libvirt.VIR_ERR_OPERATION_FAILED
    assert "dstportstart='26'" in define(conn, "f", "<rule action='drop' direction='out'><tcp dstportstart='26'/></rule>",
                                         uuid=made.UUIDString()).XMLDesc()
    made.undefine()
    assert not path.exists()
    assert code_of(made.XMLDesc) == code_of(made.undefine) == libvirt.VIR_ERR_NO_NWFILTER
    assert code_of(conn.nwfilterLookupByName, "f") == libvirt.VIR_ERR_NO_NWFILTER
    assert code_of(conn.nwfilterDefineXMLFlags, "<filter name='f'/>", 2) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(conn.nwfilterDefineXML, "<filter name='f'><rule/></filter>") == libvirt.VIR_ERR_INTERNAL_ERROR
    assert "f" not in conn.listNWFilters()


def test_loops(conn):
    reference = "<filterref filter='{}'/>".format
    assert code_of(define, conn, "a", reference("a")) == libvirt.VIR_ERR_OPERATION_FAILED
    define(conn, "a", reference("b"))
    define(conn, "b", reference("c"))
    assert code_of(define, conn, "c", reference("a")) == libvirt.VIR_ERR_OPERATION_FAILED
    define(conn, "c", "")


def test_corpus(conn):
    if not SHARED.is_dir():
        pytest.skip("no shared folder")
    for path in sorted((SHARED / "nwfilterxml2xmlin").iterdir()):
        if path.stem.endswith("-invalid"):
            assert code_of(conn.nwfilterDefineXML, path.read_text()) == libvirt.VIR_ERR_INTERNAL_ERROR, path
        else:
            made = conn.nwfilterDefineXML(path.read_text())
            assert made.XMLDesc() == (SHARED / "nwfilterxml2xmlout" / path.name).read_text()
            made.undefine()


def test_read_only(daemon, conn):
    made = define(conn, "f", "")
    with libvirt.openReadOnly(daemon.uri.replace("virtxend-sock", "virtxend-sock-ro")) as guest:
        assert "<filter name='f'" in guest.nwfilterLookupByName("f").XMLDesc()
        assert guest.listAllNWFilterBindings() == []
        assert code_of(guest.nwfilterLookupByName("f").undefine) == libvirt.VIR_ERR_OPERATION_DENIED
        assert code_of(define, guest, "g", "") == libvirt.VIR_ERR_OPERATION_DENIED
        assert code_of(bind, guest, "f") == libvirt.VIR_ERR_OPERATION_DENIED
    made.undefine()


# ---- bindings ----

@needs_root
def test_binding(host, on_host):
    conn = on_host
    made = bind(conn, "no-mac-spoofing", portdev="vnet7")  # there need be no such interface yet
    assert (made.portDev(), made.filterName()) == ("vnet7", "no-mac-spoofing")
    assert f"<parameter name='MAC' value='{MAC}'/>" in made.XMLDesc() and f"<uuid>{OWNER}</uuid>" in made.XMLDesc()
    assert [b.portDev() for b in conn.listAllNWFilterBindings()] == ["vnet7"]
    assert "-A PREROUTING -i vnet7 -j libvirt-I-vnet7" in host.ours()
    assert code_of(lambda: bind(conn, "no-mac-spoofing", portdev="vnet7")) == libvirt.VIR_ERR_OPERATION_FAILED
    assert code_of(conn.nwfilterLookupByName("no-mac-spoofing").undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    conn.nwfilterBindingLookupByPortDev("vnet7").delete()
    assert host.ours() == []
    assert code_of(conn.nwfilterBindingLookupByPortDev, "vnet7") == libvirt.VIR_ERR_NO_NWFILTER_BINDING
    assert code_of(made.XMLDesc) == code_of(made.delete) == libvirt.VIR_ERR_NO_NWFILTER_BINDING
    conn.nwfilterLookupByName("no-mac-spoofing").undefine()


@needs_root
@pytest.mark.parametrize("name, parameters, code, text", [
    ("nosuch", "", libvirt.VIR_ERR_NO_NWFILTER, "referenced filter 'nosuch' is missing"),
    ("allow-dhcp-server", "", libvirt.VIR_ERR_INTERNAL_ERROR, "DHCPSERVER"),
    ("allow-dhcp-server", parameter("DHCPSERVER", "nowhere"), libvirt.VIR_ERR_INTERNAL_ERROR, "'nowhere' of variable 'DHCPSERVER'"),
    ("clean-traffic", parameter("CTRL_IP_LEARNING", "none"), libvirt.VIR_ERR_INTERNAL_ERROR, "list elements: IP"),
    ("clean-traffic", parameter("CTRL_IP_LEARNING", "some"), libvirt.VIR_ERR_INVALID_ARG, "'some'"),
    ("set", "", libvirt.VIR_ERR_INTERNAL_ERROR, "-restore"),
])
def test_what_cannot_be_bound(host, on_host, name, parameters, code, text):
    """Nothing is left, of the bridge's rules either, which are the first to be made."""
    define(on_host, "set", "<rule action='drop' direction='out'><mac/></rule>"
           "<rule action='drop' direction='out'><all ipset='nosuch' ipsetflags='src'/></rule>")
    with pytest.raises(libvirt.libvirtError) as caught:
        bind(on_host, name, parameters)
    assert text in str(caught.value) and caught.value.get_error_code() == code
    assert host.ours() == [] and on_host.listAllNWFilterBindings() == []


@needs_root
def test_restart(host, on_host):
    """Rules stay while nobody serves; the next daemon knows them, and puts right what is not as it should be."""
    bind(on_host, "clean-traffic", parameter("IP", IP), portdev="vnet0")
    bind(on_host, "allow-arp", portdev="vnet1")  # has neither a domain nor an interface, and so goes
    host.plug()
    before = [line for line in host.ours() if "vnet0" in line]
    on_host.close()
    host.kill()
    host.run_in("ebtables", "-t", "nat", "-F", "I-vnet0-mac")
    host.start()
    with host.connect() as conn:
        assert [b.portDev() for b in conn.listAllNWFilterBindings()] == ["vnet0"]
        assert host.ours() == before
        conn.nwfilterBindingLookupByPortDev("vnet0").delete()
    assert host.ours() == []


# ---- packets ----

@needs_root
def test_clean_traffic(host, on_host):
    host.plug()
    good = [ping(), frames.arp(MAC, 1, MAC, IP, OTHER_IP), frames.udp(MAC, frames.BROADCAST, "0.0.0.0", "255.255.255.255", 68, 67),
            frames.arp(MAC, 3, MAC, "0.0.0.0", "0.0.0.0", target_mac=MAC, ethertype=0x8035)]
    bad = [ping(source=FALSE_MAC), ping(source_ip=OTHER_IP), frames.arp(MAC, 1, FALSE_MAC, IP, OTHER_IP),
           frames.arp(MAC, 2, MAC, OTHER_IP, OTHER_IP), frames.arp(FALSE_MAC, 1, MAC, IP, OTHER_IP),
           frames.ipv6(MAC, OTHER_MAC, "fe80::1", "fe80::2"), frames.ethernet(MAC, OTHER_MAC, 0x88b5, b"experiment")]
    assert all(host.passes(*good, *bad))
    binding = bind(on_host, "clean-traffic", parameter("IP", "10.1.2.200", IP))
    assert host.passes(*good, *bad) == [True] * len(good) + [False] * len(bad)
    incoming = [frames.ipv4(OTHER_MAC, MAC, "192.168.7.7", IP, 1, b"x" * 40), frames.arp(OTHER_MAC, 1, OTHER_MAC, OTHER_IP, IP),
                frames.ethernet(OTHER_MAC, MAC, 0x88b5, b"experiment")]
    assert host.passes(*incoming, back=True) == [True, True, False]
    binding.delete()
    assert all(host.passes(*good, *bad))


@needs_root
def test_connections(host, on_host):
    """A rule of one direction lets the answers back, and only those."""
    host.plug()
    define(on_host, "web", "<rule action='accept' direction='out'><tcp dstportstart='80' dstportend='81'/></rule>"
           "<rule action='drop' direction='inout' priority='900'><all/></rule>")
    bind(on_host, "web")
    connect = [frames.tcp(MAC, OTHER_MAC, IP, OTHER_IP, 4000, port, SYN) for port in (80, 81, 82)]
    answer = [frames.tcp(OTHER_MAC, MAC, OTHER_IP, IP, port, 4000, SYN | ACK, 9, 2) for port in (80, 81, 82)]
    begin = frames.tcp(OTHER_MAC, MAC, OTHER_IP, IP, 4001, 80, SYN)
    assert host.passes(*answer, back=True) == [False] * 3
    assert host.passes(*connect, ping()) == [True, True, False, False]
    assert host.passes(*answer, begin, back=True) == [True, True, False, False]


@needs_root
def test_filters_come_before_networks(host, on_host):
    """Whatever starts first: a network lets all pass within it."""
    def forward():
        return [line.split()[-1] for line in host.run_in("iptables-save", "-t", "filter").splitlines()
                if line.startswith("-A FORWARD")]

    define(on_host, "web", "<rule action='drop' direction='inout'><tcp dstportstart='80'/></rule>")
    ours = ["libvirt-in", "libvirt-out", "libvirt-in-post"]
    binding = bind(on_host, "web")
    assert forward() == ours
    network = on_host.networkCreateXML("<network><name>n</name><bridge name='virbr7'/>"
                                       "<ip address='10.77.0.1' netmask='255.255.255.0'/></network>")
    theirs = forward()[3:]
    assert forward() == ours + theirs and "LIBVIRT_FWX" in theirs
    binding.delete()
    assert forward() == theirs
    bind(on_host, "web")
    assert forward() == ours + theirs
    network.destroy()


@needs_root
def test_redefinition(host, on_host):
    """Interfaces follow a filter, also one that is referred to; when they cannot, all stays as it was."""
    host.plug()
    blocked = "<rule action='drop' direction='out'><udp dstportstart='{}'/></rule>".format
    inner = define(on_host, "inner", blocked("$PORT"))
    define(on_host, "outer", "<filterref filter='inner'><parameter name='PORT' value='53'/></filterref>")
    bind(on_host, "outer")
    sent = [frames.udp(MAC, OTHER_MAC, IP, OTHER_IP, 1000, port) for port in (53, 54)]
    assert host.passes(*sent) == [False, True]
    define(on_host, "inner", blocked("54"), uuid=inner.UUIDString())
    assert host.passes(*sent) == [True, False]
    before = host.ours()
    for rules in (blocked("$OTHER"), "<rule action='drop' direction='out'><mac/></rule>"
                  "<rule action='drop' direction='out'><udp ipset='nosuch' ipsetflags='src'/></rule>"):
        assert code_of(lambda: define(on_host, "inner", rules, uuid=inner.UUIDString())) == libvirt.VIR_ERR_INTERNAL_ERROR
        assert host.ours() == before and "54" in on_host.nwfilterLookupByName("inner").XMLDesc()
    assert code_of(inner.undefine) == libvirt.VIR_ERR_OPERATION_INVALID


def wait_for(check):
    deadline = time.monotonic() + 10
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@needs_root
def test_first_address(host, on_host):
    """The first address that the guest uses is its own. What it may do before that is what it takes to have one."""
    bind(on_host, "clean-traffic")
    host.plug()  # after the binding, as a guest's interface is
    assert host.passes(ping(source=FALSE_MAC), frames.ethernet(MAC, OTHER_MAC, 0x88b5, b"experiment")) == [False, False]
    host.passes(frames.arp(MAC, 1, MAC, IP, OTHER_IP))
    wait_for(lambda: any(f"--ip-src {IP} " in line for line in host.ours()))
    assert host.passes(ping(), ping(source_ip=OTHER_IP)) == [True, False]
    on_host.close()
    host.kill()
    host.start()
    assert host.passes(ping(), ping(source_ip=OTHER_IP)) == [True, False]


@needs_root
def test_dhcp_snooping(host, on_host):
    """Only what a DHCP server has given to the guest, for as long as it has."""
    host.plug()
    bind(on_host, "clean-traffic", parameter("CTRL_IP_LEARNING", "dhcp") + parameter("DHCPSERVER", "10.1.2.1"))

    def answer(server, address, client=MAC, lease=3600):
        return frames.udp(OTHER_MAC, MAC, server, "255.255.255.255", 67, 68, frames.dhcp(2, client, 5, address, lease))

    def has(address):
        return any(f"--ip-src {address} " in line for line in host.ours())

    question = frames.udp(MAC, frames.BROADCAST, "0.0.0.0", "255.255.255.255", 68, 67, frames.dhcp(1, MAC, 3))
    assert host.passes(question, ping(), frames.arp(MAC, 1, MAC, IP, OTHER_IP)) == [True, False, False]
    # Another server's answer, and what the guest says to itself.
    assert host.passes(answer("10.1.2.66", IP), back=True) == [False]
    host.passes(frames.udp(MAC, OTHER_MAC, "10.1.2.1", "255.255.255.255", 67, 68, frames.dhcp(2, MAC, 5, IP, 3600)))
    assert host.passes(answer("10.1.2.1", OTHER_IP, client=OTHER_MAC), answer("10.1.2.1", IP), back=True) == [True, True]
    wait_for(lambda: has(IP))
    assert not has(OTHER_IP)
    assert host.passes(ping(), ping(source_ip=OTHER_IP)) == [True, False]
    host.passes(answer("10.1.2.1", OTHER_IP, lease=2), back=True)
    wait_for(lambda: has(OTHER_IP) and has(IP))
    wait_for(lambda: not has(OTHER_IP))
    host.passes(frames.udp(MAC, OTHER_MAC, IP, "10.1.2.1", 68, 67, frames.dhcp(1, MAC, 7, own=IP)))
    wait_for(lambda: not has(IP))
    assert host.passes(question, ping()) == [True, False]


# ---- domains ----

def with_interface(name, filterref, target=""):
    return domain_xml(name).replace("</devices>", f"<interface type='bridge'><mac address='{MAC}'/><source bridge='br0'/>{target}"
                                    f"{filterref}</interface></devices>")


CLEAN = f"<filterref filter='clean-traffic'><parameter name='IP' value='{IP}'/></filterref>"


@needs_root
def test_domain(host, on_host):
    conn = on_host
    domain = conn.defineXML(with_interface("filtered", CLEAN))
    assert "<filterref filter='clean-traffic'>" in domain.XMLDesc() and "vnet" not in domain.XMLDesc()
    domain.create()
    binding, = conn.listAllNWFilterBindings()
    assert binding.portDev() == "vnet0" and domain.UUIDString() in binding.XMLDesc()
    assert "<target dev='vnet0'/>" in domain.XMLDesc()
    assert "vnet" not in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert f"-A I-vnet0-ipv4-ip -p IPv4 --ip-src {IP} -j RETURN" in host.ours()
    domain.destroy()
    wait_for(lambda: conn.listAllNWFilterBindings() == [])
    assert host.ours() == []
    domain.create()
    assert host.ours() != []
    conn.close()
    host.kill()  # and the domain with it, as this libkxl has none that outlives it
    host.start()
    with host.connect() as again:
        assert again.listAllNWFilterBindings() == []
    assert host.ours() == []


@needs_root
def test_interface_that_cannot_be_attached(host, on_host):
    """The filter comes before the interface, and goes when that does not come."""
    domain = on_host.createXML(with_interface("plugged", CLEAN))
    before = host.ours()
    for filterref, code in (("<filterref filter='nosuch'/>", libvirt.VIR_ERR_NO_NWFILTER),
                            ("<filterref filter='no-mac-spoofing'/>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED)):
        xml = f"<interface type='bridge'><mac address='00:16:3e:00:00:77'/><source bridge='br0'/>{filterref}</interface>"
        assert code_of(domain.attachDevice, xml) == code
        assert [b.portDev() for b in on_host.listAllNWFilterBindings()] == ["vnet0"] and host.ours() == before
    domain.destroy()


@needs_root
@pytest.mark.parametrize("filterref, code", [
    ("<filterref filter='nosuch'/>", libvirt.VIR_ERR_NO_NWFILTER),
    ("<filterref filter='allow-dhcp-server'/>", libvirt.VIR_ERR_INTERNAL_ERROR),
])
def test_domain_that_cannot_be_filtered(host, on_host, filterref, code):
    domain = on_host.defineXML(with_interface("unfiltered", filterref))
    assert code_of(domain.create) == code
    assert not domain.isActive() and on_host.listAllNWFilterBindings() == [] and host.ours() == []


def test_filter_of_another_kind_of_interface(conn):
    xml = domain_xml("a").replace("</devices>", f"<interface type='user'>{CLEAN}</interface></devices>")
    assert code_of(conn.defineXML, xml) == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
