# SPDX-License-Identifier: LGPL-2.1-or-later
"""The host's devices: those of a machine that umockdev makes up, and this machine's own."""
import os
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import libvirt
import pytest

from conftest import Daemon
from test_libvirt import code_of

gi = pytest.importorskip("gi", reason="needs python3-gi")
try:
    gi.require_version("UMockdev", "1.0")
    from gi.repository import UMockdev
except (ValueError, ImportError):
    pytest.skip("needs gir1.2-umockdev-1.0", allow_module_level=True)


PCI = "/devices/pci0000:00"
BRIDGE, NIC = f"{PCI}/0000:00:01.0", f"{PCI}/0000:00:01.0/0000:03:00.0"
STICK = f"{PCI}/0000:00:02.0/usb1/1-2"
HOST = f"{NIC}/host5"
DISK = f"{HOST}/target5:0:0/5:0:0:0/block/sda"

# umockdev's format: P the path, E a property of udev's, A an attribute, H one in hexadecimal digits, L a link.
MACHINE = f"""\
P: {BRIDGE}
E: SUBSYSTEM=pci
A: class=0x060400\\n
A: vendor=0x8086\\n
A: device=0x3420\\n
H: config={bytes(14).hex()}81{bytes(49).hex()}

P: {NIC}
E: SUBSYSTEM=pci
E: DRIVER=igb
E: ID_VENDOR_FROM_DATABASE=Intel <Corporation>
E: ID_MODEL_FROM_DATABASE=82576
A: class=0x020000\\n
A: vendor=0x8086\\n
A: device=0x10c9\\n
A: sriov_totalvfs=7\\n
A: numa_node=1\\n
A: driver_override=(null)\\n
A: reset=
A: max_link_speed=2.5 GT/s PCIe\\n
A: max_link_width=4\\n
A: current_link_speed=2.5 GT/s PCIe\\n
A: current_link_width=4\\n
L: virtfn0=../0000:03:10.0
L: driver=../../../../bus/pci/drivers/igb
L: iommu_group=../../../../kernel/iommu_groups/7

P: {BRIDGE}/0000:03:10.0
E: SUBSYSTEM=pci
A: class=0x020000\\n
A: vendor=0x8086\\n
A: device=0x10ca\\n
L: physfn=../0000:03:00.0

P: {STICK}
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device
A: busnum=1\\n
A: devnum=4\\n
A: idVendor=0951\\n
A: idProduct=1666\\n
A: product=DataTraveler\\n
A: manufacturer=Kingston\\n

P: {STICK}/1-2:1.0
E: SUBSYSTEM=usb
E: DEVTYPE=usb_interface
A: bInterfaceNumber=00\\n
A: bInterfaceClass=08\\n
A: bInterfaceSubClass=06\\n
A: bInterfaceProtocol=50\\n

P: {HOST}
E: SUBSYSTEM=scsi
E: DEVTYPE=scsi_host

P: {HOST}/target5:0:0
E: SUBSYSTEM=scsi
E: DEVTYPE=scsi_target

P: {HOST}/target5:0:0/5:0:0:0
E: SUBSYSTEM=scsi
E: DEVTYPE=scsi_device
A: type=0\\n

P: {DISK}
N: sda
E: SUBSYSTEM=block
E: DEVTYPE=disk
E: DEVNAME=/dev/sda
E: ID_TYPE=disk
E: ID_BUS=ata
E: ID_SERIAL=WD-1 2
A: size=2048\\n
A: removable=0\\n
A: queue/logical_block_size=512\\n

P: {DISK}/sda1
N: sda1
E: SUBSYSTEM=block
E: DEVTYPE=partition
E: DEVNAME=/dev/sda1
A: size=1024\\n

P: /devices/virtual/block/loop0
N: loop0
E: SUBSYSTEM=block
E: DEVTYPE=disk
E: DEVNAME=/dev/loop0
A: size=0\\n
"""


@pytest.fixture
def testbed(monkeypatch):
    made = UMockdev.Testbed.new()
    monkeypatch.setenv("UMOCKDEV_DIR", made.get_root_dir())
    assert made.add_from_string(MACHINE)
    return made


@pytest.fixture
def mocked(testbed, tmp_path):
    daemon = Daemon(tmp_path)
    daemon.start()
    conn = daemon.connect()
    yield conn
    conn.close()
    daemon.stop()


