# SPDX-License-Identifier: LGPL-2.1-or-later
"""The services that kanzend works with, the real ones: polkitd on a bus of its own, and systemd's socket activation. Root, no guests, no
private host needed; kanzend-fake is the daemon.

    sudo KANZEND=build/tests/unit/libvirt-driver/kanzend-fake /usr/bin/python3 -m pytest tests/clients/test_services.py
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "rpc"))
from conftest import Daemon  # noqa: E402

POLKITD = Path("/usr/lib/polkit-1/polkitd")
POLICY = Path(__file__).parents[2] / "libvirt-driver/org.kanzen.kanzend.policy"

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={0}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/></policy></busconfig>
"""

RULES = """polkit.addRule(function(action, subject) {
    if (action.id == "org.libvirt.unix.manage" && subject.user == "games")
        return polkit.Result.YES;
    if (action.id == "org.libvirt.unix.manage" && subject.user == "news")
        return polkit.Result.NO;
});
"""

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="for root: users and mounts"),
              pytest.mark.skipif("KANZEND" not in os.environ, reason="KANZEND names no daemon")]


def wait_for(what, condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.fixture
def folder():
    """Where every user may look."""
    path = Path(tempfile.mkdtemp(prefix="services."))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def bus(folder):
    """A system bus with polkitd on it, which knows kanzend's actions and the rules above."""
    for name, file, text in (("actions", "kanzend.policy", POLICY.read_text()), ("rules.d", "10-test.rules", RULES)):
        (folder / name).mkdir()
        (folder / name / file).write_text(text)
    (folder / "bus.conf").write_text(BUS.format(folder))
    address = f"unix:path={folder}/bus"
    env = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=address)
    daemon = subprocess.Popen(["dbus-daemon", "--nofork", f"--config-file={folder}/bus.conf"])
    wait_for("the bus", (folder / "bus").exists)
    mounts = f"mount --bind {folder}/actions /usr/share/polkit-1/actions && mount --bind {folder}/rules.d /etc/polkit-1/rules.d"
    polkitd = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{mounts} && exec {POLKITD} --no-debug"],
                               env=env)
    owned = ["dbus-send", f"--bus={address}", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.GetNameOwner",
             "string:org.freedesktop.PolicyKit1"]
    wait_for("polkitd", lambda: subprocess.run(owned, capture_output=True).returncode == 0)
    yield address
    for process in polkitd, daemon:
        process.terminate()
        process.wait(timeout=20)


def virsh(daemon, user, *args, readonly=False):
    uri = f"xen:///system?socket={daemon.socket}{'-ro' if readonly else ''}"
    return subprocess.run(["setpriv", f"--reuid={user}", "--clear-groups", "virsh", *(["-r"] if readonly else []),
                           "-c", uri, *args], capture_output=True, text=True, timeout=60)


@pytest.mark.skipif(not POLKITD.exists() or not shutil.which("dbus-daemon"), reason="needs Debian's polkitd and dbus-daemon")
def test_polkit(folder, bus):
    daemon = Daemon(folder)
    daemon.configure("[sockets]\nauth = polkit\nro-auth = polkit\n")
    daemon.start(DBUS_SYSTEM_BUS_ADDRESS=bus)
    try:
        # By the policy's defaults, by a rule that lets, by one that does not, and where somebody would have to be asked.
        looking = virsh(daemon, "nobody", "list", "--all", readonly=True)
        assert looking.returncode == 0 and "Domain-0" in looking.stdout, looking.stderr
        managing = virsh(daemon, "games", "list", "--all")
        assert managing.returncode == 0 and "Domain-0" in managing.stdout, managing.stderr
        refused = virsh(daemon, "news", "list")
        assert refused.returncode != 0 and "authentication failed" in refused.stderr, refused.stderr
        unasked = virsh(daemon, "nobody", "list")
        assert unasked.returncode != 0 and "polkit" in unasked.stderr, unasked.stderr
        # Root is nobody's to ask.
        assert virsh(daemon, "root", "list").returncode == 0
    finally:
        daemon.stop()


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="needs systemd's socket activation")
def test_socket_activation(folder):
    daemon = Daemon(folder)
    daemon.run.mkdir()
    sockets = [daemon.socket, Path(f"{daemon.socket}-ro")]
    with open(daemon.log, "ab") as log:
        daemon.process = subprocess.Popen(
            ["systemd-socket-activate", *(word for s in sockets for word in ("--listen", s)), "--fdname=kanzend:kanzend-ro",
             f"--setenv=KANZEN_LIB_DIR={daemon.lib}", os.environ["KANZEND"], "--run-dir", daemon.run], stderr=log)
    try:
        wait_for("the sockets", lambda: all(s.exists() for s in sockets))
        assert "kanzend:" not in daemon.log.read_text()  # nobody has asked yet
        first = virsh(daemon, "root", "list", "--all")
        assert first.returncode == 0 and "Domain-0" in first.stdout, first.stderr + daemon.log.read_text()
        second = virsh(daemon, "root", "list", "--all", readonly=True)
        assert second.returncode == 0 and "Domain-0" in second.stdout, second.stderr
    finally:
        daemon.stop()
