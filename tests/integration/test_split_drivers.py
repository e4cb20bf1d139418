# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks and network interfaces of a stock kernel on hv's back ends, beyond what test_boot.py needs of them."""
import hashlib
import os
import socket
import xml.etree.ElementTree as ET

import pytest

from kanzen import Console, run, wait_for, xl


def boot(guest, *lines, **kw):
    xl("create", guest.cfg(extra="\n".join(lines), **kw))
    return Console("xl", "console", guest.name).login()


def make_image(folder, name, mib):
    path = folder / name
    path.write_bytes(os.urandom(mib << 20))
    return path


def digest(data):
    return hashlib.sha256(data).hexdigest()


def guest_digest(console, command):
    return console.command(f"{command} | sha256sum", timeout=120).split()[0]


def address(console, nic="eth0"):
    show = f"ip -4 addr show dev {nic} | awk '/inet/ {{ sub(\"/.*\", \"\", $2); print $2 }}'"
    return wait_for("an address by DHCP", lambda: console.command(show), interval=0.5)


def test_several_disks(guest):
    images = [make_image(guest.folder, f"{i}.img", 5 + i) for i in range(4)]
    entries = ", ".join(f"'{image},raw,xvd{'abcd'[i]},{'r' if i == 2 else 'w'}'" for i, image in enumerate(images))
    console = boot(guest, f"disk = [ {entries} ]")
    for i, image in enumerate(images):
        assert guest_digest(console, f"cat /dev/xvd{'abcd'[i]}") == digest(image.read_bytes())


def test_read_only_disk(guest):
    image = make_image(guest.folder, "ro.img", 8)
    before = digest(image.read_bytes())
    console = boot(guest, f"disk = [ '{image},raw,xvda,r' ]")
    assert console.command("cat /sys/block/xvda/ro") == "1"
    console.command("dd if=/dev/zero of=/dev/xvda bs=4k count=1 conv=fsync")
    assert console.status != 0
    assert guest_digest(console, "cat /dev/xvda") == before
    assert digest(image.read_bytes()) == before


def test_flush_and_large_requests(guest):
    """Written data is in the file once fsync returned, and no request of a size Linux makes fails."""
    image = make_image(guest.folder, "rw.img", 64)
    console = boot(guest, f"disk = [ '{image},raw,xvda,w' ]")
    for block in ["512", "4k", "60k", "1M", "16M"]:
        console.command(f"dd if=/dev/urandom of=/tmp/blob bs={block} count=2 2>/dev/null; "
                        "dd if=/tmp/blob of=/dev/xvda conv=fsync,notrunc bs=1M 2>/dev/null")
        assert console.status == 0
        blob_size = int(console.command("stat -c %s /tmp/blob || wc -c < /tmp/blob").split()[-1])
        with open(image, "rb") as f:
            assert digest(f.read(blob_size)) == guest_digest(console, "cat /tmp/blob")
    log = console.command("dmesg | grep -E 'xvda|I/O error'")
    assert "failed" not in log and "error" not in log
    assert "flush diskcache: enabled" in log and "indirect descriptors: enabled" in log


def test_disk_grows(guest):
    """The machine's disk gets larger, and the guest sees it without being told by hand."""
    image = make_image(guest.folder, "grow.img", 8)
    console = boot(guest, f"disk = [ '{image},raw,xvda,w' ]")
    assert console.command("cat /sys/block/xvda/size") == str(8 << 11)
    run("virsh", "blockresize", guest.name, "xvda", "16M")
    wait_for("the guest to see it", lambda: console.command("cat /sys/block/xvda/size") == str(16 << 11))


def test_discard(guest):
    """What the guest discards is given back to the host's file system, and reads as zeroes."""
    image = make_image(guest.folder, "a.img", 8)
    console = boot(guest, f"disk = [ '{image},raw,xvda,w' ]")
    before = image.stat().st_blocks
    assert int(console.command("cat /sys/block/xvda/queue/discard_max_bytes")) > 0
    console.command("blkdiscard -o 1048576 -l 4194304 /dev/xvda")
    if console.status != 0:
        pytest.skip("the guest has no blkdiscard")
    assert image.stat().st_blocks <= before - (3 << 11)
    assert image.read_bytes()[1 << 20:5 << 20] == bytes(4 << 20)


