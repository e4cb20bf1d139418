# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main commands of virsh on a PV and on an HVM guest, seen by a second client and by xl."""
import re

import pexpect
import pytest

from kanzen import Console, run, state, virsh, wait_for, xl
from processes import restart_kanzend


@pytest.fixture(params=["pv", "hvm"])
def kind(request):
    return request.param


@pytest.fixture
def defined(guest, kind):
    """A defined, stopped domain of each kind."""
    xml = guest.xml(disk=True, nic=True, cmdline="root=/dev/xvda ro console=hvc0") if kind == "pv" else guest.hvm_xml()
    virsh("define", guest.write_xml(xml))
    return guest.name


class Events:
    """`virsh event --all --loop` in a client of its own."""

    def __init__(self, other):
        self.child = pexpect.spawn("virsh", ["event", "--all", "--loop"], encoding="utf-8", timeout=30)
        # That it is registered cannot be seen from outside: another domain comes and goes until it says so.
        wait_for("virsh event to register", lambda: self._hears_of(other), timeout=60)

    def _hears_of(self, other):
        virsh("define", other)
        virsh("undefine", other.stem)
        return self.child.expect([f"event 'lifecycle' for domain '?{other.stem}'?: Undefined", pexpect.TIMEOUT], timeout=1) == 0

    def expect(self, name, what, timeout=60):
        self.child.expect(rf"event 'lifecycle' for domain '?{re.escape(name)}'?: {what}[^\n]*\n", timeout=timeout)

    def close(self):
        self.child.close(force=True)


@pytest.fixture
def events(guest):
    other = guest.name + "o"
    made = Events(guest.write(other, guest.xml(name=other)))
    yield made
    made.close()


def xl_state(name):
    for line in xl("list").splitlines()[1:]:
        if line.split()[0] == name:
            return line.split()[4]
    return None


def test_whole_life(defined, kind, events):
    name = defined
    assert state(name) == "shut off"
    assert re.search(rf"-\s+{name}\s+shut off", virsh("list", "--all"))
    assert xl_state(name) is None

    virsh("start", name, timeout=120)
    events.expect(name, "Started Booted")
    assert state(name) == "running"
    first_id = int(virsh("domid", name))
    assert xl_state(name) is not None
    info = virsh("dominfo", name)
    assert re.search(r"OS Type:\s+(linux|xen|hvm)", info) and re.search(r"Max memory:\s+262144 KiB", info)
    assert re.search(r"State:\s+running", info) and re.search(r"Persistent:\s+yes", info)
    xml = virsh("dumpxml", name)
    assert f"id='{first_id}'" in xml and f"<target dev='vif{first_id}.0'/>" in xml

    console = Console("virsh", "console", name, "--force").login(timeout=120)
    assert console.command("echo $((6 * 7))") == "42"
    assert console.leave() == 0

    virsh("suspend", name)
    events.expect(name, "Suspended Paused")
    assert state(name) == "paused"
    assert "p" in xl_state(name)
    virsh("resume", name)
    events.expect(name, "Resumed Unpaused")
    assert state(name) == "running"

    if kind == "pv":
        virsh("reboot", name)
        wait_for("a new domid", lambda: re.match(r"\d+", virsh("domid", name)) and int(virsh("domid", name)) != first_id, timeout=60)
        events.expect(name, "Started Booted")
        console = Console("virsh", "console", name, "--force").login(timeout=120)
        assert console.leave() == 0

    virsh("shutdown", name)
    events.expect(name, "Stopped Shutdown")
    wait_for("the domain to be off", lambda: state(name) == "shut off")
    assert xl_state(name) is None

    virsh("start", name, timeout=120)
    events.expect(name, "Started Booted")
    virsh("destroy", name)
    events.expect(name, "Stopped Destroyed")
    assert state(name) == "shut off"
    virsh("undefine", name)
    events.expect(name, "Undefined")
    assert name not in virsh("list", "--all", "--name").split()


def test_reboot_from_inside(guest, kind):
    xml = guest.xml() if kind == "pv" else guest.hvm_xml()
    virsh("define", guest.write_xml(xml))
    virsh("start", guest.name, timeout=120)
    first = virsh("domid", guest.name).strip()
    console = Console("virsh", "console", guest.name, "--force").login(timeout=120)
    console.child.sendline("reboot")
    wait_for("a restart", lambda: virsh("domid", guest.name).strip() not in (first, "-"), timeout=60)
    console = Console("virsh", "console", guest.name, "--force").login(timeout=120)
    assert console.leave() == 0


def test_crash_is_destroyed_by_default(guest):
    virsh("define", guest.write_xml(guest.xml(cmdline="console=hvc0 panic=1").replace(
        "<devices>", "<on_crash>destroy</on_crash><devices>")))
    virsh("start", guest.name)
    console = Console("virsh", "console", guest.name, "--force").login()
    console.child.sendline("echo c > /proc/sysrq-trigger")
    wait_for("the crash to end the domain", lambda: state(guest.name) == "shut off", timeout=60)
    assert "crashed" in virsh("domstate", guest.name, "--reason")


def test_made_by_xl_seen_by_virsh(guest, events):
    xl("create", guest.cfg())
    events.expect(guest.name, "Started Booted")
    assert state(guest.name) == "running"
    assert re.search(r"Persistent:\s+no", virsh("dominfo", guest.name))
    assert virsh("domid", guest.name).strip() == xl("domid", guest.name).strip()
    xml = virsh("dumpxml", guest.name)
    assert f"<kernel>{guest.images}/vmlinuz-cloud</kernel>" in xml
    xl("pause", guest.name)
    events.expect(guest.name, "Suspended Paused")
    xl("unpause", guest.name)
    events.expect(guest.name, "Resumed Unpaused")
    xl("destroy", guest.name)
    events.expect(guest.name, "Stopped Destroyed")
    assert guest.name not in virsh("list", "--all", "--name").split()


def test_created_transient_vanishes(guest):
    virsh("create", guest.write_xml(guest.xml()), timeout=120)
    assert state(guest.name) == "running"
    virsh("destroy", guest.name)
    assert run("virsh", "domstate", guest.name, check=False).returncode == 1


def test_definitions_survive_a_killed_daemon(guest):
    virsh("define", guest.write_xml(guest.xml()))
    virsh("start", guest.name)
    before = virsh("dumpxml", guest.name)
    restart_kanzend()
    assert state(guest.name) == "running"
    assert virsh("dumpxml", guest.name) == before
    virsh("destroy", guest.name)
    assert state(guest.name) == "shut off"


def test_xenstore_shows_the_guest(guest):
    xl("create", guest.cfg(disk=True))
    domid = xl("domid", guest.name).strip()
    tree = run("xenstore-ls", "-f", f"/local/domain/{domid}").stdout
    assert f'/local/domain/{domid}/name = "{guest.name}"' in tree
    assert run("xenstore-read", f"/local/domain/{domid}/device/vbd/51712/virtual-device").stdout.strip() == "51712"
    assert run("xenstore-read", f"/local/domain/{domid}/nothing", check=False).returncode == 1


def test_virsh_knows_at_once_what_xl_did(guest):
    for _ in range(5):
        xl("create", "-p", guest.cfg())
        assert guest.name in virsh("list", "--name").split()
        assert state(guest.name) == "paused"
        xl("unpause", guest.name)
        assert state(guest.name) == "running"
        xl("destroy", guest.name)
        assert guest.name not in virsh("list", "--name").split()
