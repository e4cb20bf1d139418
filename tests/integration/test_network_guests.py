# SPDX-License-Identifier: LGPL-2.1-or-later
"""What guests have of virtual networks, seen from inside them: two PV guests and an HVM guest on a NAT network; the first has a second
leg in a routed network, the second one in an isolated one. "outside" is a network namespace with a server, which knows the way to
the routed and the isolated network. Each test is a clause of that; they share the guests, and run in this order."""
import re
import subprocess
import uuid

import pytest

import kanzen
from kanzen import Console, run, virsh, wait_for
from processes import restart_kanzend
from test_network import net

NAT = """<network><name>tnat</name><forward mode='nat'><nat ipv6='yes'/></forward><bridge name='tvnat' stp='off'/>
<domain name='lab' localOnly='yes'/><dns><host ip='192.168.150.1'><hostname>gateway</hostname></host></dns>
<ip address='192.168.150.1' netmask='255.255.255.0'><dhcp><range start='192.168.150.2' end='192.168.150.99'/>
<host mac='00:16:3e:15:00:01' name='fixed' ip='192.168.150.200'/></dhcp></ip>
<ip family='ipv6' address='fd15::1' prefix='64'><dhcp><range start='fd15::100' end='fd15::1ff'/></dhcp></ip></network>"""
ROUTED = """<network><name>trouted</name><forward mode='route'/><bridge name='tvrout' stp='off'/>
<ip address='192.168.151.1' prefix='24'/><ip family='ipv6' address='fd16::1' prefix='64'/></network>"""
ISOLATED = """<network><name>tisolated</name><bridge name='tvisol' stp='off'/><ip address='192.168.152.1' prefix='24'/>
<ip family='ipv6' address='fd17::1' prefix='64'/></network>"""
OUTSIDE4, OUTSIDE6 = "203.0.113.2", "2001:db8::2"
ANSWER = """import socket
s = socket.create_server(('::', 80), family=socket.AF_INET6, dualstack_ipv6=True)
while True:
    c, a = s.accept()
    c.sendall(a[0].removeprefix('::ffff:').encode())
    c.close()"""
SECOND4 = "192.168.150.177"  # <ip> of its interface: served by DHCP, and the only one it may use


@pytest.fixture(scope="module")
def outside():
    """The two addresses are behind a veth pair; the server answers with the address of who asks."""
    run("ip", "netns", "add", "outside")
    run("ip", "link", "add", "tout0", "type", "veth", "peer", "name", "tout1", "netns", "outside")
    inside = ["ip", "-n", "outside"]
    for ip, dev, ips in [(["ip"], "tout0", ("203.0.113.1/24", "2001:db8::1/64")),
                         (inside, "tout1", (f"{OUTSIDE4}/24", f"{OUTSIDE6}/64"))]:
        run(*ip, "link", "set", dev, "up")
        for address in ips:
            run(*ip, "addr", "add", address, "dev", dev, *(["nodad"] if ":" in address else []))
    for lan, via in [("192.168.151.0/24", "203.0.113.1"), ("192.168.152.0/24", "203.0.113.1"),
                     ("fd16::/64", "2001:db8::1"), ("fd17::/64", "2001:db8::1")]:
        run(*inside, "route", "add", lan, "via", via)
    server = subprocess.Popen(["ip", "netns", "exec", "outside", "/usr/bin/python3", "-c", ANSWER])
    yield
    server.kill()
    server.wait()
    run("ip", "link", "del", "tout0")
    run("ip", "netns", "del", "outside")


def outside_reads(address):
    """What port 9 there says to somebody outside; a refusal, the firewall's or of nobody there, counts as nothing."""
    code = ("import socket\n"
            f"try:\n s = socket.create_connection(('{address}', 9), 3)\n print(s.recv(9).decode())\nexcept OSError: pass")
    return run("ip", "netns", "exec", "outside", "/usr/bin/python3", "-c", code).stdout.strip()


def interface(network, mac, more=""):
    return f"<interface type='network'><mac address='00:16:3e:15:00:{mac:02x}'/><source network='{network}'/>{more}</interface>"