def test_several_nics(guest):
    console = boot(guest, "vif = [ 'bridge=xenbr0', 'bridge=xenbr0' ]")
    console.command("ip link set eth1 up && udhcpc -n -q -i eth1 -s /etc/udhcpc.script")
    for nic in ["eth0", "eth1"]:
        run("busybox", "ping", "-c", "2", "-W", "2", address(console, nic))


def test_guests_exchange_data(guest):
    """Both directions at once, between guests: blank checksums and unsegmented packets pass from one to the other."""
    consoles = []
    names = [guest.name, guest.name + "b"]
    for name in names:
        xl("create", guest.cfg(nic=True, name=name))
        consoles.append(Console("xl", "console", name).login())
    addresses = [address(console) for console in consoles]
    for console in consoles:
        console.command("dd if=/dev/urandom of=/tmp/out bs=1M count=24 2>/dev/null")
        console.command("{ nc -l -p 5000 -e sh -c 'cat > /tmp/in; echo > /tmp/done' > /dev/null 2>&1 & }")
    for console, peer in zip(consoles, reversed(addresses)):
        console.command(f"{{ {{ sleep 1; nc {peer} 5000 < /tmp/out; }} > /dev/null 2>&1 & }}")
    for console in consoles:
        wait_for("the data", lambda c=console: "done" in c.command("ls /tmp"), timeout=90, interval=1)
    for receiver, sender in zip(consoles, reversed(consoles)):
        assert guest_digest(receiver, "cat /tmp/in") == guest_digest(sender, "cat /tmp/out")
        assert "0 errors" in receiver.command("echo $(cat /sys/class/net/eth0/statistics/rx_errors) errors")


def test_second_front_end(guest):
    """The network driver lets go and starts again, as after a driver reload: from scratch each time."""
    console = boot(guest, nic=True)
    peer = address(console)
    console.command("killall udhcpc 2>/dev/null")  # it complains on the console of an interface that goes
    for _ in range(5):
        console.command("cd /sys/bus/xen/drivers/vif && echo vif-0 > unbind && sleep 0.2 && echo vif-0 > bind; cd /")
        assert console.status == 0
        wait_for("the interface", lambda: "eth0" in console.command("ls /sys/class/net"), interval=0.2)
        console.command(f"ip link set eth0 up; ip addr add {peer}/24 dev eth0")
        wait_for("an answer", lambda: run("busybox", "ping", "-c", "1", "-W", "1", peer, check=False).returncode == 0)


def test_consoles(guest):
    """Consoles after the first are hvc1 and so on in the guest, each with its terminal; a channel is one with a name."""
    sock = guest.folder / "channel.sock"
    extra = ("<console type='pty'><target type='xen'/></console>"
             f"<channel type='unix'><source mode='bind' path='{sock}'/><target type='xen' name='org.example.chat'/></channel>")
    run("virsh", "create", guest.write_xml(guest.xml(extra=extra)))
    first = Console("virsh", "console", guest.name).login()
    ttys = [e.get("tty") for e in ET.fromstring(run("virsh", "dumpxml", guest.name).stdout).findall("devices/console")]
    assert len(set(ttys)) == 2 and all(ttys)

    second = Console("virsh", "console", guest.name, "--devname", "console1")
    second.child.expect("Escape character")
    first.command("stty -F /dev/hvc1 raw -echo; echo from-the-guest > /dev/hvc1")
    second.child.expect("from-the-guest", timeout=30)
    first.command("{ head -n 1 < /dev/hvc1 > /tmp/line & }")
    second.child.sendline("from the host")
    wait_for("the line", lambda: first.command("cat /tmp/line").strip() == "from the host", interval=0.5)
    second.leave()

    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(str(sock))
        channel.settimeout(30)
        name = first.command("for d in /sys/bus/xen/devices/console-*; do echo ${d##*/}; done")
        assert "console-2" in name
        first.command("stty -F /dev/hvc2 raw -echo; echo over the channel > /dev/hvc2")
        assert b"over the channel" in channel.recv(4096)
