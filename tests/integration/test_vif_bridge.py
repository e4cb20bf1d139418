# SPDX-License-Identifier: LGPL-2.1-or-later
"""net-scripts/vif-bridge as Xen's toolstacks call it. A veth pair into a namespace of its own stands for the guest."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kanzen import run, wait_for

SCRIPT = Path(__file__).resolve().parents[2] / "net-scripts" / "vif-bridge"
MAC = "00:16:3e:00:00:77"


def call(*args, **env):
    return subprocess.run([SCRIPT, *args], env={**os.environ, **env}, capture_output=True, text=True, timeout=30)


def said(done):
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def link(name):
    return run("ip", "-d", "link", "show", "dev", name).stdout


@pytest.fixture
def guest():
    """The host's end of the pair; inside(...) runs a command at the guest's end."""
    holder = subprocess.Popen(["unshare", "--net", "sleep", "600"])
    own = os.readlink("/proc/self/ns/net")
    wait_for("the namespace", lambda: os.readlink(f"/proc/{holder.pid}/ns/net") != own)
    try:
        run("ip", "link", "add", "vif9.0", "type", "veth", "peer", "name", "guest9")
        run("ip", "link", "set", "guest9", "address", MAC, "netns", holder.pid)

        def inside(*cmd, check=True):
            return run("nsenter", "--net", "-t", holder.pid, *cmd, check=check)

        inside("ip", "link", "set", "guest9", "up")
        inside("ip", "addr", "add", "10.87.0.77/24", "dev", "guest9")
        yield inside
    finally:
        call("offline", vif="vif9.0")
        holder.kill()
        holder.wait()
        run("ip", "link", "del", "vif9.0", check=False)


def reaches_host(inside, tries=5):
    return any(inside("busybox", "ping", "-c", "1", "-W", "1", "10.87.0.1", check=False).returncode == 0 for _ in range(tries))


def test_online_and_offline(guest):
    run("ip", "link", "set", "xenbr0", "mtu", "1400")
    try:
        assert call("online", vif="vif9.0", bridge="xenbr0").stderr == ""
        shown = link("vif9.0")
        assert "master xenbr0" in shown and "mtu 1400" in shown and "fe:ff:ff:ff:ff:ff" in shown
        assert reaches_host(guest)
        assert call("offline", vif="vif9.0").returncode == 0
        assert "master" not in link("vif9.0")
        assert not reaches_host(guest, tries=2)
        assert call("offline", vif="vif9.0").returncode == 0
    finally:
        run("ip", "link", "set", "xenbr0", "mtu", "1500")


def test_arguments_win(guest):
    assert call("online", "bridge=xenbr0", "type_if=vif", "mtu=1300", vif="vif9.0", bridge="nobridge").returncode == 0
    assert "mtu 1300" in link("vif9.0")


@pytest.mark.skipif(not shutil.which("nft"), reason="no nftables")
def test_ip_lets_only_its_own_addresses_pass(guest):
    assert call("online", vif="vif9.0", ip="10.87.0.77 fd00::77", mac=MAC).stderr == ""
    assert reaches_host(guest)
    guest("ip", "addr", "add", "10.87.0.78/24", "dev", "guest9")
    guest("ip", "addr", "del", "10.87.0.77/24", "dev", "guest9")
    assert not reaches_host(guest, tries=2)
    guest("ip", "addr", "flush", "dev", "guest9")
    guest("ip", "addr", "add", "10.87.0.77/24", "dev", "guest9")
    assert reaches_host(guest)
    guest("ip", "link", "set", "guest9", "address", "00:16:3e:00:00:78")
    assert not reaches_host(guest, tries=2)
    assert call("offline", vif="vif9.0").returncode == 0
    assert "vif9" not in run("nft", "list", "tables").stdout


def test_the_other_half_of_a_pair_of_calls_does_nothing():
    assert call("online", "type_if=tap", INTERFACE="none").returncode == 0
    assert call("add", "type_if=vif", vif="none").returncode == 0


@pytest.mark.parametrize("args, env, words", [
    (["online"], {"vif": "vif9.0", "bridge": "nobridge7"}, "there is no bridge 'nobridge7'"),
    (["online"], {"vif": "vif9.0", "bridge": "lo"}, "there is no bridge 'lo'"),
    (["online"], {"vif": "vif8.0"}, "there is no interface 'vif8.0'"),
    (["online"], {}, "no interface is given"),
    (["online", "type_if=tun"], {"vif": "vif9.0"}, "type_if is vif or tap, not 'tun'"),
    (["online", "$(reboot)"], {"vif": "vif9.0"}, "is not NAME=VALUE"),
    (["start"], {"vif": "vif9.0"}, "'start' is none of online, offline, add, remove"),
    ([], {}, "'' is none of online, offline, add, remove"),
])
def test_one_line_says_what_is_wrong(args, env, words):
    assert words in said(call(*args, **env))


@pytest.mark.parametrize("env", [{"ip": "10.0.0.1 } drop {"}, {"ip": "10.0.0.1", "mac": "x; drop"}])
def test_addresses_are_checked(guest, env):
    assert "is no" in said(call("online", vif="vif9.0", **env))


def test_messages_name_the_device(guest):
    path = "/local/domain/0/backend/vif/9/0"
    assert said(call("online", vif="vif9.0", bridge="nobridge7", XENBUS_PATH=path)).endswith(f" ({path})\n")
