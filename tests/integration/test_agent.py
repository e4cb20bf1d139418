# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guest agent's calls. The agent is ours: it listens where the domain's channel leads to, so that what is asked can be seen."""
import base64
import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path

import libvirt
import libvirt_qemu
import pytest

import running
from kanzen import wait_for
from running import code_of

ANSWERS = {
    "guest-get-host-name": {"host-name": "inside"},
    "guest-get-time": 1700000000_123456789,
    "guest-fsfreeze-freeze": 2, "guest-fsfreeze-freeze-list": 1, "guest-fsfreeze-thaw": 2,
    "guest-fstrim": {"paths": []}, "guest-set-time": {}, "guest-set-user-password": {},
    "guest-get-fsinfo": [{"mountpoint": "/", "name": "xvda", "type": "ext4", "total-bytes": 100, "used-bytes": 10,
                          "disk": [{"dev": "/dev/xvda"}]}],
    "guest-get-vcpus": [{"logical-id": i, "online": i != 2, "can-offline": i != 0} for i in range(4)],
    "guest-set-vcpus": 1,
    "guest-get-users": [{"user": "root", "login-time": 1700000000.5}],
    "guest-get-osinfo": {"id": "debian", "pretty-name": "Debian", "kernel-release": "6.1"},
    "guest-get-timezone": {"zone": "UTC", "offset": 0},
    "guest-network-get-interfaces": [{"name": "eth0", "hardware-address": "00:16:3e:00:00:01",
                                      "ip-addresses": [{"ip-address-type": "ipv4", "ip-address": "10.0.0.2", "prefix": 24}]}],
    "guest-ssh-get-authorized-keys": {"keys": ["ssh-ed25519 AAAA"]},
    "guest-ssh-add-authorized-keys": {}, "guest-ssh-remove-authorized-keys": {},
}


class Agent:
    def __init__(self, path):
        self.asked, self.silent = [], False
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(8)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(ConnectionError):  # a caller that has gone
            self.answer(connection)

    def answer(self, connection):
        connection.sendall(b'{"return": {"left": "over from before"}}\n')
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line.lstrip(b"\xff"))
                name, arguments = request["execute"], request.get("arguments", {})
                if self.silent:
                    continue
                if name == "guest-sync-delimited":
                    answer = b"\xff" + json.dumps({"return": arguments["id"]}).encode()
                else:
                    self.asked.append((name, arguments))
                    if name.startswith(("guest-suspend", "guest-shutdown")):
                        continue
                    known = name in ANSWERS
                    answer = json.dumps({"return": ANSWERS[name]} if known else {"error": {"class": "CommandNotFound", "desc": "unknown"}}).encode()
                connection.sendall(answer + b"\n")


@pytest.fixture(scope="module")
def agent(tmp_path_factory):
    return Agent(tmp_path_factory.mktemp("agent") / "socket")


@pytest.fixture(scope="module")
def domain(images, agent, tmp_path_factory):
    channel = (f"<channel type='unix'><source mode='connect' path='{agent.socket.getsockname()}'/>"
               "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
               "<channel type='unix'><source mode='bind'/><target type='virtio' name='org.kanzen.test'/></channel>")
    guest = running.Running(images, "hvm", tmp_path_factory.mktemp("hvm"), extra=channel)
    yield guest.domain
    guest.close()


def last(agent):
    """What was asked last; what is not answered may be on its way still."""
    wait_for("the agent to be asked", lambda: agent.asked)
    time.sleep(0.1)
    return agent.asked[-1]


def test_addresses(domain, monkeypatch):
    """As the guest names its interfaces; an alias is its interface's."""
    source = libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT
    told = {"eth0": {"hwaddr": "00:16:3e:00:00:01", "addrs": [{"type": 0, "addr": "10.0.0.2", "prefix": 24}]}}
    assert domain.interfaceAddresses(source) == told
    monkeypatch.setitem(ANSWERS, "guest-network-get-interfaces", [
        {"name": "lo", "ip-addresses": [{"ip-address-type": "ipv6", "ip-address": "::1", "prefix": 128}]},
        {"name": "eth0", "hardware-address": "00:16:3e:00:00:01"},
        {"name": "eth0:1", "hardware-address": "00:16:3e:00:00:01",
         "ip-addresses": [{"ip-address-type": "ipv4", "ip-address": "10.0.0.2", "prefix": 24}]}])
    assert domain.interfaceAddresses(source) == {**told, "lo": {"hwaddr": None, "addrs": [{"type": 1, "addr": "::1", "prefix": 128}]}}


