# SPDX-License-Identifier: LGPL-2.1-or-later
"""HVM guests with many small devices at once: character devices, channels, rng, TPM, watchdog, panic, displays."""
import glob
import json
import os
import re
import shutil
import socket
import subprocess
import xml.etree.ElementTree as ET

import pytest

from kanzen import Console, run, state, virsh, wait_for

PASSWORD = "s3cret8!"


def xml_of(name, devices, images=None, features="<acpi/><apic/><pae/>", extra=""):
    boot = ""
    if images:
        boot = (f"<kernel>{images}/vmlinuz-generic</kernel><initrd>{images}/initrd-generic.img</initrd>"
                "<cmdline>console=ttyS0 quiet</cmdline>")
    return (f"<domain type='xen'><name>{name}</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>"
            f"<os><type arch='x86_64' machine='xenfv'>hvm</type>{boot}</os><features>{features}</features>{extra}"
            f"<devices>{devices}</devices></domain>")


def live(name, *flags):
    return ET.fromstring(virsh("dumpxml", name, *flags))


def connect(path):
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(20)
    made.connect(path)
    return made


def receive(sock, wanted):
    data = b""
    while wanted not in data:
        more = sock.recv(4096)
        assert more, f"closed after {data!r}"
        data += more
    return data


def emulator_of(name):
    domid = virsh("domid", name).strip()
    return int(open(f"/run/kanzen/{domid}/emulator.pid").read().split()[0])


def answer_vnc(challenge, password):
    """The VNC protocol's response: DES with the password's bytes mirrored as key (RFC 6143 7.2.2)."""
    key = bytes(int(f"{b:08b}"[::-1], 2) for b in password.encode().ljust(8, b"\0")[:8])
    return subprocess.run(["openssl", "enc", "-des-ecb", "-nopad", "-K", key.hex(), "-provider", "legacy",
                           "-provider", "default"], input=challenge, stdout=subprocess.PIPE, check=True).stdout


def vnc_login(sock, password):
    """TRUE when the server lets the password in."""
    assert sock.recv(12) == b"RFB 003.008\n"
    sock.sendall(b"RFB 003.008\n")
    count = sock.recv(1)[0]
    types = sock.recv(count)
    assert types == (b"\2" if password else b"\1")  # VNC authentication and nothing else, or none
    sock.sendall(types[:1])
    if password:
        sock.sendall(answer_vnc(sock.recv(16), password))
    result = sock.recv(4)
    return result == b"\0\0\0\0"


DEVICES = """
<serial type='pty'/>
<serial type='unix'><source mode='bind' path='{dir}/serial.sock'/></serial>
<serial type='file'><source path='{dir}/serial.txt'/></serial>
<serial type='tcp'><source mode='bind' host='127.0.0.1' service='4559'/><protocol type='raw'/></serial>
<console type='pty'/>
<console type='pty'><target type='virtio'/></console>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
<channel type='pty'><target type='virtio' name='org.example.pty'/></channel>
<rng model='virtio'><rate bytes='4096' period='1000'/><backend model='random'>/dev/urandom</backend></rng>
<memballoon model='virtio' autodeflate='on'><stats period='2'/></memballoon>
<watchdog model='i6300esb' action='pause'/>
<panic model='isa'/>
<graphics type='vnc' port='-1' passwd='{password}'/>
<video><model type='virtio' heads='2'/></video>
<video><model type='bochs' vram='16384'/></video>
"""
TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"


@pytest.fixture
def machine(guest, images, tmp_path):
    """A started domain with all of DEVICES, and its console."""
    devices = DEVICES.format(dir=tmp_path, password=PASSWORD) + (TPM if shutil.which("swtpm") else "")
    virsh("define", guest.write_xml(xml_of(guest.name, devices, images, extra="<on_crash>preserve</on_crash>")))
    virsh("start", guest.name, timeout=120)
    console = Console("virsh", "console", guest.name, "--force").login(timeout=120)
    need_modules(console)
    console.command("while read m; do case $m in i6300esb.ko|ib700wdt.ko) ;; *) insmod /modules/$m;; esac; done < /modules/devices.list")
    return guest.name, console


