# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks whose images come as descriptors (virDomainFDAssociate): nobody but the client could open them, their names are gone. The
machines run no guest: QEMU's monitor reads and writes the images."""
import contextlib
import os

import libvirt
import pytest

import kanzen
from kanzen import virsh, wait_for
from running import code_of

DISK = ("<disk type='file'><driver name='qemu' type='raw'/><source file='/nowhere/{group}' fdgroup='{group}'/>"
        "<target dev='{target}'/>{more}</disk>")


def image(folder, byte):
    """Opened for reading and writing; without a name."""
    path = folder / "image"
    path.write_bytes(bytes([byte]) * (1 << 20))
    fd = os.open(path, os.O_RDWR)
    path.unlink()
    return fd


class Machine:
    def __init__(self, images, kind, folder):
        guest = kanzen.Guest(images, f"fds-{kind}", folder)
        self.kind, self.name, self.folder = kind, guest.name, folder
        self.target, self.other = ("xvdb", "xvdc") if kind == "pv" else ("vdb", "vdc")
        disk = DISK.format(group="held", target=self.target, more="")
        self.conn = libvirt.open("xen:///system")
        self.domain = self.conn.defineXML(guest.xml(extra=disk) if kind == "pv" else guest.hvm_direct_xml(extra=disk))

    def write(self, fd, byte):
        """As its guest would, at the beginning; returns when fd shows it."""
        blocks = virsh("qemu-monitor-command", self.name, "--hmp", "info block")
        assert "/dev/fdset/" in blocks
        device = next(line.split()[-1] for line in blocks.split("/dev/fdset/")[1].splitlines() if "Attached to" in line)
        virsh("qemu-monitor-command", self.name, "--hmp", f'qemu-io -d {device} "write -P {byte} 0 4096"')
        wait_for("the image", lambda: os.pread(fd, 4096, 0) == bytes([byte]) * 4096)


@pytest.fixture(params=["pv", "hvm"])
def machine(request, images, tmp_path):
    made = Machine(images, request.param, tmp_path)
    yield made
    with contextlib.suppress(libvirt.libvirtError):
        made.domain.destroy()
    made.domain.undefine()
    made.conn.close()


def test_life(machine):
    domain, fd = machine.domain, image(machine.folder, 0x41)
    assert code_of(domain.create) == libvirt.VIR_ERR_INVALID_ARG
    with libvirt.open("xen:///system") as client:
        client.lookupByName(machine.name).FDAssociate("held", [fd], 0)
        domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    machine.write(fd, 0x42)  # its client has left

    # The next machine of a restart has it from the last one.
    before = domain.ID()
    domain.resume()
    domain.reset()
    wait_for("the next life", lambda: machine.conn.lookupByName(machine.name).ID() not in (-1, before))
    machine.write(fd, 0x43)
    domain.destroy()
    os.close(fd)
    with pytest.raises(libvirt.libvirtError, match="group 'held'"):
        domain.create()


def test_hotplug(machine):
    domain, fd, plugged = machine.domain, image(machine.folder, 0x43), image(machine.folder, 0x44)
    disk, live = DISK.format(group="more", target=machine.other, more=""), libvirt.VIR_DOMAIN_AFFECT_LIVE
    domain.FDAssociate("held", [fd], 0)
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    assert code_of(domain.attachDeviceFlags, disk, live) == libvirt.VIR_ERR_INVALID_ARG
    read_only = os.open(f"/proc/self/fd/{plugged}", os.O_RDONLY)
    domain.FDAssociate("more", [read_only], 0)
    with pytest.raises(libvirt.libvirtError, match="reading and writing"):
        domain.attachDeviceFlags(disk, live)
    assert machine.other not in domain.XMLDesc()
    if machine.kind == "hvm":  # hv would have to run for it
        domain.FDAssociate("more", [plugged, read_only], 0)
        domain.attachDeviceFlags(disk, live)
        sets = virsh("qemu-monitor-command", machine.name, '{"execute": "query-fdsets"}')
        assert sets.count("fdset-id") == 2 and 'fdgroup=\'more\'' in domain.XMLDesc()
    for each in (read_only, plugged, fd):
        os.close(each)
