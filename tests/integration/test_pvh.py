# SPDX-License-Identifier: LGPL-2.1-or-later
"""PVH guests: a kernel started at its PVH entry, with virtio devices; through xl and through virsh."""
from kanzen import Console, run, state, virsh, wait_for, xl


def gone(name):
    return run("xl", "domid", name, check=False).returncode != 0


def pvh_cfg(guest, **kw):
    return guest.cfg(extra='type = "pvh"', **kw)


def pvh_xml(guest, **kw):
    return guest.xml(**kw).replace("machine='xenpv'>linux<", "machine='xenpvh'>xenpvh<")


def test_disk_and_network_from_inside(guest):
    made = run("xl", "create", pvh_cfg(guest, disk=True, nic=True, cmdline="console=hvc0 root=/dev/xvda rw"), timeout=120)
    assert "root=/dev/vda rw" in made.stderr # what became of the name is told
    console = Console("xl", "console", guest.name).login(timeout=120)
    assert "root=/dev/vda rw" in console.command("cat /proc/cmdline")
    assert console.command("grep -c '^/dev/root / ext4\\|^/dev/vda / ext4' /proc/mounts") == "1"
    assert console.command("echo kept > /root/kept; sync; cat /root/kept") == "kept"
    assert console.command("for i in 1 2 3 4 5 6 7 8; do ip -4 -o addr show eth0 | grep -q inet && break; sleep 1; done;"
                           " ip -4 -o addr show eth0 | grep -c inet") == "1"
    gateway = console.command("ip route | sed -n 's/^default via \\([^ ]*\\) .*/\\1/p'")
    assert " 0% packet loss" in console.command(f"ping -c 1 -W 5 {gateway}")
    assert console.command("ls /sys/bus/virtio/devices | wc -l") == "3"
    console.child.sendline("poweroff")
    wait_for("the domain to be gone", lambda: gone(guest.name))


def test_devices_come_and_go(guest, tmp_path):
    image = tmp_path / "second.img"
    image.write_bytes(b"kanzen" + bytes(1 << 20))
    xl("create", pvh_cfg(guest), timeout=120)
    console = Console("xl", "console", guest.name).login(timeout=120)
    xl("block-attach", guest.name, f"{image},raw,xvdb,w")
    console.command("for i in 1 2 3 4 5 6 7 8; do [ -b /dev/vda ] && break; sleep 1; done")
    assert console.command("head -c 6 /dev/vda") == "kanzen"
    xl("network-attach", guest.name, "bridge=xenbr0")
    console.command("for i in 1 2 3 4 5 6 7 8; do [ -e /sys/class/net/eth0 ] && break; sleep 1; done")
    assert "eth0" in console.command("ls /sys/class/net")
    xl("block-detach", guest.name, "xvdb")
    console.command("for i in 1 2 3 4 5 6 7 8; do [ -b /dev/vda ] || break; sleep 1; done")
    assert console.command("ls /dev/vda || echo gone").endswith("gone")


def test_life_through_virsh(guest):
    virsh("define", guest.write_xml(pvh_xml(guest)))
    xml = virsh("dumpxml", guest.name)
    assert "<type arch='x86_64' machine='xenpvh'>xenpvh</type>" in xml
    assert 'type = "pvh"' in virsh("domxml-to-native", "xen-xl", "--domain", guest.name)
    virsh("start", guest.name, timeout=120)
    assert guest.name in xl("list")
    Console("virsh", "console", guest.name).login(timeout=120).leave()
    virsh("suspend", guest.name)
    assert state(guest.name) == "paused"
    virsh("resume", guest.name)
    virsh("shutdown", guest.name)
    wait_for("the guest to be off", lambda: state(guest.name) == "shut off")
    virsh("undefine", guest.name)


def test_kernels_that_are_none(guest, tmp_path):
    """A PV kernel of old has no PVH entry; a PVH guest without a kernel has nothing to start."""
    text = tmp_path / "kernel"
    text.write_text("no kernel")
    cfg = pvh_cfg(guest)
    refused = run("xl", "create", cfg, f"kernel='{text}'", check=False, timeout=60)
    assert refused.returncode == 1 and "neither an ELF image nor a bzImage" in refused.stderr
    refused = run("xl", "create", cfg, "bootloader='pygrub'", check=False, timeout=60)
    assert refused.returncode == 1 and "bootloader 'pygrub' in a PVH domain is not supported" in refused.stderr
    assert gone(guest.name)