def need_modules(console):
    console.command("test -f /modules/devices.list")
    if console.status:
        pytest.skip("the example guest has no modules for devices: run examples/make-guest")


def check_serials(console, tmp_path):
    line = connect(f"{tmp_path}/serial.sock")
    console.command("echo through-unix > /dev/ttyS1")
    receive(line, b"through-unix")
    console.command("echo through-file > /dev/ttyS2")
    wait_for("the file", lambda: "through-file" in (tmp_path / "serial.txt").read_text())
    with socket.create_connection(("127.0.0.1", 4559), timeout=20) as tcp:
        console.command("echo through-tcp > /dev/ttyS3")
        receive(tcp, b"through-tcp")


def check_ports(name, console):
    ports = dict(line.split() for line in console.command(
        "cd /sys/class/virtio-ports; for p in *; do echo \"$p $(cat $p/name 2>/dev/null)\"; done | grep '[.]'").splitlines())
    port_of = {name: port for port, name in ports.items()}
    assert set(port_of) == {"org.qemu.guest_agent.0", "org.example.pty"}

    tree = live(name)
    agent, pty = tree.findall("devices/channel")
    path = agent.find("source").get("path")
    domid = virsh("domid", name).strip()
    assert path.endswith(f"/channel/target/domain-{domid}-{name}/org.qemu.guest_agent.0")
    assert agent.find("alias").get("name") == "channel0"
    line = connect(path)
    assert agent.find("target").get("state") == "disconnected"
    events = subprocess.Popen(["virsh", "event", name, "--event", "agent-lifecycle", "--timeout", "60"],
                              stdout=subprocess.PIPE, text=True)

    def state_is(wanted):
        return wait_for(f"the channel to be {wanted}",
                        lambda: live(name).find("devices/channel/target").get("state") == wanted)

    def heard():
        """Held open until the host has seen it: an agent's own doing. Until it is heard of: who listens may have come late."""
        console.command(f"exec 9<>/dev/{port_of['org.qemu.guest_agent.0']}")
        connected = state_is("connected")
        console.command("exec 9>&-")
        return connected and state_is("disconnected") and events.poll() is not None

    wait_for("virsh event to end", heard, timeout=60)
    assert "connected" in events.communicate(timeout=40)[0]
    console.command(f"echo from-guest > /dev/{port_of['org.qemu.guest_agent.0']}")
    receive(line, b"from-guest")
    console.child.sendline(f"head -n1 /dev/{port_of['org.qemu.guest_agent.0']}")
    line.sendall(b"from-host\n")
    console.child.expect("from-host", timeout=20)

    tty = os.open(pty.find("source").get("path"), os.O_RDWR | os.O_NOCTTY)
    console.command(f"echo over-the-pty > /dev/{port_of['org.example.pty']}")
    assert b"over-the-pty" in os.read(tty, 100)
    os.close(tty)
    second = tree.findall("devices/console")[1]
    assert second.find("target").get("type") == "virtio" and second.get("tty") == second.find("source").get("path")
    tty = os.open(second.get("tty"), os.O_RDWR | os.O_NOCTTY)
    console.command("echo on-hvc0 > /dev/hvc0")
    assert b"on-hvc0" in os.read(tty, 100)
    os.close(tty)
    # Not in the definition: the next life has another path.
    assert live(name, "--inactive").find("devices/channel/source") is None
    return path


