# SPDX-License-Identifier: LGPL-2.1-or-later
"""kanzend.conf: what is in it, what is wrong with it, reading it again, and who opens the sockets."""
import grp
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from wire import OK, Wire

ROOT = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

# Every setting that takes no file of its own.
FULL = """
# a comment
[sockets]
mode = 0750
ro-mode = 0755
admin-mode = 0700
auth = none
ro-auth = none
libvirt-sock = no
admin = no
[limits]
max-clients = 50
max-anonymous-clients = 3
max-requests = 2
max-queue = 4
max-memory = 100
auth-timeout = 9
workers = 7
priority-workers = 3
[keepalive]
interval = 1
count = 2
[log]
level = warning
filters = 1:rpc 4:storage
outputs = 2:stderr
[tcp]
listen = no
address = 127.0.0.1
address = ::1
port = 12345
auth = sasl
[tls]
listen = false
port = 12346
auth = none
priority = NORMAL
verify-clients = yes
allowed-dn = CN=alice,O=Example
allowed-dn = CN=bob,*
[sasl]
mechanisms = SCRAM-SHA-256
database = /etc/kanzen/passwd.db
allowed-user = alice
allowed-user = *@example.org
[domains]
allow-arguments = true
"""


def check(daemon, text):
    """What --check-config says of it: the exit status and the words."""
    daemon.configure(text)
    done = subprocess.run([os.environ["KANZEND"], "--check-config", "--config", daemon.folder / "kanzend.conf"],
                          capture_output=True, text=True, timeout=20)
    return done.returncode, done.stderr


def test_every_setting(stopped_daemon):
    assert check(stopped_daemon, FULL) == (0, "")
    stopped_daemon.start()
    if os.geteuid() == 0:
        assert stat.S_IMODE(os.stat(stopped_daemon.run / "virtxend-sock").st_mode) == 0o750
        assert stat.S_IMODE(os.stat(stopped_daemon.run / "virtxend-sock-ro").st_mode) == 0o755
    assert not (stopped_daemon.run / "libvirt-sock").exists()
    assert not (stopped_daemon.run / "virtxend-admin-sock").exists()


def test_empty_and_missing(stopped_daemon):
    assert check(stopped_daemon, "") == (0, "")
    status = subprocess.run([os.environ["KANZEND"], "--check-config", "--config", "/nowhere/kanzend.conf"],
                            capture_output=True, text=True, timeout=20)
    assert status.returncode == 1 and "/nowhere/kanzend.conf" in status.stderr


def test_sample(stopped_daemon):
    """The file that is installed says nothing; with its suggestions taken it is right, too."""
    sample = (ROOT / "libvirt-driver" / "kanzend.conf").read_text()
    assert check(stopped_daemon, sample) == (0, "")
    taken = re.sub(r"^# (?=[a-z-]+ = )", "", sample, flags=re.M).replace("group = libvirt", "group = root")
    assert taken.count("\n#") < sample.count("\n#") - 25
    assert check(stopped_daemon, taken) == (0, "")


@pytest.mark.parametrize("text, wrong", [
    ("[limits]\nworkers = 5\nworker = 5", "line 3: [limits] worker: there is no such setting"),
    ("[limit]\nworkers = 5", "line 2: [limit] workers: there is no such setting"),
    ("[limits]\nworkers = 5\n\nworkers = 6", "line 4: [limits] workers: set before, in line 2"),
    ("[limits]\nworkers = 0", "line 2: [limits] workers: '0' is no number from 1 to 4096"),
    ("[limits]\nworkers = 12x", "line 2: [limits] workers: '12x' is no number from 1 to 4096"),
    ("[limits]\nworkers = -1", "line 2: [limits] workers: '-1' is no number"),
    ("[sockets]\nmode = 999", "line 2: [sockets] mode: '999' is no mode in octal digits"),
    ("[sockets]\nauth = sasl", "line 2: [sockets] auth: 'sasl' is not 'none' or 'polkit'"),
    ("[tcp]\nauth = polkit", "line 2: [tcp] auth: 'polkit' is not 'none' or 'sasl'"),
    ("[tcp]\nlisten = maybe", "line 2: [tcp] listen: 'maybe' is neither yes nor no"),
    ("[log]\nlevel = loud", "line 2: [log] level: 'loud' is no log level"),
    ("[log]\nfilters = 9:rpc", "line 2: [log] filters: '9' is no log level"),
    ("[log]\nfilters = rpc", "line 2: [log] filters: 'rpc' is not LEVEL:NAME"),
    ("[log]\noutputs = 1:paper", "line 2: [log] outputs: 'paper' is no log output"),
    ("[log]\noutputs = 1:file:here", "line 2: [log] outputs: 'file:here' is not file:/PATH"),
    ("[log]\noutputs = 1:stderr:x", "line 2: [log] outputs: 'stderr:x' is not stderr"),
    ("[sockets]\ngroup =", "line 2: [sockets] group: the value is empty"),
    ("[sockets]\ngroup = nosuchgroup", "[sockets] group: there is no group 'nosuchgroup'"),
    ("workers = 5", "line 1: 'workers = 5' stands before the first [GROUP]"),
    ("[limits\nworkers = 5", "line 1: '[limits' is not a [group]"),
    ("[limits]\nworkers", "line 2: 'workers' is neither KEY = VALUE nor [GROUP]"),
    ("[tls]\nlisten = yes\ncertificate = /nowhere/cert.pem", "/nowhere/cert.pem"),
])
def test_mistakes(stopped_daemon, text, wrong):
    status, said = check(stopped_daemon, text)
    assert status == 1 and wrong in said


