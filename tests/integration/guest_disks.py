# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disk images for guests, made without mounts or loop devices: file systems, partition tables, LVM."""
import binascii
import os
import struct
import subprocess
from pathlib import Path

from kanzen import run

MIB = 1 << 20


def ext4(image, tree, size_mib):
    run("mke2fs", "-q", "-t", "ext4", "-d", tree, image, f"{size_mib}M")


def _xfs_prototype(folder, indent=1):
    """The lines of an mkfs.xfs prototype for what is in folder, which end with "$"."""
    lines = []
    for entry in sorted(folder.iterdir()):
        start = f"{' ' * indent}{entry.name}"
        if entry.is_symlink():
            lines.append(f"{start} l--777 0 0 {os.readlink(entry)}")
        elif entry.is_dir():
            lines.append(f"{start} d--755 0 0")
            lines += _xfs_prototype(entry, indent + 1)
        else:
            lines.append(f"{start} ---{entry.stat().st_mode & 0o777:o} 0 0 {entry}")
    return lines + [f"{' ' * indent}$"]


def xfs(image, tree, size_mib):
    """mkfs.xfs makes none smaller than 300 MiB."""
    prototype = image.with_suffix(".proto")
    prototype.write_text("\n".join(["/", "0 0", "d--755 0 0", *_xfs_prototype(Path(tree))]) + "\n")
    with open(image, "wb") as f:
        f.truncate(max(size_mib, 320) * MIB)
    # GRUB 2.06 reads neither of the two that are switched off.
    run("mkfs.xfs", "-q", "-f", "-i", "nrext64=0,sparse=0", "-m", "bigtime=0,inobtcount=0", "-p", prototype, image)


def btrfs(image, tree, size_mib):
    with open(image, "wb") as f:
        f.truncate(max(size_mib, 128) * MIB)
    run("mkfs.btrfs", "-q", "-f", "--rootdir", tree, image)


def partitioned(image, content, label):
    """content as the only partition of a disk; label: "dos" or "gpt"."""
    size = content.stat().st_size
    with open(image, "wb") as f:
        f.truncate(size + 2 * MIB)
    run("sfdisk", "-q", image, stdin=f"label: {label}\nstart=2048, size={size // 512}\n")
    subprocess.run(["dd", f"if={content}", f"of={image}", "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none"], check=True)


# ---- LVM2: lvm(8)'s own tools want the kernel's device mapper ----

PV_ID, VG_ID, LV_ID = ("KANZEN-pvpv-pvpv-pvpv-pvpv-pvpv-pvpvpv", "KANZEN-vgvg-vgvg-vgvg-vgvg-vgvg-vgvgvg",
                       "KANZEN-lvlv-lvlv-lvlv-lvlv-lvlv-lvlvlv")
AREA_START, AREA_SIZE = 4096, MIB - 4096
EXTENT = 4 * MIB


def _crc(data):
    """LVM's: CRC-32 with a start of its own and no inversion at the end."""
    return binascii.crc32(data, 0xf597a6cf ^ 0xffffffff) ^ 0xffffffff


def _lvm_text(extents):
    return f"""guest {{
id = "{VG_ID}"
seqno = 1
format = "lvm2"
status = ["RESIZEABLE", "READ", "WRITE"]
flags = []
extent_size = {EXTENT // 512}
max_lv = 0
max_pv = 0
metadata_copies = 0

physical_volumes {{

pv0 {{
id = "{PV_ID}"
device = "/dev/xvda"
status = ["ALLOCATABLE"]
flags = []
dev_size = {(MIB + extents * EXTENT) // 512}
pe_start = {MIB // 512}
pe_count = {extents}
}}
}}

logical_volumes {{

root {{
id = "{LV_ID}"
status = ["READ", "WRITE", "VISIBLE"]
flags = []
creation_time = 1
creation_host = "test"
segment_count = 1

segment1 {{
start_extent = 0
extent_count = {extents}
type = "striped"
stripe_count = 1
stripes = [
"pv0", 0
]
}}
}}
}}
}}
# written by the tests
contents = "Text Format Volume Group"
version = 1
description = ""
creation_host = "test"
creation_time = 1
""".encode() + b"\0"


def lvm(image, content):
    """content as logical volume "root" of group "guest", on a whole disk."""
    extents = -(-content.stat().st_size // EXTENT)
    text = _lvm_text(extents)
    header = struct.pack("<32sQ QQQQ QQQQ", PV_ID.replace("-", "").encode(), MIB + extents * EXTENT,
                         MIB, 0, 0, 0, AREA_START, AREA_SIZE, 0, 0)
    body = struct.pack("<I8s", 32, b"LVM2 001") + header
    body += bytes(512 - 20 - len(body))
    label = b"LABELONE" + struct.pack("<QI", 1, _crc(body)) + body
    area = b" LVM2 x[5A%r0N*>" + struct.pack("<IQQ QQII", 1, AREA_START, AREA_SIZE, 512, len(text), _crc(text), 0)
    area += bytes(512 - 4 - len(area))
    with open(image, "wb") as f:
        f.truncate(MIB + extents * EXTENT)
        f.seek(512)
        f.write(label)
        f.seek(AREA_START)
        f.write(struct.pack("<I", _crc(area)) + area + text)
    subprocess.run(["dd", f"if={content}", f"of={image}", "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none"], check=True)