def check_password(name, conn):
    import libvirt

    pid = emulator_of(name)
    assert PASSWORD.encode() not in open(f"/proc/{pid}/cmdline", "rb").read()
    assert PASSWORD not in virsh("dumpxml", name)
    assert PASSWORD in virsh("dumpxml", name, "--security-info")
    for log in glob.glob(f"/var/log/kanzen/*{name}*"):
        assert PASSWORD not in open(log, errors="replace").read()
    reader = libvirt.openReadOnly("xen:///system")
    domain = reader.lookupByName(name)
    assert PASSWORD not in domain.XMLDesc(0)
    with pytest.raises(libvirt.libvirtError) as refused:
        domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    assert refused.value.get_error_code() == libvirt.VIR_ERR_OPERATION_DENIED
    reader.close()
    port = int(live(name).find("devices/graphics").get("port"))
    assert port >= 5900
    for password, accepted in ((PASSWORD, True), ("wrong", False)):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as vnc:
            assert vnc_login(vnc, password) == accepted


def check_tpm(console):
    assert console.command("cat /sys/class/tpm/tpm0/tpm_version_major") == "2"


def test_many_devices(machine, conn, tmp_path):
    name, console = machine
    check_serials(console, tmp_path)
    path = check_ports(name, console)
    check_password(name, conn)
    assert "virtio_rng" in console.command("cat /sys/class/misc/hw_random/rng_available")
    assert int(console.command("head -c 512 /dev/hwrng | wc -c")) == 512
    has_tpm = "<tpm" in virsh("dumpxml", name)
    if has_tpm:
        check_tpm(console)
    adapters = console.command("cat /sys/bus/pci/devices/*/class").split()
    assert adapters.count("0x030000") == 1 and adapters.count("0x038000") == 1  # the second has no VGA in it

    events = subprocess.Popen(["virsh", "event", name, "--event", "watchdog", "--timeout", "60"],
                              stdout=subprocess.PIPE, text=True)
    console.command("insmod /modules/i6300esb.ko heartbeat=2")
    console.child.sendline("sleep 60 > /dev/watchdog")
    wait_for("the watchdog to stop the guest", lambda: state(name) == "paused", timeout=40)
    assert re.search("watchdog.*pause", events.communicate(timeout=60)[0])
    virsh("destroy", name)
    wait_for("the socket to go", lambda: not os.path.exists(path))
    if has_tpm:
        uuid = virsh("domuuid", name).strip()
        assert os.path.exists(f"/var/lib/kanzen/tpm/{uuid}/tpm2/tpm2-00.permall")
        virsh("undefine", name)
        assert not os.path.exists(f"/var/lib/kanzen/tpm/{uuid}")


def test_panic_is_a_crash(guest, images):
    devices = "<serial type='pty'/><console type='pty'/><panic model='isa'/>"
    virsh("create", guest.write_xml(xml_of(guest.name, devices, images, extra="<on_crash>preserve</on_crash>")),
          timeout=120)
    console = Console("virsh", "console", guest.name, "--force").login(timeout=120)
    need_modules(console)
    console.command("insmod /modules/pvpanic.ko; insmod /modules/pvpanic-mmio.ko")
    console.child.sendline("echo c > /proc/sysrq-trigger")
    wait_for("the crash", lambda: state(guest.name) == "crashed", timeout=60)


def test_watchdog_dumps_and_resets(guest, images):
    """With action dump the guest goes on after its dump; with reset, its default, it starts anew."""
    devices = "<serial type='pty'/><console type='pty'/><watchdog model='ib700' action='{}'/>"
    for action in ("dump", "reset"):
        virsh("create", guest.write_xml(xml_of(guest.name, devices.format(action), images)), timeout=120)
        first = virsh("domid", guest.name).strip()
        console = Console("virsh", "console", guest.name, "--force").login(timeout=120)
        need_modules(console)
        console.command("insmod /modules/watchdog.ko; insmod /modules/ib700wdt.ko timeout=4")
        if action == "reset":  # a guest that fails within ten seconds of its start is not started again
            console.command("while [ $(cut -d. -f1 /proc/uptime) -lt 8 ]; do sleep 1; done")
        console.child.sendline("exec 8>/dev/watchdog")
        if action == "dump":
            pattern = f"/var/lib/kanzen/dump/*-{guest.name}.*.core"
            wait_for("a dump", lambda: [p for p in glob.glob(pattern) if os.path.getsize(p) > 200 << 20], timeout=60)
            wait_for("the guest to go on", lambda: state(guest.name) == "running")
            assert virsh("domid", guest.name).strip() == first
            for path in glob.glob(pattern):
                os.unlink(path)
        else:
            wait_for("a restart", lambda: virsh("domid", guest.name).strip() not in (first, "-"), timeout=60)
        virsh("destroy", guest.name)


