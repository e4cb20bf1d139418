# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of kanzend in the middle of each kind of job, and disks that are full: what it was about is as before, or as after, never between.

KANZEN_DELAYS, seconds between the begin of a job and the kill, for more trials than these: "0,0.01,0.05,0.2,0.5".
"""
import os
import subprocess
import threading
import time
from pathlib import Path

import libvirt
import pytest

import running
from kanzen import virsh, wait_for
from processes import restart_kanzend

guest = running.fixture(kinds=("pv",))


def interrupted(name, job, delay_s):
    """Does a job in a client of its own, and kills the daemon that does it after that time. Whether it was told of success."""
    told = []

    def work():
        try:
            job(libvirt.open("xen:///system").lookupByName(name))
            told.append(True)
        except libvirt.libvirtError:
            pass

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(delay_s)
    restart_kanzend()
    thread.join(timeout=30)
    return bool(told)


@pytest.fixture
def domain(guest):
    """Of a new connection: the old ones have lost their daemon."""
    conn = libvirt.open("xen:///system")
    found = conn.lookupByName(guest.name)
    if not found.isActive():
        found.create()
    yield found
    conn.close()


def again(guest):
    return libvirt.open("xen:///system").lookupByName(guest.name)


DELAYS = [float(text) for text in os.environ.get("KANZEN_DELAYS", "0.05").split(",")]


def check_runs(domain):
    wait_for("the guest to run", lambda: domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING, timeout=30)
    domain.suspend()
    domain.resume()


def start(domain):
    """What was being started when its kanzend was killed may not have been taken down yet."""
    def started():
        try:
            domain.create()
        except libvirt.libvirtError as error:
            print(error)
        return domain.isActive()

    wait_for("the start", started)


@pytest.mark.parametrize("delay", DELAYS)
def test_internal_snapshot(guest, domain, delay):
    name = f"i{int(delay * 1000)}"
    interrupted(guest.name, lambda d: d.snapshotCreateXML(f"<domainsnapshot><name>{name}</name></domainsnapshot>"), delay)
    domain = again(guest)
    check_runs(domain)
    listed = name in domain.snapshotListNames()
    inside = name in virsh("qemu-monitor-command", guest.name, "--hmp", "info snapshots").split()
    assert listed == inside
    if listed:
        domain.snapshotLookupByName(name).delete()
    # Its name is free, and the next one can be made.
    domain.snapshotCreateXML(f"<domainsnapshot><name>{name}</name></domainsnapshot>").delete()


@pytest.mark.parametrize("delay", DELAYS)
def test_external_snapshot(guest, domain, delay):
    name, file = f"e{int(delay * 1000)}", guest.folder / f"outer{int(delay * 1000)}.qcow2"
    before = source(domain)
    interrupted(guest.name, lambda d: d.snapshotCreateXML(
        f"<domainsnapshot><name>{name}</name><disks><disk name='xvda' snapshot='external'><source file='{file}'/></disk></disks>"
        "</domainsnapshot>", libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY), delay)
    domain = again(guest)
    check_runs(domain)
    made = name in domain.snapshotListNames()
    wanted = str(file) if made else before
    assert source(domain) == source(domain, libvirt.VIR_DOMAIN_XML_INACTIVE) == wanted
    assert top_image(guest) == wanted
    if made:
        domain.snapshotLookupByName(name).delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)


def source(domain, flags=0):
    return domain.XMLDesc(flags).split("<source file='")[1].split("'")[0]


def top_image(guest):
    return virsh("qemu-monitor-command", guest.name, "--hmp", "info block").split("/virtio-backend")[0].split(": ")[1].split(" (")[0]


@pytest.mark.parametrize("delay", DELAYS)
def test_checkpoint_and_backup(guest, domain, delay):
    name, file = f"c{int(delay * 1000)}", guest.folder / f"backup{int(delay * 1000)}"
    interrupted(guest.name, lambda d: d.backupBegin(
        f"<domainbackup><disks><disk name='xvda' type='file'><target file='{file}'/></disk></disks></domainbackup>",
        f"<domaincheckpoint><name>{name}</name></domaincheckpoint>"), delay)
    domain = again(guest)
    check_runs(domain)
    wait_for("the backup to be over", lambda: domain.jobStats()["type"] == libvirt.VIR_DOMAIN_JOB_NONE, timeout=30)
    made = name in [c.getName() for c in domain.listAllCheckpoints()]
    nodes = virsh("qemu-monitor-command", guest.name, '{"execute":"query-named-block-nodes"}')
    assert (f'"name":"{name}"' in nodes) == made and "backup-xvda" not in nodes
    assert not list(Path("/var/lib/kanzen/libvirt/backup").glob("*"))
    if made:
        domain.checkpointLookupByName(name).delete()


@pytest.mark.parametrize("delay", DELAYS)
def test_copy_with_pivot(guest, domain, delay):
    file = guest.folder / f"copy{int(delay * 1000)}.qcow2"
    before = source(domain)
    domain.blockCopy("xvda", f"<disk type='file'><source file='{file}'/><driver type='qcow2'/></disk>", {}, libvirt.VIR_DOMAIN_BLOCK_COPY_SHALLOW)
    wait_for("the copy", lambda: (i := domain.blockJobInfo("xvda")) and i["cur"] == i["end"], timeout=60)
    interrupted(guest.name, lambda d: d.blockJobAbort("xvda", libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT), delay * 0.1)
    domain = again(guest)
    check_runs(domain)
    now = top_image(guest)
    assert now in (str(file), before)
    if domain.blockJobInfo("xvda"):  # it had not been told
        domain.blockJobAbort("xvda")
        now = top_image(guest)
    assert source(domain) == source(domain, libvirt.VIR_DOMAIN_XML_INACTIVE) == now


@pytest.mark.parametrize("delay", DELAYS)
def test_managed_save(guest, domain, delay):
    interrupted(guest.name, lambda d: d.managedSave(), delay)
    domain = again(guest)
    # The guest runs and there is no image, or there is an image and the guest does not run.
    wait_for("one or the other", lambda: bool(domain.isActive()) != bool(domain.hasManagedSaveImage()), timeout=30)
    if not domain.isActive():
        start(domain)
        assert not domain.hasManagedSaveImage()
    check_runs(domain)


@pytest.mark.parametrize("delay", DELAYS)
def test_start_from_a_managed_image(guest, domain, delay):
    domain.managedSave()
    interrupted(guest.name, lambda d: d.create(), delay)
    domain = again(guest)
    wait_for("one or the other", lambda: bool(domain.isActive()) != bool(domain.hasManagedSaveImage()), timeout=30)
    if not domain.isActive():
        start(domain)
    check_runs(domain)


@pytest.mark.parametrize("delay", DELAYS)
def test_save(guest, domain, delay, tmp_path):
    image = tmp_path / "image"
    interrupted(guest.name, lambda d: d.save(str(image)), delay)
    domain = again(guest)
    wait_for("one or the other", lambda: bool(domain.isActive()) != image.exists(), timeout=30)
    if image.exists():
        domain.connect().restore(str(image))
    check_runs(domain)
    assert [p for p in tmp_path.iterdir() if p != image] == []


@pytest.mark.parametrize("delay", DELAYS)
def test_core_dump(guest, domain, delay, tmp_path):
    core, again_core = tmp_path / "core", tmp_path / "again"
    told = interrupted(guest.name, lambda d: d.coreDump(str(core), libvirt.VIR_DUMP_MEMORY_ONLY), delay)
    domain = again(guest)
    check_runs(domain)
    assert domain.jobStats()["type"] == libvirt.VIR_DOMAIN_JOB_NONE
    domain.coreDump(str(again_core), libvirt.VIR_DUMP_MEMORY_ONLY)
    assert again_core.exists() and (core.exists() or not told)


@pytest.mark.parametrize("delay", DELAYS)
def test_revert(guest, domain, delay):
    domain.snapshotCreateXML("<domainsnapshot><name>point</name></domainsnapshot>")
    interrupted(guest.name, lambda d: d.revertToSnapshot(d.snapshotLookupByName("point")), delay)
    domain = again(guest)
    if not domain.isActive():
        start(domain)
    check_runs(domain)
    interrupted(guest.name, lambda d: d.snapshotLookupByName("point").delete(), delay * 0.1)
    domain = again(guest)
    check_runs(domain)
    inside = "point" in virsh("qemu-monitor-command", guest.name, "--hmp", "info snapshots").split()
    assert ("point" in domain.snapshotListNames()) == inside
    if inside:
        domain.snapshotLookupByName("point").delete()


@pytest.mark.parametrize("delay", DELAYS)
def test_pull(guest, domain, delay):
    before = source(domain)
    interrupted(guest.name, lambda d: d.blockPull("xvda", 0, 0), delay * 0.1)
    domain = again(guest)
    check_runs(domain)
    wait_for("the job's end", lambda: not domain.blockJobInfo("xvda"), timeout=60)  # QEMU does it to its end
    assert source(domain) == source(domain, libvirt.VIR_DOMAIN_XML_INACTIVE) == top_image(guest) == before


# ---- disks that are full ----

@pytest.fixture
def full(tmp_path):
    """A file system of 64 KiB, over the folder that is asked for; full once filled."""
    mounted = []

    def mount(folder):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
        mounted.append(folder)
        return lambda: Path(folder, "filler").write_bytes(b"x" * (os.statvfs(folder).f_bavail * os.statvfs(folder).f_bsize))

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


def test_no_room_for_a_definition(guest, domain, full):
    fill = full("/var/lib/kanzen/libvirt")
    conn = domain.connect()
    xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    conn.defineXML(xml)
    before = Path(f"/var/lib/kanzen/libvirt/{domain.UUIDString()}.xml").read_text()
    fill()
    with pytest.raises(libvirt.libvirtError, match="No space left"):
        conn.defineXML(xml.replace("<memory ", "<description>other</description><memory ", 1))
    assert domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) == xml
    assert Path(f"/var/lib/kanzen/libvirt/{domain.UUIDString()}.xml").read_text() == before
    for kind, make in (("snapshot", domain.snapshotCreateXML), ("checkpoint", domain.checkpointCreateXML)):
        with pytest.raises(libvirt.libvirtError):
            make(f"<domain{kind}><name>none</name></domain{kind}>")
    assert domain.snapshotListNames() == [] and domain.listAllCheckpoints() == []
    assert "none" not in virsh("qemu-monitor-command", guest.name, '{"execute":"query-named-block-nodes"}')
    check_runs(domain)


def test_no_room_for_an_image(guest, domain, full, tmp_path):
    full(tmp_path)()
    image = tmp_path / "image"
    for n, job in enumerate((lambda: domain.save(str(image)), lambda: domain.coreDump(str(image), libvirt.VIR_DUMP_MEMORY_ONLY),
                lambda: domain.snapshotCreateXML(f"<domainsnapshot><memory snapshot='external' file='{image}'/></domainsnapshot>"),
                lambda: domain.backupBegin(f"<domainbackup><disks><disk name='xvda' type='file'><target file='{image}'/></disk></disks>"
                                           "</domainbackup>", None))):
        print(n)
        with pytest.raises(libvirt.libvirtError):
            job()
        check_runs(domain)
        assert [p.name for p in tmp_path.iterdir()] == ["filler"]
    assert domain.snapshotListNames() == [] and domain.jobStats()["type"] == libvirt.VIR_DOMAIN_JOB_NONE
