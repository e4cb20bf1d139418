# SPDX-License-Identifier: LGPL-2.1-or-later
"""What disks are made of and where they hang: images of several kinds on several buses, seen from inside the guest."""
import subprocess
import time
from pathlib import Path

import pytest

from kanzen import Console, run, virsh, wait_for, xl

MIB = 1024 * 1024


def marked(path, mark, size=8 * MIB, form="raw"):
    """An image that begins with mark."""
    raw = path.with_suffix(".tmp")
    with open(raw, "wb") as f:
        f.write(mark.encode())
        f.truncate(size)
    run("qemu-img", "convert", "-O", form, raw, path)
    raw.unlink()
    return path


@pytest.fixture
def nbd(tmp_path):
    """An image served by qemu-nbd on a unix socket; yields the socket."""
    image = marked(tmp_path / "nbd.qcow2", "from-nbd", form="qcow2")
    path = tmp_path / "nbd.sock"
    server = subprocess.Popen(["qemu-nbd", "-k", path, "-x", "export", "-f", "qcow2", "-t", image])
    wait_for("qemu-nbd's socket", path.exists)
    yield path
    server.terminate()
    server.wait(20)


def disk(target, source, bus="xen", kind="file", driver="type='raw'", device="disk", more=""):
    return (f"<disk type='{kind}' device='{device}'><driver name='qemu' {driver}/>{source}"
            f"<target dev='{target}' bus='{bus}'/>{more}</disk>")


def file_disk(target, path, **kw):
    return disk(target, f"<source file='{path}'/>", **kw)


def start(guest, xml):
    virsh("create", guest.write_xml(xml))
    return Console("virsh", "console", guest.name, "--force").login()


def mark_of(console, device):
    return console.command(f"dd if=/dev/{device} bs=16 count=1 2> /dev/null | tr -d '\\0'")


def test_pv_images(guest, nbd, tmp_path):
    folder = tmp_path / "pool"
    folder.mkdir()
    pool = guest.name + "-pool"
    virsh("pool-create-as", pool, "dir", "--target", folder)
    marked(folder / "vol.img", "from-pool")
    overlaid = marked(tmp_path / "kept.qcow2", "from-image", form="qcow2")
    before = overlaid.read_bytes()
    try:
        console = start(guest, guest.xml(extra="".join([
            disk("xvda", f"<source protocol='nbd' name='export'><host transport='unix' socket='{nbd}'/></source>",
                 kind="network"),
            disk("xvdb", f"<source pool='{pool}' volume='vol.img'/>", kind="volume",
                 driver="type='raw' detect_zeroes='on' error_policy='report'"),
            file_disk("xvdc", overlaid, driver="type='qcow2'", more="<transient/>"),
            file_disk("xvdd", marked(tmp_path / "slow.img", "from-slow"), driver="type='raw' cache='none'",
                      more="<iotune><total_bytes_sec>1048576</total_bytes_sec></iotune>"),
        ])))
        assert [mark_of(console, d) for d in ("xvda", "xvdb", "xvdc", "xvdd")] == ["from-nbd", "from-pool", "from-image",
                                                                                  "from-slow"]
        console.command("echo by-the-guest | tee /dev/xvda /dev/xvdb /dev/xvdc > /dev/null; sync")
        assert mark_of(console, "xvdc") == "by-the-guest"
        begin = time.monotonic()
        console.command("dd if=/dev/xvdd of=/dev/null bs=64k count=64")
        assert time.monotonic() - begin > 2.5  # 4 MiB at 1 MiB/s, less QEMU's burst
        limits = virsh("blkdeviotune", guest.name, "xvdd").split()
        assert limits[limits.index("total_bytes_sec:") + 1] == "1048576"
        live = virsh("dumpxml", guest.name)
        assert f"volume='vol.img'" in live and "<transient/>" in live
        overlays = list(Path("/var/lib/kanzen/transient").iterdir())
        assert len(overlays) == 1
    finally:
        run("virsh", "destroy", guest.name, check=False)
        virsh("pool-destroy", pool)
    assert (folder / "vol.img").read_bytes().startswith(b"by-the-guest")
    assert overlaid.read_bytes() == before
    assert not list(Path("/var/lib/kanzen/transient").iterdir())


# Bus, target, what more it says, driver, where the guest finds it by its serial number.
BUSES = [("ide", "hda", "<serial>on-ide</serial>", "cache='writethrough'"),
         ("sata", "sda", "<serial>on-sata</serial><wwn>5000c50015ea71ac</wwn>", "cache='none' io='threads'"),
         ("scsi", "sdb", "<serial>on-scsi</serial><address type='drive' controller='0' bus='0' target='5' unit='2'/>", ""),
         ("scsi", "sdj", "<serial>on-lsi</serial><vendor>KANZEN</vendor><address type='drive' controller='1' unit='3'/>", ""),
         ("usb", "sdc", "<serial>on-usb</serial>", ""),
         ("virtio", "vda", "<serial>on-virtio</serial><address type='pci' bus='0' slot='9'/>",
          "queues='2' ioeventfd='off' event_idx='on' copy_on_read='on' discard='unmap' detect_zeroes='unmap'")]
