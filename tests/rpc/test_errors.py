# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mistakes, a row each: libvirt's code for it, words that name the thing, and the subsystem it comes from where that is not the
driver. What libvirt's Xen and QEMU drivers report for the same mistake is the measure; where both say little more than "internal
error", a better one is (docs/errors.md)."""
from types import SimpleNamespace

import libvirt
import pytest

from conftest import Daemon

V = libvirt
LIVE, CONFIG, CURRENT = V.VIR_DOMAIN_AFFECT_LIVE, V.VIR_DOMAIN_AFFECT_CONFIG, V.VIR_DOMAIN_AFFECT_CURRENT
NOWHERE = "6f9619ff-8b86-d011-b42d-00c04fc964ff"

DISK = "<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{0}'/><target dev='{1}' bus='xen'/></disk>"
NIC = "<interface type='bridge'><mac address='{0}'/><source bridge='br7'/></interface>"


DOMAIN, NETWORK, STORAGE = V.VIR_FROM_DOMAIN, V.VIR_FROM_NETWORK, V.VIR_FROM_STORAGE
SECRET, NWFILTER, CPU = V.VIR_FROM_SECRET, V.VIR_FROM_NWFILTER, V.VIR_FROM_CPU
CONF, XEN = V.VIR_FROM_CONF, V.VIR_FROM_XEN
SNAPSHOT, CHECKPOINT = V.VIR_FROM_DOMAIN_SNAPSHOT, V.VIR_FROM_DOMAIN_CHECKPOINT


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


def create(w, devices="", more="", kind="linux"):
    return w.conn.createXML(xml("made", devices, more, kind))


def native(w, text):
    return w.conn.domainXMLFromNative("xen-xl", "name='a'\nmemory=64\n" + text)


def secret_of(w):
    secret = w.conn.secretDefineXML("<secret private='yes'/>")
    secret.setValue(b"x")
    return secret.value()


def busy_console(w):
    w.streams = [w.conn.newStream(), w.conn.newStream()]
    w.runs.openConsole(None, w.streams[0])
    w.runs.openConsole(None, w.streams[1], V.VIR_DOMAIN_CONSOLE_SAFE)


