# SPDX-License-Identifier: LGPL-2.1-or-later
"""Virtual networks: guests on them, and virsh's net- commands. "outside" is a network namespace with a server, which knows the way
to the routed network only."""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from kanzen import Console, run, virsh, wait_for
from test_kill import pids

NAT = """<network><name>tnat</name><forward mode='nat'/><bridge name='tvnat' stp='off'/><domain name='lab' localOnly='yes'/>
<dns><host ip='192.168.150.1'><hostname>gateway</hostname></host></dns>
<ip address='192.168.150.1' netmask='255.255.255.0'><dhcp><range start='192.168.150.2' end='192.168.150.99'/>
<host mac='00:16:3e:15:00:01' name='fixed' ip='192.168.150.200'/></dhcp></ip>
<ip family='ipv6' address='fd15::1' prefix='64'><dhcp><range start='fd15::100' end='fd15::1ff'/></dhcp></ip></network>"""
ROUTED = """<network><name>trouted</name><forward mode='route'/><bridge name='tvrout' stp='off'/>
<ip address='192.168.151.1' prefix='24'/></network>"""
ISOLATED = """<network><name>tisolated</name><bridge name='tvisol' stp='off'/><ip address='192.168.152.1' prefix='24'/></network>"""
ANSWER = "import socket\ns = socket.create_server(('203.0.113.2', 80))\nwhile True:\n c, a = s.accept()\n c.sendall(a[0].encode())\n c.close()"


def net(name, xml, tmp):
    path = tmp / f"{name}.xml"
    path.write_text(xml)
    virsh("net-create", path)


def remove_networks():
    for name in virsh("net-list", "--all", "--name").split():
        if name.startswith("t"):
            run("virsh", "net-destroy", name, check=False)
            run("virsh", "net-undefine", name, check=False)


@pytest.fixture
def clean():
    yield
    remove_networks()


@pytest.fixture(scope="module")
def outside():
    """203.0.113.2 behind a veth pair; its server answers with the address of who asks."""
    run("ip", "netns", "add", "outside")
    run("ip", "link", "add", "tout0", "type", "veth", "peer", "name", "tout1", "netns", "outside")
    run("ip", "addr", "add", "203.0.113.1/24", "dev", "tout0")
    run("ip", "link", "set", "tout0", "up")
    inside = ["ip", "-n", "outside"]
    run(*inside, "addr", "add", "203.0.113.2/24", "dev", "tout1")
    run(*inside, "link", "set", "tout1", "up")
    for lan in ["192.168.151.0/24", "192.168.152.0/24"]:
        run(*inside, "route", "add", lan, "via", "203.0.113.1")
    server = subprocess.Popen(["ip", "netns", "exec", "outside", "/usr/bin/python3", "-c", ANSWER])
    yield
    server.kill()
    server.wait()
    run("ip", "link", "del", "tout0")
    run("ip", "netns", "del", "outside")


def dhcp(console, host):
    console.command("killall udhcpc; ip link set eth0 up", timeout=20)
    said = console.command(f"udhcpc -i eth0 -s /etc/udhcpc.script -x hostname:{host} -n -q -t 10 -T 1 2>&1", timeout=40)
    assert "obtained" in said, said


def outside_reads(address):
    """What port 9 there says to somebody outside; a refusal is the firewall's and counts as nothing."""
    code = ("import socket\ns = socket.socket(); s.settimeout(3)\n"
            f"try: s.connect(('{address}', 9)); print(s.recv(9).decode())\nexcept OSError: pass")
    return run("ip", "netns", "exec", "outside", "/usr/bin/python3", "-c", code).stdout.strip()


def interface(network, mac, more=""):
    return f"<interface type='network'><mac address='{mac}'/><source network='{network}'/>{more}</interface>"


