# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mistakes, a row each: libvirt's code for it, and words that name the thing. What libvirt's Xen and QEMU
drivers report for the same mistake is the measure; where both say little more than "internal error", a better one is."""
from types import SimpleNamespace

import libvirt
import pytest

from conftest import Daemon

V = libvirt
LIVE, CONFIG, CURRENT = V.VIR_DOMAIN_AFFECT_LIVE, V.VIR_DOMAIN_AFFECT_CONFIG, V.VIR_DOMAIN_AFFECT_CURRENT
NOWHERE = "6f9619ff-8b86-d011-b42d-00c04fc964ff"

DISK = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{0}'/><target dev='{1}' bus='xen'/></disk>"
NIC = "<interface type='bridge'><mac address='{0}'/><source bridge='br7'/></interface>"


def xml(name, devices="<console type='pty'/>", more="", kind="linux", uuid=None):
    return (f"<domain type='xen'><name>{name}</name>{f'<uuid>{uuid}</uuid>' if uuid else ''}<memory>65536</memory><vcpu>2</vcpu>"
            f"<os><type>{kind}</type>{'<kernel>/k</kernel>' if kind == 'linux' else ''}</os>{more}<devices>{devices}</devices></domain>")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """runs: persistent and running; off: defined; fleeting: transient and running."""
    daemon = Daemon(tmp_path_factory.mktemp("errors"))
    daemon.start()
    conn = daemon.connect()
    image = daemon.folder / "disk.img"
    image.write_bytes(bytes(65536))
    devices = DISK.format(image, "xvda") + NIC.format("00:16:3e:00:00:01") + "<console type='pty'/>"
    runs = conn.defineXML(xml("runs", devices))
    runs.create()
    (daemon.folder / "pool").mkdir()
    pool = conn.storagePoolDefineXML(f"<pool type='dir'><name>pool</name><target><path>{daemon.folder}/pool</path></target></pool>")
    pool.create()
    pool.createXML("<volume><name>vol</name><capacity>65536</capacity></volume>")
    yield SimpleNamespace(conn=conn, daemon=daemon, dir=daemon.folder, runs=runs, off=conn.defineXML(xml("off", devices)),
                          fleeting=conn.createXML(xml("fleeting")), dom0=conn.lookupByName("Domain-0"), pool=pool,
                          network=conn.networkDefineXML("<network><name>net</name><bridge name='br7'/></network>"))
    conn.close()
    daemon.stop()


# name of the mistake: (what makes it, code, words of the message)
ROWS = {
    # looking up
    "no domain of that name": (lambda w: w.conn.lookupByName("nobody"), V.VIR_ERR_NO_DOMAIN, "'nobody'"),
    "no domain of that id": (lambda w: w.conn.lookupByID(4711), V.VIR_ERR_NO_DOMAIN, "4711"),
    "no domain of that uuid": (lambda w: w.conn.lookupByUUIDString(NOWHERE), V.VIR_ERR_NO_DOMAIN, NOWHERE),
    "no network of that name": (lambda w: w.conn.networkLookupByName("nonet"), V.VIR_ERR_NO_NETWORK, "'nonet'"),
    "no network of that uuid": (lambda w: w.conn.networkLookupByUUIDString(NOWHERE), V.VIR_ERR_NO_NETWORK, NOWHERE),
    "no pool of that name": (lambda w: w.conn.storagePoolLookupByName("nopool"), V.VIR_ERR_NO_STORAGE_POOL, "'nopool'"),
    "no pool at that path": (lambda w: w.conn.storagePoolLookupByTargetPath("/no/pool"), V.VIR_ERR_NO_STORAGE_POOL, "/no/pool"),
    "no volume of that name": (lambda w: w.pool.storageVolLookupByName("novol"), V.VIR_ERR_NO_STORAGE_VOL, "'novol'"),
    "no volume of that path": (lambda w: w.conn.storageVolLookupByPath("/no/vol"), V.VIR_ERR_NO_STORAGE_VOL, "'/no/vol'"),
    "no secret of that uuid": (lambda w: w.conn.secretLookupByUUIDString(NOWHERE), V.VIR_ERR_NO_SECRET, NOWHERE),
    "no interface of that name": (lambda w: w.conn.interfaceLookupByName("noif0"), V.VIR_ERR_NO_INTERFACE, "noif0"),
    "no snapshot of that name": (lambda w: w.off.snapshotLookupByName("nosnap"), V.VIR_ERR_NO_DOMAIN_SNAPSHOT, "'nosnap'"),
    # definitions
    "no XML": (lambda w: w.conn.defineXML("<domain"), V.VIR_ERR_XML_DETAIL, "line 1"),
    "another element": (lambda w: w.conn.defineXML("<network/>"), V.VIR_ERR_XML_ERROR, "<network>"),
    "no name": (lambda w: w.conn.defineXML("<domain type='xen'/>"), V.VIR_ERR_XML_ERROR, "missing domain name"),
    "name with a slash": (lambda w: w.conn.defineXML(xml("a/b")), V.VIR_ERR_XML_ERROR, "'/'"),
    "uuid that is none": (lambda w: w.conn.defineXML(xml("x", uuid="1234")), V.VIR_ERR_XML_ERROR, "'1234'"),
    "another hypervisor": (lambda w: w.conn.defineXML(xml("x").replace("'xen'", "'vmware'")), V.VIR_ERR_CONFIG_UNSUPPORTED, "vmware"),
    "os type that is none": (lambda w: w.conn.defineXML(xml("x", kind="os2")), V.VIR_ERR_XML_ERROR, "os2"),
    "no memory": (lambda w: w.conn.defineXML(xml("x").replace("<memory>65536</memory>", "")), V.VIR_ERR_XML_ERROR, "memory"),
    "two disks at a target": (lambda w: w.conn.defineXML(xml("x", 2 * DISK.format("/d", "xvda"))), V.VIR_ERR_XML_ERROR, "xvda"),
    "disk without a target": (lambda w: w.conn.defineXML(xml("x", "<disk type='file'><source file='/d'/></disk>")),
                              V.VIR_ERR_XML_ERROR, "target"),
    "timer that is none": (lambda w: w.conn.defineXML(xml("x", more="<clock offset='utc'><timer name='sundial'/></clock>")),
                           V.VIR_ERR_XML_ERROR, "sundial"),
    "name of another uuid": (lambda w: w.conn.defineXML(xml("runs", uuid=NOWHERE)), V.VIR_ERR_OPERATION_FAILED, "'runs'"),
    "unknown flags": (lambda w: w.conn.defineXMLFlags(xml("x"), 1 << 20), V.VIR_ERR_INVALID_ARG, "0x100000"),
    # life cycle
    "started twice": (lambda w: w.runs.create(), V.VIR_ERR_OPERATION_INVALID, "already running"),
    "created twice": (lambda w: w.conn.createXML(xml("fleeting", uuid=w.fleeting.UUIDString())), V.VIR_ERR_OPERATION_INVALID,
                      "fleeting"),
    "suspended while off": (lambda w: w.off.suspend(), V.VIR_ERR_OPERATION_INVALID, "not running"),
    "resumed while off": (lambda w: w.off.resume(), V.VIR_ERR_OPERATION_INVALID, "not running"),
    "shut down while off": (lambda w: w.off.shutdown(), V.VIR_ERR_OPERATION_INVALID, "not running"),
    "rebooted while off": (lambda w: w.off.reboot(), V.VIR_ERR_OPERATION_INVALID, "not running"),
    "destroyed while off": (lambda w: w.off.destroy(), V.VIR_ERR_OPERATION_INVALID, "not running"),
    "reset while off": (lambda w: w.off.reset(), V.VIR_ERR_OPERATION_INVALID, "not running"),
    "domain 0 destroyed": (lambda w: w.dom0.destroy(), V.VIR_ERR_OPERATION_INVALID, "omain-0"),
    "domain 0 undefined": (lambda w: w.dom0.undefine(), V.VIR_ERR_OPERATION_INVALID, "omain-0"),
    "transient one undefined": (lambda w: w.fleeting.undefine(), V.VIR_ERR_OPERATION_INVALID, "transient"),
    "transient one autostarted": (lambda w: w.fleeting.setAutostart(1), V.VIR_ERR_OPERATION_INVALID, "transient"),
    "transient one saved": (lambda w: w.fleeting.managedSave(), V.VIR_ERR_OPERATION_INVALID, "transient"),
    "renamed while running": (lambda w: w.runs.rename("walks"), V.VIR_ERR_OPERATION_INVALID, ""),
    "renamed to one there is": (lambda w: w.off.rename("runs"), V.VIR_ERR_OPERATION_INVALID, "'runs'"),
    "network that is not there": (lambda w: w.conn.createXML(xml("x", NIC.replace("'bridge'", "'network'", 1).replace(
        "bridge='br7'", "network='nonet'").format("00:16:3e:00:00:09"))), V.VIR_ERR_NO_NETWORK, "nonet"),
    "saved to nowhere": (lambda w: w.off.save("/tmp/never"), V.VIR_ERR_OPERATION_INVALID, "not running"),
    # memory and vcpus
    "memory over the maximum": (lambda w: w.off.setMemoryFlags(1 << 20, CONFIG), V.VIR_ERR_INVALID_ARG, "max"),
    "memory of one that is off": (lambda w: w.off.setMemoryFlags(32768, LIVE), V.VIR_ERR_OPERATION_INVALID, "not running"),
    "config of a transient one": (lambda w: w.fleeting.setMemoryFlags(32768, CONFIG), V.VIR_ERR_OPERATION_INVALID, "transient"),
    "too many vcpus": (lambda w: w.off.setVcpusFlags(9, CONFIG), V.VIR_ERR_INVALID_ARG, "9 > 2"),
    "no vcpus": (lambda w: w.off.setVcpusFlags(0, CONFIG), V.VIR_ERR_INVALID_ARG, ""),
    "vcpu that is not there": (lambda w: w.runs.pinVcpuFlags(7, (True,), LIVE), V.VIR_ERR_INVALID_ARG, "7"),
    # devices
    "attached twice": (lambda w: w.off.attachDeviceFlags(DISK.format("/d", "xvda"), CONFIG), V.VIR_ERR_OPERATION_INVALID, "xvda"),
    "nic attached twice": (lambda w: w.off.attachDeviceFlags(NIC.format("00:16:3e:00:00:01"), CONFIG), V.VIR_ERR_OPERATION_INVALID,
                           "00:16:3e:00:00:01"),
    "attached live while off": (lambda w: w.off.attachDeviceFlags(DISK.format("/d", "xvdb"), LIVE), V.VIR_ERR_OPERATION_INVALID,
                                "not running"),
    "detached but not there": (lambda w: w.off.detachDeviceFlags(DISK.format("/d", "xvdz"), CONFIG), V.VIR_ERR_DEVICE_MISSING, "xvdz"),
    "live, but not there": (lambda w: w.runs.detachDeviceFlags(DISK.format("/d", "xvdz"), LIVE), V.VIR_ERR_DEVICE_MISSING, "xvdz"),
    "no alias of that name": (lambda w: w.runs.detachDeviceAlias("ua-none", LIVE), V.VIR_ERR_DEVICE_MISSING, "ua-none"),
    "device that is none": (lambda w: w.off.attachDeviceFlags("<teapot/>", CONFIG), V.VIR_ERR_OPERATION_UNSUPPORTED, "'teapot'"),
    "console that is not there": (lambda w: w.runs.openConsole("console7", w.conn.newStream(0)), V.VIR_ERR_INTERNAL_ERROR, "console7"),
    "block info of no disk": (lambda w: w.runs.blockInfo("xvdz"), V.VIR_ERR_INVALID_ARG, "xvdz"),
    "nic stats of no nic": (lambda w: w.runs.interfaceStats("vif9.9"), V.VIR_ERR_INVALID_ARG, "vif9.9"),
    # the host
    "cell that is not there": (lambda w: w.conn.getCellsFreeMemory(1000, 1), V.VIR_ERR_INTERNAL_ERROR, "1000"),
    "architecture that is none": (lambda w: w.conn.getDomainCapabilities(None, "z80", None, "xen"), V.VIR_ERR_INVALID_ARG, "z80"),
    "machine that is none": (lambda w: w.conn.getDomainCapabilities(None, "x86_64", "pc98", "xen"), V.VIR_ERR_INVALID_ARG, "xenpv"),
    "virt type that is none": (lambda w: w.conn.getDomainCapabilities(None, "x86_64", None, "magic"), V.VIR_ERR_INVALID_ARG, "magic"),
    "config of no format": (lambda w: w.conn.domainXMLFromNative("xen-yaml", "a: b"), V.VIR_ERR_INVALID_ARG, "xen-yaml"),
    # networks, storage, secrets
    "network twice": (lambda w: w.conn.networkDefineXML(f"<network><name>net</name><uuid>{NOWHERE}</uuid></network>"),
                      V.VIR_ERR_OPERATION_FAILED, "'net'"),
    "network stopped while off": (lambda w: w.network.destroy(), V.VIR_ERR_OPERATION_INVALID, "net"),
    "pool started twice": (lambda w: w.pool.create(), V.VIR_ERR_OPERATION_INVALID, "'pool'"),
    "pool undefined while active": (lambda w: w.pool.undefine(), V.VIR_ERR_OPERATION_INVALID, "'pool'"),
    "pool of no type": (lambda w: w.conn.storagePoolDefineXML("<pool type='tape'><name>x</name></pool>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "tape"),
    "volume twice": (lambda w: w.pool.createXML("<volume><name>vol</name><capacity>1</capacity></volume>"), V.VIR_ERR_STORAGE_VOL_EXIST,
                     "'vol'"),
    "volume with a slash": (lambda w: w.pool.createXML("<volume><name>a/b</name><capacity>1</capacity></volume>"), None, "a/b"),
    "secret without a value": (lambda w: w.conn.secretDefineXML("<secret><description>d</description></secret>").value(),
                               V.VIR_ERR_NO_SECRET, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_mistake(world, name):
    action, code, words = ROWS[name]
    before = sorted(domain.name() for domain in world.conn.listAllDomains())
    with pytest.raises(libvirt.libvirtError) as caught:
        action(world)
    if code is not None:
        assert caught.value.get_error_code() == code, caught.value.get_error_message()
    assert words in caught.value.get_error_message()
    assert caught.value.get_error_domain() != libvirt.VIR_FROM_NONE
    assert sorted(domain.name() for domain in world.conn.listAllDomains()) == before  # nothing is left behind
