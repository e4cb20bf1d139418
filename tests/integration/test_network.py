# SPDX-License-Identifier: LGPL-2.1-or-later
"""Virtual networks on the host, and virsh's net- commands. Guests on them are in test_network_guests.py."""
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pexpect
import pytest

from kanzen import KANZEND_LOG, run, virsh, wait_for
from processes import restart_kanzend

NAT = """<network><name>tnat</name><forward mode='nat'/><bridge name='tvnat' stp='off'/><domain name='lab' localOnly='yes'/>
<dns><host ip='192.168.150.1'><hostname>gateway</hostname></host></dns>
<ip address='192.168.150.1' netmask='255.255.255.0'><dhcp><range start='192.168.150.2' end='192.168.150.99'/>
<host mac='00:16:3e:15:00:01' name='fixed' ip='192.168.150.200'/></dhcp></ip>
<ip family='ipv6' address='fd15::1' prefix='64'><dhcp><range start='fd15::100' end='fd15::1ff'/></dhcp></ip></network>"""


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


def interface(network, mac, more=""):
    return f"<interface type='network'><mac address='{mac}'/><source network='{network}'/>{more}</interface>"


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
    assert b"--no-ping" in Path(f"/proc/{server.strip()}/cmdline").read_bytes()  # kanzend.conf: probe-addresses
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


def test_two_clients_one_start(clean, tmp_path):
    """One of those that start it does, the others are told so; the same with those that stop it."""
    (tmp_path / "n.xml").write_text(NAT)
    before = host_state()
    virsh("net-define", tmp_path / "n.xml")
    for command, refusal in [("net-start", "already active"), ("net-destroy", "not active")]:
        clients = [subprocess.Popen(["virsh", command, "tnat"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        errors = [client.communicate(timeout=60)[1] for client in clients]
        assert sorted(client.returncode for client in clients) == [0, 1, 1, 1]
        assert sum(refusal in error for error in errors) == 3, errors
    assert host_state() == before


def test_dnsmasq_is_restarted(clean, tmp_path):
    net("nat", NAT, tmp_path)
    pid = Path("/run/kanzen-dnsmasq/tnat.pid")
    old = int(pid.read_text())
    os.kill(old, signal.SIGKILL)
    wait_for("a new dnsmasq", lambda: pid.exists() and pid.read_text().strip() not in ("", str(old)))
    wait_for("kanzend to say so", lambda: "dnsmasq of 'tnat' had ended and was started again" in Path(KANZEND_LOG).read_text())


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
    events = pexpect.spawn("virsh", ["net-event", "--event", "lifecycle", "--loop"], encoding="utf-8", timeout=30)

    def heard():  # its registration cannot be seen from outside: again until it reports
        virsh("net-define", tmp_path / "n.xml")
        virsh("net-undefine", "tnat")
        return events.expect(["'lifecycle' for network tnat: Undefined", pexpect.TIMEOUT], timeout=1) == 0

    wait_for("virsh net-event to register", heard)
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
    for what in ("Defined", "Started", "Undefined", "Stopped"):
        events.expect(f"'lifecycle' for network tnat: {what}")
    events.close(force=True)


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


@pytest.fixture
def wires():
    for i in (0, 1):
        run("ip", "link", "add", f"tport{i}", "type", "veth", "peer", "name", f"tpeer{i}")
        run("ip", "link", "set", f"tpeer{i}", "up")
    yield "tport0", "tport1"
    for i in (0, 1):
        run("ip", "link", "del", f"tport{i}", check=False)


BRIDGE = """<interface type='bridge' name='tifbr'><start mode='none'/><protocol family='ipv4'><ip address='10.98.0.1' prefix='24'/></protocol>
<bridge stp='off' delay='0'><interface type='ethernet' name='{}'/></bridge></interface>"""


def stop_interface(name):
    """virsh 9.0 says that it is destroyed, and ends with status 1."""
    assert f"Interface {name} destroyed" in run("virsh", "iface-destroy", name, check=False).stdout


def test_configured_interfaces(wires, tmp_path):
    """By the host's own ifupdown: a bridge comes and goes; a change that is taken back runs as before."""
    if not all(shutil.which(tool) for tool in ("ifup", "brctl")):
        pytest.skip("needs ifupdown and bridge-utils")
    path = tmp_path / "i.xml"
    path.write_text(BRIDGE.format(wires[0]))
    virsh("iface-define", path)
    assert re.search(r"tifbr\s+inactive", virsh("iface-list", "--all"))
    virsh("iface-start", "tifbr")
    assert "10.98.0.1/24" in run("ip", "-4", "-o", "addr", "show", "dev", "tifbr").stdout
    wait_for("the bridge", lambda: re.search(r"tifbr\s+active", virsh("iface-list", "--all")))
    assert "already running" in run("virsh", "iface-start", "tifbr", check=False).stderr
    ports = lambda: run("ip", "-o", "link", "show", "master", "tifbr").stdout  # noqa: E731
    assert wires[0] in ports() and "<interface type='ethernet' name='tport0'>" in virsh("iface-dumpxml", "tifbr")

    virsh("iface-begin")
    stop_interface("tifbr")
    assert "tifbr" not in run("ip", "-o", "link").stdout
    path.write_text(BRIDGE.format(wires[1]).replace("10.98.0.1", "10.98.0.9"))
    virsh("iface-define", path)
    virsh("iface-start", "tifbr")
    wait_for("the changed bridge", lambda: re.search(r"tifbr\s+active", virsh("iface-list", "--all")))
    assert wires[1] in ports()
    virsh("iface-rollback")
    assert wires[0] in ports() and wires[1] not in ports()
    assert "10.98.0.1/24" in run("ip", "-4", "-o", "addr", "show", "dev", "tifbr").stdout

    wait_for("the bridge again", lambda: re.search(r"tifbr\s+active", virsh("iface-list", "--all")))
    stop_interface("tifbr")
    virsh("iface-undefine", "tifbr")
    assert not Path("/etc/network/interfaces.d/tifbr").exists() and "tifbr" not in virsh("iface-list", "--all")
