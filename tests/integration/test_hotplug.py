# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devices that come and go while a guest runs, seen from inside. KANZEN_HOTPLUG_ROUNDS repeats the rounds (default 3)."""
import hashlib
import json
import os
import signal
import subprocess
import time

import pytest

from kanzen import Console, run, wait_for, xl

ROUNDS = int(os.environ.get("KANZEN_HOTPLUG_ROUNDS", "3"))
MAC = "00:16:3e:5a:5a:01"


def image(folder, name, mib):
    path = folder / name
    path.write_bytes(os.urandom(mib << 20))
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def config(name):
    return json.loads(xl("list", "-l", name))[0]["config"]


def vdevs(name):
    return [disk["vdev"] for disk in config(name).get("disks", [])]


def refused(*args):
    """An xl command that fails; its message."""
    done = run("xl", *args, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stderr


class Machine:
    """A running PV guest and a shell in it."""

    def __init__(self, guest, *lines, **kw):
        self.name = guest.name
        xl("create", guest.cfg(extra="\n".join(lines), **kw))
        self.console = Console("xl", "console", guest.name).login()

    def sh(self, text):
        return self.console.command(text)

    def sees(self, what, text, value):
        wait_for(what, lambda: self.sh(text) == value, timeout=20)


@pytest.fixture
def machine(guest):
    return Machine(guest, f"disk = [ '{guest.images}/cd.iso,,xvdc,cdrom' ]", nic=True)


def disk_round(machine, path):
    xl("block-attach", machine.name, f"{path},raw,xvdb,w")
    assert "xvdb" in vdevs(machine.name)
    machine.sees("the disk", "cat /sys/block/xvdb/size", str(path.stat().st_size >> 9))
    assert machine.sh("sha256sum < /dev/xvdb").split()[0] == digest(path)
    machine.sh("dd if=/dev/urandom of=/dev/xvdb bs=64k count=3 conv=fsync 2>/dev/null")
    assert machine.console.status == 0
    xl("block-detach", machine.name, "xvdb")
    machine.sees("the disk to go", "ls /sys/block", "xvdc")
    assert "xvdb" not in vdevs(machine.name)


def nic_round(machine):
    xl("network-attach", machine.name, "bridge=xenbr0", f"mac={MAC}")
    machine.sees("the interface", "cat /sys/class/net/eth1/address", MAC)
    machine.sh("ip link set eth1 up; ip addr add 10.87.0.77/24 dev eth1")
    wait_for("an answer from it",
             lambda: run("busybox", "ping", "-c", "1", "-W", "1", "10.87.0.77", check=False).returncode == 0)
    xl("network-detach", machine.name, MAC)
    machine.sees("the interface to go", "echo $(ls /sys/class/net)", "eth0 lo")


def cd_round(machine, medium):
    xl("cd-eject", machine.name, "xvdc")
    machine.sees("no medium", "cat /sys/block/xvdc/size", "0")
    xl("cd-insert", machine.name, "xvdc", medium)
    machine.sees("the medium", "cat /sys/block/xvdc/size", str(medium.stat().st_size >> 9))
    assert machine.sh("sha256sum < /dev/xvdc").split()[0] == digest(medium)
    assert [d["pdev_path"] for d in config(machine.name)["disks"]] == [str(medium)]


def test_rounds_in_a_pv_guest(machine, guest):
    disk = image(guest.folder, "b.img", 4)
    media = [image(guest.folder, "one.iso", 1), image(guest.folder, "two.iso", 2)]
    before = sorted(run("ls", "/sys/class/net").stdout.split())
    for i in range(ROUNDS):
        disk_round(machine, disk)
        nic_round(machine)
        cd_round(machine, media[i % 2])
    assert sorted(run("ls", "/sys/class/net").stdout.split()) == before
    assert "panic" not in xl("dmesg") and "error" not in xl("dmesg").lower()


def test_a_plugged_disk_outlives_a_reboot(guest):
    path = image(guest.folder, "b.img", 4)
    machine = Machine(guest, nic=True)
    xl("block-attach", machine.name, f"{path},raw,xvdb,w")
    xl("network-attach", machine.name, "bridge=xenbr0", f"mac={MAC}")
    domid = xl("domid", machine.name)
    xl("reboot", machine.name)
    wait_for("the next life", lambda: run("xl", "domid", machine.name, check=False).stdout not in ("", domid))
    machine.console = Console("xl", "console", machine.name).login()
    assert machine.sh("sha256sum < /dev/xvdb").split()[0] == digest(path)
    assert MAC in machine.sh("cat /sys/class/net/*/address")
    xl("block-detach", machine.name, "xvdb")
    machine.sees("the disk to go", "ls /sys/block", "")


def test_what_is_refused(machine, guest):
    path, other = image(guest.folder, "b.img", 1), image(guest.folder, "c.img", 1)
    name = machine.name
    before, links = config(name), run("ls", "/sys/class/net").stdout
    mac = before["nics"][0]["mac"]
    assert "No such file" in refused("block-attach", name, "/nowhere.img,raw,xvdb,w")
    assert "already exists" in refused("block-attach", name, f"{path},raw,xvdc,w")
    refused("block-attach", name, f"{path},raw,zzz,w")
    assert "is given twice" in refused("network-attach", name, f"mac={mac}")
    assert "does not exist" in refused("network-attach", name, "bridge=nowhere")
    assert "not connected" in refused("block-detach", name, "xvdz")
    assert "Unknown device" in refused("network-detach", name, "7")
    assert "Unknown device" in refused("network-detach", name, "00:16:3e:00:00:99")
    assert "No such file" in refused("cd-insert", name, "xvdc", "/nowhere.iso")
    assert "invalid domain identifier" in refused("block-attach", name + "x", f"{path},raw,xvdb,w")
    assert config(name) == before
    xl("block-attach", name, f"{path},raw,xvdb,w")
    assert "another disk of the domain" in refused("block-attach", name, f"{path},raw,xvdd,w")
    assert "another kind of drive" in refused("cd-insert", name, "xvdb", other)
    xl("pause", name)
    assert "paused" in refused("block-attach", name, f"{other},raw,xvdd,w")
    xl("unpause", name)
    xl("block-detach", name, "--force", "51728")
    assert config(name) == before
    wait_for("the taps", lambda: run("ls", "/sys/class/net").stdout == links)


def test_a_busy_disk(machine, guest):
    """A guest that keeps its hands on a disk loses it only by force, and nothing of it stays."""
    path = image(guest.folder, "b.img", 1)
    xl("block-attach", machine.name, f"{path},raw,xvdb,w")
    machine.sees("the disk", "cat /sys/block/xvdb/size", "2048")
    machine.sh("exec 7<>/dev/xvdb")
    xl("block-detach", machine.name, "--force", "xvdb")
    machine.sh("exec 7>&-")
    machine.sees("the disk to go", "ls /sys/block", "xvdc")
    disk_round(machine, image(guest.folder, "c.img", 1))


def test_killed_in_the_middle(machine, guest):
    """xl, killed at any moment of an attach, leaves the disk there or not, never half of it."""
    path = image(guest.folder, "b.img", 1)
    for delay in [0.005, 0.01, 0.015, 0.02, 0.03, 0.04]:
        child = subprocess.Popen(["xl", "block-attach", machine.name, f"{path},raw,xvdb,w"], stderr=subprocess.DEVNULL)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.wait()
        xl("block-list", machine.name)  # any operation finishes what was begun
        if "xvdb" in vdevs(machine.name):
            machine.sees("the disk", "cat /sys/block/xvdb/size", "2048")
            xl("block-detach", machine.name, "xvdb")
        machine.sees("no disk", "ls /sys/block", "xvdc")
    disk_round(machine, path)


def test_hvm_devices(guest):
    """The same commands on an HVM guest: PCI devices its kernel is told of, and a CD drive with a tray."""
    path, medium = image(guest.folder, "b.img", 4), image(guest.folder, "c.iso", 1)
    xl("create", guest.hvm_cfg(cd=True, nic=False))
    console = Console("xl", "console", guest.name).login(timeout=120)
    xl("block-attach", guest.name, f"{path},raw,xvdb,w")
    wait_for("the disk", lambda: console.command("cat /sys/block/vda/size") == "8192", interval=0.5)
    assert console.command("sha256sum < /dev/vda").split()[0] == digest(path)
    xl("network-attach", guest.name, "bridge=xenbr0", f"mac={MAC}", "model=virtio-net")
    wait_for("the interface", lambda: MAC in console.command("cat /sys/class/net/*/address"), interval=0.5)
    xl("cd-eject", guest.name, "hdc")
    xl("cd-insert", guest.name, "hdc", medium)
    wait_for("the medium", lambda: digest(medium) in console.command("sha256sum < /dev/sr0"), interval=0.5)
    xl("block-detach", guest.name, "xvdb")
    assert "vda" not in console.command("ls /sys/block")
    xl("network-detach", guest.name, MAC)
    assert MAC not in console.command("cat /sys/class/net/*/address")
    assert vdevs(guest.name) == ["hda", "hdc"]


ONLINE = "echo $(cat /sys/devices/system/cpu/online)"
TAKE_ALL = "for cpu in /sys/devices/system/cpu/cpu[1-9]*; do echo 1 > $cpu/online; done 2>/dev/null"  # udev's part


def test_vcpus_and_memory_of_a_pv_guest(guest):
    machine = Machine(guest, "maxmem = 512", "maxvcpus = 4")
    held = "cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb"
    machine.sees("one CPU", ONLINE, "0")
    for _ in range(ROUNDS):
        xl("vcpu-set", "-i", guest.name, 4)
        machine.sees("four CPUs", TAKE_ALL + "; " + ONLINE, "0-3")
        xl("vcpu-set", guest.name, 2)
        machine.sees("two CPUs", ONLINE, "0-1")
        xl("vcpu-set", guest.name, 1)
        machine.sees("one CPU", ONLINE, "0")
        for mib in [192, 512, 256]:
            xl("mem-set", guest.name, mib)
            machine.sees(f"{mib} MiB", held, str(mib << 10))
    assert "maximum of 4" in refused("vcpu-set", "-i", guest.name, "5")
    assert "maximum of 524288" in refused("mem-set", guest.name, "513")
    assert "524288" in refused("mem-max", guest.name, "600")
    xl("mem-max", guest.name, "300")
    assert "maximum of 307200" in refused("mem-set", guest.name, "301")


def test_where_vcpus_run(guest):
    Machine(guest, "maxvcpus = 2")
    xl("vcpu-pin", guest.name, "0", "1")
    xl("vcpu-pin", guest.name, "1", "all")
    rows = [line.split() for line in xl("vcpu-list", guest.name).splitlines()[1:]]
    assert [row[2] for row in rows] == ["0", "1"]
    assert rows[0][4][2] == "-" and rows[1][4] == "--p"
    assert [" ".join(row[6:]) for row in rows] == ["1 / all", "all / all"]
    assert "none of the host's" in refused("vcpu-pin", guest.name, "0", "999")
    assert "the domain has 2" in refused("vcpu-pin", guest.name, "2", "0")
    top = [line.split() for line in xl("top", "-b", "-i", "2", "-d", "1").splitlines()]
    assert [row[0] for row in top] == 2 * ["NAME", "Domain-0", guest.name] and {len(row) for row in top} == {19}
    xl("sched-credit", "-d", guest.name, "-w", "512")
    assert xl("sched-credit", "-d", guest.name).splitlines()[1].split()[2:] == ["512", "0"]
    assert "not between 1 and 65535" in refused("sched-credit", "-d", guest.name, "-w", "0")


def test_keys_and_pins(guest):
    machine = Machine(guest)
    xl("sysrq", guest.name, "h")
    wait_for("the kernel's help", lambda: machine.sh("dmesg | grep 'sysrq: HELP'"))
    xl("trigger", guest.name, "nmi")
    wait_for("the NMI", lambda: machine.sh("dmesg | grep 'NMI received'"))
    assert "not supported" in refused("trigger", guest.name, "sleep")
    core = guest.folder / "core"
    xl("dump-core", guest.name, core)
    assert core.read_bytes()[:4] == b"\x7fELF" and core.stat().st_size > 256 << 20
    core.unlink()


def test_a_crash_is_told(guest):
    """hv's log has the registers and the stack of a guest that crashed, and a preserved one stays to be looked at."""
    machine = Machine(guest, 'on_crash = "preserve"')
    machine.console.child.sendline("echo c > /proc/sysrq-trigger")
    log = wait_for("the crash", lambda: "guest shut down: crash" in xl("dmesg") and xl("dmesg"))
    assert "in its kernel" in log and "rip ffffffff" in log and "stack ffff" in log
    assert "c-" in xl("list", guest.name).split()[-2]
    core = guest.folder / "core"
    refused("dump-core", guest.name, core)  # it has ended
    xl("destroy", guest.name)
