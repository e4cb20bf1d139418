# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls about definitions that other files do not come by: devices, pins, limits, what happens at the end."""
import json
import subprocess
from xml.etree import ElementTree

import libvirt
import pytest

from test_libvirt import code_of, xml
from wire import MESSAGE, REMOTE, i32, string, u32

CONFIG, LIVE = libvirt.VIR_DOMAIN_AFFECT_CONFIG, libvirt.VIR_DOMAIN_AFFECT_LIVE
UNLIMITED = 9007199254740991  # VIR_DOMAIN_MEMORY_PARAM_UNLIMITED
DISK = "<disk type='file' device='{kind}'><driver name='qemu' type='raw'/><source file='{file}'/><target dev='{target}'/><alias name='ua-{target}'/></disk>"


@pytest.fixture
def domain(conn):
    return conn.defineXML(xml("a"))


def targets(domain):
    return [d.find("target").get("dev") for d in ElementTree.fromstring(domain.XMLDesc()).iter("disk")]


def test_devices_of_a_definition(domain):
    domain.attachDeviceFlags(DISK.format(kind="disk", file="/b.img", target="xvdb"), CONFIG)
    domain.attachDevice(DISK.format(kind="cdrom", file="/c.iso", target="xvdc")) if domain.isActive() else \
        domain.attachDeviceFlags(DISK.format(kind="cdrom", file="/c.iso", target="xvdc"), CONFIG)
    assert targets(domain) == ["xvda", "xvdb", "xvdc"]
    assert code_of(domain.attachDeviceFlags, DISK.format(kind="disk", file="/x", target="xvdb"), CONFIG) in (
        libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_OPERATION_FAILED)
    domain.updateDeviceFlags(DISK.format(kind="cdrom", file="/other.iso", target="xvdc"), CONFIG)
    assert "/other.iso" in domain.XMLDesc() and "/c.iso" not in domain.XMLDesc()
    domain.detachDeviceFlags(DISK.format(kind="disk", file="/b.img", target="xvdb"), CONFIG)
    domain.detachDeviceAlias("ua-xvdc", CONFIG)
    assert targets(domain) == ["xvda"]
    assert code_of(domain.detachDeviceAlias, "ua-xvdc", CONFIG) == libvirt.VIR_ERR_DEVICE_MISSING
    # Of a domain that does not run these two have nothing to do with.
    assert code_of(domain.detachDevice, DISK.format(kind="disk", file="/d.img", target="xvda")) == libvirt.VIR_ERR_OPERATION_INVALID


def test_pins_of_a_definition(domain):
    cpus = len(domain.vcpuPinInfo(CONFIG)[0])
    first = (True,) + (False,) * (cpus - 1)
    domain.pinVcpuFlags(1, first, CONFIG)
    assert domain.vcpuPinInfo(CONFIG) == [(True,) * cpus, first]
    assert "<vcpupin vcpu='1' cpuset='0'/>" in domain.XMLDesc()
    assert code_of(domain.pinVcpuFlags, 2, first, CONFIG) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.pinVcpu, 0, first) == libvirt.VIR_ERR_OPERATION_INVALID  # it does not run
    assert code_of(domain.setVcpus, 1) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(domain.vcpus) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.pinEmulator(first, CONFIG)
    assert domain.emulatorPinInfo(CONFIG) == first and domain.emulatorPinInfo() == first


