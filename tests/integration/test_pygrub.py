# SPDX-License-Identifier: LGPL-2.1-or-later
"""bootloader="pygrub": GRUB for Xen boots the kernel and grub.cfg that lie on the guest's own disk."""
import os

import pytest

from kanzen import Console, run, xl

pytestmark = pytest.mark.skipif(not os.path.exists("/usr/lib/grub-xen/grub-x86_64-xen.bin"),
                                reason="Debian package grub-xen-host is not installed")

GRUB_CFG = """set timeout=0
linux /boot/vmlinuz root=/dev/xvda ro console=hvc0
initrd /boot/initrd.img
boot
"""


@pytest.mark.parametrize("bootloader", ["pygrub", "/usr/bin/pygrub"])
def test_disk_with_its_own_kernel(guest, bootloader):
    disk = guest.disk()
    commands = ["mkdir /boot", "mkdir /boot/grub", f"write {guest.images}/vmlinuz-cloud /boot/vmlinuz",
                f"write {guest.images}/initrd-cloud.img /boot/initrd.img",
                f"write {guest.write('grub.cfg', GRUB_CFG)} /boot/grub/grub.cfg"]
    run("debugfs", "-w", "-f", guest.write("commands", "\n".join(commands) + "\n"), disk)
    cfg = guest.write("grub-guest.cfg", f"""
name = "{guest.name}"
bootloader = "{bootloader}"
memory = 512
vcpus = 1
disk = [ '{disk},raw,xvda,rw' ]
""")
    xl("create", cfg, timeout=120)
    console = Console("xl", "console", guest.name).login(timeout=180)
    assert console.command("cat /sys/hypervisor/type") == "xen"
    assert "root=/dev/xvda" in console.command("cat /proc/cmdline")
    assert console.leave() == 0
