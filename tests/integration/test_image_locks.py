# SPDX-License-Identifier: LGPL-2.1-or-later
"""One writable image is open once: whoever started the first machine, and whatever way the second takes to it. One machine, paused before its
first instruction, holds the images of all tests; nothing here boots."""
import libvirt
import pytest

import kanzen
from kanzen import run, virsh, xl
from running import code_of

MIB = 1 << 20
XL, VIRSH = "xl", "virsh"


def source_xml(source, target="xvda", fmt="raw", more=""):
    return f"<disk type='file' device='disk'><driver name='qemu' type='{fmt}'/><source file='{source}'/><target dev='{target}' bus='xen'/>{more}</disk>"


class Holder:
    """A paused machine, started by xl or virsh, with a raw image, a shared one and a qcow2 image on a raw one; all in a pool."""

    def __init__(self, images, folder, way):
        self.folder, self.way = folder, way
        self.name = f"holder-{way}"
        self.guest = kanzen.Guest(images, self.name, folder)
        self.raw, self.shared, self.base, self.top, self.gone = (
            folder / name for name in ("raw.img", "shared.img", "base.img", "top.qcow2", "gone.img"))
        for image in (self.raw, self.shared, self.base, self.gone):
            with open(image, "wb") as f:
                f.truncate(MIB)
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", self.base, "-F", "raw", self.top)
        virsh("pool-create-as", self.name, "dir", "--target", folder)
        if way == XL:
            disks = f"disk = [ '{self.raw},raw,xvda,rw', '{self.shared},raw,xvdb,w!', '{self.top},qcow2,xvdc,rw', '{self.gone},raw,xvdd,rw' ]"
            xl("create", "-p", self.guest.cfg(extra=disks))
        else:
            disks = "".join((source_xml(self.raw), source_xml(self.shared, "xvdb", more="<shareable/>"),
                             source_xml(self.top, "xvdc", "qcow2"), source_xml(self.gone, "xvdd")))
            virsh("create", "--paused", self.guest.write_xml(self.guest.xml(extra=disks)))
        self.conn = libvirt.open("xen:///system")
        self.pool = self.conn.storagePoolLookupByName(self.name)

    def close(self):
        self.pool.destroy()
        self.conn.close()
        virsh("destroy", self.name)

    def try_xl(self, spec):
        """What xl says to a second machine; None: it let it in."""
        second = kanzen.Guest(self.guest.images, "second", self.folder)
        done = run("xl", "create", "-p", second.cfg(extra=f"disk = [ '{spec}' ]"), check=False)
        if done.returncode == 0:
            xl("destroy", "second")
            return None
        assert "second" not in xl("list")
        return done.stderr

    def try_virsh(self, disk):
        second = kanzen.Guest(self.guest.images, "second", self.folder)
        try:
            domain = self.conn.createXML(second.xml(extra=disk), libvirt.VIR_DOMAIN_START_PAUSED)
        except libvirt.libvirtError as e:
            assert "second" not in xl("list")
            return e.get_error_message()
        domain.destroy()
        return None


def fixture(way):
    @pytest.fixture(scope="module", name=f"{way}_holder")
    def made(images, tmp_path_factory):
        holder = Holder(images, tmp_path_factory.mktemp(way), way)
        yield holder
        holder.close()
    return made


xl_holder, virsh_holder = fixture(XL), fixture(VIRSH)


@pytest.fixture
def holder(request, virsh_holder):
    """virsh's, and xl's as well where that is asked for."""
    return request.getfixturevalue(f"{request.param}_holder") if hasattr(request, "param") else virsh_holder


both_ways = pytest.mark.parametrize("holder", [XL, VIRSH], indirect=True)


def names_both(said, path, holder):
    return said is not None and str(path) in said and f"in use by domain '{holder.name}'" in said


@both_ways
def test_the_same_image(holder):
    """By its own name, by another name, read-only, and as a volume; the one that shares alone is refused, too."""
    link, hard = holder.folder / "link.img", holder.folder / "hard.img"
    if not link.exists():
        link.symlink_to(holder.raw)
        hard.hardlink_to(holder.raw)
    for path in (holder.raw, link, hard):
        assert names_both(holder.try_xl(f"{path},raw,xvda,rw"), path, holder)
        assert names_both(holder.try_virsh(source_xml(path)), path, holder)
    assert names_both(holder.try_xl(f"{holder.raw},raw,xvda,ro"), holder.raw, holder)
    assert names_both(holder.try_virsh(source_xml(holder.raw, more="<readonly/>")), holder.raw, holder)
    assert names_both(holder.try_xl(f"{holder.raw},raw,xvda,w!"), holder.raw, holder)
    assert names_both(holder.try_virsh(source_xml(holder.raw, more="<shareable/>")), holder.raw, holder)
    volume = f"<disk type='volume' device='disk'><driver name='qemu' type='raw'/><source pool='{holder.name}' volume='raw.img'/><target dev='xvda' bus='xen'/></disk>"
    assert names_both(holder.try_virsh(volume), holder.raw, holder)