@pytest.mark.parametrize("text, wrong", [
    ("[limits]\nworkers = 0", "line 2: [limits] workers: '0' is no number from 1 to 4096"),
    ("[sockets]\ngroup = nosuchgroup", "[sockets] group: there is no group 'nosuchgroup'"),
    ("[log]\noutputs = 1:file:/dev/null/log", "cannot open the log file '/dev/null/log'"),
])
def test_no_start_with_mistakes(stopped_daemon, text, wrong):
    stopped_daemon.configure(text)
    process = subprocess.run([os.environ["KANZEND"], "--run-dir", stopped_daemon.run, "--config",
                              stopped_daemon.folder / "kanzend.conf"], capture_output=True, text=True, timeout=20,
                             env=stopped_daemon.env)
    assert process.returncode == 1 and wrong in process.stderr


def test_man_page_has_every_setting():
    source = (ROOT / "libvirt-driver" / "config" / "settings.c").read_text()
    page = (ROOT / "docs" / "man" / "kanzend.conf.5.rst").read_text()
    rows = re.findall(r'^    \{ "([a-z]+)", "([a-z-]+)", KIND_', source, re.M)
    assert len(rows) > 40
    sections = dict(re.findall(r"^\[([a-z]+)\]\n=+\n(.*?)(?=^\[|^[A-Z ]+\n===|\Z)", page, re.M | re.S))
    missing = [f"[{group}] {key}" for group, key in rows if not re.search(rf"^{key} = ", sections.get(group, ""), re.M)]
    assert missing == []


def test_reload(stopped_daemon):
    daemon = stopped_daemon
    daemon.configure("[limits]\nmax-clients = 10\n")
    daemon.start()
    daemon.configure("[limits]\nmax-clients = 3\n[log]\nlevel = debug\n[sockets]\nmode = 0770\n")
    daemon.reload()
    log = daemon.log.read_text()
    assert "[limits] max-clients: '10' has become '3'" in log
    assert "[log] level: '' has become 'debug'" in log
    assert "[sockets] mode: '0000' will become '0770' with the next start" in log
    wires = [daemon.wire() for _ in range(3)]
    late = Wire(daemon.socket)
    late.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        late.open()
    wires[0].close()
    late.socket.settimeout(20)
    late.receive()  # the answer to the AUTH_LIST it sent
    assert "rpc: client" in daemon.log.read_text()  # debug lines

    daemon.configure("[limits]\nmax-clients = lots\n")
    daemon.reload()
    assert "going on with the configuration it has: " in daemon.log.read_text()
    assert "line 2: [limits] max-clients: 'lots' is no number" in daemon.log.read_text()
    wires[1].call(3)


def test_log_file_is_reopened(stopped_daemon):
    daemon = stopped_daemon
    log = daemon.folder / "kanzend.log"
    daemon.configure(f"[log]\noutputs = 1:file:{log} 3:stderr\nfilters = 1:rpc\n")
    daemon.start()
    daemon.wire().close()
    text = log.read_text()
    assert "kanzend: version" in text and " debug rpc: client" in text and "debug domain" not in text
    assert "kanzend: version" not in daemon.log.read_text()
    log.rename(daemon.folder / "kanzend.log.1")
    daemon.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 10
    while not log.exists() or "configuration read again" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# ---- sockets ----

@needs_root
def test_group(stopped_daemon):
    group = next(g for g in grp.getgrall() if g.gr_gid != 0)
    stopped_daemon.configure(f"[sockets]\ngroup = {group.gr_name}\n")
    stopped_daemon.start()
    status = os.stat(stopped_daemon.socket)
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o770, group.gr_gid)
    admin = os.stat(stopped_daemon.run / "virtxend-admin-sock")
    assert (stat.S_IMODE(admin.st_mode), admin.st_gid) == (0o700, 0)


