# SPDX-License-Identifier: LGPL-2.1-or-later
"""GRUB for Xen as the boot loader: it boots the kernel and the grub.cfg that lie on the guest's own disk."""
import os
from pathlib import Path

import pytest

from kanzen import Console, run, wait_for, xl

KERNELS = Path(os.environ.get("KANZEN_BUILD", "build")) / "tests/guests"

pytestmark = pytest.mark.skipif(not os.path.exists("/usr/lib/grub-xen/grub-x86_64-xen.bin"),
                                reason="Debian package grub-xen-host is not installed")


def make_disk(guest, files, config):
    """An ext4 disk without partitions, with files (name: source) in /boot and GRUB's configuration."""
    boot = guest.folder / "root/boot"
    (boot / "grub").mkdir(parents=True)
    for name, source in files.items():
        (boot / name).write_bytes(Path(source).read_bytes())
    (boot / "grub/grub.cfg").write_text(config)
    disk = guest.folder / "boot.img"
    run("mke2fs", "-q", "-t", "ext4", "-d", guest.folder / "root", disk, "48M")
    return disk


def create(guest, bootloader, disk, memory):
    xl("create", guest.write("grub-guest.cfg", f"""
name = "{guest.name}"
bootloader = "{bootloader}"
memory = {memory}
vcpus = 1
on_poweroff = "destroy"
on_crash = "destroy"
disk = [ '{disk},raw,xvda,rw' ]
"""))


@pytest.mark.parametrize("bootloader,width", [("pygrub", 64), ("pvgrub32", 32)])
@pytest.mark.parametrize("kernel", ["memory", "xenbus"])
def test_small_kernel(guest, bootloader, width, kernel):
    """What GRUB has used and left behind is there again for the kernel: frames, events, the store's ring."""
    config = "set timeout=0\nlinux /boot/kernel word=value\nboot\n"
    create(guest, bootloader, make_disk(guest, {"kernel": KERNELS / f"{kernel}-{width}"}, config), 64)
    wait_for("the kernel to end", lambda: run("xl", "domid", guest.name, check=False).returncode != 0, 60)
    text = Path(f"/var/log/kanzen/console-{guest.name}.log").read_text(errors="replace").replace("\r", "")
    print(text)
    assert text.splitlines()[-1] == "SUCCESS"


def test_debian(guest):
    """The path of Xen's own pygrub means the same. GRUB unpacks xz, but no lz4 as the cloud kernel has it."""
    config = ("set timeout=0\nlinux /boot/vmlinuz root=/dev/xvda ro console=hvc0\n"
              "initrd /boot/initrd.img\nboot\n")
    disk = guest.disk()
    commands = ["mkdir /boot", "mkdir /boot/grub", "cd /boot", f"write {guest.images}/vmlinuz-generic vmlinuz",
                f"write {guest.images}/initrd-generic.img initrd.img", "cd /boot/grub",
                f"write {guest.write('grub.cfg', config)} grub.cfg"]
    run("debugfs", "-w", "-f", guest.write("commands", "\n".join(commands) + "\n"), disk)
    create(guest, "/usr/bin/pygrub", disk, 512)
    console = Console("xl", "console", guest.name).login(timeout=150)
    assert console.command("cat /sys/hypervisor/type") == "xen"
    assert "root=/dev/xvda" in console.command("cat /proc/cmdline")
    assert console.leave() == 0