def test_vcpus_one_by_one(conn, domain):
    domain.setVcpusFlags(4, CONFIG | libvirt.VIR_DOMAIN_VCPU_MAXIMUM)
    domain.setVcpusFlags(2, CONFIG)
    domain.setVcpu("2-3", 1, CONFIG)
    assert domain.vcpusFlags(CONFIG) == 4
    domain.setVcpu("3", 0, CONFIG)
    domain.setVcpu("3", 0, CONFIG)  # it is off already
    assert domain.vcpusFlags(CONFIG) == 3
    for vcpus, state, code in (("1", 0, libvirt.VIR_ERR_OPERATION_UNSUPPORTED), ("0-2", 0, libvirt.VIR_ERR_INVALID_ARG),
                               ("9", 1, libvirt.VIR_ERR_INVALID_ARG), ("two", 1, libvirt.VIR_ERR_INVALID_ARG),
                               ("1", 7, libvirt.VIR_ERR_INVALID_ARG)):
        assert code_of(domain.setVcpu, vcpus, state, CONFIG) == code
    assert code_of(domain.setVcpu, "3", 1, LIVE) == libvirt.VIR_ERR_OPERATION_INVALID
    assert domain.vcpusFlags(CONFIG) == 3
    # Those that are described one by one are described anew.
    each = "".join(f"<vcpu id='{n}' enabled='{'yes' if n < 1 else 'no'}'/>" for n in range(2))
    other = conn.defineXML(xml("b").replace("</vcpu>", f"</vcpu><vcpus>{each}</vcpus>", 1))
    other.setVcpu("1", 1, CONFIG)
    again = conn.defineXML(other.XMLDesc())
    assert again.vcpusFlags(CONFIG) == 2


def test_limits_of_a_definition(domain):
    domain.setBlockIoTune("xvda", {"total_bytes_sec": 1000, "total_bytes_sec_max": 2000, "group_name": "g"}, CONFIG)
    now = domain.blockIoTune("xvda", CONFIG)
    assert (now["total_bytes_sec"], now["total_bytes_sec_max"], now["group_name"]) == (1000, 2000, "g")
    assert "<total_bytes_sec>1000</total_bytes_sec>" in domain.XMLDesc()
    domain.setBlockIoTune("/d.img", {"read_bytes_sec": 5}, CONFIG)  # takes the place of the total
    assert domain.blockIoTune("xvda")["total_bytes_sec"] == 0 and domain.blockIoTune("xvda")["read_bytes_sec"] == 5
    assert code_of(domain.setBlockIoTune, "nothing", {"read_bytes_sec": 5}, CONFIG) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.setBlockIoTune, "xvda", {"read_bytes_sec": 5}, LIVE) == libvirt.VIR_ERR_OPERATION_INVALID


def test_limits_of_a_running_domain(conn, daemon):
    domain = conn.defineXML(xml("a"))
    domain.create()
    domain.setMemoryParameters({"hard_limit": 1 << 20, "swap_hard_limit": 2 << 20}, LIVE)
    assert domain.memoryParameters(LIVE)["hard_limit"] == 1 << 20
    assert domain.memoryParameters(CONFIG)["hard_limit"] == UNLIMITED
    domain.setMemoryParameters({"hard_limit": UNLIMITED}, LIVE)
    assert "<hard_limit" not in domain.XMLDesc() and "2097152</swap_hard_limit>" in domain.XMLDesc()
    assert code_of(domain.setMemoryParameters, {"hard_limit": 9, "swap_hard_limit": 8}, LIVE) == libvirt.VIR_ERR_INVALID_ARG
    domain.setBlkioParameters({"weight": 300, "device_weight": "/dev/a,500,/dev/b,200", "device_read_bytes_sec": "/dev/a,1048576"}, LIVE)
    now = domain.blkioParameters(LIVE)
    assert (now["weight"], now["device_weight"], now["device_read_bytes_sec"]) == (300, "/dev/a,500,/dev/b,200", "/dev/a,1048576")
    domain.setBlkioParameters({"device_weight": "/dev/a,0"}, LIVE)
    assert domain.blkioParameters(LIVE)["device_weight"] == "/dev/b,200" and "<path>/dev/a</path>" in domain.XMLDesc()
    for text in ("/dev/a", "/dev/a,x", "dev,5", "/dev/a,99999999999999999999", "/dev/a,1,"):
        assert code_of(domain.setBlkioParameters, {"device_weight": text}, CONFIG) == libvirt.VIR_ERR_INVALID_ARG
    for flags in (LIVE, CONFIG):
        domain.setSchedulerParametersFlags({"cap": 150}, flags)
    assert domain.schedulerParametersFlags(LIVE)["cap"] == domain.schedulerParametersFlags(CONFIG)["cap"] == 150
    assert "<global_quota>150000</global_quota>" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert code_of(domain.setSchedulerParametersFlags, {"cap": 70000}, CONFIG) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.setNumaParameters, {"numa_mode": 1}, LIVE) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(domain.setNumaParameters, {"numa_nodeset": "0,^1"}, LIVE) == libvirt.VIR_ERR_INVALID_ARG
    domain.setNumaParameters({"numa_mode": 0, "numa_nodeset": "0"}, LIVE)
    assert domain.numaParameters(LIVE)["numa_nodeset"] == "0" and domain.numaParameters(CONFIG)["numa_nodeset"] == ""
    domain.destroy()
    assert domain.schedulerType()[0] == "credit"  # as schedinfo --config asks