def listener(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    made.listen()
    return made


def test_other_daemons_sockets(stopped_daemon):
    """A living daemon's libvirt-sock is left alone; a dead one's is replaced."""
    daemon = stopped_daemon
    daemon.run.mkdir()
    theirs = listener(daemon.run / "libvirt-sock")
    listener(daemon.run / "libvirt-admin-sock").close()  # stale now
    inode = os.stat(daemon.run / "libvirt-sock").st_ino
    daemon.start()
    assert os.stat(daemon.run / "libvirt-sock").st_ino == inode
    assert "libvirt-sock' is another daemon's, leaving it alone" in daemon.log.read_text()
    Wire(daemon.run / "libvirt-admin-sock").close()
    daemon.stop()
    assert (daemon.run / "libvirt-sock").exists() and not (daemon.run / "libvirt-admin-sock").exists()
    theirs.close()
    daemon.start()
    assert Wire(daemon.run / "libvirt-sock").open().call(3).status == OK


def test_another_daemon_serves_xen(stopped_daemon):
    daemon = stopped_daemon
    daemon.run.mkdir()
    theirs = listener(daemon.socket)
    done = subprocess.run([os.environ["KANZEND"], "--run-dir", daemon.run], capture_output=True, text=True, timeout=20,
                          env=daemon.env)
    assert done.returncode == 1 and "another daemon, libvirt's virtxend perhaps, serves" in done.stderr
    assert daemon.socket.exists()
    theirs.close()
    daemon.start()  # stale now


def test_second_kanzend(daemon):
    done = subprocess.run([os.environ["KANZEND"], "--run-dir", daemon.run], capture_output=True, text=True, timeout=20,
                          env=daemon.env)
    assert done.returncode == 1 and f"another kanzend serves '{daemon.run}'" in done.stderr
    assert daemon.wire().call(3).status == OK


ACTIVATE = """
import fcntl, os, socket, sys
names, paths, keep = [], sys.argv[2:], []
for n, path in enumerate(paths):
    if path.startswith("tcp:"):
        made = socket.create_server(("127.0.0.1", int(path[4:])))
    else:
        made = socket.socket(socket.AF_UNIX)
        made.bind(path)
        made.listen()
    keep.append(fcntl.fcntl(made.detach(), fcntl.F_DUPFD, 50))
    names.append("tcp" if path.startswith("tcp:") else "unix")
for n, fd in enumerate(keep):
    os.dup2(fd, 3 + n)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(paths)), LISTEN_FDNAMES=":".join(names))
kanzend = os.environ["KANZEND"]
os.execv(kanzend, [kanzend, "--run-dir", sys.argv[1], "--config", os.environ["CONF"]])
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def test_socket_activation(stopped_daemon):
    daemon = stopped_daemon
    daemon.run.mkdir()
    daemon.configure("[tcp]\nauth = none\n")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(str(daemon.folder / "notify"))
    notify.settimeout(20)
    port = free_port()
    with open(daemon.log, "ab") as log:
        daemon.process = subprocess.Popen(
            [sys.executable, "-c", ACTIVATE, daemon.run, daemon.socket, f"tcp:{port}", daemon.run / "nobodys-sock"], stderr=log,
            env=dict(daemon.env, CONF=str(daemon.folder / "kanzend.conf"), NOTIFY_SOCKET=str(daemon.folder / "notify")))
    assert notify.recv(100) == b"READY=1"
    assert daemon.wire().call(3).status == OK
    over_tcp = Wire.over(socket.create_connection(("127.0.0.1", port))).open()
    assert over_tcp.call(3).status == OK
    assert not (daemon.run / "virtxend-sock-ro").exists()  # it was not among what the manager passed
    assert "nobodys-sock' ('unix') is none of ours" in daemon.log.read_text()
    daemon.process.send_signal(signal.SIGHUP)
    assert [notify.recv(100), notify.recv(100)] == [b"RELOADING=1", b"READY=1"]
    daemon.stop()
    assert notify.recv(100) == b"STOPPING=1"
    assert daemon.socket.exists()  # the manager's to remove


def test_units():
    if not Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("no systemd-analyze")
    units = sorted(Path(os.environ["KANZEND_UNITS"]).glob("kanzend*.s*"))
    assert len(units) == 6
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units],
                          capture_output=True, text=True, timeout=60)
    # The program is not installed where the test runs.
    complaints = [line for line in (done.stdout + done.stderr).splitlines()
                  if line and "kanzend is not executable" not in line and "Failed to" not in line]
    assert complaints == []


def test_timeout(stopped_daemon):
    daemon = stopped_daemon
    daemon.start("--timeout", "1")
    wire = daemon.wire()
    time.sleep(2.5)
    assert wire.call(3).status == OK  # not while there are clients
    wire.close()
    assert daemon.process.wait(timeout=15) == 0
    daemon.process = None
    assert "nothing to do" in daemon.log.read_text()
