# SPDX-License-Identifier: LGPL-2.1-or-later
"""XenStore: the joined tree on /run/xenstored/socket, by Debian's tools, and the guest's own ring."""
import subprocess
import time

import pytest

from kanzen import Console, run, virsh, wait_for, xl
from processes import restart_kanzend


def read(path):
    """The node's value, None when there is none."""
    done = run("xenstore-read", path, check=False)
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


def children(path):
    return run("xenstore-list", path, check=False).stdout.split()


class Watch:
    """xenstore-watch in the background."""

    def __init__(self, tmp_path, *paths):
        self.output = tmp_path / "watch"
        self.process = subprocess.Popen(["xenstore-watch", *paths], stdout=self.output.open("w"))

    def seen(self):
        return self.output.read_text().split()

    def wait_for(self, path):
        wait_for(f"an event for {path}", lambda: path in self.seen())

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def watch(tmp_path):
    watches = []

    def start(*paths):
        watches.append(Watch(tmp_path, *paths))
        watches[-1].wait_for(paths[0])
        return watches[-1]

    yield start
    for started in watches:
        started.stop()


@pytest.fixture
def domid(guest):
    xl("create", guest.cfg(disk=True, nic=True))
    return xl("domid", guest.name).strip()


def connected(domid):
    for device in f"vbd/{domid}/51712", f"vif/{domid}/0":
        state = f"/local/domain/0/backend/{device}/state"
        wait_for(f"{device} to connect", lambda path=state: read(path) == "4", timeout=60)


def test_tree_of_all_domains(guest, domid):
    uuid = virsh("domuuid", guest.name).strip()
    assert read("/local/domain/0/name") == "Domain-0"
    assert {"0", domid} <= set(children("/local/domain"))
    assert read(f"/local/domain/{domid}/vm") == f"/vm/{uuid}"
    assert read(f"/vm/{uuid}/name") == guest.name
    assert domid in children("/local/domain/0/backend/vbd")
    connected(domid)
    tree = run("xenstore-ls", "-f").stdout
    assert f'/local/domain/{domid}/device/vbd/51712/state = "4"' in tree
    assert f'/local/domain/0/backend/vif/{domid}/0/state = "4"' in tree


def test_write_chmod_remove(domid):
    path = f"/local/domain/{domid}/data/test"
    run("xenstore-write", path, "a value", f"{path}/below", "b")
    assert read(path) == "a value"
    run("xenstore-chmod", path, f"n{domid}", "r0")
    assert f"(n{domid},r0)" in run("xenstore-ls", "-p", f"/local/domain/{domid}/data").stdout
    run("xenstore-rm", path)
    assert read(path) is None
    assert run("xenstore-exists", f"{path}/below", check=False).returncode == 1


def test_watch_over_a_life(guest, watch):
    domains = watch("/local/domain", "@introduceDomain", "@releaseDomain")
    xl("create", guest.cfg(disk=True))
    domid = xl("domid", guest.name).strip()
    domains.wait_for(f"/local/domain/{domid}/device/vbd/51712/state")
    domains.wait_for(f"/local/domain/0/backend/vbd/{domid}/51712/state")
    wait_for("@introduceDomain again", lambda: domains.seen().count("@introduceDomain") >= 2)
    run("xenstore-write", f"/local/domain/{domid}/data/k", "v")
    domains.wait_for(f"/local/domain/{domid}/data/k")
    released = domains.seen().count("@releaseDomain")
    xl("destroy", guest.name)
    wait_for("@releaseDomain", lambda: domains.seen().count("@releaseDomain") > released)
    assert read(f"/local/domain/{domid}") is None


def test_paused_guest_delays_nobody(guest, domid):
    connected(domid)
    xl("pause", guest.name)
    start = time.monotonic()
    assert read(f"/local/domain/{domid}/name") == guest.name
    assert run("xenstore-write", f"/local/domain/{domid}/data/k", "v", check=False).returncode == 1
    assert read("/local/domain/0/name") == "Domain-0"
    assert time.monotonic() - start < 4
    xl("unpause", guest.name)
    wait_for("the store", lambda: run("xenstore-write", f"/local/domain/{domid}/data/k", "v", check=False).returncode == 0)


def test_hvm_guest_is_shown(guest):
    xl("create", guest.hvm_cfg())
    domid = xl("domid", guest.name).strip()
    wait_for("the guest's nodes", lambda: read(f"/local/domain/{domid}/name") == guest.name)
    assert read(f"/local/domain/{domid}/memory/target") == str(256 * 1024)
    xl("destroy", guest.name)
    wait_for("their end", lambda: read(f"/local/domain/{domid}/name") is None)


def test_guest_reads_its_name(guest, domid):
    console = Console("xl", "console", guest.name).login()
    # XS_READ (2), request 1, no transaction, 5 bytes; the reply: 16 bytes of header and the value.
    request = r"\002\0\0\0\001\0\0\0\0\0\0\0\005\0\0\0name\0"
    console.command("modprobe -q xenfs; [ -c /dev/xen/xenbus ]")
    assert console.status == 0
    size = 16 + len(guest.name)
    reply = console.command(f"exec 3<>/dev/xen/xenbus; printf '{request}' >&3; head -c {size} <&3 | tail -c +17; exec 3<&-")
    assert reply.splitlines()[-1] == guest.name


def test_front_end_comes_back(guest, domid):
    """A driver that goes and comes gets a fresh start, and carries data again."""
    connected(domid)
    back = f"/local/domain/0/backend/vif/{domid}/0/state"
    console = Console("xl", "console", guest.name).login()
    for _ in range(3):
        console.command("echo vif-0 > /sys/bus/xen/drivers/vif/unbind")
        wait_for("the back end to close", lambda: read(back) == "6")
        console.command("echo vif-0 > /sys/bus/xen/drivers/vif/bind")
        wait_for("the back end to connect", lambda: read(back) == "4")
    console.command("ip link set eth0 up; ip addr add 10.87.0.50/24 dev eth0; sleep 1")
    console.command("ping -c 2 10.87.0.1")
    assert console.status == 0


def test_daemon_restart_keeps_the_stores(guest, domid):
    run("xenstore-write", f"/local/domain/{domid}/data/kept", "yes")
    restart_kanzend()
    wait_for("the store", lambda: read(f"/local/domain/{domid}/data/kept") == "yes")