def tree_of(conn, name):
    return ElementTree.fromstring(conn.nodeDeviceLookupByName(name).XMLDesc())


NAMES = ["block_sda_WD_1_2", "computer", "pci_0000_00_01_0", "pci_0000_03_00_0", "pci_0000_03_10_0", "scsi_5_0_0_0",
         "scsi_host5", "scsi_target5_0_0", "usb_1_2", "usb_1_2_1_0"]


def test_lists(mocked):
    assert sorted(device.name() for device in mocked.listAllDevices()) == NAMES
    assert mocked.numOfDevices(None) == len(NAMES)
    assert mocked.listDevices("pci") == [name for name in NAMES if name.startswith("pci")]
    assert mocked.numOfDevices("no such thing") == 0
    flags = libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_STORAGE | libvirt.VIR_CONNECT_LIST_NODE_DEVICES_CAP_SYSTEM
    assert sorted(device.name() for device in mocked.listAllDevices(flags)) == ["block_sda_WD_1_2", "computer"]
    assert mocked.listAllDevices(libvirt.VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE) == []
    assert code_of(mocked.listAllDevices, 1 << 27) == libvirt.VIR_ERR_INVALID_ARG


def test_parents_and_capabilities(mocked):
    parents = {name: mocked.nodeDeviceLookupByName(name).parent() for name in NAMES}
    assert parents["computer"] is None and parents["pci_0000_00_01_0"] == "computer"
    assert parents["block_sda_WD_1_2"] == "scsi_5_0_0_0" and parents["scsi_host5"] == "pci_0000_03_00_0"
    for name in NAMES:
        device = mocked.nodeDeviceLookupByName(name)
        assert device.numOfCaps() == 1
        assert device.listCaps() == [tree_of(mocked, name).find("capability").get("type")]
        assert device.isActive() and not device.isPersistent() and not device.autostart()


def test_pci(mocked):
    device = tree_of(mocked, "pci_0000_03_00_0")
    cap = device.find("capability")
    assert device.findtext("driver/name") == "igb" and device.findtext("parent") == "pci_0000_00_01_0"
    assert [cap.findtext(part) for part in ("class", "domain", "bus", "slot", "function")] == ["0x020000", "0", "3", "0", "0"]
    assert (cap.find("product").get("id"), cap.findtext("product")) == ("0x10c9", "82576")
    assert (cap.find("vendor").get("id"), cap.findtext("vendor")) == ("0x8086", "Intel <Corporation>")
    functions = cap.find("capability[@type='virt_functions']")
    assert functions.get("maxCount") == "7" and functions.find("address").get("slot") == "0x10"
    assert cap.find("numa").get("node") == "1"
    assert [link.attrib for link in cap.findall("pci-express/link")] == [
        {"validity": "cap", "speed": "2.5", "width": "4"}, {"validity": "sta", "speed": "2.5", "width": "4"}]
    physical = tree_of(mocked, "pci_0000_03_10_0").find("capability/capability[@type='phys_function']/address")
    assert physical.attrib == {"domain": "0x0000", "bus": "0x03", "slot": "0x00", "function": "0x0"}
    assert tree_of(mocked, "pci_0000_00_01_0").find("capability/capability").get("type") == "pci-bridge"


def test_detach_and_reattach(testbed, mocked):
    """What is written into sysfs; unit/libxl/test-host-device.c has the refusals."""
    pci = Path(testbed.get_sys_dir(), "bus/pci")
    for folder in ("drivers/igb", "drivers/vfio-pci", "../../kernel/iommu_groups/7/devices"):
        (pci / folder).mkdir(parents=True)
    for file in ("drivers/igb/unbind", "drivers/vfio-pci/unbind", "drivers_probe"):
        (pci / file).touch()
    override, driver = (Path(testbed.get_sys_dir() + NIC, file) for file in ("driver_override", "driver"))
    device = mocked.nodeDeviceLookupByName("pci_0000_03_00_0")
    device.detachFlags("vfio")
    assert override.read_text().startswith("vfio-pci\n")
    assert (pci / "drivers/igb/unbind").read_text() == (pci / "drivers_probe").read_text() == "0000:03:00.0"
    driver.unlink()
    driver.symlink_to("../../../../bus/pci/drivers/vfio-pci")
    override.write_text("")
    device.dettach()
    assert override.read_text() == ""
    device.reset()
    assert Path(testbed.get_sys_dir() + NIC, "reset").read_text() == "1"
    device.reAttach()
    assert override.read_text() == "\n" and (pci / "drivers/vfio-pci/unbind").read_text() == "0000:03:00.0"


