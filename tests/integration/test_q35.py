# SPDX-License-Identifier: LGPL-2.1-or-later
"""HVM guests on a q35 board: what needs one, memory devices, secure boot. The machines start paused."""
import xml.etree.ElementTree as ET

import pytest

from kanzen import run, virsh
from test_small_devices import device_types

XML = """<domain type='xen'><name>{name}</name><maxMemory slots='4' unit='GiB'>2</maxMemory><memory unit='MiB'>256</memory><vcpu>2</vcpu>
<os{firmware}><type arch='x86_64' machine='q35'>hvm</type>{os}</os><features><acpi/><apic/><pae/></features>{extra}
<devices>{devices}</devices></domain>"""


@pytest.fixture
def start(guest):
    def start_one(devices="", firmware="", os="", extra=""):
        xml = XML.format(name=guest.name, devices=devices, firmware=firmware, os=os, extra=extra)
        virsh("create", guest.write_xml(xml), "--paused", timeout=60)
        return ET.fromstring(virsh("dumpxml", guest.name))

    return start_one


def test_board_with_memory_devices(guest, start):
    """Also that a disk finds a free port: PCI Express's root takes nothing while the machine runs."""
    for size, name in ((64 << 20, "nvdimm"), (8 << 20, "a.img"), (8 << 20, "b.img")):
        with open(guest.folder / name, "wb") as image:
            image.truncate(size)
    tree = start(f"<disk type='file' device='disk'><source file='{guest.folder}/a.img'/><target dev='sda' bus='sata'/></disk>"
                 "<watchdog model='itco'/><iommu model='intel'><driver caching_mode='on'/></iommu>"
                 "<memory model='dimm'><target><size unit='MiB'>64</size><node>0</node></target></memory>"
                 f"<memory model='nvdimm'><source><path>{guest.folder}/nvdimm</path></source>"
                 "<target><size unit='MiB'>64</size><node>0</node></target></memory>"
                 "<memory model='virtio-mem'><target><size unit='MiB'>64</size><node>0</node><block unit='MiB'>2</block>"
                 "<requested unit='MiB'>16</requested></target></memory>",
                 extra="<cpu><numa><cell id='0' cpus='0-1' memory='65536'/></numa></cpu>")
    assert {"pc-dimm", "nvdimm", "virtio-mem-pci", "intel-iommu", "pcie-root-port"} <= device_types(guest.name)
    assert [alias.get("name") for alias in tree.findall("devices/memory/alias")] == ["dimm0", "nvdimm0", "virtiomem0"]
    assert int(tree.findtext("memory")) == 256 * 1024
    assert tree.find("devices/controller[@type='pci']").get("model") == "pcie-root"
    virsh("attach-disk", guest.name, f"{guest.folder}/b.img", "vdb", "--targetbus", "virtio")
    assert "virtio-blk-pci" in device_types(guest.name)
    virsh("destroy", guest.name)


def test_secure_boot(guest, start):
    start(firmware=" firmware='efi'", os="<firmware><feature enabled='yes' name='secure-boot'/></firmware>")
    with open(f"/run/kanzen/{virsh('domid', guest.name).strip()}/emulator.pid", encoding="utf-8") as record:
        pid = record.read().split()[0]
    with open(f"/proc/{pid}/cmdline", encoding="utf-8") as words:
        line = words.read()
    assert "property=secure,value=on" in line and "smm=on" in line and ".ms.fd" in line
    virsh("destroy", guest.name)


def test_capabilities():
    tree = ET.fromstring(virsh("domcapabilities", "--machine", "q35"))
    buses = [value.text for value in tree.findall("devices/disk/enum[@name='bus']/value")]
    assert "sata" in buses and "ide" not in buses
    assert [value.text for value in tree.findall("os/loader/enum[@name='secure']/value")] == ["yes", "no"]
    machines = ET.fromstring(virsh("capabilities")).findall("guest[os_type='hvm']/arch/machine")
    assert [machine.text for machine in machines] == ["xenfv", "q35"]
    assert run("virsh", "domcapabilities", "--machine", "isapc", check=False).returncode == 1
