# SPDX-License-Identifier: LGPL-2.1-or-later
"""kanzend ends when it is asked to and comes back: domains, networks and pools did not notice."""
import os
import signal
import subprocess
import time

from kanzen import run, virsh, wait_for, xl
from processes import has_ended, pids, start_kanzend


def active(what):
    return sorted(virsh(what, "--name").split())


def test_graceful_restart(guest):
    """Also with a call at work, which is finished first."""
    xl("create", "-p", guest.cfg(nic=True))
    domid = xl("domid", guest.name).strip()
    machines = pids("qemu-system-x86_64")
    networks, pools = active("net-list"), active("pool-list")
    (daemon,) = pids("kanzend")
    busy = subprocess.Popen(["virsh", "vol-create-as", "default", f"{guest.name}.img", "64M", "--format", "raw", "--allocation", "64M"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    console = subprocess.Popen(["virsh", "console", guest.name], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    time.sleep(0.1)
    os.kill(daemon, signal.SIGTERM)
    wait_for("kanzend to end", lambda: has_ended(daemon), timeout=30)
    busy.wait(timeout=30)
    console.wait(timeout=30)  # it is told, and does not hang
    assert pids("qemu-system-x86_64") == machines and not os.path.exists("/run/libvirt/virtxend-sock")

    start_kanzend()
    assert virsh("domid", guest.name).strip() == domid and virsh("domstate", guest.name).strip() == "paused"
    assert (active("net-list"), active("pool-list")) == (networks, pools)
    virsh("pool-refresh", "default")
    volume = run("virsh", "vol-info", f"{guest.name}.img", "default", check=False)
    assert volume.returncode != 0 or "64.00 MiB" in volume.stdout  # whole, or not there
    virsh("resume", guest.name)
    assert virsh("domstate", guest.name).strip() == "running"
    xl("destroy", guest.name)
    if volume.returncode == 0:
        virsh("vol-delete", f"{guest.name}.img", "default")