def test_usb_and_scsi(mocked):
    usb = tree_of(mocked, "usb_1_2").find("capability")
    assert [usb.findtext(part) for part in ("bus", "device", "product", "vendor")] == ["1", "4", "DataTraveler", "Kingston"]
    assert usb.find("product").get("id") == "0x1666"
    interface = tree_of(mocked, "usb_1_2_1_0").find("capability")
    assert [interface.findtext(part) for part in ("number", "class", "subclass", "protocol")] == ["0", "8", "6", "80"]
    assert tree_of(mocked, "scsi_host5").findtext("capability/host") == "5"
    unit = tree_of(mocked, "scsi_5_0_0_0").find("capability")
    assert [unit.findtext(part) for part in ("host", "bus", "target", "lun", "type")] == ["5", "0", "0", "0", "disk"]


def test_storage(mocked):
    disk = tree_of(mocked, "block_sda_WD_1_2")
    assert [(node.get("type"), node.text) for node in disk.findall("devnode")] == [("dev", "/dev/sda")]
    cap = disk.find("capability")
    assert [cap.findtext(part) for part in ("block", "bus", "drive_type", "size", "logical_block_size", "num_blocks")] == [
        "/dev/sda", "ata", "disk", str(2048 * 512), "512", "2048"]


def test_refused(mocked):
    assert code_of(mocked.nodeDeviceLookupByName, "pci_0000_ff_00_0") == libvirt.VIR_ERR_NO_NODE_DEVICE
    assert code_of(mocked.nodeDeviceLookupSCSIHostByWWN, "0" * 16, "1" * 16) == libvirt.VIR_ERR_NO_NODE_DEVICE
    disk, nic = mocked.nodeDeviceLookupByName("block_sda_WD_1_2"), mocked.nodeDeviceLookupByName("pci_0000_03_00_0")
    assert code_of(disk.dettach) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(nic.detachFlags, "kvm") == libvirt.VIR_ERR_INVALID_ARG
    for change in (disk.destroy, nic.destroy):
        assert code_of(change) == libvirt.VIR_ERR_OPERATION_UNSUPPORTED
    make = "<device><parent>{}</parent><capability type='{}'><type id='{}'/></capability></device>"
    for xml, code in [("<device/>", libvirt.VIR_ERR_OPERATION_UNSUPPORTED), ("<pool/>", libvirt.VIR_ERR_XML_ERROR),
                      ("<device><capability type='mdev'/></device>", libvirt.VIR_ERR_XML_ERROR),
                      (make.format("nobody", "mdev", "i915-1"), libvirt.VIR_ERR_NO_NODE_DEVICE),
                      (make.format("pci_0000_03_00_0", "mdev", "../.."), libvirt.VIR_ERR_XML_ERROR),
                      (make.format("pci_0000_03_00_0", "mdev", "i915-1"), libvirt.VIR_ERR_OPERATION_UNSUPPORTED),
                      (make.format("scsi_host5", "scsi_host", "x"), libvirt.VIR_ERR_XML_ERROR)]:
        assert code_of(mocked.nodeDeviceCreateXML, xml) == code, xml
    with pytest.raises(libvirt.libvirtError, match="must be defined, then started"):
        mocked.nodeDeviceCreateXML(MDEV_XML)


def test_events(testbed, tmp_path):
    """A stick comes, changes and goes, and each client that asked hears it."""
    if not UMockdev.in_mock_environment():
        pytest.skip("needs umockdev-wrapper around the test")
    libvirt.virEventRegisterDefaultImpl()
    daemon = Daemon(tmp_path)
    daemon.start()
    conn = daemon.connect()
    seen = []
    conn.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE,
                                    lambda _c, device, event, _detail, _data: seen.append((device.name(), event)), None)
    conn.nodeDeviceEventRegisterAny(None, libvirt.VIR_NODE_DEVICE_EVENT_ID_UPDATE,
                                    lambda _c, device, _data: seen.append((device.name(), "update")), None)
    path = f"{PCI}/0000:00:02.0/usb1/1-3"
    testbed.add_from_string(f"P: {path}\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nA: busnum=1\\n\nA: devnum=9\\n\n")
    for action, expected in [("add", libvirt.VIR_NODE_DEVICE_EVENT_CREATED), ("change", "update"),
                             ("remove", libvirt.VIR_NODE_DEVICE_EVENT_DELETED)]:
        testbed.uevent("/sys" + path, action)
        wait_for(seen, ("usb_1_3", expected))
    testbed.remove_device("/sys" + path)
    assert code_of(conn.nodeDeviceLookupByName, "usb_1_3") == libvirt.VIR_ERR_NO_NODE_DEVICE
    conn.close()
    daemon.stop()


