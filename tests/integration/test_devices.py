# SPDX-License-Identifier: LGPL-2.1-or-later
"""Storage pools on real block devices: loop devices, where this kernel has them."""
import os
import shutil
import subprocess

import libvirt
import pytest

MIB = 1 << 20


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def conn():
    made = libvirt.open("xen:///system")
    yield made
    made.close()


@pytest.fixture
def device(tmp_path):
    """A loop device of 64 MiB with nothing on it."""
    image = tmp_path / "disk"
    with open(image, "wb") as f:
        f.truncate(64 * MIB)
    try:
        path = run("losetup", "--find", "--show", "--partscan", str(image))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no loop devices can be had here")
    yield path
    subprocess.run(["losetup", "--detach", path], check=True)


def code_of(action, *args):
    with pytest.raises(libvirt.libvirtError) as caught:
        action(*args)
    return caught.value.get_error_code()


def volume_xml(name, capacity, fmt=None):
    target = f"<target><format type='{fmt}'/></target>" if fmt else ""
    return f"<volume><name>{name}</name><capacity>{capacity}</capacity>{target}</volume>"


def mounted(path):
    return any(line.split()[1] == str(path) for line in open("/proc/self/mounts"))


def test_file_system(conn, device, tmp_path):
    target = tmp_path / "target"
    pool = conn.storagePoolDefineXML(f"<pool type='fs'><name>devfs</name><source><device path='{device}'/><format type='ext4'/></source>"
                                     f"<target><path>{target}</path></target></pool>")
    try:
        pool.build(libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE)
        assert code_of(pool.build, libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE) == libvirt.VIR_ERR_STORAGE_POOL_BUILT
        pool.build(libvirt.VIR_STORAGE_POOL_BUILD_OVERWRITE)
        pool.create()
        assert mounted(target) and 32 * MIB < pool.info()[1] <= 64 * MIB
        volume = pool.createXML(volume_xml("a.img", 4 * MIB))
        assert volume.info()[2] >= 4 * MIB
        # More than there is room for leaves nothing, and its room is free again.
        free = pool.info()[3]
        with pytest.raises(libvirt.libvirtError, match="No space"):
            pool.createXML(volume_xml("b.img", 128 * MIB))
        assert pool.listVolumes() == ["a.img", "lost+found"] and pool.info()[3] >= free - MIB
        with pytest.raises(libvirt.libvirtError):
            volume.resize(128 * MIB, libvirt.VIR_STORAGE_VOL_RESIZE_ALLOCATE)
        assert volume.info()[1] == 4 * MIB
        pool.refresh()
        pool.destroy()
        assert not mounted(target)
        pool.create()
        assert pool.listVolumes() == ["a.img", "lost+found"]
        pool.destroy()
        pool.delete()
        assert not target.exists()
    finally:
        if pool.isActive():
            pool.destroy()
        pool.undefine()


@pytest.mark.parametrize("table", ["gpt", "dos"])
def test_partitions(conn, device, table):
    if shutil.which("parted") is None:
        pytest.skip("takes parted")
    name = os.path.basename(device)
    pool = conn.storagePoolDefineXML(f"<pool type='disk'><name>devdisk</name><source><device path='{device}'/><format type='{table}'/></source>"
                                     "<target><path>/dev</path></target></pool>")
    try:
        pool.build()
        assert code_of(pool.build, libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE) == libvirt.VIR_ERR_STORAGE_POOL_BUILT
        pool.create()
        assert pool.listVolumes() == [] and pool.info()[1] == 64 * MIB
        assert code_of(pool.createXML, volume_xml("other1", MIB)) == libvirt.VIR_ERR_INVALID_ARG
        first = pool.createXML(volume_xml(f"{name}p1", 8 * MIB))
        assert first.path() == f"{device}p1" and first.info()[1] == 8 * MIB
        second = pool.createXML(volume_xml(f"{name}p2", 8 * MIB, "linux-swap"))
        assert pool.listVolumes() == [f"{name}p1", f"{name}p2"] and conn.storageVolLookupByPath(second.path()).name() == f"{name}p2"
        stream = conn.newStream()
        first.upload(stream, 0, 0)
        stream.send(b"bytes")
        stream.finish()
        assert open(first.path(), "rb").read(5) == b"bytes"
        if table == "dos":
            pool.createXML(volume_xml(f"{name}p3", 20 * MIB, "extended"))
            assert pool.createXML(volume_xml(f"{name}p5", 4 * MIB)).name() == f"{name}p5"
            assert "<format type='extended'/>" in pool.storageVolLookupByName(f"{name}p3").XMLDesc()
            pool.storageVolLookupByName(f"{name}p5").delete()
        first.wipe()
        assert open(f"{device}p1", "rb").read(5) == bytes(5)
        first.delete()
        assert f"{name}p1" not in pool.listVolumes()
        assert code_of(pool.createXML, volume_xml(f"{name}p1", 1 << 40)) == libvirt.VIR_ERR_INTERNAL_ERROR
    finally:
        if pool.isActive():
            pool.destroy()
        pool.undefine()


def test_logical(conn, device):
    if shutil.which("lvs") is None or "device-mapper" not in open("/proc/misc").read():
        pytest.skip("takes lvm2, and a kernel with the device mapper")
    pool = conn.storagePoolDefineXML(f"<pool type='logical'><name>devvg</name><source><device path='{device}'/></source></pool>")
    try:
        pool.build(libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE)
        pool.create()
        volume = pool.createXML(volume_xml("a", 8 * MIB))
        assert volume.info()[1] == 8 * MIB and volume.path() == "/dev/devvg/a"
        volume.resize(16 * MIB)
        assert volume.info()[1] == 16 * MIB
        volume.delete()
        assert pool.listVolumes() == []
    finally:
        if pool.isActive():
            pool.destroy()
            pool.delete()
        pool.undefine()
