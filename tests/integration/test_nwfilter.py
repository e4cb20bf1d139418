# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network filters around a guest: what it can and cannot send, over reboots, saving and hotplug. The rules themselves are
tried in tests/rpc/test_nwfilter.py, without guests."""
import xml.etree.ElementTree as ET

from kanzen import Console, run, virsh, wait_for

MAC, PLUGGED = "00:16:3e:00:02:01", "00:16:3e:00:02:02"
HOST = "192.168.122.1"


def interface(mac, parameters="", source="<source network='default'/>", kind="network"):
    return (f"<interface type='{kind}'><mac address='{mac}'/>{source}"
            f"<filterref filter='clean-traffic'>{parameters}</filterref></interface>")


def rules():
    return run("ebtables-save", "-t", "nat").stdout


def bindings():
    return {line.split()[0] for line in virsh("nwfilter-binding-list").splitlines()[2:] if line}


def pings(console, source):
    console.command(f"for i in 1 2 3; do ping -I {source} -c 1 -W 1 {HOST} > /dev/null && break; done")
    return console.status == 0


def use(console, address):
    console.command(f"ip link set eth0 up; ip addr add {address}/24 dev eth0")


def check_filtered(console, address):
    """It is reached under its own address and under no other."""
    use(console, "192.168.122.77")
    assert pings(console, address) and not pings(console, "192.168.122.77")


def lease(mac):
    lines = virsh("net-dhcp-leases", "default", mac).splitlines()[2:]
    return next((line.split()[4].split("/")[0] for line in lines if line), None)


def test_guest(guest):
    learning = "<parameter name='CTRL_IP_LEARNING' value='dhcp'/>"
    virsh("define", guest.write_xml(guest.xml(extra=interface(MAC, learning))))
    virsh("start", guest.name)
    assert bindings() == {"vnet0"}
    console = Console("virsh", "console", guest.name).login()
    console.command("killall udhcpc; ip link set eth0 up; ip addr flush dev eth0", timeout=20)
    said = console.command("udhcpc -i eth0 -s /etc/udhcpc.script -n -q -t 10 -T 1 2>&1", timeout=40)
    assert "obtained" in said, said
    address = lease(MAC)
    wait_for("the rules of the address", lambda: f"--ip-src {address} " in rules())
    check_filtered(console, address)

    image = guest.folder / "image"
    virsh("save", guest.name, image)
    wait_for("the rules to go", lambda: "vnet" not in rules())
    virsh("restore", image)
    assert bindings() == {"vnet0"}

    # Another machine of the same guest, which its supervisor starts and not kanzend: its rules are there already.
    console = Console("virsh", "console", guest.name, "--force").login()
    first = virsh("domid", guest.name).strip()
    console.child.sendline("reboot")
    wait_for("the reboot", lambda: virsh("domid", guest.name).strip() not in (first, "-"), timeout=60)
    console = Console("virsh", "console", guest.name, "--force").login()
    console.command("killall udhcpc", timeout=20)
    use(console, "192.168.122.66")
    assert "-i vnet0 -j libvirt-I-vnet0" in rules() and not pings(console, "192.168.122.66")

    given = "<parameter name='IP' value='10.87.0.50'/>"
    path = guest.write("interface.xml", interface(PLUGGED, given, "<source bridge='xenbr0'/>", "bridge"))
    virsh("attach-device", guest.name, path, "--live")
    targets = [t.get("dev") for t in ET.fromstring(virsh("dumpxml", guest.name)).iterfind("devices/interface/target")]
    assert targets == ["vnet0", "vnet1"] and bindings() == set(targets) and "--ip-src 10.87.0.50 " in rules()
    virsh("detach-device", guest.name, path, "--live")
    assert bindings() == {"vnet0"} and "vnet1" not in rules()
    virsh("destroy", guest.name)
    wait_for("the rules to go", lambda: "vnet" not in rules() and not bindings())