def wait_for(seen, last):
    """umockdev sends each event to both groups of listeners, so that one may come twice."""
    deadline = time.monotonic() + 20
    while last not in seen:
        assert time.monotonic() < deadline, seen
        libvirt.virEventAddTimeout(50, lambda timer, _: libvirt.virEventRemoveTimeout(timer), None)
        libvirt.virEventRunDefaultImpl()


def test_this_machine(tmp_path):
    """Whatever it has, it has a host and the loopback interface, and every name leads back to its device."""
    daemon = Daemon(tmp_path)
    daemon.start(LD_PRELOAD="")
    conn = daemon.connect()
    names = [device.name() for device in conn.listAllDevices()]
    assert "computer" in names and "net_lo_00_00_00_00_00_00" in names and len(set(names)) == len(names)
    for name in names:
        tree = ElementTree.fromstring(conn.nodeDeviceLookupByName(name).XMLDesc())
        assert tree.findtext("name") == name
        assert name == "computer" or tree.findtext("parent") in names
    lo = ElementTree.fromstring(conn.nodeDeviceLookupByName("net_lo_00_00_00_00_00_00").XMLDesc())
    assert lo.findtext("capability/interface") == "lo" and lo.find("capability/capability").get("type") == "80203"
    conn.close()
    daemon.stop()


# mdevctl(8) as far as kanzend uses it: definitions in a file, and what it was told to start.
MDEVCTL = """#!/usr/bin/env -S -u LD_PRELOAD /usr/bin/python3
import json, pathlib, sys
state = pathlib.Path({state!r})
kept = json.loads(state.read_text()) if state.exists() else {{}}
verb, args = sys.argv[1], sys.argv[2:]
option = dict(zip(args[0::2], args[1::2]))
uuid = option.get("--uuid")
if verb == "list":
    parents = {{}}
    for name, (parent, config) in kept.items():
        parents.setdefault(parent, []).append({{name: config}})
    print(json.dumps([parents] if parents else []))
    sys.exit()
if verb == "define":
    config = json.load(open(option["--jsonfile"]))
    if uuid in kept:
        sys.exit("Cowardly refusing to overwrite existing config")
    kept[uuid] = option["--parent"], config
elif uuid not in kept:
    sys.exit("Mediated device is not defined")
elif verb == "undefine":
    del kept[uuid]
elif verb == "modify":
    kept[uuid][1]["start"] = "auto" if "--auto" in args else "manual"
elif verb == "start":
    pathlib.Path({state!r} + ".started").write_text(uuid)
state.write_text(json.dumps(kept))
"""
MDEV = "c2177883-f1bb-47f0-914d-32a22e3a8804"
MDEV_XML = f"""<device><parent>pci_0000_03_00_0</parent><capability type='mdev'><type id='i915-1'/><uuid>{MDEV.upper()}</uuid>
<attr name='slots' value='5'/></capability></device>"""


@pytest.fixture
def with_mdevctl(testbed, tmp_path):
    tool = tmp_path / "tools/mdevctl"
    tool.parent.mkdir()
    tool.write_text(MDEVCTL.format(state=str(tmp_path / "mdevs")))
    tool.chmod(0o755)
    daemon = Daemon(tmp_path)
    daemon.start(PATH=f"{tool.parent}:{os.environ['PATH']}")
    conn = daemon.connect()
    yield conn
    conn.close()
    daemon.stop()