def test_guests(guest, outside, clean, tmp_path):
    """Two guests on a NAT network, each with a second leg: addresses, names, NAT, a routed and an isolated network, IPv6."""
    for name, xml in [("nat", NAT), ("routed", ROUTED), ("isolated", ISOLATED)]:
        net(name, xml, tmp_path)
    one, two = guest.name, guest.name + "b"
    addresses = "<ip address='192.168.150.177'/><ip address='fd15::11' family='ipv6'/>"
    for name, mac, other, ips in [(one, "00:16:3e:15:00:01", "trouted", ""), (two, "00:16:3e:15:00:02", "tisolated", addresses)]:
        extra = interface("tnat", mac, ips) + interface(other, mac[:-2] + "1" + mac[-1])
        path = guest.write(f"{name}.xml", guest.xml(name=name, extra=extra))
        virsh("create", path)
    live = virsh("dumpxml", one)
    assert re.search(r"<source network='tnat' portid='[0-9a-f-]{36}' bridge='tvnat'/>", live)
    assert virsh("net-dumpxml", "tnat").startswith("<network connections='2'>")

    first, second = (Console("virsh", "console", name).login() for name in (one, two))
    dhcp(first, "first")
    dhcp(second, "second")
    assert "192.168.150.200/24" in first.command("ip -4 addr show dev eth0")
    address = "192.168.150.177"  # the interface's <ip>, served by DHCP and the only one it may use
    assert f"{address}/24" in second.command("ip -4 addr show dev eth0")
    leases = virsh("net-dhcp-leases", "tnat")
    assert "192.168.150.200/24" in leases and re.search(f"00:16:3e:15:00:02 .*{address}/24 .*second", leases)
    assert "192.168.150.200/24" in virsh("domifaddr", one)
    wait_for("the neighbour table", lambda: "192.168.150.200" in virsh("domifaddr", one, "--source", "arp"), 10)

    # by name, each other's and the network's own
    assert address in first.command("nslookup second.lab 192.168.150.1")
    assert "192.168.150.200" in second.command("nslookup fixed.lab 192.168.150.1")
    assert re.search(r"Name:\s*gateway\S*\s*Address.*192\.168\.150\.1\b", second.command("nslookup gateway.lab 192.168.150.1"))
    first.command(f"ping -c 1 -W 3 {address}")
    assert first.status == 0
    second.command(f"ip addr add 192.168.150.178/24 dev eth0; ping -c 1 -W 2 -I 192.168.150.178 192.168.150.1")
    assert second.status != 0
    second.command("ip addr del 192.168.150.178/24 dev eth0")
    # out: the server sees the host, not the guest
    assert first.command("nc -w 5 203.0.113.2 80 </dev/null") == "203.0.113.1"
    # IPv6 to the host and to the other
    for console, six in [(first, "fd15::10"), (second, "fd15::11")]:
        console.command(f"ip -6 addr add {six}/64 dev eth0")
    first.command("sleep 2; ping6 -c 1 -W 3 fd15::1 && ping6 -c 1 -W 3 fd15::11")
    assert first.status == 0
    # the second legs
    first.command("ip link set eth1 up; ip addr add 192.168.151.5/24 dev eth1")
    second.command("ip link set eth1 up; ip addr add 192.168.152.5/24 dev eth1")
    for console in (first, second):
        console.command("{ while true; do echo hello | nc -l -p 9; done >/dev/null 2>&1 & }")
    first.command("ip route del default; ip route add default via 192.168.151.1")
    second.command("ip route del default; ip route add default via 192.168.152.1")
    assert outside_reads("192.168.151.5") == "hello"
    assert first.command("nc -w 5 203.0.113.2 80 </dev/null") == "192.168.151.5"
    assert outside_reads("192.168.152.5") == ""
    assert second.command("nc -w 3 203.0.113.2 80 </dev/null") != "192.168.152.5"
    second.command("ping -c 1 -W 3 192.168.152.1")
    assert second.status == 0
    # a lease outlives kanzend; ports go with their domain
    restart_kanzend()
    assert "192.168.150.200/24" in virsh("domifaddr", one)
    for name in (one, two):
        virsh("destroy", name)
    wait_for("the ports to go", lambda: len(virsh("net-port-list", "tnat").split()) == 2)