def test_time(domain, agent):
    assert domain.getTime() == {"seconds": 1700000000, "nseconds": 123456789}
    domain.setTime({"seconds": 5, "nseconds": 6})
    assert last(agent) == ("guest-set-time", {"time": 5_000000006})
    domain.setTime(None, libvirt.VIR_DOMAIN_TIME_SYNC)
    assert last(agent) == ("guest-set-time", {})
    with pytest.raises(libvirt.libvirtError, match="is too big for guest agent"):
        domain.setTime({"seconds": 2**34, "nseconds": 0})


def test_file_systems(domain, agent):
    assert domain.fsFreeze() == 2 and domain.fsThaw() == 2
    assert domain.fsFreeze(["/srv"]) == 1
    assert last(agent) == ("guest-fsfreeze-freeze-list", {"mountpoints": ["/srv"]})
    domain.fSTrim(None, 4096)
    assert last(agent) == ("guest-fstrim", {"minimum": 4096})
    assert code_of(domain.fSTrim, "/srv", 0) == libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED
    assert domain.fsInfo() == [("/", "xvda", "ext4", ["xvda"])]


def test_users(domain, agent):
    domain.setUserPassword("root", "secret")
    assert last(agent)[1] == {"username": "root", "crypted": False, "password": base64.b64encode(b"secret").decode()}
    assert domain.authorizedSSHKeysGet("root") == ["ssh-ed25519 AAAA"]
    domain.authorizedSSHKeysSet("root", ["k"])
    assert last(agent) == ("guest-ssh-add-authorized-keys", {"username": "root", "keys": ["k"], "reset": True})
    domain.authorizedSSHKeysSet("root", ["k"], libvirt.VIR_DOMAIN_AUTHORIZED_SSH_KEYS_SET_REMOVE)
    assert last(agent)[0] == "guest-ssh-remove-authorized-keys"


def test_information(domain):
    assert domain.hostname(libvirt.VIR_DOMAIN_GET_HOSTNAME_AGENT) == "inside"
    assert domain.guestVcpus() == {"vcpus": "0-3", "online": "0-1,3", "offlinable": "1-3"}
    domain.setGuestVcpus("1-2", 0)
    assert code_of(domain.setGuestVcpus, "x", 0) == libvirt.VIR_ERR_INVALID_ARG
    info = domain.guestInfo(0)
    assert info["hostname"] == "inside" and info["os.id"] == "debian" and info["user.0.login-time"] == 1700000000500
    assert info["fs.0.total-bytes"] == 100 and info["if.0.addr.0.addr"] == "10.0.0.2"


def test_commands_and_sleep(domain, agent):
    answer = json.loads(libvirt_qemu.qemuAgentCommand(domain, '{"execute":"guest-get-host-name"}', 5, 0))
    assert answer["return"]["host-name"] == "inside"
    with pytest.raises(libvirt.libvirtError):
        libvirt_qemu.qemuAgentCommand(domain, '{"execute":"no-such"}', 5, 0)
    domain.pMSuspendForDuration(libvirt.VIR_NODE_SUSPEND_TARGET_MEM, 0)
    assert last(agent)[0] == "guest-suspend-ram"
    domain.reboot(libvirt.VIR_DOMAIN_REBOOT_GUEST_AGENT)
    assert last(agent) == ("guest-shutdown", {"mode": "reboot"})
    domain.shutdownFlags(libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT)
    assert last(agent) == ("guest-shutdown", {"mode": "powerdown"})
    assert code_of(domain.pMWakeup) == libvirt.VIR_ERR_OPERATION_FAILED  # it does not sleep


def test_silent_agent(domain, agent):
    assert domain.agentSetResponseTimeout(1) == 0
    agent.silent = True
    assert code_of(domain.getTime) == libvirt.VIR_ERR_AGENT_UNRESPONSIVE
    agent.silent = False
    assert domain.getTime()["seconds"] == 1700000000
    assert code_of(domain.agentSetResponseTimeout, -3) == libvirt.VIR_ERR_INVALID_ARG


