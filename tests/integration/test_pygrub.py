# SPDX-License-Identifier: LGPL-2.1-or-later
"""GRUB for Xen as the boot loader: it boots the kernel that what lies on the guest's own disk names."""
import os
import shutil
from pathlib import Path

import pytest

import guest_disks
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


def create(guest, bootloader, disk, memory, vdev="xvda"):
    xl("create", guest.write("grub-guest.cfg", f"""
name = "{guest.name}"
bootloader = "{bootloader}"
memory = {memory}
vcpus = 1
on_poweroff = "destroy"
on_crash = "destroy"
disk = [ '{disk},raw,{vdev},rw' ]
"""))


def kernel_says(guest):
    """What a small kernel has written until its end, with GRUB's own words before."""
    wait_for("the kernel to end", lambda: run("xl", "domid", guest.name, check=False).returncode != 0, 60)
    text = Path(f"/var/log/kanzen/console-{guest.name}.log").read_text(errors="replace").replace("\r", "")
    print(text)
    return text


@pytest.mark.parametrize("bootloader,width", [("pygrub", 64), ("pvgrub32", 32)])
@pytest.mark.parametrize("kernel", ["memory", "xenbus"])
def test_small_kernel(guest, bootloader, width, kernel):
    """What GRUB has used and left behind is there again for the kernel: frames, events, the store's ring."""
    config = "set timeout=0\nlinux /boot/kernel word=value\nboot\n"
    create(guest, bootloader, make_disk(guest, {"kernel": KERNELS / f"{kernel}-{width}"}, config), 64)
    assert kernel_says(guest).splitlines()[-1] == "SUCCESS"


MENU_LST = """# an entry as a guest of 2009 has it
default 1
timeout=1
title  The wrong one
root (hd0,0)
kernel /boot/nothing
title  Kernel (2.6.26)
root (hd0,0)
kernel (hd0,0)/boot/kernel word=value
savedefault
"""

BLS_ENTRIES = {"boot/loader/entries/a-5.10.conf": "title Old (5.10)\nversion 5.10\nlinux /boot/nothing\noptions word=no\n",
               "boot/loader/entries/b-6.1.conf": "title New (6.1) $there_is_none\nversion 6.1\nlinux /boot/kernel\n"
                                                 "options word=value $tuned_params\ngrub_class kernel\n"}

# What is on the disk beside the kernel; how it gets there; what the disk is called.
LAYOUTS = {
    "menu.lst": ({"boot/grub/menu.lst": MENU_LST}, ["ext4"], "xvda1"),
    "bls": (BLS_ENTRIES, ["xfs"], "sda1"),
    "blscfg": ({"boot/grub2/grub.cfg": "set timeout=0\ninsmod blscfg\nblscfg\nset default=b-6.1\n", **BLS_ENTRIES},
               ["btrfs", "gpt"], "hda"),
    "lvm": ({"boot/grub/grub.cfg": "set timeout=0\nset root=lvm/guest-root\nlinux /boot/kernel word=value\nboot\n"},
            ["ext4", "lvm"], "xvda"),
}


def lay_out(guest, files, steps):
    """A disk with files and the kernel in it."""
    tree = guest.folder / "root"
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    shutil.copy(KERNELS / "memory-64", tree / "boot/kernel")
    disk = guest.folder / "filesystem.img"
    if not shutil.which({"ext4": "mke2fs"}.get(steps[0], f"mkfs.{steps[0]}"), path=os.environ["PATH"] + ":/usr/sbin"):
        pytest.skip(f"no mkfs for {steps[0]}")
    getattr(guest_disks, steps[0])(disk, tree, 48)
    for step in steps[1:]:
        content, disk = disk, guest.folder / f"{step}.img"
        guest_disks.lvm(disk, content) if step == "lvm" else guest_disks.partitioned(disk, content, step)
    return disk


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(guest, layout):
    """Boot configurations, file systems, partition tables and lone partitions, one of each."""
    if not list(Path(os.environ.get("KANZEN_BUILD", "build"), "libxl/grub").glob("grub-x86_64-xen.bin")):
        pytest.skip("built without GRUB's modules (Debian package grub-xen-bin)")
    files, steps, vdev = LAYOUTS[layout]
    create(guest, "pygrub", lay_out(guest, files, steps), 64, vdev)
    assert kernel_says(guest).splitlines()[-1] == "SUCCESS"


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