def test_what_happens_at_the_end(daemon, domain):
    """python3-libvirt 9.0 has no method for it."""
    def act(occasion, action):
        handle = string("a") + domain.UUID() + i32(-1)
        return daemon.wire().call(390, handle + u32(occasion, action, CONFIG))

    assert act(2, 3).status == 0 and "<on_crash>preserve</on_crash>" in domain.XMLDesc()
    assert act(0, 2).status == 0 and "<on_poweroff>rename-restart</on_poweroff>" in domain.XMLDesc()
    assert act(0, 4).error()[0] == act(9, 0).error()[0] == libvirt.VIR_ERR_INVALID_ARG  # a core is for crashes


def test_is_updated(conn, domain):
    domain.create()
    assert domain.isUpdated() == 0
    conn.defineXML(xml("a", domain.UUIDString(), 131072))
    assert domain.isUpdated() == 1
    domain.destroy()
    assert domain.isUpdated() == 0


def test_newest_forms_of_save_and_restore(domain, conn):
    """Without a machine: what they are given is looked at all the same."""
    file = libvirt.VIR_DOMAIN_SAVE_PARAM_FILE
    assert code_of(domain.saveParams, {}, 0) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.saveParams, {file: "/x"}, 0) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(conn.restoreParams, {}, 0) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(conn.restoreParams, {file: "/x", "speed": "fast"}, 0) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.abortJobFlags, 0) == libvirt.VIR_ERR_OPERATION_INVALID


def test_host(conn):
    assert "<sysinfo type='smbios'>" in conn.getSysinfo() if _has_smbios() else code_of(conn.getSysinfo) != 0


def _has_smbios():
    try:
        open("/sys/class/dmi/id/sys_vendor").close()
        return True
    except OSError:
        return False


def test_close_callback(daemon, conn):
    """The server is told that a client wants to know of its end; the client hears of it when the server goes."""
    conn.registerCloseCallback(lambda *_: None, None)
    conn.unregisterCloseCallback()
    wire = daemon.wire()
    assert wire.call(360).status == 0 and wire.call(361).status == 0


def test_every_domain_event_in_each_style(daemon):
    """Each number can be registered in the style with callback numbers, those that are old enough in the one before too."""
    wire, callbacks = daemon.wire(), []
    for number in range(27):
        reply = wire.call(316, i32(number) + u32(0))
        assert reply.status == 0
        callbacks.append(reply.payload)
        legacy = wire.call(167, i32(number))
        assert (legacy.status == 0) == (number <= 15), number
        if number <= 15:
            assert wire.call(167, i32(number)).status != 0  # once
            assert wire.call(168, i32(number)).status == 0
    assert wire.call(316, i32(27) + u32(0)).status != 0 and wire.call(316, i32(-1) + u32(0)).status != 0
    assert len(set(callbacks)) == 27
    for callback in callbacks:
        assert wire.call(317, callback).status == 0
        assert wire.call(317, callback).status != 0


@pytest.mark.parametrize("register,deregister,events", [(313, 314, 1), (368, 369, 2), (374, 375, 2), (380, 381, 2)])
def test_events_of_other_objects(daemon, register, deregister, events):
    wire = daemon.wire()
    for number in range(events):
        reply = wire.call(register, i32(number) + u32(0))
        assert reply.status == 0 and wire.call(deregister, reply.payload).status == 0
    assert wire.call(register, i32(events) + u32(0)).status != 0