def start_kanzend():
    with open("/var/log/kanzen/kanzend.log", "ab") as log:
        subprocess.Popen(["kanzend", "--foreground"], stderr=log, start_new_session=True)
    wait_for("kanzend", lambda: run("virsh", "version", check=False).returncode == 0)


def restart_kanzend():
    for pid in pids("kanzend"):
        os.kill(pid, signal.SIGKILL)
    wait_for("kanzend to end", lambda: not pids("kanzend"))
    start_kanzend()


def host_state():
    """What networks leave on the host."""
    rules = [run(tool).stdout for tool in ("iptables-save", "ip6tables-save")]
    lines = [line for text in rules for line in text.splitlines() if "tv" in line]
    links = re.findall(r": (tv\w+):", run("ip", "-o", "link").stdout)
    return lines, links, sorted(p.name for p in Path("/run/kanzen-dnsmasq").iterdir() if p.name.startswith("t"))


def test_start_of_a_guest_without_its_network(guest, clean, tmp_path):
    path = guest.write_xml(guest.xml(extra=interface("tnat", "00:16:3e:15:00:05")))
    assert "no network with matching name 'tnat'" in run("virsh", "create", path, check=False).stderr
    (tmp_path / "n.xml").write_text(NAT)
    virsh("net-define", tmp_path / "n.xml")
    assert "network 'tnat' is not active" in run("virsh", "create", path, check=False).stderr


def test_kanzend_comes_back(clean, tmp_path):
    """Networks, dnsmasq and rules stay; the network is known again; destroy still undoes all of it."""
    before = host_state()
    net("nat", NAT, tmp_path)
    there = host_state()
    assert there[1] == ["tvnat"] and there[2] == [f"tnat.{s}" for s in ("addnhosts", "conf", "hostsfile", "pid")] + ["tvnat.hosts"]
    server = Path("/run/kanzen-dnsmasq/tnat.pid").read_text()
    restart_kanzend()
    assert host_state() == there and Path("/run/kanzen-dnsmasq/tnat.pid").read_text() == server
    assert "tnat" in virsh("net-list", "--name")
    virsh("net-destroy", "tnat")
    assert host_state() == before


