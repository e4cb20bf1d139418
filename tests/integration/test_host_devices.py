# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an HVM guest gets of the host: a folder by 9P, a USB stick behind a hub; and devices that are not there."""
import pytest

from kanzen import Console, virsh, xl


def test_folders(guest, tmp_path):
    shared, fixed = tmp_path / "shared", tmp_path / "fixed"
    for folder in (shared, fixed):
        folder.mkdir()
        (folder / "hello").write_text("from the host\n")
    virsh("create", guest.write_xml(guest.hvm_direct_xml(extra=(
        f"<filesystem type='mount' accessmode='mapped'><source dir='{shared}'/><target dir='shared'/></filesystem>"
        f"<filesystem type='mount'><source dir='{fixed}'/><target dir='fixed'/><readonly/></filesystem>"
        "<controller type='usb' index='0' model='qemu-xhci'/>"
        "<hub type='usb'><address type='usb' bus='0' port='1'/></hub>"))))
    console = Console("virsh", "console", guest.name, "--force").login()
    console.command("for m in $(cat /modules/more.list); do insmod /modules/$m; done")
    for tag in ("shared", "fixed"):
        console.command(f"mkdir -p /tmp/{tag}; mount -t 9p -o trans=virtio,version=9p2000.L {tag} /tmp/{tag}")
        assert console.status == 0
        assert console.command(f"cat /tmp/{tag}/hello") == "from the host"
    console.command("echo from the guest > /tmp/shared/answer; chown 1234 /tmp/shared/answer; sync")
    assert console.status == 0
    console.command("echo no > /tmp/fixed/answer")
    assert console.status != 0 and not (fixed / "answer").exists()
    assert (shared / "answer").read_text() == "from the guest\n"
    assert (shared / "answer").stat().st_uid == 0  # mapped: the guest's owner is only the guest's
    assert "QEMU USB Hub" in console.command("cat /sys/bus/usb/devices/*/product")
    live = virsh("dumpxml", guest.name)
    assert "<alias name='fs0'/>" in live and "<alias name='hub0'/>" in live


PCI = "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='0x77' slot='0' function='0'/></source></hostdev>"
USB = "<hostdev mode='subsystem' type='usb'><source{}><vendor id='0xdead'/><product id='0xbeef'/></source></hostdev>"


@pytest.mark.parametrize("device, code, text", [
    (PCI, "VIR_ERR_SYSTEM_ERROR", "'0000:77:00.0': no such device"),
    (USB.format(""), "VIR_ERR_SYSTEM_ERROR", "'dead:beef': no such device"),
    ("<filesystem type='mount'><source dir='/nonexistent'/><target dir='t'/></filesystem>", "VIR_ERR_SYSTEM_ERROR",
     "'/nonexistent' is not a folder"),
    ("<filesystem type='mount'><driver type='virtiofs'/><source dir='/tmp'/><target dir='t'/></filesystem>",
     "VIR_ERR_CONFIG_UNSUPPORTED", "virtiofs"),
    ("<filesystem type='mount'><target dir='t'/></filesystem>", "VIR_ERR_XML_ERROR", "missing source"),
    ("<redirdev bus='usb' type='tcp'/>", "VIR_ERR_XML_ERROR", "missing source"),
    ("<lease><lockspace>a</lockspace><key>b</key><target path='/c'/></lease>", "VIR_ERR_CONFIG_UNSUPPORTED", "lease"),
])
def test_what_cannot_be_started(guest, conn, device, code, text):
    import libvirt

    with pytest.raises(libvirt.libvirtError) as caught:
        conn.createXML(guest.hvm_direct_xml(extra=device))
    assert text in str(caught.value)
    assert caught.value.get_error_code() == getattr(libvirt, code), caught.value
    assert guest.name not in xl("list")


def test_a_device_that_may_be_missing(guest, conn):
    import libvirt

    domain = conn.createXML(guest.hvm_direct_xml(extra=USB.format(" startupPolicy='optional'")), libvirt.VIR_DOMAIN_START_PAUSED)
    domain.destroy()


def test_not_for_pv_guests(guest, conn):
    import libvirt

    for device in (PCI, "<filesystem type='mount'><source dir='/tmp'/><target dir='t'/></filesystem>",
                   "<redirdev bus='usb' type='spicevmc'/>", "<hub type='usb'/>"):
        with pytest.raises(libvirt.libvirtError) as caught:
            conn.createXML(guest.xml(extra=device))
        assert caught.value.get_error_code() == libvirt.VIR_ERR_CONFIG_UNSUPPORTED, caught.value
