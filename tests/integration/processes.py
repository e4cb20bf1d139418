# SPDX-License-Identifier: LGPL-2.1-or-later
"""The private host's processes, and its kanzend killed and started again."""
import os
import signal
import subprocess
from pathlib import Path

from kanzen import KANZEND_LOG, run, wait_for


def processes():
    """(pid, argv) of every process of the private host."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                argv = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
            except OSError:
                continue
            if argv:
                yield int(entry.name), [a.decode(errors="replace") for a in argv]


def pids(program):
    return [pid for pid, argv in processes() if os.path.basename(argv[0]) == program]


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def start_kanzend():
    """Its messages, a sanitizer's among them, go on in the log of the one before it."""
    with open(KANZEND_LOG, "ab") as log:
        daemon = subprocess.Popen(["kanzend", "--foreground"], stdin=subprocess.DEVNULL, stderr=log, start_new_session=True)

    def answers():
        assert daemon.poll() is None, f"kanzend ended with status {daemon.returncode}: see {KANZEND_LOG}"
        return run("virsh", "version", check=False).returncode == 0

    wait_for("kanzend to answer", answers)
    return daemon


def has_ended(pid):
    """Its files are closed and its locks free. That its command line is gone says less."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def kill_kanzend():
    found = pids("kanzend")
    for pid in found:
        kill(pid)
    wait_for("kanzend to end", lambda: all(has_ended(pid) for pid in found))


def restart_kanzend():
    """Kills it as it stands, and starts it again."""
    kill_kanzend()
    return start_kanzend()