def test_monitor_events_can_be_asked_for(daemon, domain):
    import libvirt_qemu  # noqa: F401  (the same client library has them)
    wire, qemu = daemon.wire(), 0x20008087

    def register(name=None, flags=0):
        return wire.call(4, u32(0) + (u32(1) + string(name) if name else u32(0)) + u32(flags), prog=qemu)

    for arguments in ((), ("STOP",), ("^BLOCK_", 1), ("stop", 2)):
        reply = register(*arguments)
        assert reply.status == 0 and wire.call(5, reply.payload, prog=qemu).status == 0
    assert register("(", 1).error()[0] == libvirt.VIR_ERR_INVALID_ARG
    assert register("x", 4).error()[0] == libvirt.VIR_ERR_INVALID_ARG
    assert REMOTE != qemu and MESSAGE == 2


def test_interface_statistics(domain):
    domain.create()  # this libkxl says that its tap is the loopback device
    name = ElementTree.fromstring(domain.XMLDesc()).find("devices/interface/target").get("dev")
    assert len(domain.interfaceStats(name)) == 8 and min(domain.interfaceStats(name)) >= 0
    assert code_of(domain.interfaceStats, "nothing") == libvirt.VIR_ERR_INVALID_ARG


def test_volumes_that_others_made(conn, tmp_path):
    folder = tmp_path / "pool"
    folder.mkdir()
    pool = conn.storagePoolCreateXML(f"<pool type='dir'><name>p</name><target><path>{folder}</path></target></pool>")
    assert pool.numOfVolumes() == 0
    (folder / "new.img").write_bytes(b"x" * 4096)
    pool.refresh()
    assert pool.numOfVolumes() == 1
    info = pool.storageVolLookupByName("new.img").infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL)
    assert info == [libvirt.VIR_STORAGE_VOL_FILE, 4096, 4096]


def test_no_encrypted_guest(domain):
    assert domain.launchSecurityInfo() == {}
    assert code_of(domain.launchSecurityInfo, 1 << 10) == libvirt.VIR_ERR_INVALID_ARG


# ---- the guest agent: answers of a file, of the right form and of others ----

ANSWERS = {
    "guest-get-users": [{"user": "root", "login-time": 1.5}],
    "guest-get-timezone": {"zone": "UTC", "offset": 3600},
    "guest-get-host-name": {"host-name": "inside"},
    "guest-get-fsinfo": [{"mountpoint": "/", "name": "xvda", "type": "ext4", "total-bytes": 100,
                          "disk": [{"bus-type": "virtio", "serial": "S1", "dev": "/dev/xvda"}]}],
    "guest-get-disks": [{"name": "/dev/xvda", "partition": False, "address": {"serial": "S1", "bus-type": "virtio"}},
                        {"name": "/dev/dm-0", "partition": True, "dependencies": ["/dev/xvda1", "/dev/xvdb"], "alias": "root"}],
    "guest-network-get-interfaces": [{"name": "lo", "ip-addresses": [{"ip-address": "127.0.0.1", "ip-address-type": "ipv4", "prefix": 8}]}],
}


@pytest.fixture
def agent(daemon, domain):
    domain.create()

    def answers(what):
        (daemon.lib / "agent.json").write_text(json.dumps(what))

    return answers


