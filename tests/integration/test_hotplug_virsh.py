# SPDX-License-Identifier: LGPL-2.1-or-later
"""virsh's device, vCPU and media commands on running guests: live and stored, events, libvirt's errors."""
import os
import xml.etree.ElementTree as ET

import libvirt
import pytest

from kanzen import Console, run, virsh, wait_for

MAC = "00:16:3e:5a:5a:02"


class Domain:
    def __init__(self, guest, kind):
        self.guest, self.name, self.hvm = guest, guest.name, kind == "hvm"
        self.disk, self.cd = ("vdb", "hdc") if self.hvm else ("xvdb", "xvdc")
        self.images = [guest.folder / name for name in ["b.img", "c.iso"]]
        for mib, path in enumerate(self.images, start=1):
            path.write_bytes(os.urandom(mib << 20))
        cd = (f"<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='{guest.images}/cd.iso'/>"
              f"<target dev='{self.cd}' bus='{'ide' if self.hvm else 'xen'}'/><readonly/></disk>")
        xml = guest.hvm_xml(nic=False, extra=cd) if self.hvm else guest.xml(extra=cd)
        virsh("define", guest.write_xml(xml.replace("<vcpu>1<", "<vcpu current='1'>2<")))
        virsh("start", self.name)
        self.attach()

    def attach(self):
        self.console = Console("virsh", "console", self.name).login(timeout=120)

    def sh(self, text):
        return self.console.command(text)

    def xml(self, *flags):
        return ET.fromstring(virsh("dumpxml", self.name, *flags))

    def targets(self, *flags):
        return sorted(target.get("dev") for target in self.xml(*flags).iterfind("devices/disk/target"))

    def refused(self, *args):
        done = run("virsh", *args, check=False)
        assert done.returncode == 1, done.stdout
        return done.stderr


@pytest.fixture(params=["pv", "hvm"])
def domain(request, guest):
    return Domain(guest, request.param)


def save_and_restore(domain, block):
    """The machine is made again as it was: with what was plugged in, and a gap where a disk has been."""
    image, extra = domain.guest.folder / "image", domain.guest.folder / "extra.img"
    target, name = ("vdf", "vdb") if domain.hvm else ("xvdf", "xvdf")
    extra.write_bytes(b"extra" * 204800)
    digest = domain.sh(f"sha256sum < /dev/{block}")
    virsh("attach-disk", domain.name, extra, target, "--live")
    wait_for("the disk", lambda: domain.sh(f"cat /sys/block/{name}/size") == "2000", interval=0.3)
    virsh("detach-disk", domain.name, domain.disk, "--live")
    virsh("save", domain.name, image)
    virsh("restore", image)
    domain.attach()
    assert domain.sh(f"head -c 10 /dev/{name}") == "extraextra"
    assert MAC in domain.sh("cat /sys/class/net/*/address")
    virsh("attach-disk", domain.name, domain.images[0], domain.disk, "--live")
    wait_for("the disk", lambda: domain.sh(f"cat /sys/block/{block}/size") == "2048", interval=0.3)
    assert domain.sh(f"sha256sum < /dev/{block}") == digest
    virsh("detach-disk", domain.name, target, "--live")


def test_devices(domain):
    name, both = domain.name, ("--live", "--config")
    virsh("attach-disk", name, domain.images[0], domain.disk, *both)
    assert domain.disk in domain.targets() and domain.disk in domain.targets("--inactive")
    block = "vda" if domain.hvm else "xvdb"
    wait_for("the disk", lambda: domain.sh(f"cat /sys/block/{block}/size") == "2048", interval=0.3)
    assert "already exists" in domain.refused("attach-disk", name, domain.images[1], domain.disk, "--live")

    virsh("attach-interface", name, "bridge", "xenbr0", "--mac", MAC, *both, *(["--model", "virtio"] if domain.hvm else []))
    wait_for("the interface", lambda: MAC in domain.sh("cat /sys/class/net/*/address"), interval=0.3)
    live = domain.xml().find("devices/interface")
    assert live.find("target").get("dev").startswith("vif") and live.find("alias").get("name") == "net0"
    virsh("domif-setlink", name, MAC, "down")
    assert virsh("domif-getlink", name, MAC).split()[1] == "down"

    virsh("change-media", name, domain.cd, domain.images[1], "--update")
    drive = "sr0" if domain.hvm else "xvdc"
    wait_for("the medium", lambda: domain.sh(f"head -c 1 /dev/{drive} > /dev/null; cat /sys/block/{drive}/size") == "4096", interval=0.3)
    virsh("change-media", name, domain.cd, "--eject")
    assert [domain.cd, "-"] in [line.split() for line in virsh("domblklist", name).splitlines()]

    save_and_restore(domain, block)
    virsh("detach-device-alias", name, "net0", "--live")
    virsh("detach-disk", name, domain.disk, *both)
    virsh("detach-interface", name, "bridge", "--mac", MAC, "--config")
    for flags in [(), ("--inactive",)]:
        assert domain.targets(*flags) == (["hda", "hdc"] if domain.hvm else ["xvdc"])
        assert domain.xml(*flags).find("devices/interface") is None
    wait_for("all to be gone", lambda: domain.sh(f"ls -d /sys/block/{block} /sys/class/net/eth* 2>/dev/null") == "")


