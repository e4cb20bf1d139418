# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checkpoints, and backups by them: pushed into files, pulled over NBD; for PV as for HVM."""
import json
import subprocess

import libvirt
import pytest

import running
from kanzen import virsh, wait_for
from running import code_of

guest = running.fixture()


@pytest.fixture(scope="module")
def ends():
    """The statistics of the backups that have ended, as a second client is told."""
    running.run_event_loop()
    conn = libvirt.open("xen:///system")
    seen = []

    def note(_conn, _domain, stats, _opaque):
        if stats["operation"] == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP:
            seen.append(stats)

    conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, note, None)
    yield seen
    conn.close()


def checkpoint(domain, name, flags=0):
    return domain.checkpointCreateXML(f"<domaincheckpoint><name>{name}</name><description>{name} &amp; co</description>"
                                      "</domaincheckpoint>", flags)


def names(checkpoints):
    return [c.getName() for c in checkpoints]


def write(guest, pattern):
    """64 KiB into the disk as if its guest had written them: no guest need be up."""
    blocks = json.loads(virsh("qemu-monitor-command", guest.name, '{"execute":"query-block"}'))["return"]
    device = next(b["qdev"] for b in blocks if b.get("inserted", {}).get("file") == str(guest.image))
    assert "rror" not in virsh("qemu-monitor-command", guest.name, "--hmp", f'qemu-io -d {device} "write -P {pattern} 4M 64k"')


def disks(guest, element, path, extra=""):
    return f"<disks><disk name='{guest.target}' type='file' {extra}><driver type='qcow2'/><{element} file='{path}'/></disk></disks>"


def wait_over(domain):
    wait_for("the job to end", lambda: domain.jobStats()["type"] == libvirt.VIR_DOMAIN_JOB_NONE, timeout=60)


def test_checkpoints(guest):
    domain = guest.domain
    assert domain.listAllCheckpoints() == []
    assert code_of(domain.checkpointLookupByName, "one") == libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT
    one = checkpoint(domain, "one")
    assert code_of(checkpoint, domain, "one") == libvirt.VIR_ERR_OPERATION_INVALID
    two = checkpoint(domain, "two")
    assert names(domain.listAllCheckpoints()) == ["one", "two"]
    assert names(domain.listAllCheckpoints(libvirt.VIR_DOMAIN_CHECKPOINT_LIST_ROOTS)) == ["one"]
    assert names(domain.listAllCheckpoints(libvirt.VIR_DOMAIN_CHECKPOINT_LIST_LEAVES)) == ["two"]
    assert two.getParent().getName() == "one" and names(one.listAllChildren()) == ["two"]
    assert code_of(one.getParent) == libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT
    xml = domain.checkpointLookupByName("one").getXMLDesc()
    assert f"<disk name='{guest.target}' checkpoint='bitmap' bitmap='one'/>" in xml and "<domain type='xen'>" in xml
    assert "<domain " not in one.getXMLDesc(libvirt.VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN)
    write(guest, 1)
    assert "size='65536'" in one.getXMLDesc(libvirt.VIR_DOMAIN_CHECKPOINT_XML_SIZE)
    assert guest.name in virsh("list", "--with-checkpoint") and "two" in virsh("checkpoint-list", guest.name, "--tree")
    assert "one" in virsh("checkpoint-parent", guest.name, "two")


def test_redefine_and_delete(guest):
    domain = guest.domain
    one = domain.checkpointLookupByName("one")
    xml = one.getXMLDesc()
    one.delete(libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY)
    assert names(domain.listAllCheckpoints()) == ["two"]
    assert code_of(domain.checkpointLookupByName("two").getParent) == libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT
    flags = libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE | libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE
    domain.checkpointCreateXML(xml, flags)
    assert domain.checkpointLookupByName("one").getXMLDesc() == xml
    lost = xml.replace("bitmap='one'", "bitmap='lost'").replace("<name>one</name>", "<name>lost</name>", 1)
    assert code_of(domain.checkpointCreateXML, lost, flags) == libvirt.VIR_ERR_CHECKPOINT_INCONSISTENT
    domain.checkpointLookupByName("one").delete()
    domain.checkpointLookupByName("two").delete()
    assert domain.listAllCheckpoints() == []
    for bad in ("<nonsense/>", "<domaincheckpoint><name>../x</name></domaincheckpoint>",
                "<domaincheckpoint><disks><disk name='a' checkpoint='maybe'/></disks></domaincheckpoint>"):
        assert code_of(domain.checkpointCreateXML, bad) == libvirt.VIR_ERR_XML_ERROR
    assert code_of(domain.checkpointCreateXML, "<domaincheckpoint><disks><disk name='nothing'/></disks></domaincheckpoint>") == \
        libvirt.VIR_ERR_CONFIG_UNSUPPORTED