COMBINATIONS = {
    "vnc-socket": ("<graphics type='vnc'><listen type='socket'/></graphics><video><model type='vmvga'/></video>", []),
    "vnc-more": ("<graphics type='vnc' port='-1' websocket='-1' sharePolicy='force-shared' powerControl='yes' keymap='de'/>"
                 "<video><model type='vga' vram='32768'/></video><sound model='ich9'><codec type='output'/></sound>"
                 "<sound model='ac97'/><audio id='1' type='none'/>", ["VGA", "AC97", "hda-output"]),
    "spice": ("<graphics type='spice' autoport='yes' passwd='a,b'><image compression='off'/><streaming mode='filter'/>"
              "<clipboard copypaste='no'/><mouse mode='client'/></graphics><video><model type='qxl' heads='2'/></video>"
              "<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>"
              "<channel type='spiceport'><source channel='org.example.0'/><target type='virtio' name='org.example.0'/></channel>"
              "<smartcard mode='passthrough' type='spicevmc'/>", ["qxl-vga", "virtserialport"]),
    "displays": ("<graphics type='dbus' p2p='yes'/><graphics type='vnc'><listen type='none'/></graphics>"
                 "<video><model type='ramfb'/></video>", ["ramfb"]),
    "inputs": ("<input type='tablet' bus='usb'/><input type='keyboard' bus='virtio'/><input type='mouse' bus='virtio'/>"
               "<serial type='udp'><source mode='bind' host='127.0.0.1' service='4561'/>"
               "<source mode='connect' host='127.0.0.1' service='4562'/></serial>"
               "<serial type='null'><target type='usb-serial'/></serial><serial type='pty'><target type='pci-serial'/></serial>"
               "<parallel type='file'><source path='/tmp/printer'/></parallel>"
               "<channel type='qemu-vdagent'><source><clipboard copypaste='yes'/></source><target type='virtio'/></channel>"
               "<sound model='usb'/><sound model='sb16'/><sound model='pcspk'/>",
               ["usb-tablet", "virtio-keyboard-pci", "usb-serial", "pci-serial", "isa-parallel", "usb-audio", "sb16"]),
    "machines": ("<rng model='virtio'><backend model='builtin'/></rng><panic model='isa'/><panic model='pvpanic'/>"
                 "<watchdog model='ib700' action='inject-nmi'/><crypto model='virtio' type='qemu'><backend model='builtin'/></crypto>"
                 "<shmem name='{name}'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>",
                 ["virtio-rng-pci", "pvpanic", "pvpanic-pci", "ib700", "virtio-crypto-pci", "ivshmem-plain"]),
}