def test_small_settings(domain, conn):
    """What needs no agent, on the guest that runs anyway."""
    domain.migrateSetMaxDowntime(500)
    assert domain.migrateGetMaxDowntime() == 500
    domain.migrateSetMaxSpeed(20)
    assert domain.migrateGetMaxSpeed() == 20
    domain.migrateSetCompressionCache(64 << 20)
    assert domain.migrateGetCompressionCache() == 64 << 20
    assert domain.schedulerType() == ("credit", 2)
    assert domain.schedulerParameters() == {"weight": 256, "cap": 0}
    assert domain.setSchedulerParameters({"weight": 512}) == 0
    assert domain.schedulerParametersFlags(libvirt.VIR_DOMAIN_AFFECT_LIVE)["weight"] == 512
    domain.setSchedulerParametersFlags({"weight": 300}, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    assert domain.schedulerParametersFlags(libvirt.VIR_DOMAIN_AFFECT_CONFIG)["weight"] == 300
    config = libvirt.VIR_DOMAIN_AFFECT_CONFIG
    domain.setMemoryParameters({"hard_limit": 1 << 20}, config)
    assert domain.memoryParameters(config)["hard_limit"] == 1 << 20
    assert code_of(domain.setNumaParameters, {"numa_mode": 1}, libvirt.VIR_DOMAIN_AFFECT_LIVE) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.setBlkioParameters({"weight": 500}, config)
    assert domain.blkioParameters(config)["weight"] == 500
    assert domain.numaParameters(0)["numa_nodeset"] == ""
    assert domain.controlInfo()[0] == libvirt.VIR_DOMAIN_CONTROL_OK
    assert domain.securityLabel() == ["", False] and domain.securityLabelList() == []
    assert conn.getSecurityModel() == ["", ""]


def stats_of(domain, group):
    return domain.connect().domainListGetStats([domain], group)[0][1]


def test_more_settings(domain, conn):
    config = libvirt.VIR_DOMAIN_AFFECT_CONFIG
    assert domain.ioThreadInfo(libvirt.VIR_DOMAIN_AFFECT_LIVE) == []
    domain.addIOThread(3, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    assert [t[0] for t in domain.ioThreadInfo(libvirt.VIR_DOMAIN_AFFECT_LIVE)] == [3]
    bulk = stats_of(domain, libvirt.VIR_DOMAIN_STATS_IOTHREAD)
    assert bulk["iothread.count"] == 1 and bulk["iothread.3.poll-max-ns"] > 0
    domain.pinIOThread(3, (True,), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    assert code_of(domain.pinIOThread, 9, (True,), libvirt.VIR_DOMAIN_AFFECT_LIVE) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.addIOThread, 3, libvirt.VIR_DOMAIN_AFFECT_LIVE) == libvirt.VIR_ERR_INVALID_ARG
    domain.delIOThread(3, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    assert domain.ioThreadInfo(libvirt.VIR_DOMAIN_AFFECT_LIVE) == []
    domain.addIOThread(1, config)
    assert [t[0] for t in domain.ioThreadInfo(config)] == [1]
    domain.delIOThread(1, config)
    domain.setNumaParameters({"numa_nodeset": "0", "numa_mode": 0}, config)
    assert domain.numaParameters(config)["numa_nodeset"] == "0"
    assert code_of(domain.setNumaParameters, {"numa_nodeset": "x"}, config) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.interfaceParameters, "vif9.9", config) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.setInterfaceParameters, "vif9.9", {"inbound.average": 1}, config) == libvirt.VIR_ERR_INVALID_ARG
    assert conn.getFreePages([4], 0, 1)[0][4] > 0
    assert code_of(conn.getFreePages, [3], 0, 1) == libvirt.VIR_ERR_OPERATION_FAILED
    assert code_of(conn.allocPages, {3: 1}, 0, 1) == libvirt.VIR_ERR_OPERATION_FAILED
    domain.startDirtyRateCalc(1, 0)
    wait_for("the dirty rate", lambda: stats_of(domain, libvirt.VIR_DOMAIN_STATS_DIRTYRATE)["dirtyrate.calc_status"] == 2, timeout=120, interval=0.3)
    found = stats_of(domain, libvirt.VIR_DOMAIN_STATS_DIRTYRATE)
    assert found["dirtyrate.calc_period"] == 1 and found["dirtyrate.megabytes_per_second"] >= 0
    assert code_of(domain.startDirtyRateCalc, 99, 0) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.setMemoryStatsPeriod, 1, libvirt.VIR_DOMAIN_AFFECT_LIVE) == libvirt.VIR_ERR_CONFIG_UNSUPPORTED  # no balloon
    try:
        assert "shm_pages_shared" in conn.getMemoryParameters()
        pages = conn.getMemoryParameters()["shm_pages_to_scan"]
        conn.setMemoryParameters({"shm_pages_to_scan": pages})
    except libvirt.libvirtError as error:  # a host without KSM, or one that does not let us
        assert error.get_error_code() in (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_SYSTEM_ERROR)
    conn.setIdentity({libvirt.VIR_CONNECT_IDENTITY_USER_NAME: "somebody"})