# name of the mistake: (what makes it, code, words of the message, subsystem: the driver's when it is not said)
ROWS = {
    # looking up
    "no domain of that name": (lambda w: w.conn.lookupByName("nobody"), V.VIR_ERR_NO_DOMAIN, "'nobody'"),
    "no domain of that id": (lambda w: w.conn.lookupByID(4711), V.VIR_ERR_NO_DOMAIN, "4711"),
    "no domain of that uuid": (lambda w: w.conn.lookupByUUIDString(NOWHERE), V.VIR_ERR_NO_DOMAIN, NOWHERE),
    "no network of that name": (lambda w: w.conn.networkLookupByName("nonet"), V.VIR_ERR_NO_NETWORK, "'nonet'", NETWORK),
    "no network of that uuid": (lambda w: w.conn.networkLookupByUUIDString(NOWHERE), V.VIR_ERR_NO_NETWORK, NOWHERE, NETWORK),
    "no pool of that name": (lambda w: w.conn.storagePoolLookupByName("nopool"), V.VIR_ERR_NO_STORAGE_POOL, "'nopool'", STORAGE),
    "no pool at that path": (lambda w: w.conn.storagePoolLookupByTargetPath("/no/pool"), V.VIR_ERR_NO_STORAGE_POOL, "/no/pool", STORAGE),
    "no volume of that name": (lambda w: w.pool.storageVolLookupByName("novol"), V.VIR_ERR_NO_STORAGE_VOL, "'novol'", STORAGE),
    "no volume of that path": (lambda w: w.conn.storageVolLookupByPath("/no/vol"), V.VIR_ERR_NO_STORAGE_VOL, "'/no/vol'", STORAGE),
    "no secret of that uuid": (lambda w: w.conn.secretLookupByUUIDString(NOWHERE), V.VIR_ERR_NO_SECRET, NOWHERE, SECRET),
    "no interface of that name": (lambda w: w.conn.interfaceLookupByName("noif0"), V.VIR_ERR_NO_INTERFACE, "noif0", V.VIR_FROM_INTERFACE),
    "no snapshot of that name": (lambda w: w.off.snapshotLookupByName("nosnap"), V.VIR_ERR_NO_DOMAIN_SNAPSHOT, "'nosnap'"),
    # definitions
    "no XML": (lambda w: w.conn.defineXML("<domain"), V.VIR_ERR_XML_DETAIL, "line 1", DOMAIN),
    "another element": (lambda w: w.conn.defineXML("<network/>"), V.VIR_ERR_XML_ERROR, "<network>", DOMAIN),
    "no name": (lambda w: w.conn.defineXML("<domain type='xen'/>"), V.VIR_ERR_NO_NAME, "<domain>", DOMAIN),
    "name with a slash": (lambda w: w.conn.defineXML(xml("a/b")), V.VIR_ERR_XML_ERROR, "'/'", DOMAIN),
    "uuid that is none": (lambda w: w.conn.defineXML(xml("x", uuid="1234")), V.VIR_ERR_XML_ERROR, "'1234'", DOMAIN),
    "another hypervisor": (lambda w: w.conn.defineXML(xml("x").replace("'xen'", "'vmware'")), V.VIR_ERR_CONFIG_UNSUPPORTED, "vmware", DOMAIN),
    "os type that is none": (lambda w: w.conn.defineXML(xml("x", kind="os2")), V.VIR_ERR_XML_ERROR, "os2", DOMAIN),
    "no memory": (lambda w: w.conn.defineXML(xml("x").replace("<memory>65536</memory>", "")), V.VIR_ERR_XML_ERROR, "memory", DOMAIN),
    "two disks at a target": (lambda w: w.conn.defineXML(xml("x", 2 * DISK.format("/d", "xvda"))), V.VIR_ERR_XML_ERROR, "xvda", DOMAIN),
    "disk without a target": (lambda w: w.conn.defineXML(xml("x", "<disk type='file'><source file='/d'/></disk>")),
                              V.VIR_ERR_NO_TARGET, "/d", DOMAIN),
    "timer that is none": (lambda w: w.conn.defineXML(xml("x", more="<clock offset='utc'><timer name='sundial'/></clock>")),
                           V.VIR_ERR_XML_ERROR, "sundial", DOMAIN),
    "name of another uuid": (lambda w: w.conn.defineXML(xml("runs", uuid=NOWHERE)), V.VIR_ERR_OPERATION_FAILED, "'runs'", DOMAIN),
    "unknown flags": (lambda w: w.conn.defineXMLFlags(xml("x"), 1 << 20), V.VIR_ERR_INVALID_ARG, "0x100000"),
    # life cycle
    "started twice": (lambda w: w.runs.create(), V.VIR_ERR_OPERATION_INVALID, "already running"),
    "created twice": (lambda w: w.conn.createXML(xml("fleeting", uuid=w.fleeting.UUIDString())), V.VIR_ERR_OPERATION_INVALID,
                      "fleeting", DOMAIN),
    "suspended while off": (lambda w: w.off.suspend(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "resumed while off": (lambda w: w.off.resume(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "shut down while off": (lambda w: w.off.shutdown(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "rebooted while off": (lambda w: w.off.reboot(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "destroyed while off": (lambda w: w.off.destroy(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "reset while off": (lambda w: w.off.reset(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "domain 0 destroyed": (lambda w: w.dom0.destroy(), V.VIR_ERR_OPERATION_INVALID, "omain-0"),
    "domain 0 undefined": (lambda w: w.dom0.undefine(), V.VIR_ERR_OPERATION_INVALID, "omain-0"),
    "transient one undefined": (lambda w: w.fleeting.undefine(), V.VIR_ERR_OPERATION_INVALID, "transient"),
    "transient one autostarted": (lambda w: w.fleeting.setAutostart(1), V.VIR_ERR_OPERATION_INVALID, "transient"),
    "transient one saved": (lambda w: w.fleeting.managedSave(), V.VIR_ERR_OPERATION_INVALID, "transient"),
    "renamed while running": (lambda w: w.runs.rename("walks"), V.VIR_ERR_OPERATION_INVALID, ""),
    "renamed to one there is": (lambda w: w.off.rename("runs"), V.VIR_ERR_OPERATION_INVALID, "'runs'"),
    "network that is not there": (lambda w: w.conn.createXML(xml("x", NIC.replace("'bridge'", "'network'", 1).replace(
        "bridge='br7'", "network='nonet'").format("00:16:3e:00:00:09"))), V.VIR_ERR_NO_NETWORK, "nonet", NETWORK),
    "saved to nowhere": (lambda w: w.off.save("/tmp/never"), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    # memory and vcpus
    "memory over the maximum": (lambda w: w.off.setMemoryFlags(1 << 20, CONFIG), V.VIR_ERR_INVALID_ARG, "max"),
    "memory of one that is off": (lambda w: w.off.setMemoryFlags(32768, LIVE), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "config of a transient one": (lambda w: w.fleeting.setMemoryFlags(32768, CONFIG), V.VIR_ERR_OPERATION_INVALID, "transient", DOMAIN),
    "too many vcpus": (lambda w: w.off.setVcpusFlags(9, CONFIG), V.VIR_ERR_INVALID_ARG, "9 > 2"),
    "no vcpus": (lambda w: w.off.setVcpusFlags(0, CONFIG), V.VIR_ERR_INVALID_ARG, "", DOMAIN),
    "vcpu that is not there": (lambda w: w.runs.pinVcpuFlags(7, (True,), LIVE), V.VIR_ERR_INVALID_ARG, "7"),
    # devices
    "attached twice": (lambda w: w.off.attachDeviceFlags(DISK.format("/d", "xvda"), CONFIG), V.VIR_ERR_OPERATION_INVALID, "xvda"),
    "nic attached twice": (lambda w: w.off.attachDeviceFlags(NIC.format("00:16:3e:00:00:01"), CONFIG), V.VIR_ERR_INVALID_ARG,
                           "00:16:3e:00:00:01"),
    "attached live while off": (lambda w: w.off.attachDeviceFlags(DISK.format("/d", "xvdb"), LIVE), V.VIR_ERR_OPERATION_INVALID,
                                "not running", DOMAIN),
    "detached but not there": (lambda w: w.off.detachDeviceFlags(DISK.format("/d", "xvdz"), CONFIG), V.VIR_ERR_DEVICE_MISSING, "xvdz"),
    "live, but not there": (lambda w: w.runs.detachDeviceFlags(DISK.format("/d", "xvdz"), LIVE), V.VIR_ERR_DEVICE_MISSING, "xvdz"),
    "no alias of that name": (lambda w: w.runs.detachDeviceAlias("ua-none", LIVE), V.VIR_ERR_DEVICE_MISSING, "ua-none"),
    "device that is none": (lambda w: w.off.attachDeviceFlags("<teapot/>", CONFIG), V.VIR_ERR_XML_ERROR, "'teapot'", DOMAIN),
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
                      V.VIR_ERR_OPERATION_FAILED, "'net'", NETWORK),
    "network stopped while off": (lambda w: w.network.destroy(), V.VIR_ERR_OPERATION_INVALID, "net", NETWORK),
    "pool started twice": (lambda w: w.pool.create(), V.VIR_ERR_OPERATION_INVALID, "'pool'", STORAGE),
    "pool undefined while active": (lambda w: w.pool.undefine(), V.VIR_ERR_OPERATION_INVALID, "'pool'", STORAGE),
    "pool of no type": (lambda w: w.conn.storagePoolDefineXML("<pool type='tape'><name>x</name></pool>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "tape", STORAGE),
    "volume twice": (lambda w: w.pool.createXML("<volume><name>vol</name><capacity>1</capacity></volume>"), V.VIR_ERR_STORAGE_VOL_EXIST,
                     "'vol'", STORAGE),
    "volume with a slash": (lambda w: w.pool.createXML("<volume><name>a/b</name><capacity>1</capacity></volume>"), None, "a/b", STORAGE),
    "secret without a value": (lambda w: w.conn.secretDefineXML("<secret><description>d</description></secret>").value(),
                               V.VIR_ERR_NO_SECRET, "", SECRET),
    # what a guest cannot have
    "model of an HVM guest": (lambda w: create(w, NIC.format("00:16:3e:00:00:77").replace("</i", "<model type='e1000'/></i")),
                              V.VIR_ERR_CONFIG_UNSUPPORTED, "netfront", DOMAIN),
    "script of a network": (lambda w: create(w, "<interface type='network'><source network='net'/><script path='/x'/></interface>"),
                            V.VIR_ERR_CONFIG_UNSUPPORTED, "script", DOMAIN),
    "protocol that is none here": (lambda w: create(w, "<disk type='network'><source protocol='sheepdog' name='x'/><target dev='xvda'/>"
                                                    "</disk>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "sheepdog", DOMAIN),
    "colon in an RBD name": (lambda w: create(w, "<disk type='network'><driver name='qemu'/><source protocol='rbd' name='p/a:b'/>"
                                              "<target dev='xvda'/></disk>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "p/a:b", DOMAIN),
    "balloon of another kind": (lambda w: create(w, "<memballoon model='virtio'/>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "virtio", DOMAIN),
    "no balloon": (lambda w: create(w, "<memballoon model='none'/>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "balloon", DOMAIN),
    "little video memory": (lambda w: create(w, "<graphics type='vnc'/><video><model type='vga' vram='1024'/></video>", kind="hvm"),
                            V.VIR_ERR_CONFIG_UNSUPPORTED, "16MB", DOMAIN),
    "host device of a container": (lambda w: create(w, "<hostdev mode='capabilities' type='storage'><source><block>/d</block></source>"
                                                    "</hostdev>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "capabilities", DOMAIN),
    "channel without a name": (lambda w: create(w, "<channel type='pty'><target type='xen'/></channel>"), V.VIR_ERR_XML_ERROR,
                               "name", DOMAIN),
    "channel of another kind": (lambda w: create(w, "<channel type='spiceport'><source channel='a'/><target type='xen' name='n'/>"
                                                 "</channel>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "channel", DOMAIN),
    "parallel port of a PV guest": (lambda w: create(w, "<parallel type='pty'/>"), V.VIR_ERR_CONFIG_UNSUPPORTED, "parallel", DOMAIN),
    "timer of KVM": (lambda w: create(w, more="<clock offset='utc'><timer name='kvmclock'/></clock>"), V.VIR_ERR_CONFIG_UNSUPPORTED,
                     "kvmclock", DOMAIN),
    "volume of no pool": (lambda w: create(w, "<disk type='volume'><source pool='nop' volume='v'/><target dev='xvda'/></disk>"),
                          V.VIR_ERR_NO_STORAGE_POOL, "'nop'", STORAGE),
    "volume that is none": (lambda w: create(w, "<disk type='volume'><source pool='pool' volume='nov'/><target dev='xvda'/></disk>"),
                            V.VIR_ERR_NO_STORAGE_VOL, "'nov'", STORAGE),
    "filter that is none": (lambda w: create(w, NIC.format("00:16:3e:00:00:78").replace("</i", "<filterref filter='nof'/></i")),
                            V.VIR_ERR_NO_NWFILTER, "nof", NWFILTER),
    # xl's configuration files
    "S-expressions": (lambda w: w.conn.domainXMLFromNative("xen-sxpr", "()"), V.VIR_ERR_OPERATION_UNSUPPORTED, "xen-sxpr"),
    "XML to another format": (lambda w: w.conn.domainXMLToNative("qemu-argv", xml("x")), V.VIR_ERR_INVALID_ARG, "qemu-argv"),
    "no xl.cfg": (lambda w: native(w, "a = = b"), V.VIR_ERR_CONF_SYNTAX, "3:5", CONF),
    "number that is none in xl.cfg": (lambda w: native(w, "vcpus='lots'"), V.VIR_ERR_INTERNAL_ERROR, "3:7", XEN),
    "list that is none in xl.cfg": (lambda w: native(w, "vif='mac='"), V.VIR_ERR_INTERNAL_ERROR, "3:5", XEN),
    "MAC that is none in xl.cfg": (lambda w: native(w, "vif=['mac=zz']"), V.VIR_ERR_INTERNAL_ERROR, "3:6: option 'vif': 'zz'", XEN),
    "uuid that is none in xl.cfg": (lambda w: native(w, "uuid='zz'"), V.VIR_ERR_CONF_SYNTAX, "3:6: option 'uuid': ", CONF),
    "cpuid that is none in xl.cfg": (lambda w: native(w, "cpuid='zz'"), V.VIR_ERR_CONF_SYNTAX, "3:7", CONF),
    "passthrough that is none in xl.cfg": (lambda w: native(w, "passthrough='zz'"), V.VIR_ERR_CONF_SYNTAX, "3:13", CONF),
    "action that is none in xl.cfg": (lambda w: native(w, "on_crash='explode'"), V.VIR_ERR_INTERNAL_ERROR, "explode", XEN),
    "PCI address that is none in xl.cfg": (lambda w: native(w, "pci=['zz']"), V.VIR_ERR_INTERNAL_ERROR, "'zz'", XEN),
    "rate that is none in xl.cfg": (lambda w: native(w, "vif=['rate=fast']"), V.VIR_ERR_INTERNAL_ERROR, "'fast'", XEN),
    "format that is none in xl.cfg": (lambda w: native(w, "disk=['format=zip,vdev=xvda,target=/x']"), V.VIR_ERR_CONFIG_UNSUPPORTED, "zip", DOMAIN),
    "type that is none in xl.cfg": (lambda w: native(w, "type='zz'"), V.VIR_ERR_CONFIG_UNSUPPORTED, "3:6", DOMAIN),
    # more of running and stored ones
    "slept with a duration": (lambda w: w.runs.pMSuspendForDuration(0, 5), V.VIR_ERR_ARGUMENT_UNSUPPORTED, "uration"),
    "slept while off": (lambda w: w.off.pMSuspendForDuration(0, 0), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "vcpus of one that is off": (lambda w: w.off.vcpusFlags(LIVE), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "stored vcpus of a transient one": (lambda w: w.fleeting.vcpusFlags(CONFIG), V.VIR_ERR_OPERATION_INVALID, "transient", DOMAIN),
    "maximum while it runs": (lambda w: w.runs.setMemoryFlags(1 << 20, LIVE | V.VIR_DOMAIN_MEM_MAXIMUM), V.VIR_ERR_OPERATION_INVALID,
                              "running"),
    "renamed with a slash": (lambda w: w.off.rename("a/b"), V.VIR_ERR_XML_ERROR, "'a/b'"),
    "metadata that is not there": (lambda w: w.off.metadata(V.VIR_DOMAIN_METADATA_ELEMENT, "urn:none"), V.VIR_ERR_NO_DOMAIN_METADATA,
                                   "metadata", DOMAIN),
    "metadata that is no XML": (lambda w: w.off.setMetadata(V.VIR_DOMAIN_METADATA_ELEMENT, "<a", "p", "urn:a"), V.VIR_ERR_XML_ERROR,
                                "metadata", DOMAIN),
    "screenshot while off": (lambda w: w.off.screenshot(w.conn.newStream(), 0), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "keys while off": (lambda w: w.off.sendKey(0, 0, [1], 1), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "keys of no set": (lambda w: w.runs.sendKey(99, 0, [1], 1), V.VIR_ERR_INVALID_ARG, "99", DOMAIN),
    "dumped while off": (lambda w: w.off.coreDump("/tmp/never"), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "NMI while off": (lambda w: w.off.injectNMI(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "memory looked at while off": (lambda w: w.off.memoryPeek(0, 1, 1), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "agent while off": (lambda w: w.off.getTime(), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "no job to abort": (lambda w: w.runs.abortJob(), V.VIR_ERR_OPERATION_INVALID, "no job"),
    "weight that is none": (lambda w: w.off.setSchedulerParametersFlags({"weight": 1 << 20}, CONFIG), V.VIR_ERR_INVALID_ARG, "1048576"),
    "lifecycle action that is none": (lambda w: w.runs.setLifecycleAction(0, 9, LIVE), V.VIR_ERR_INVALID_ARG, "9", DOMAIN),
    "NUMA mode that is none": (lambda w: w.off.setNumaParameters({"numa_mode": 9}, CONFIG), V.VIR_ERR_INVALID_ARG, "9"),
    "disk weight that is none": (lambda w: w.off.setBlkioParameters({"weight": 5}, CONFIG), V.VIR_ERR_INVALID_ARG, "weight"),
    "statistics of no kind": (lambda w: w.conn.getAllDomainStats(1 << 30, V.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS),
                              V.VIR_ERR_ARGUMENT_UNSUPPORTED, "0x40000000"),
    "addresses of no source": (lambda w: w.runs.interfaceAddresses(99), V.VIR_ERR_ARGUMENT_UNSUPPORTED, "99"),
    "display that is not there": (lambda w: w.runs.openGraphicsFD(7), V.VIR_ERR_INTERNAL_ERROR, "7"),
    "console in use": (busy_console, V.VIR_ERR_OPERATION_FAILED, "console"),
    "iothread twice": (lambda w: [w.off.addIOThread(1, CONFIG) for _ in range(2)], V.VIR_ERR_INVALID_ARG, "'1'"),
    "iothread that is none": (lambda w: w.off.delIOThread(77, CONFIG), V.VIR_ERR_INVALID_ARG, "'77'"),
    "secret for no encrypted guest": (lambda w: w.runs.setLaunchSecurityState({"sev-secret": "a", "sev-secret-header": "b"}),
                                      V.VIR_ERR_OPERATION_UNSUPPORTED, "SEV"),
    "SEV of another host": (lambda w: w.conn.getSEVInfo(), V.VIR_ERR_OPERATION_UNSUPPORTED, "SEV"),
    "migration": (lambda w: w.runs.migrateStartPostCopy(), V.VIR_ERR_NO_SUPPORT, "virDomainMigrateStartPostCopy", DOMAIN),
    # more of devices
    "updated, but not stored": (lambda w: w.off.updateDeviceFlags(DISK.format("/d", "xvdz"), CONFIG), V.VIR_ERR_INVALID_ARG, "xvdz"),
    "updated live, but not there": (lambda w: w.runs.updateDeviceFlags(DISK.format("/d", "xvdz"), LIVE), V.VIR_ERR_DEVICE_MISSING, "xvdz"),
    "attached twice live": (lambda w: w.runs.attachDeviceFlags(DISK.format("/d", "xvda"), LIVE), V.VIR_ERR_OPERATION_FAILED, "xvda"),
    "nic attached twice live": (lambda w: w.runs.attachDeviceFlags(NIC.format("00:16:3e:00:00:01"), LIVE), V.VIR_ERR_INVALID_ARG,
                                "00:16:3e:00:00:01"),
    "nic detached but not there": (lambda w: w.off.detachDeviceFlags(NIC.format("00:16:3e:00:00:99"), CONFIG), V.VIR_ERR_DEVICE_MISSING,
                                   "00:16:3e:00:00:99"),
    "display attached": (lambda w: w.off.attachDeviceFlags("<graphics type='vnc'/>", CONFIG), V.VIR_ERR_OPERATION_UNSUPPORTED, "graphics"),
    "device that is no XML": (lambda w: w.off.attachDeviceFlags("<disk", CONFIG), V.VIR_ERR_XML_DETAIL, "disk", DOMAIN),
    "device that is nothing": (lambda w: w.off.attachDeviceFlags("", CONFIG), V.VIR_ERR_XML_DETAIL, "empty", DOMAIN),
    "image looked into of no disk": (lambda w: w.runs.blockPeek("/x", 0, 1), V.VIR_ERR_INVALID_ARG, "/x"),
    "resized, but no disk": (lambda w: w.runs.blockResize("xvdz", 1024), V.VIR_ERR_INVALID_ARG, "xvdz"),
    "block job of no disk": (lambda w: w.runs.blockJobAbort("xvdz"), V.VIR_ERR_INVALID_ARG, "xvdz"),
    "limits of no disk": (lambda w: w.off.setBlockIoTune("xvdz", {"total_bytes_sec": 1}, CONFIG), V.VIR_ERR_INVALID_ARG, "xvdz"),
    "limits of all and of parts": (lambda w: w.off.setBlockIoTune("xvda", {"total_bytes_sec": 1, "read_bytes_sec": 2}, CONFIG),
                                   V.VIR_ERR_INVALID_ARG, "total and read/write of bytes_sec"),
    "limits of no nic": (lambda w: w.off.interfaceParameters("vif9", CONFIG), V.VIR_ERR_INVALID_ARG, "vif9"),
    # snapshots, checkpoints, backups
    "snapshot that is no XML": (lambda w: w.off.snapshotCreateXML("<domainsnapshot"), V.VIR_ERR_XML_DETAIL, "domainsnapshot", SNAPSHOT),
    "snapshot of another element": (lambda w: w.off.snapshotCreateXML("<domain/>"), V.VIR_ERR_XML_ERROR, "<domain>", SNAPSHOT),
    "snapshot redefined without a name": (lambda w: w.off.snapshotCreateXML("<domainsnapshot/>", 1), V.VIR_ERR_XML_ERROR, "name", SNAPSHOT),
    "no current snapshot": (lambda w: w.off.snapshotCurrent(), V.VIR_ERR_NO_DOMAIN_SNAPSHOT, "current"),
    "no checkpoint of that name": (lambda w: w.off.checkpointLookupByName("nocheck"), V.VIR_ERR_NO_DOMAIN_CHECKPOINT, "'nocheck'"),
    "checkpoint while off": (lambda w: w.off.checkpointCreateXML("<domaincheckpoint/>"), V.VIR_ERR_OPERATION_INVALID, "inactive"),
    "checkpoint that is no XML": (lambda w: w.runs.checkpointCreateXML("<domaincheckpoint"), V.VIR_ERR_XML_DETAIL, "domaincheckpoint",
                                  CHECKPOINT),
    "backup while off": (lambda w: w.off.backupBegin("<domainbackup/>", None), V.VIR_ERR_OPERATION_INVALID, "not running", DOMAIN),
    "no backup": (lambda w: w.runs.backupGetXMLDesc(), V.VIR_ERR_NO_DOMAIN_BACKUP, "no domain backup job"),
    # more of the host
    "CPU that is no XML": (lambda w: w.conn.compareCPU("<cpu"), V.VIR_ERR_XML_DETAIL, "cpu", CPU),
    "CPU that is none": (lambda w: w.conn.compareCPU("<cpu><arch>x86_64</arch><model>Z80</model></cpu>"), V.VIR_ERR_INTERNAL_ERROR, "Z80",
                         CPU),
    "statistics of no CPU": (lambda w: w.conn.getCPUStats(4711), V.VIR_ERR_INVALID_ARG, "4711"),
    "statistics of no cell": (lambda w: w.conn.getMemoryStats(4711), V.VIR_ERR_INVALID_ARG, "4711"),
    # more of networks, storage, secrets, filters
    "network that is no XML": (lambda w: w.conn.networkDefineXML("<network"), V.VIR_ERR_XML_DETAIL, "network", NETWORK),
    "network of another element": (lambda w: w.conn.networkDefineXML("<domain/>"), V.VIR_ERR_XML_ERROR, "<domain>", NETWORK),
    "network without a name": (lambda w: w.conn.networkDefineXML("<network/>"), V.VIR_ERR_NO_NAME, "<network>", NETWORK),
    "no port of that uuid": (lambda w: w.network.portLookupByUUIDString(NOWHERE), V.VIR_ERR_NO_NETWORK_PORT, NOWHERE, NETWORK),
    "updated nowhere": (lambda w: w.network.update(1, 99, 0, "<x/>", CONFIG), V.VIR_ERR_INVALID_ARG, "section", NETWORK),
    "pool that is no XML": (lambda w: w.conn.storagePoolDefineXML("<pool"), V.VIR_ERR_XML_DETAIL, "pool", STORAGE),
    "pool of another element": (lambda w: w.conn.storagePoolDefineXML("<network/>"), V.VIR_ERR_XML_ERROR, "<network>", STORAGE),
    "pool without a target": (lambda w: w.conn.storagePoolDefineXML("<pool type='dir'><name>x</name></pool>"), V.VIR_ERR_XML_ERROR,
                              "target path", STORAGE),
    "pool of another uuid": (lambda w: w.conn.storagePoolDefineXML(f"<pool type='dir'><name>pool</name><uuid>{NOWHERE}</uuid><target>"
                                                                   "<path>/x</path></target></pool>"), V.VIR_ERR_OPERATION_FAILED,
                             "'pool'", STORAGE),
    "pool of another's folder": (lambda w: w.conn.storagePoolDefineXML(f"<pool type='dir'><name>x</name><target><path>{w.dir}/pool</path>"
                                                                       "</target></pool>"), V.VIR_ERR_OPERATION_FAILED, "'pool'", STORAGE),
    "pool deleted while active": (lambda w: w.pool.delete(), V.VIR_ERR_OPERATION_INVALID, "'pool'", STORAGE),
    "no volume of that key": (lambda w: w.conn.storageVolLookupByKey("/no/key"), V.VIR_ERR_NO_STORAGE_VOL, "/no/key", STORAGE),
    "volume that is no XML": (lambda w: w.pool.createXML("<volume"), V.VIR_ERR_XML_DETAIL, "volume", STORAGE),
    "volume without a name": (lambda w: w.pool.createXML("<volume><capacity>1</capacity></volume>"), V.VIR_ERR_XML_ERROR, "name", STORAGE),
    "volume shrunk": (lambda w: w.pool.storageVolLookupByName("vol").resize(1024), V.VIR_ERR_INVALID_ARG, "shrink", STORAGE),
    "secret that is no XML": (lambda w: w.conn.secretDefineXML("<secret"), V.VIR_ERR_XML_DETAIL, "secret", SECRET),
    "no secret of that use": (lambda w: w.conn.secretLookupByUsage(1, "nobody"), V.VIR_ERR_NO_SECRET, "'nobody'", SECRET),
    "secret of no use": (lambda w: w.conn.secretDefineXML("<secret><usage type='zip'/></secret>"), V.VIR_ERR_XML_ERROR, "zip", SECRET),
    "secret that is private": (secret_of, V.VIR_ERR_INVALID_SECRET, "private", SECRET),
    "no filter of that name": (lambda w: w.conn.nwfilterLookupByName("nof"), V.VIR_ERR_NO_NWFILTER, "'nof'", NWFILTER),
    "filter that is no XML": (lambda w: w.conn.nwfilterDefineXML("<filter"), V.VIR_ERR_XML_DETAIL, "filter", NWFILTER),
    "no binding of that port": (lambda w: w.conn.nwfilterBindingLookupByPortDev("vif9"), V.VIR_ERR_NO_NWFILTER_BINDING, "'vif9'", NWFILTER),
    "no device of that name": (lambda w: w.conn.nodeDeviceLookupByName("pci_none"), V.VIR_ERR_NO_NODE_DEVICE, "'pci_none'",
                               V.VIR_FROM_NODEDEV),
    "no interface of that MAC": (lambda w: w.conn.interfaceLookupByMACString("00:00:00:00:00:99"), V.VIR_ERR_NO_INTERFACE,
                                 "00:00:00:00:00:99", V.VIR_FROM_INTERFACE),
}


@pytest.mark.parametrize("name", ROWS)
def test_mistake(world, name):
    action, code, words, *rest = ROWS[name]
    before = sorted(domain.name() for domain in world.conn.listAllDomains())
    with pytest.raises(libvirt.libvirtError) as caught:
        action(world)
    said = caught.value
    if code is not None:
        assert said.get_error_code() == code, said.get_error_message()
    assert words in said.get_error_message()
    assert said.get_error_domain() == (rest[0] if rest else V.VIR_FROM_LIBXL)
    assert said.get_error_level() == V.VIR_ERR_ERROR
    assert sorted(domain.name() for domain in world.conn.listAllDomains()) == before  # nothing is left behind