def test_defined_mediated_devices(with_mdevctl, tmp_path):
    conn = with_mdevctl
    inactive, active = libvirt.VIR_CONNECT_LIST_NODE_DEVICES_INACTIVE, libvirt.VIR_CONNECT_LIST_NODE_DEVICES_ACTIVE
    persistent = 1 << 28  # VIR_CONNECT_LIST_NODE_DEVICES_PERSISTENT of later libraries
    device = conn.nodeDeviceDefineXML(MDEV_XML)
    name = f"mdev_{MDEV.replace('-', '_')}_0000_03_00_0"
    assert device.name() == name and device.parent() == "pci_0000_03_00_0"
    assert (device.isActive(), device.isPersistent(), device.autostart()) == (0, 1, 0)
    for flag in (inactive, persistent):
        assert [d.name() for d in conn.listAllDevices(flag)] == [name]
    assert name not in [d.name() for d in conn.listAllDevices(active)] + conn.listDevices("mdev")
    capability = tree_of(conn, name).find("capability")
    assert capability.find("type").get("id") == "i915-1" and capability.find("uuid").text == MDEV
    assert capability.find("parent_addr").text == "0000:03:00.0" and capability.find("attr").attrib == {"name": "slots", "value": "5"}
    device.setAutostart(1)
    assert device.autostart() == 1
    device.create()
    assert (tmp_path / "mdevs.started").read_text() == MDEV
    with pytest.raises(libvirt.libvirtError, match="'mdevctl' failed: Cowardly refusing"):
        conn.nodeDeviceDefineXML(MDEV_XML)
    assert code_of(device.destroy) == libvirt.VIR_ERR_OPERATION_INVALID  # the stand-in has not started it
    device.undefine()
    assert code_of(conn.nodeDeviceLookupByName, name) == libvirt.VIR_ERR_NO_NODE_DEVICE
    nic = conn.nodeDeviceLookupByName("pci_0000_03_00_0")
    for call, args in [(nic.undefine, []), (nic.create, []), (nic.setAutostart, [1])]:
        assert code_of(call, *args) == libvirt.VIR_ERR_OPERATION_INVALID


@pytest.mark.parametrize("old, new, code", [
    (MDEV.upper(), "../x", libvirt.VIR_ERR_XML_ERROR),
    ("i915-1", "../..", libvirt.VIR_ERR_XML_ERROR),
    ("'slots'", "'a/b'", libvirt.VIR_ERR_XML_ERROR),
    ("pci_0000_03_00_0", "nobody", libvirt.VIR_ERR_NO_NODE_DEVICE),
    ("type='mdev'", "type='scsi_host'", libvirt.VIR_ERR_OPERATION_UNSUPPORTED),
])
def test_definitions_that_are_refused(with_mdevctl, tmp_path, old, new, code):
    assert code_of(with_mdevctl.nodeDeviceDefineXML, MDEV_XML.replace(old, new)) == code
    assert not (tmp_path / "mdevs").exists()


def test_without_mdevctl(testbed, tmp_path):
    daemon = Daemon(tmp_path)
    daemon.start(PATH=str(tmp_path))
    with pytest.raises(libvirt.libvirtError, match="there is no program 'mdevctl' .Debian package mdevctl."):
        daemon.connect().nodeDeviceDefineXML(MDEV_XML)
    daemon.stop()


def test_odd_lists(testbed, tmp_path):
    """What mdevctl says is looked at before it is believed."""
    tool = tmp_path / "mdevctl"
    daemon = Daemon(tmp_path)
    tool.write_text("#!/bin/sh\ncat " + str(tmp_path / "says") + "\n")
    tool.chmod(0o755)
    daemon.start(PATH=f"{tmp_path}:{os.environ['PATH']}")
    conn = daemon.connect()
    for said in ["", "nonsense", "{}", "[1]", '[{"a": 1}]', '[{"a": [{"x": {}}]}]', f'[{{"a": [{{"{MDEV}": {{"mdev_type": 1}}}}]}}]',
                 f'[{{"a": [{{"{MDEV}": {{"mdev_type": "t", "attrs": [{{"x": []}}]}}}}]}}]']:
        (tmp_path / "says").write_text(said)
        assert len(conn.listAllDevices()) == len(NAMES), said
    (tmp_path / "says").write_text(f'[{{"gone": [{{"{MDEV}": {{"mdev_type": "t"}}}}]}}]')
    assert conn.nodeDeviceLookupByName(f"mdev_{MDEV.replace('-', '_')}_gone").parent() == "computer"
    conn.close()
    daemon.stop()