def test_killed_while_starting(clean, tmp_path):
    """However far it came: afterwards the network is up, or nothing is left of it."""
    (tmp_path / "n.xml").write_text(NAT)
    before = host_state()
    for delay in (0.0, 0.02, 0.04, 0.06, 0.1):
        client = subprocess.Popen(["virsh", "net-create", tmp_path / "n.xml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        restart_kanzend()
        client.wait(timeout=20)
        if "tnat" in virsh("net-list", "--name"):
            virsh("net-destroy", "tnat")
        assert host_state() == before, delay


def test_dnsmasq_is_restarted(clean, tmp_path):
    net("nat", NAT, tmp_path)
    pid = Path("/run/kanzen-dnsmasq/tnat.pid")
    old = int(pid.read_text())
    os.kill(old, signal.SIGKILL)
    wait_for("a new dnsmasq", lambda: pid.exists() and pid.read_text().strip() not in ("", str(old)), 10)
    assert "dnsmasq of 'tnat' had ended and was started again" in Path("/var/log/kanzen/kanzend.log").read_text()


@pytest.mark.parametrize("xml, words", [
    ("<network><name>tclash</name><ip address='10.87.0.9' prefix='24'/></network>", ["xenbr0", "tclash"]),
    ("<network><name>ttaken</name><bridge name='xenbr0'/></network>", ["xenbr0", "ttaken"]),
    ("<network><name>tzone</name><bridge zone='lab'/></network>", ["lab", "firewall"]),
    ("<network xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'><name>tbad</name><ip address='192.168.159.1' prefix='24'/>"
     "<d:options><d:option value='no-such-option'/></d:options></network>", ["tbad", "bad option"]),
])
def test_refused_starts(clean, tmp_path, xml, words):
    before = host_state(), run("ip", "-o", "link").stdout.count("\n")
    (tmp_path / "n.xml").write_text(xml)
    done = run("virsh", "net-create", tmp_path / "n.xml", check=False)
    assert done.returncode and all(word in done.stderr for word in words), done.stderr
    assert (host_state(), run("ip", "-o", "link").stdout.count("\n")) == before
    assert not [n for n in virsh("net-list", "--all", "--name").split() if n.startswith("t")]


def test_virsh_commands(clean, tmp_path):
    """Each of virsh's net- commands."""
    (tmp_path / "n.xml").write_text(NAT)
    events = subprocess.Popen(["virsh", "net-event", "--event", "lifecycle", "--loop", "--timeout", "4"], stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    virsh("net-define", tmp_path / "n.xml", "--validate")
    uuid = virsh("net-uuid", "tnat").strip()
    assert virsh("net-name", uuid).strip() == "tnat"
    virsh("net-start", "tnat")
    virsh("net-autostart", "tnat")
    info = dict(line.split(":", 1) for line in virsh("net-info", "tnat").splitlines() if ":" in line)
    assert [info[k].strip() for k in ("Active", "Persistent", "Autostart", "Bridge")] == ["yes", "yes", "yes", "tvnat"]
    virsh("net-update", "tnat", "add", "dns-txt", "<txt name='who' value='me'/>", "--live", "--config")
    assert "txt-record=who,me" in Path("/run/kanzen-dnsmasq/tnat.conf").read_text()
    virsh("net-update", "tnat", "add", "ip-dhcp-host", "<host mac='00:16:3e:15:00:09' ip='192.168.150.9'/>", "--live")
    assert "00:16:3e:15:00:09,192.168.150.9" in Path("/run/kanzen-dnsmasq/tnat.hostsfile").read_text()
    editor = dict(os.environ, EDITOR="sed -i s/range.start=.192.168.150.2./range\\ start=\\'192.168.150.3\\'/")
    run("virsh", "net-edit", "tnat", env=editor)
    assert "start='192.168.150.3'" in virsh("net-dumpxml", "tnat", "--inactive")
    assert "start='192.168.150.2'" in virsh("net-dumpxml", "tnat")
    assert "Expiry Time" in virsh("net-dhcp-leases", "tnat")
    (tmp_path / "p.xml").write_text("<networkport><owner><name>x</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac21</uuid></owner>"
                                    "<mac address='00:16:3e:15:00:07'/><plug type='network' bridge='x'/></networkport>")
    virsh("net-port-create", "tnat", tmp_path / "p.xml")
    port = virsh("net-port-list", "tnat", "--uuid").strip()
    assert "bridge='tvnat'" in virsh("net-port-dumpxml", "tnat", port)
    virsh("net-port-delete", "tnat", port)
    virsh("net-autostart", "tnat", "--disable")
    virsh("net-undefine", "tnat")
    virsh("net-destroy", "tnat")
    assert "tnat" not in virsh("net-list", "--all")
    said = events.communicate(timeout=20)[0]
    for what in ("Defined", "Started", "Undefined", "Stopped"):
        assert f"'lifecycle' for network tnat: {what}" in said, said


def test_interfaces_of_the_host():
    """A bridge shows its ports, which are not listed beside it."""
    run("ip", "link", "add", "tport0", "type", "veth", "peer", "name", "tport1")
    try:
        run("ip", "link", "set", "tport0", "master", "xenbr0", "up")
        names = [line.split()[0] for line in virsh("iface-list", "--all").splitlines()[2:] if line.strip()]
        assert "xenbr0" in names and "tport0" not in names
        xml = virsh("iface-dumpxml", "xenbr0")
        assert xml.startswith("<interface type='bridge' name='xenbr0'>") and "<ip address='10.87.0.1' prefix='24'/>" in xml
        assert "<interface type='ethernet' name='tport0'>" in xml
    finally:
        run("ip", "link", "del", "tport0")
