# SPDX-License-Identifier: LGPL-2.1-or-later
"""vif-route, vif-nat, vif-openvswitch and the network- helpers, called as Xen's toolstacks call them. As in test_vif_bridge.py a veth
pair into a namespace stands for the guest; another one for the world outside."""
import os
import subprocess
from pathlib import Path

import pytest

from kanzen import run, wait_for
from test_vif_bridge import MAC

SCRIPTS = Path(__file__).resolve().parents[2] / "net-scripts"


def call(script, *args, path="", **env):
    found = {**os.environ, **env, "PATH": path + os.environ["PATH"]}
    return subprocess.run([SCRIPTS / script, *args], env=found, capture_output=True, text=True, timeout=30)


class Leg:
    """A namespace with one end of a veth pair; the other end is the host's."""

    def __init__(self, host, name, *addresses):
        self.host, self.name = host, name
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
        own = os.readlink("/proc/self/ns/net")
        wait_for("the namespace", lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own)
        run("ip", "link", "add", host, "type", "veth", "peer", "name", name)
        run("ip", "link", "set", name, "address", MAC, "netns", self.holder.pid)
        self("ip", "link", "set", name, "up")
        for address in addresses:
            self("ip", "addr", "add", address, "dev", name)

    def __call__(self, *cmd, check=True):
        return run("nsenter", "--net", "-t", self.holder.pid, *cmd, check=check)

    def reaches(self, address, tries=5):
        """A proxy's answer to ARP alone may take most of a second."""
        return any(self("busybox", "ping", "-c", "1", "-W", "1", address, check=False).returncode == 0 for _ in range(tries))

    def close(self):
        self.holder.kill()
        self.holder.wait()
        run("ip", "link", "del", self.host, check=False)


@pytest.fixture
def guest():
    leg = Leg("vif9.0", "guest9")
    yield leg
    leg.close()


@pytest.fixture
def world():
    """198.51.100.2; the host has 198.51.100.1."""
    leg = Leg("outer9", "world9", "198.51.100.2/24")
    run("ip", "addr", "add", "198.51.100.1/24", "dev", "outer9")
    run("ip", "link", "set", "outer9", "up")
    yield leg
    leg.close()


def test_vif_route(guest, world):
    assert call("vif-route", "online", vif="vif9.0", ip="198.51.100.77", netdev="outer9", mac=MAC).stderr == ""
    guest("ip", "addr", "add", "198.51.100.77/32", "dev", "guest9")
    guest("ip", "route", "add", "198.51.100.1", "dev", "guest9")
    guest("ip", "route", "add", "default", "via", "198.51.100.1")
    assert guest.reaches("198.51.100.2") and world.reaches("198.51.100.77")  # by proxy ARP, without a route
    guest("ip", "addr", "add", "198.51.100.78/32", "dev", "guest9")
    assert guest("busybox", "ping", "-c", "1", "-W", "1", "-I", "198.51.100.78", "198.51.100.1", check=False).returncode
    assert call("vif-route", "offline", vif="vif9.0", ip="198.51.100.77").returncode == 0
    assert not world.reaches("198.51.100.77", tries=1) and "198.51.100.77" not in run("ip", "route").stdout
    assert "vif9" not in run("nft", "list", "tables").stdout
    assert "needs ip=ADDRESS" in call("vif-route", "online", vif="vif9.0", netdev="outer9").stderr
    assert "no interface 'none7'" in call("vif-route", "online", vif="vif9.0", ip="198.51.100.77", netdev="none7").stderr


def test_vif_nat(guest, world, tmp_path):
    """The guest gets the address that Xen's rule makes of its domain and interface, and comes out as the host."""
    assert call("vif-nat", "online", vif="vif9.0", domid="300").stderr == ""
    script = tmp_path / "got"
    script.write_text("#!/bin/sh\n[ $1 = bound ] || exit 0\nip addr add $ip/$mask dev $interface\nip route add default via $router\n")
    script.chmod(0o755)
    said = guest("busybox", "udhcpc", "-i", "guest9", "-s", script, "-n", "-q", "-t", "5", "-T", "1")
    assert "10.1.44.1" in said.stdout + said.stderr
    assert "10.1.44.1/24" in guest("ip", "-4", "addr", "show", "dev", "guest9").stdout
    assert "10.1.44.128" in guest("ip", "route").stdout
    assert guest.reaches("198.51.100.2")  # which knows no way back but to the host
    assert call("vif-nat", "offline", vif="vif9.0").returncode == 0
    assert "vif9.0" not in run("iptables-save").stdout and not Path("/run/vif-nat-vif9.0.pid").exists()
    assert not guest.reaches("198.51.100.2", tries=1)
    assert "takes one IPv4 address" in call("vif-nat", "online", vif="vif9.0", ip="10.0.0.1 10.0.0.2").stderr


