# SPDX-License-Identifier: LGPL-2.1-or-later
"""The administration protocol, with stock virt-admin and with bare packets."""
import os
import re
import shutil
import subprocess

import pytest

from wire import OK, Wire, i32, packet, string, u32

pytestmark = pytest.mark.skipif(shutil.which("virt-admin") is None, reason="no virt-admin")

ADMIN = 0x06900690


def admin(daemon, *command, status=0):
    done = subprocess.run(["virt-admin", "-q", "-c", f"virtxend:///system?socket={daemon.run}/virtxend-admin-sock", *command],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def values(text):
    """"name : value" lines."""
    return {name: value for name, value in re.findall(r"^(\S+)\s*: (.*)$", text, re.M)}


def test_servers_and_limits(daemon):
    assert re.findall(r"^ \d+\s+(\w+)$", admin(daemon, "srv-list"), re.M) == ["virtxend", "admin"]
    wires = [daemon.wire() for _ in range(3)]
    info = values(admin(daemon, "srv-clients-info", "virtxend"))
    assert info == {"nclients_max": "5000", "nclients_unauth_max": "20", "nclients": "3", "nclients_unauth": "0"}
    admin(daemon, "srv-clients-set", "virtxend", "--max-clients", "4", "--max-unauth-clients", "2")
    info = values(admin(daemon, "srv-clients-info", "virtxend"))
    assert (info["nclients_max"], info["nclients_unauth_max"]) == ("4", "2")
    wires.append(daemon.wire())
    fifth = Wire(daemon.socket, timeout=0.5)
    with pytest.raises(TimeoutError):
        fifth.open()
    admin(daemon, "srv-clients-set", "virtxend", "--max-clients", "5")
    fifth.socket.settimeout(20)
    fifth.receive()
    assert "must not be more than" in admin(daemon, "srv-clients-set", "virtxend", "--max-unauth-clients", "6", status=1)
    assert "No server named 'libvirtd'" in admin(daemon, "srv-clients-info", "libvirtd", status=1)


def test_threads(daemon):
    info = values(admin(daemon, "srv-threadpool-info", "virtxend"))
    assert (info["maxWorkers"], info["prioWorkers"], info["jobQueueDepth"]) == ("64", "16", "0")
    admin(daemon, "srv-threadpool-set", "virtxend", "--max-workers", "2", "--priority-workers", "1")
    info = values(admin(daemon, "srv-threadpool-info", "virtxend"))
    assert (info["maxWorkers"], info["prioWorkers"]) == ("2", "1")
    wires = [daemon.wire() for _ in range(10)]
    for wire in wires:
        wire.start(7)  # capabilities, an ordinary call
    assert all(wire.receive().status == OK for wire in wires)
    assert "minWorkers 3" in admin(daemon, "srv-threadpool-set", "virtxend", "--min-workers", "3", status=1)


def test_clients(daemon):
    wire = daemon.wire()
    wire.call(3)
    rows = re.findall(r"^ (\d+)\s+(\w+)\s+(\d{4}-\S+ \S+)$", admin(daemon, "client-list", "virtxend"), re.M)
    assert len(rows) == 1 and rows[0][1] == "unix"
    info = values(admin(daemon, "client-info", "virtxend", rows[0][0]))
    assert info["unix_process_id"] == str(os.getpid()) and info["unix_user_id"] == str(os.getuid())
    assert info["readonly"] == "no" and info["transport"] == "unix"
    admin(daemon, "client-disconnect", "virtxend", rows[0][0])
    assert wire.is_closed()
    daemon.wait_for_log("disconnected: an administrator asked for it")
    assert "Client not found" in admin(daemon, "client-info", "virtxend", rows[0][0], status=1)
    assert "Client not found" in admin(daemon, "client-disconnect", "virtxend", rows[0][0], status=1)


def test_log(daemon):
    other = daemon.folder / "other.log"
    assert admin(daemon, "daemon-log-outputs").strip() == "1:stderr" and admin(daemon, "daemon-log-filters").strip() == ""
    admin(daemon, "daemon-log-filters", "1:rpc 4:domain")
    assert "1:rpc 4:domain" in admin(daemon, "daemon-log-filters")
    admin(daemon, "daemon-log-outputs", f"1:stderr 3:file:{other}")
    assert f"1:stderr 3:file:{other}" in admin(daemon, "daemon-log-outputs")
    daemon.wire().close()
    daemon.wait_for_log(" debug rpc: client")
    assert other.read_text() == ""  # warnings go there
    before = admin(daemon, "daemon-log-outputs")
    for wrong in ("1:paper", "5:stderr", "1:file:/dev/null/x"):
        assert "error" in admin(daemon, "daemon-log-outputs", wrong, status=1)
    assert "is no log level" in admin(daemon, "daemon-log-filters", "7:rpc", status=1)
    assert admin(daemon, "daemon-log-outputs") == before
    admin(daemon, "daemon-log-filters", "")
    assert "rpc" not in admin(daemon, "daemon-log-filters")


def test_tls_without_tls(daemon):
    assert "TLS is not in use" in admin(daemon, "server-update-tls", "virtxend", status=1)
    assert "the server 'admin' has no TLS" in admin(daemon, "server-update-tls", "admin", status=1)


def test_timeout(daemon):
    """test_config.py has one that runs out."""
    admin(daemon, "daemon-timeout", "--timeout", "600")
    admin(daemon, "daemon-timeout", "--timeout", "0")
    assert daemon.wire().call(3).status == OK


def test_programs_do_not_mix(daemon):
    """virt-admin's calls need its socket, libvirt's theirs; nonsense is answered, or hung up on."""
    wire = daemon.wire()
    assert wire.call(1, u32(0), prog=ADMIN).error() == (39, 7, "Cannot find program 110102160 version 1")
    other = Wire(daemon.run / "virtxend-admin-sock")
    assert other.call(1, u32(0, 0)).error()[2].startswith("Cannot find program")
    assert other.call(4, u32(1, 0), prog=ADMIN).error()[2] == "internal error: hypervisor connection not open"
    assert other.call(1, u32(0), prog=ADMIN).status == OK
    assert other.call(20, prog=ADMIN).error()[2] == "unknown procedure: 20"
    assert other.call(4, u32(1, 1), prog=ADMIN).error()[0] == 8
    assert other.call(7, string("virtxend") + u32(1) + string("maxWorkers") + u32(2, 0) + u32(0), prog=ADMIN).error()[0] == 8
    assert other.call(13, string("virtxend") + u32(1) + string("nclients") + u32(2, 9) + u32(0), prog=ADMIN).error()[0] == 8
    assert other.call(11, string("virtxend") + bytes(8) + bytes(8) + u32(0) + u32(0), prog=ADMIN).error()[0] == 96
    other.send(packet(4, u32(1, 0), prog=ADMIN)[:20])
    other.close()
    assert wire.call(3).status == OK and admin(daemon, "srv-list")