def test_all_that_an_agent_tells(domain, agent):
    agent(ANSWERS)
    info = domain.guestInfo(0x7f & ~libvirt.VIR_DOMAIN_GUEST_INFO_OS)
    assert (info["user.count"], info["user.0.login-time"], info["timezone.offset"], info["hostname"]) == (1, 1500, 3600, "inside")
    assert (info["fs.0.disk.count"], info["fs.0.disk.0.serial"], info["fs.0.disk.0.device"]) == (1, "S1", "/dev/xvda")
    assert (info["disk.count"], info["disk.0.name"], info["disk.0.serial"], info["disk.0.guest_bus"]) == (2, "/dev/xvda", "S1", "virtio")
    assert (info["disk.1.partition"], info["disk.1.dependency.count"], info["disk.1.dependency.1.name"], info["disk.1.guest_alias"]) == (
        True, 2, "/dev/xvdb", "root")
    assert info["if.0.addr.0.addr"] == "127.0.0.1"
    # What it does not know is left out when all is asked for, and an error when it is asked for by name.
    assert "os.id" not in domain.guestInfo(0)
    assert code_of(domain.guestInfo, libvirt.VIR_DOMAIN_GUEST_INFO_OS) == libvirt.VIR_ERR_INTERNAL_ERROR
    assert code_of(domain.guestInfo, 1 << 20) == libvirt.VIR_ERR_INVALID_ARG


def test_time_by_an_agent(domain, agent):
    agent({"guest-set-time": {}})
    late = {"seconds": 2**34, "nseconds": 0}
    with pytest.raises(libvirt.libvirtError, match="is too big for guest agent"):
        domain.setTime(late)
    domain.setTime(late, libvirt.VIR_DOMAIN_TIME_SYNC)  # the time is that of the guest's clock


def test_vcpus_by_an_agent(domain, agent):
    vcpus = [{"logical-id": 3, "online": True}, {"logical-id": 0, "online": True}, {"logical-id": 1, "can-offline": True}]
    agent({"guest-get-vcpus": vcpus, "guest-set-vcpus": 1})
    assert domain.guestVcpus() == {"vcpus": "0-1,3", "online": "0,3", "offlinable": "1"}
    domain.setGuestVcpus("0-3,^1", 1)
    for wrong in ("", "x", "1-", "3-1", "0-16384"):
        assert code_of(domain.setGuestVcpus, wrong, 1) == libvirt.VIR_ERR_INVALID_ARG
    for wrong in (-1, 16384):
        agent({"guest-get-vcpus": [{"logical-id": wrong}]})
        assert domain.guestVcpus() is None  # python3-libvirt raises nothing here
        assert f"vcpu id '{wrong}' is out of range" in libvirt.virGetLastErrorMessage()


@pytest.mark.parametrize("junk", [7, "x", None, [], {}, [7], [None], [[{}]], {"zone": 7}, [{"disk": 7, "ip-addresses": [1]}],
                                  [{"name": {}, "address": [], "dependencies": [1], "partition": "no", "disk": [3]}]])
def test_an_agent_that_tells_anything(domain, agent, junk):
    agent({command: junk for command in ANSWERS})
    for bit in range(7):
        try:
            domain.guestInfo(1 << bit)
        except libvirt.libvirtError as error:
            assert error.get_error_code() == libvirt.VIR_ERR_INTERNAL_ERROR
    assert domain.isActive()


def test_pages_of_the_host(daemon, conn):
    sizes = [int(p.get("size")) for p in ElementTree.fromstring(conn.getCapabilities()).findall("host/cpu/pages")]
    assert sizes[0] == 4 and sizes == sorted(set(sizes))
    assert list(conn.getFreePages(sizes, 0, 1)[0]) == sizes
    for words in ("freepages --all", "freepages --cellno 0 --pagesize 4K"):
        done = subprocess.run(["virsh", "-q", "-c", daemon.uri, words], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "4KiB:" in done.stdout, done.stderr
    # Without a cell virsh asks for pages of the host; there are none of that size.
    done = subprocess.run(["virsh", "-c", daemon.uri, "allocpages 12 1"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "page size 12 KiB is not available" in done.stderr
    wire = daemon.wire()
    for sizes, first, cells in ((0, 0, 2**32 - 1), (1, 0, 0), (1, -2, 1), (1024, 0, 2)):  # answered at once
        reply = wire.call(340, u32(sizes, *[4] * sizes) + i32(first) + u32(cells, 0))
        assert reply.error()[0] == libvirt.VIR_ERR_INVALID_ARG
    for first in (100000, 2**31 - 1):
        assert wire.call(340, u32(1, 4) + i32(first) + u32(2, 0)).error()[0] == libvirt.VIR_ERR_INTERNAL_ERROR