class Lab:
    """The networks, and the three guests with their consoles."""

    def __init__(self, images, folder):
        for name, xml in [("nat", NAT), ("routed", ROUTED), ("isolated", ISOLATED)]:
            net(name, xml, folder)
        guest = kanzen.Guest(images, "t" + uuid.uuid4().hex[:8], folder)
        client = kanzen.compile_for_guest("dhcp6", folder)
        for kernel in ("cloud", "generic"):
            guest.add_program(kernel, client)
        self.names = [guest.name + letter for letter in "abc"]
        own = f"<ip address='{SECOND4}'/><ip address='fd15::11' family='ipv6'/>"
        for name, make, nics in zip(self.names, [guest.xml, guest.xml, guest.hvm_direct_xml],
                                    [interface("tnat", 1) + interface("trouted", 0x11),
                                     interface("tnat", 2, own) + interface("tisolated", 0x12), interface("tnat", 3)]):
            virsh("create", guest.write(f"{name}.xml", make(name=name, extra=nics)))
        self.consoles = [Console("virsh", "console", name) for name in self.names]

    def login(self):
        for console in self.consoles:
            console.login(timeout=180)
            console.command("killall udhcpc; ip link set eth0 up", timeout=20)
        return self

    def close(self):
        for name in self.names:
            run("virsh", "destroy", name, check=False)
        for name in ("tnat", "trouted", "tisolated"):
            run("virsh", "net-destroy", name, check=False)


@pytest.fixture(scope="module")
def lab(images, outside, tmp_path_factory):
    lab = Lab(images, tmp_path_factory.mktemp("lab"))
    try:
        yield lab.login()
    finally:
        lab.close()


def says(console, address, port=9):
    """What a server there says to the guest."""
    return console.command(f"nc -w 5 {address} {port} </dev/null 2>/dev/null")


def hello(ask, *args):
    """Whether it is said in the end: between one answer and the next nobody listens there for a moment."""
    return wait_for("hello", lambda: ask(*args) == "hello", 20, 0.5)


def has_address(console, text, device="eth0"):
    """Whether the guest has it and may use it: an IPv6 address is tried for a second first."""
    return wait_for(text, lambda: any(text in line and "tentative" not in line for line in
                                      console.command(f"ip addr show dev {device}").splitlines()), 20, 0.5)


def test_addresses(lab):
    """By DHCP; known to the host by leases, neighbours and ports."""
    first, second, third = lab.consoles
    for console, host in zip(lab.consoles, ("first", "second", "third")):
        said = console.command(f"udhcpc -i eth0 -s /etc/udhcpc.script -x hostname:{host} -n -q -t 10 -T 1 2>&1", timeout=60)
        assert "obtained" in said, said
    assert has_address(first, "192.168.150.200/24") and has_address(second, f"{SECOND4}/24")
    given = re.search(r"inet (192\.168\.150\.\d+)/24", third.command("ip addr show dev eth0"))
    lab.third4 = given.group(1)
    leases = virsh("net-dhcp-leases", "tnat")
    assert re.search(rf"00:16:3e:15:00:02 .*{SECOND4}/24 .*second", leases)
    assert re.search(rf"00:16:3e:15:00:03 .*{lab.third4}/24 .*third", leases)
    assert "192.168.150.200/24" in virsh("domifaddr", lab.names[0])
    wait_for("the neighbour table", lambda: lab.third4 in virsh("domifaddr", lab.names[2], "--source", "arp"), 20)
    live = virsh("dumpxml", lab.names[0])
    assert re.search(r"<source network='tnat' portid='[0-9a-f-]{36}' bridge='tvnat'/>", live)
    assert virsh("net-dumpxml", "tnat").startswith("<network connections='3'>")
    # No other than its <ip>.
    second.command("ip addr add 192.168.150.178/24 dev eth0; ping -c 1 -W 2 -I 192.168.150.178 192.168.150.1")
    assert second.status != 0
    second.command("ip addr del 192.168.150.178/24 dev eth0")


def test_names(lab):
    """Each finds the two others by name, and reaches them."""
    addresses = {"fixed": "192.168.150.200", "second": SECOND4, "third": lab.third4}
    for console, own in zip(lab.consoles, addresses):
        for name, address in addresses.items():
            if name == own:
                continue
            said = console.command(f"nslookup {name}.lab $(sed -n 's/nameserver //p' /run/resolv.conf)")
            assert re.search(rf"Name:\s*{name}\S*\s*Address.*{re.escape(address)}\b", said), said
            console.command(f"ping -c 1 -W 5 {address}")
            assert console.status == 0, (own, name)
    said = lab.consoles[2].command("nslookup gateway.lab 192.168.150.1")
    assert re.search(r"Name:\s*gateway\S*\s*Address.*192\.168\.150\.1\b", said), said