CONTROLLERS = ("<controller type='scsi' index='0' model='virtio-scsi'><driver queues='2'/></controller>"
               "<controller type='scsi' index='1' model='lsilogic'/><controller type='usb' index='0' model='qemu-xhci'/>")


def load_more(console):
    console.command("for m in $(cat /modules/more.list); do insmod /modules/$m; done")


def test_hvm_buses(guest, tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "HELLO.TXT").write_text("hello from the host")
    disks = [file_disk(target, marked(tmp_path / f"{target}.img", f"from-{target}"), bus=bus,
                       driver=f"type='raw' {driver}", more=more) for bus, target, more, driver in BUSES]
    disks.append(disk("vdb", f"<source dir='{files}'/>", bus="virtio", kind="dir", driver="type='fat'", 
                      more="<readonly/><address type='pci' bus='0' slot='10'/>"))
    console = start(guest, guest.hvm_direct_xml(extra=CONTROLLERS + "".join(disks)))
    load_more(console)
    assert console.command("cat /sys/block/vda/serial") == "on-virtio"
    assert "00:09.0" in console.command("readlink -f /sys/block/vda/device")
    assert mark_of(console, "vda") == "from-vda"
    assert len(console.command("ls /sys/block/vda/mq").split()) == 2

    def marks():
        found = console.command("for d in /sys/block/sd*; do dd if=/dev/${d##*/} bs=16 count=1 2> /dev/null | tr -d '\\0'; "
                                "echo \" $(readlink $d/device)\"; done")
        return dict(line.split(" ", 1) for line in found.splitlines() if " " in line)

    seen = wait_for("all disks", lambda: (lambda m: m if len(m) == 5 else None)(marks()), 60, 1)
    assert set(seen) == {"from-hda", "from-sda", "from-sdb", "from-sdj", "from-sdc"}, seen
    assert seen["from-sdb"].endswith(":0:5:2") and seen["from-sdj"].endswith(":0:3:0"), seen
    assert "KANZEN" in console.command("cat /sys/block/sd*/device/vendor")
    assert "5000c50015ea71ac" in console.command("cat /sys/block/sd*/device/wwid")
    assert console.command("cat /sys/block/vdb/ro") == "1"
    assert "hello from the host" in console.command("tr -d '\\0' < /dev/vdb | grep -a 'hello from'")
    console.command("echo written > /dev/vda; sync")
    virsh("destroy", guest.name)
    assert (tmp_path / "vda.img").read_bytes().startswith(b"written")


def refused(guest, xml, code):
    import libvirt

    conn = libvirt.open("xen:///system")
    with pytest.raises(libvirt.libvirtError) as caught:
        conn.createXML(xml)
    conn.close()
    assert caught.value.get_error_code() == code, caught.value
    assert guest.name not in xl("list")
    return str(caught.value)


def test_what_cannot_be_started(guest, tmp_path):
    import libvirt

    source = "<source protocol='nbd' name='x'><host name='127.0.0.1' port='1'/></source>"
    text = refused(guest, guest.xml(extra=disk("xvda", source, kind="network")), libvirt.VIR_ERR_INTERNAL_ERROR)
    assert "Connection refused" in text
    source = "<source pool='no-such-pool' volume='v'/>"
    refused(guest, guest.xml(extra=disk("xvda", source, kind="volume")), libvirt.VIR_ERR_NO_STORAGE_POOL)
    source = "<source pool='default' volume='no-such-volume'/>"
    refused(guest, guest.xml(extra=disk("xvda", source, kind="volume")), libvirt.VIR_ERR_NO_STORAGE_VOL)
    source = ("<source protocol='rbd' name='p/i'><host name='127.0.0.1'/><auth username='u'><secret type='ceph' usage='x'/>"
              "</auth></source>")
    text = refused(guest, guest.xml(extra=disk("xvda", source, kind="network")), libvirt.VIR_ERR_NO_SECRET)
    assert "secret" in text
    loop = tmp_path / "loop.qcow2"  # QEMU would open it until it has no files left
    run("qemu-img", "create", "-q", "-f", "qcow2", loop, "1M")
    run("qemu-img", "rebase", "-u", "-b", loop, "-F", "qcow2", loop)
    text = refused(guest, guest.xml(extra=file_disk("xvda", loop, driver="type='qcow2'")), libvirt.VIR_ERR_OPERATION_INVALID)
    assert "its own backing file" in text
    done = run("xl", "create", guest.cfg(extra=f"disk = [ '{loop},qcow2,xvda,rw' ]"), check=False)
    assert done.returncode == 1 and "its own backing file" in done.stderr
    text = refused(guest, guest.xml(extra=file_disk("xvda", marked(tmp_path / "a.img", "a"),
                                                    more="<wwn>5000c50015ea71ac</wwn>")),
                   libvirt.VIR_ERR_CONFIG_UNSUPPORTED)
    assert "world wide name" in text