def test_pins_of_other_threads(domain):
    """The emulator's own threads and I/O threads, live and for the next start."""
    live, config = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
    everywhere = domain.emulatorPinInfo(live)
    first = (True,) + (False,) * (len(everywhere) - 1)
    domain.pinEmulator(first, live | config)
    assert domain.emulatorPinInfo(live) == first and domain.emulatorPinInfo(config) == first
    assert "<emulatorpin cpuset='0'/>" in domain.XMLDesc() and "<emulatorpin cpuset='0'/>" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    pid = running.emulator_pid(domain.name())
    assert os.sched_getaffinity(pid) == {0}  # the main thread is one of them
    domain.pinEmulator(everywhere, live | config)
    assert os.sched_getaffinity(pid) == {i for i, on in enumerate(everywhere) if on}
    assert code_of(domain.pinEmulator, (False,) * len(everywhere), live) == libvirt.VIR_ERR_INVALID_ARG
    domain.addIOThread(2, config)
    domain.pinIOThread(2, first, config)
    assert domain.ioThreadInfo(config) == [(2, list(first))]
    assert code_of(domain.pinIOThread, 5, first, config) == libvirt.VIR_ERR_INVALID_ARG
    domain.delIOThread(2, config)


def test_io_thread_parameters(domain):
    live, config = libvirt.VIR_DOMAIN_AFFECT_LIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG
    domain.addIOThread(4, live | config)
    domain.setIOThreadParams(4, {"poll_max_ns": 50000, "poll_grow": 2, "poll_shrink": 2}, live)
    told = libvirt_qemu.qemuMonitorCommand(domain, '{"execute":"query-iothreads"}', 0)
    assert json.loads(told)["return"][0]["poll-max-ns"] == 50000
    domain.setIOThreadParams(4, {"thread_pool_min": 1, "thread_pool_max": 8}, live | config)
    assert "<iothread id='4' thread_pool_min='1' thread_pool_max='8'/>" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert code_of(domain.setIOThreadParams, 4, {"poll_max_ns": 1}, config) == libvirt.VIR_ERR_OPERATION_UNSUPPORTED
    assert code_of(domain.setIOThreadParams, 9, {"poll_grow": 1}, live) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.setIOThreadParams, 4, {"poll_max_ns": 1 << 40}, live) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.setIOThreadParams, 4, {"thread_pool_min": 9, "thread_pool_max": 8}, live) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.delIOThread(4, live | config)


def test_open_channel(domain):
    conn = domain.connect()
    stream = conn.newStream()
    domain.openChannel("org.kanzen.test", stream, 0)
    stream.send(b"hello")
    other = conn.newStream()
    assert code_of(domain.openChannel, "org.kanzen.test", other, 0) == libvirt.VIR_ERR_OPERATION_FAILED
    stream.finish()
    assert code_of(domain.openChannel, "nothing", conn.newStream(), 0) == libvirt.VIR_ERR_INTERNAL_ERROR


@pytest.mark.parametrize("junk", [None, 5, "text", [], [1], ["a"], {}, {"keys": 5}, [[]], {"host-name": 7, "keys": [1]},
                                  [{"disk": 5, "ip-addresses": [7], "mountpoint": [], "logical-id": "x", "user": 1}]])
def test_malformed_answers(domain, agent, monkeypatch, junk):
    """Whatever a guest sends: an error, or what can be made of it; nothing of it upsets the daemon."""
    for command in ANSWERS:
        monkeypatch.setitem(ANSWERS, command, junk)
    for call in (domain.fsFreeze, domain.fsInfo, domain.hostname, domain.getTime, domain.guestVcpus, domain.guestInfo,
                 lambda: domain.authorizedSSHKeysGet("root"), lambda: domain.setGuestVcpus("1", 0),
                 lambda: domain.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT)):
        try:
            call()
        except libvirt.libvirtError as error:
            assert error.get_error_code() in (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_NO_HOSTNAME)
    log = Path("/var/log/kanzen/kanzend.log")
    assert not log.exists() or "CRITICAL" not in log.read_text().upper()


def test_monitor_events(domain):
    """What the emulator says, by its own names: all of it, or what a pattern chooses."""
    running.run_event_loop()
    conn, seen = libvirt.open("xen:///system"), []
    # python3-libvirt's wrapper of the registration is what virt-manager's developers use too.
    callback = libvirt_qemu.qemuMonitorEventRegister(
        conn, conn.lookupByName(domain.name()), "^(STOP|RESUME)$", lambda _c, _d, event, _s, _m, details, _o: seen.append((event, details)),
        None, libvirt_qemu.VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX)
    domain.suspend()
    domain.resume()
    wait_for("the events", lambda: [e for e, _ in seen] == ["STOP", "RESUME"])
    libvirt_qemu.qemuMonitorEventDeregister(conn, callback)
    conn.close()