def test_nat(lab):
    """The server outside sees the host."""
    for console in lab.consoles:
        assert says(console, OUTSIDE4, 80) == "203.0.113.1"


def test_ipv6(lab):
    """By DHCPv6, with a name; by hand where <ip> says which; out through NAT, the default route from router advertisements."""
    first, second, third = lab.consoles
    given = {}
    for console, name in [(first, "six-first"), (third, "six-third")]:
        given[name] = console.command(f"/dhcp6 eth0 {name}").splitlines()[-1]
        assert console.status == 0 and re.fullmatch(r"fd15::1[0-9a-f]{2}", given[name]), given
        console.command(f"ip -6 addr add {given[name]}/64 dev eth0")
    second.command("ip -6 addr add fd15::11/64 dev eth0")
    for console, own in zip(lab.consoles, (given["six-first"], "fd15::11", given["six-third"])):
        assert has_address(console, f"{own}/64")
    for console, other in [(first, "six-third"), (second, "six-first"), (third, "six-first")]:
        said = console.command(f"nslookup {other}.lab 192.168.150.1")
        assert re.search(rf"Address.*{given[other]}\b", said), said
        console.command(f"ping6 -c 1 -W 5 {given[other]} && ping6 -c 1 -W 5 fd15::1")
        assert console.status == 0, other
    first.command("ping6 -c 1 -W 5 fd15::11")
    assert first.status == 0
    for console in (first, third):
        assert says(console, OUTSIDE6, 80) == "2001:db8::1"
    assert given["six-third"] in virsh("net-dhcp-leases", "tnat")


# No address of its own making beside the one given: the guest could as well speak from that.
LEG = ("echo 0 >/proc/sys/net/ipv6/conf/eth1/autoconf; ip link set eth1 up; "
       "ip addr add {four}/24 dev eth1; ip -6 addr add {six}/64 dev eth1; "
       "{{ while true; do echo hello | nc -l -p 9; done >/dev/null 2>&1 & }}")


def test_routed(lab):
    """Reached from outside and from another network, and seen with its own address."""
    first, _, third = lab.consoles
    first.command(LEG.format(four="192.168.151.5", six="fd16::5"))
    assert has_address(first, "fd16::5/64", "eth1")
    assert hello(says, third, "192.168.151.5") and hello(says, third, "fd16::5")
    first.command("ip route del default; ip route add default via 192.168.151.1; ip -6 route add 2001:db8::/64 via fd16::1")
    assert hello(outside_reads, "192.168.151.5") and hello(outside_reads, "fd16::5")
    assert says(first, OUTSIDE4, 80) == "192.168.151.5" and says(first, OUTSIDE6, 80) == "fd16::5"


def test_isolated(lab):
    """It serves its own network, that is here the host, and nobody else; nor does it get out."""
    first, second, third = lab.consoles
    second.command(LEG.format(four="192.168.152.5", six="fd17::5"))
    assert has_address(second, "fd17::5/64", "eth1")
    with_host = "import socket; print(socket.create_connection(('{}', 9), 5).recv(9).decode().strip())"
    for address in ("192.168.152.5", "fd17::5"):
        assert hello(lambda: run("/usr/bin/python3", "-c", with_host.format(address), check=False).stdout.strip())
        assert outside_reads(address) == ""
        for console in (first, third):
            assert says(console, address) == ""
    second.command("ip route del default; ip route add default via 192.168.152.1; ip -6 route add 2001:db8::/64 via fd17::1")
    assert says(second, OUTSIDE4, 80) == "" and says(second, OUTSIDE6, 80) == ""
    second.command("ping -c 1 -W 5 192.168.152.1 && ping6 -c 1 -W 5 fd17::1")
    assert second.status == 0


def test_after_kanzend(lab):
    """A lease outlives it; ports go with their domain."""
    restart_kanzend()
    assert "192.168.150.200/24" in virsh("domifaddr", lab.names[0])
    for name in lab.names:
        virsh("destroy", name)
    wait_for("the ports to go", lambda: len(virsh("net-port-list", "tnat").split()) == 2)