def test_vcpus(domain):
    virsh("setvcpus", domain.name, "2", "--live")
    take = "echo 1 > /sys/devices/system/cpu/cpu1/online; cat /sys/devices/system/cpu/online"
    wait_for("the CPU", lambda: domain.sh(take) == "0-1", interval=0.3)
    assert [line.split()[-1] for line in virsh("vcpucount", domain.name).splitlines() if line] == ["2", "2", "1", "2"]
    virsh("vcpupin", domain.name, "1", "1", "--live", "--config")
    assert virsh("vcpupin", domain.name).splitlines()[-2].split() == ["1", "1"]
    assert "yy" in virsh("vcpuinfo", domain.name)
    assert "greater than max" in domain.refused("setvcpus", domain.name, "3", "--live")
    assert "out of range" in domain.refused("vcpupin", domain.name, "7", "0")
    virsh("setvcpus", domain.name, "1", "--live")
    wait_for("one CPU", lambda: domain.sh("cat /sys/devices/system/cpu/online") == "0", interval=0.3)
    if domain.hvm:
        assert "vCPUs were plugged" in domain.refused("save", domain.name, domain.guest.folder / "image")


def test_error_codes(guest, conn):
    """What libvirt's own drivers answer for the same mistakes."""
    domain = Domain(guest, "pv")
    found = conn.lookupByName(guest.name)
    disk = "<disk type='file' device='disk'><source file='{}'/><target dev='{}' bus='xen'/></disk>"
    nic = f"<interface type='bridge'><source bridge='xenbr0'/><mac address='{MAC}'/></interface>"
    live, config = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
    for call, args, code in [
        (found.detachDeviceFlags, (disk.format("/x", "xvdz"), live), libvirt.VIR_ERR_DEVICE_MISSING),
        (found.detachDeviceFlags, (disk.format("/x", "xvdz"), config), libvirt.VIR_ERR_DEVICE_MISSING),
        (found.detachDeviceFlags, (nic, live), libvirt.VIR_ERR_DEVICE_MISSING),
        (found.detachDeviceAlias, ("ua-none", live), libvirt.VIR_ERR_DEVICE_MISSING),
        (found.updateDeviceFlags, (nic, live), libvirt.VIR_ERR_DEVICE_MISSING),
        (found.attachDeviceFlags, (disk.format(domain.images[0], "xvdc"), live), libvirt.VIR_ERR_OPERATION_FAILED),
        (found.attachDeviceFlags, (disk.format(domain.images[0], "xvdc"), config), libvirt.VIR_ERR_OPERATION_INVALID),
        (found.attachDeviceFlags, (disk.format("/nowhere", "xvdd"), live), libvirt.VIR_ERR_SYSTEM_ERROR),
        (found.attachDeviceFlags, ("<disk", live), libvirt.VIR_ERR_XML_DETAIL),
        (found.attachDeviceFlags, ("<memory model='dimm'/>", live), libvirt.VIR_ERR_XML_ERROR),
        (found.attachDeviceFlags, ("<memory model='dimm'><target><size>131072</size></target></memory>", live),
         libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
        (found.attachDeviceFlags, ("<rng model='virtio'><backend model='random'>/dev/random</backend></rng>", live),
         libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
        (found.attachDeviceFlags, (nic + nic.replace(MAC, "00:16:3e:5a:5a:03"), live), libvirt.VIR_ERR_XML_ERROR),
        (found.attachDeviceFlags, (nic, 1 << 20), libvirt.VIR_ERR_INVALID_ARG),
        (found.setVcpusFlags, (0, live), libvirt.VIR_ERR_INVALID_ARG),
    ]:
        before = found.XMLDesc()
        with pytest.raises(libvirt.libvirtError) as error:
            call(*args)
        assert error.value.get_error_code() == code, (call.__name__, args, error.value)
        assert found.XMLDesc() == before
    found.destroy()
    with pytest.raises(libvirt.libvirtError) as error:
        found.attachDevice(nic)
    assert error.value.get_error_code() == libvirt.VIR_ERR_OPERATION_INVALID
