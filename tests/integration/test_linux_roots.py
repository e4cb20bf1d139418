# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stock kernel with its root on xfs in a logical volume, and on btrfs in a partition. Roots on ext4 are everywhere else; that GRUB
reads these, test_pygrub.py shows."""
import gzip
import subprocess

import pytest

import guest_disks
from kanzen import Console, run, xl

SECTOR = 512


def in_logical_volume(disk, content):
    guest_disks.lvm(disk, content)
    return ("/dev/mapper/guest-root",
            f"dm=guest-root:/dev/xvda:{guest_disks.MIB // SECTOR}:{content.stat().st_size // SECTOR}")


def in_partition(disk, content):
    guest_disks.partitioned(disk, content, "gpt")
    return "/dev/xvda1", ""


@pytest.mark.parametrize("kind,place", [("xfs", in_logical_volume), ("btrfs", in_partition)])
def test_root(guest, images, kind, place):
    """It boots from there, writes, and the file system is whole afterwards."""
    tree, content, disk = guest.folder / "tree", guest.folder / "content.img", guest.folder / "disk.img"
    tree.mkdir()
    archive = gzip.decompress((images / "initrd-cloud.img").read_bytes())
    subprocess.run(["cpio", "-idm", "--quiet"], cwd=tree, input=archive, check=True)
    (tree / "etc/hostname").write_text(f"on-{kind}\n")
    getattr(guest_disks, kind)(content, tree, 128)
    root, option = place(disk, content)
    xl("create", guest.write("roots.cfg", f"""
name = "{guest.name}"
kernel = "{images}/vmlinuz-cloud"
ramdisk = "{images}/initrd-roots.img"
memory = 256
root = "{root} rw"
extra = "{option} console=hvc0"
disk = [ '{disk},raw,xvda,w' ]
"""))
    console = Console("xl", "console", guest.name)
    console.child.expect(f"root is {root}", timeout=120)
    console.child.expect(f"on-{kind} login:", timeout=120)
    console.child.sendline("root")
    console.child.expect("[#] ", timeout=30)
    assert f"{root} / {kind} rw" in console.command("cat /proc/mounts")
    console.command("seq 100000 > /numbers; sync; mount -o remount,ro /")
    assert console.status == 0
    xl("destroy", guest.name)
    run("dd", f"if={disk}", f"of={content}", "bs=1M", "skip=1", "conv=sparse")
    check = {"xfs": ["xfs_repair", "-n", "-f", content], "btrfs": ["btrfs", "check", "--readonly", content]}
    run(*check[kind])
    assert b"\n99999\n100000\n" in content.read_bytes()