def test_rate(guest):
    """20 kB in 50 ms: 400 kB/s. Two megabytes take their time; what is too fast is dropped and sent again."""
    assert call("vif-bridge", "online", vif="vif9.0", bridge="xenbr0", rate="20000,50000").stderr == ""
    assert "limit rate over 400 kbytes/second" in run("nft", "list", "ruleset").stdout
    assert call("vif-bridge", "offline", vif="vif9.0").returncode == 0
    assert "vif9" not in run("nft", "list", "tables").stdout
    for wrong in ("fast", "1", "0,5", "5,0", "1,2,3"):
        assert "rate=BYTES,MICROSECONDS" in call("vif-bridge", "online", vif="vif9.0", bridge="xenbr0", rate=wrong).stderr


@pytest.mark.parametrize("bridge, port", [
    ("ovs0", "add-port ovs0 vif9.0"),
    ("ovs0.42", "add-port ovs0 vif9.0 tag=42"),
    ("ovs0:5:6", "add-port ovs0 vif9.0 trunks=5,6"),
    ("ovs.x.42:5:6", "add-port ovs.x vif9.0 tag=42 trunks=5,6"),
])
def test_vif_openvswitch(guest, tmp_path, bridge, port):
    """With an ovs-vsctl that writes down what it is asked for."""
    tool = tmp_path / "ovs-vsctl"
    tool.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/log\n")
    tool.chmod(0o755)
    done = call("vif-openvswitch", "online", path=f"{tmp_path}:", vif="vif9.0", bridge=bridge, mac=MAC)
    assert (done.returncode, done.stderr) == (0, "")
    asked = (tmp_path / "log").read_text()
    assert f"-- --if-exists del-port vif9.0 -- {port} -- set interface vif9.0" in asked and MAC in asked
    assert call("vif-openvswitch", "offline", path=f"{tmp_path}:", vif="vif9.0", bridge=bridge).returncode == 0
    assert (tmp_path / "log").read_text().endswith("-- --if-exists del-port vif9.0\n")
    assert "VLANs are numbers" in call("vif-openvswitch", "online", path=f"{tmp_path}:", vif="vif9.0", bridge="ovs0.a").stderr


def test_vif_openvswitch_without_it(guest):
    assert "openvswitch-switch" in call("vif-openvswitch", "online", vif="vif9.0", bridge="ovs0").stderr


def test_network_bridge(world):
    """Addresses and routes move to the bridge and back."""
    run("ip", "route", "add", "default", "via", "198.51.100.2", "dev", "outer9")
    before = run("ip", "route").stdout
    assert call("network-bridge", "start", "bridge=xenbr9").stderr == ""
    assert "default via 198.51.100.2 dev xenbr9" in run("ip", "route").stdout and world.reaches("198.51.100.1")
    assert call("network-bridge", "start", "bridge=xenbr9").returncode == 0
    assert "outer9" in call("network-bridge", "status", "bridge=xenbr9").stdout
    assert call("network-bridge", "stop", "bridge=xenbr9").stderr == ""
    assert sorted(run("ip", "route").stdout.split("\n")) == sorted(before.split("\n"))
    assert "default via 198.51.100.2 dev outer9" in run("ip", "route").stdout and world.reaches("198.51.100.1")
    assert call("network-bridge", "stop", "bridge=xenbr9").returncode == 0


def test_network_nat_and_route(world):
    assert call("network-nat", "start", "netdev=outer9").stderr == ""
    assert call("network-nat", "start", "netdev=outer9").returncode == 0
    assert run("iptables-save", "-t", "nat").stdout.count("network-nat") == 1
    assert call("network-nat", "stop", "netdev=outer9").returncode == 0
    assert "network-nat" not in run("iptables-save", "-t", "nat").stdout
    proxy = Path("/proc/sys/net/ipv4/conf/outer9/proxy_arp")
    assert call("network-route", "start", "netdev=outer9").stderr == "" and proxy.read_text() == "1\n"
    assert call("network-route", "stop", "netdev=outer9").returncode == 0 and proxy.read_text() == "0\n"
    assert "none of start, stop, status" in call("network-nat", "go").stderr
    assert "no interface 'none7'" in call("network-route", "start", "netdev=none7").stderr