@both_ways
def test_shared_on_purpose(holder):
    """Both have to say so, in either tool's words."""
    assert holder.try_xl(f"{holder.shared},raw,xvda,w!") is None
    assert holder.try_virsh(source_xml(holder.shared, more="<shareable/>")) is None
    assert names_both(holder.try_xl(f"{holder.shared},raw,xvda,rw"), holder.shared, holder)
    assert names_both(holder.try_virsh(source_xml(holder.shared)), holder.shared, holder)


def test_plugged_in(holder):
    second = kanzen.Guest(holder.guest.images, "second", holder.folder)
    xl("create", second.cfg())  # plugging takes a machine that runs; how far it gets does not matter
    try:
        done = run("xl", "block-attach", "second", f"{holder.raw},raw,xvda,rw", check=False)
        assert done.returncode and names_both(done.stderr, holder.raw, holder)
        domain = holder.conn.lookupByName("second")
        assert code_of(domain.attachDevice, source_xml(holder.raw)) == libvirt.VIR_ERR_RESOURCE_BUSY
        assert "xvda" not in domain.XMLDesc()
    finally:
        xl("destroy", "second")


def test_chains(holder):
    """What is below a machine's image is not written, and what it writes is below no other: QEMU's locks on the files say so."""
    for said in (holder.try_xl(f"{holder.base},raw,xvda,rw"), holder.try_virsh(source_xml(holder.base))):
        assert said is not None and "lock" in said and str(holder.base) in said
    for below, fmt in ((holder.raw, "raw"), (holder.top, "qcow2")):
        over = holder.folder / "over.qcow2"
        run("qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b", below, "-F", fmt, over, "1M")
        for said in (holder.try_xl(f"{over},qcow2,xvda,rw"), holder.try_virsh(source_xml(over, fmt="qcow2"))):
            assert said is not None and "lock" in said and str(below) in said
    # Machines that have the same image below theirs disturb nobody.
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", holder.base, "-F", "raw", holder.folder / "beside.qcow2")
    assert holder.try_xl(f"{holder.folder}/beside.qcow2,qcow2,xvda,rw") is None
    assert holder.try_virsh(source_xml(holder.folder / "beside.qcow2", fmt="qcow2")) is None


def test_after_a_snapshot(holder):
    """The machine's image is a new one; the old one is below it, and the new one its own from the first moment."""
    domain = holder.conn.lookupByName(holder.name)
    new = holder.folder / "snap.qcow2"
    domain.snapshotCreateXML(f"<domainsnapshot><disks><disk name='xvda' snapshot='no'/><disk name='xvdb' snapshot='no'/>"
                             f"<disk name='xvdc'><source file='{new}'/></disk></disks></domainsnapshot>",
                             libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY | libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_NO_METADATA)
    assert names_both(holder.try_xl(f"{new},qcow2,xvda,rw"), new, holder)
    assert names_both(holder.try_virsh(source_xml(new, fmt="qcow2")), new, holder)
    said = holder.try_xl(f"{holder.top},qcow2,xvda,rw")
    assert said is not None and "lock" in said


def test_volumes_in_use(holder):
    """A volume that a machine has open is not changed under it. Its name may go, as with stock libvirt: the machine keeps the file."""
    holder.pool.refresh()
    for name in ("raw.img", "shared.img", "base.img", "top.qcow2"):
        vol = holder.pool.storageVolLookupByName(name)
        before = vol.info()
        for action in (vol.wipe, lambda: vol.resize(2 * MIB), lambda: vol.upload(holder.conn.newStream(), 0, 0),
                       lambda: vol.delete(libvirt.VIR_STORAGE_VOL_DELETE_ZEROED)):
            assert code_of(action) == libvirt.VIR_ERR_RESOURCE_BUSY
        assert vol.info() == before
    holder.pool.storageVolLookupByName("gone.img").delete()
    assert not holder.gone.exists() and "xvdd" in holder.conn.lookupByName(holder.name).XMLDesc()


def test_free_again(holder):
    """When the machine has ended, also by a kill of all that was its own."""
    image = holder.folder / "free.img"
    with open(image, "wb") as f:
        f.truncate(MIB)
    first = kanzen.Guest(holder.guest.images, "first", holder.folder)
    xl("create", "-p", first.cfg(extra=f"disk = [ '{image},raw,xvda,rw' ]"))
    assert "in use by domain 'first'" in holder.try_virsh(source_xml(image))
    xl("destroy", "first")
    assert holder.try_virsh(source_xml(image)) is None
    assert holder.try_xl(f"{image},raw,xvda,rw") is None
