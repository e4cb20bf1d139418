# SPDX-License-Identifier: LGPL-2.1-or-later
"""What domain capabilities offer is what a definition may have: every value of the enums, for each machine in both widths."""
import xml.etree.ElementTree as ET

import libvirt
import pytest

MACHINES = [("xenpv", "linux", "x86_64"), ("xenpv", "linux", "i686"), ("xenfv", "hvm", "x86_64"), ("xenfv", "hvm", "i686"),
            ("xenpvh", "xenpvh", "x86_64"), ("q35", "hvm", "x86_64")]
TARGETS = {"ide": "hda", "fdc": "fda", "scsi": "sda", "virtio": "vda", "xen": "xvda", "usb": "sdb", "sata": "sda"}


def offered(tree, path, name):
    values = tree.findall(f"{path}/enum[@name='{name}']/value")
    return [value.text for value in values] if tree.find(path) is not None and tree.find(path).get("supported") == "yes" else []


def defines(conn, machine, os_type, arch, device):
    kernel = "" if os_type == "hvm" else "<kernel>/boot/vmlinuz</kernel>"
    domain = conn.defineXML(f"<domain type='xen'><name>offered</name><memory unit='MiB'>256</memory><os><type arch='{arch}' "
                            f"machine='{machine}'>{os_type}</type>{kernel}</os><devices>{device}</devices></domain>")
    domain.undefine()


@pytest.mark.parametrize("machine, os_type, arch", MACHINES)
def test_offers_are_kept(conn, machine, os_type, arch):
    try:
        tree = ET.fromstring(conn.getDomainCapabilities(None, arch, machine, "xen"))
    except libvirt.libvirtError as error:  # said of no guest in the capabilities either
        assert error.get_error_code() == libvirt.VIR_ERR_INVALID_ARG
        assert not ET.fromstring(conn.getCapabilities()).findall(f"guest/arch[@name='{arch}']/machine[.='{machine}']")
        return
    buses = offered(tree, "devices/disk", "bus")
    assert buses
    for bus in buses:
        device = "floppy" if bus == "fdc" else "disk"
        defines(conn, machine, os_type, arch, f"<disk type='file' device='{device}'><driver name='qemu' type='raw'/>"
                f"<source file='/images/a'/><target dev='{TARGETS[bus]}' bus='{bus}'/></disk>")
    for kind in offered(tree, "devices/graphics", "type"):
        defines(conn, machine, os_type, arch, f"<graphics type='{kind}'/>")
    for model in offered(tree, "devices/video", "modelType"):
        defines(conn, machine, os_type, arch, f"<video><model type='{model}'/></video>")
    for backend in offered(tree, "devices/rng", "backendModel"):
        source = {"random": "/dev/urandom", "builtin": "", "egd": None}[backend]
        inside = (f"<backend model='{backend}'>{source}</backend>" if source is not None else
                  "<backend model='egd' type='unix'><source mode='connect' path='/run/egd'/></backend>")
        defines(conn, machine, os_type, arch, f"<rng model='virtio'>{inside}</rng>")
    for model in offered(tree, "devices/tpm", "model"):
        defines(conn, machine, os_type, arch, f"<tpm model='{model}'><backend type='emulator' version='2.0'/></tpm>")
    if os_type != "hvm":
        assert buses == ["xen"] and set(offered(tree, "devices/graphics", "type")) <= {"vnc"}