def device_types(name):
    """What QEMU itself says it has: the types of all devices on its command line."""
    domid = virsh("domid", name).strip()
    monitor = connect(f"/run/kanzen/{domid}/qmp.sock").makefile("rw")
    answers = []
    monitor.readline()
    for command in ({"execute": "qmp_capabilities"},
                    {"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}},
                    {"execute": "qom-list", "arguments": {"path": "/machine/peripheral-anon"}}):
        monitor.write(json.dumps(command) + "\n")
        monitor.flush()
        answers.append(json.loads(monitor.readline())["return"])
    monitor.close()
    return {m.group(1) for answer in answers[1:] for item in answer if (m := re.match(r"child<(.+)>", item["type"]))}


def websocket_answers(port):
    """Whether what listens there switches from HTTP to a WebSocket (RFC 6455, whose example key this is)."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: binary\r\n"
                           b"Sec-WebSocket-Version: 13\r\n\r\n")
        return connection.makefile("rb").readline().split()[1] == b"101"


@pytest.mark.parametrize("case", COMBINATIONS)
def test_combination_starts(guest, case):
    devices, types = COMBINATIONS[case]
    virsh("create", guest.write_xml(xml_of(guest.name, devices.replace("{name}", guest.name))), "--paused", timeout=60)
    assert set(types) <= device_types(guest.name)
    tree = live(guest.name)
    if case == "vnc-socket":
        path = tree.find("devices/graphics/listen").get("socket")
        assert vnc_login(connect(path), None)
    if case == "vnc-more":
        assert websocket_answers(int(tree.find("devices/graphics").get("websocket")))
    if case == "spice":
        port = int(tree.find("devices/graphics").get("port"))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as spice:
            spice.sendall(b"REDQ" + bytes([2, 0, 0, 0, 2, 0, 0, 0]) + (18).to_bytes(4, "little")
                          + bytes([0, 0, 0, 0, 1, 0]) + bytes(4) + bytes(4) + (18).to_bytes(4, "little"))
            assert spice.recv(4) == b"REDQ"
    virsh("destroy", guest.name)
    if os.path.exists(f"/dev/shm/{guest.name}"):
        os.unlink(f"/dev/shm/{guest.name}")


def test_refusals_leave_nothing(guest):
    """Devices whose host side is not there are refused by name, before anything has been started."""
    cases = {
        "<tpm model='tpm-tis'><backend type='passthrough'><device path='/dev/tpm99'/></backend></tpm>": "/dev/tpm99",
        "<input type='evdev'><source dev='/dev/input/event99'/></input>": "/dev/input/event99",
        "<rng model='virtio'><backend model='random'>/dev/no-such</backend></rng>": "/dev/no-such",
        "<graphics type='spice' port='5999' tlsPort='5998'/>": "server-cert.pem",
        "<serial type='dev'><source path='/dev/ttyS99'/></serial>": "/dev/ttyS99",
    }
    if not os.path.exists("/dev/vhost-vsock"):
        cases["<vsock><cid auto='yes'/></vsock>"] = "/dev/vhost-vsock"
    before = sorted(os.listdir("/run/kanzen"))
    for devices, word in cases.items():
        done = run("virsh", "create", guest.write_xml(xml_of(guest.name, devices)), check=False)
        assert done.returncode == 1 and word in done.stderr, f"{devices}: {done.stderr}"
    assert [entry for entry in sorted(os.listdir("/run/kanzen")) if entry.isdigit()] == [e for e in before if e.isdigit()]
    assert run("virsh", "domstate", guest.name, check=False).returncode == 1


def test_display_on_a_network(guest):
    network = f"n{guest.name}"
    virsh("net-create", guest.write("net.xml", f"<network><name>{network}</name><ip address='192.168.199.1' prefix='24'/></network>"))
    try:
        virsh("define", guest.write_xml(xml_of(
            guest.name, f"<graphics type='vnc' port='-1'><listen type='network' network='{network}'/></graphics>")))
        virsh("start", guest.name, "--paused", timeout=60)
        graphics = live(guest.name).find("devices/graphics")
        assert graphics.find("listen").get("address") == "192.168.199.1"
        with socket.create_connection(("192.168.199.1", int(graphics.get("port"))), timeout=20) as vnc:
            assert vnc_login(vnc, None)
        assert live(guest.name, "--inactive").find("devices/graphics/listen").get("address") is None
        virsh("destroy", guest.name)
    finally:
        virsh("net-destroy", network)
    done = run("virsh", "start", guest.name, check=False)
    assert done.returncode == 1 and network in done.stderr


def test_password_expires(guest):
    xml = xml_of(guest.name, f"<graphics type='vnc' port='-1' passwd='{PASSWORD}' passwdValidTo='2001-02-03T04:05:06'/>")
    virsh("create", guest.write_xml(xml), "--paused", timeout=60)
    port = int(live(guest.name).find("devices/graphics").get("port"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as vnc:
        assert not vnc_login(vnc, PASSWORD)
    virsh("destroy", guest.name)