def test_push(guest, ends):
    domain, full, more = guest.domain, guest.folder / "full.qcow2", guest.folder / "more.qcow2"
    assert code_of(domain.backupGetXMLDesc) == libvirt.VIR_ERR_NO_DOMAIN_BACKUP
    write(guest, 2)
    domain.backupBegin(f"<domainbackup>{disks(guest, 'target', full)}</domainbackup>", "<domaincheckpoint><name>base</name></domaincheckpoint>")
    wait_for("the event", lambda: ends, timeout=60)
    stats = ends.pop()
    assert stats["success"] is True
    assert stats["disk_processed"] == stats["disk_total"] >= full.stat().st_size // 2
    assert domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)["type"] == libvirt.VIR_DOMAIN_JOB_COMPLETED
    assert b"Pattern verification failed" not in subprocess.run(
        ["qemu-io", "-U", "-r", "-f", "qcow2", "-c", "read -P 2 4M 64k", full], capture_output=True, check=True).stdout
    write(guest, 3)
    virsh("backup-begin", guest.name, as_file(guest, f"<domainbackup mode='push'><incremental>base</incremental>{disks(guest, 'target', more)}</domainbackup>"))
    wait_for("the event", lambda: ends, timeout=60)
    assert ends.pop()["success"] is True
    data = [r for r in json.loads(subprocess.run(["qemu-img", "map", "-U", "--output=json", more], capture_output=True, check=True).stdout)
            if r["data"]]
    assert [(r["start"], r["length"]) for r in data] == [(4 << 20, 65536)]
    # Nothing of it is left in the machine, and what is there is not written over.
    assert "backup-" not in virsh("qemu-monitor-command", guest.name, '{"execute":"query-named-block-nodes"}')
    assert code_of(domain.backupBegin, f"<domainbackup>{disks(guest, 'target', full)}</domainbackup>", None) != 0
    assert code_of(domain.backupBegin, f"<domainbackup><incremental>none</incremental>{disks(guest, 'target', guest.folder / 'x')}</domainbackup>", None) == \
        libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT
    assert not (guest.folder / "x").exists()


def as_file(guest, text):
    path = guest.folder / "backup.xml"
    path.write_text(text)
    return path


def test_pull(guest, ends):
    domain, scratch, socket = guest.domain, guest.folder / "scratch", guest.folder / "nbd"
    write(guest, 4)
    domain.backupBegin(f"<domainbackup mode='pull'><incremental>base</incremental><server transport='unix' socket='{socket}'/>"
                       f"{disks(guest, 'scratch', scratch)}</domainbackup>", None)
    assert f"exportname='{guest.target}'" in domain.backupGetXMLDesc() and "mode='pull'" in domain.backupGetXMLDesc()
    write(guest, 5)  # not in the backup
    uri = f"nbd+unix:///{guest.target}?socket={socket}"
    assert b"failed" not in subprocess.run(["qemu-io", "-r", "-f", "raw", "-c", "read -P 4 4M 64k", uri], capture_output=True, check=True).stdout
    extents = json.loads(subprocess.run(
        ["qemu-img", "map", "--output=json", "--image-opts", f"driver=nbd,server.type=unix,server.path={socket},export={guest.target},"
         f"x-dirty-bitmap=qemu:dirty-bitmap:backup-{guest.target}"], capture_output=True, check=True).stdout)
    assert [e["start"] for e in extents if not e["data"]] == [4 << 20]  # "not data" is how it shows what is dirty
    # Other tasks are excluded, changes are not; one disk cannot be taken out of it.
    assert code_of(domain.managedSave) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(domain.blockJobAbort, guest.target) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "backed up", None, None)
    assert domain.jobStats()["operation"] == libvirt.VIR_DOMAIN_JOB_OPERATION_BACKUP
    assert domain.jobStats()["disk_temp_used"] > 0
    domain.abortJob()
    wait_for("the event", lambda: ends, timeout=60)
    assert ends.pop()["success"] is True
    assert not scratch.exists() and code_of(domain.backupGetXMLDesc) == libvirt.VIR_ERR_NO_DOMAIN_BACKUP
    assert code_of(domain.abortJob) == libvirt.VIR_ERR_OPERATION_INVALID


def test_checkpoints_follow_overlays(guest, ends):
    """What is written before and after an external snapshot is in one incremental backup."""
    domain, overlay, more = guest.domain, guest.folder / "overlay.qcow2", guest.folder / "both.qcow2"
    domain.snapshotCreateXML(f"<domainsnapshot><name>o</name><disks><disk name='{guest.target}' snapshot='external'><source file='{overlay}'/>"
                             "</disk></disks></domainsnapshot>", libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY).delete(
                                 libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
    guest.image = overlay
    domain.backupBegin(f"<domainbackup><incremental>base</incremental>{disks(guest, 'target', more)}</domainbackup>", None)
    wait_for("the event", lambda: ends, timeout=60)
    assert ends.pop()["success"] is True
    assert b"failed" not in subprocess.run(["qemu-io", "-r", "-f", "qcow2", "-c", "read -P 5 4M 64k", more], capture_output=True, check=True).stdout


def test_restart_keeps_checkpoints(guest):
    domain = guest.domain
    domain.destroy()
    assert code_of(domain.undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(domain.checkpointLookupByName("base").delete) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.create()
    assert "size=" in domain.checkpointLookupByName("base").getXMLDesc(libvirt.VIR_DOMAIN_CHECKPOINT_XML_SIZE)
    domain.checkpointLookupByName("base").delete()
