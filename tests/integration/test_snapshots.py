# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots: internal with memory, of stopped domains, external, their tree; for PV as for HVM."""
import os
import subprocess

import libvirt
import pytest

import running
from kanzen import Console, virsh
from running import code_of

guest = running.fixture()


def make(domain, name, flags=0, rest=""):
    return domain.snapshotCreateXML(f"<domainsnapshot><name>{name}</name><description>{name} &amp; co</description>{rest}"
                                    "</domainsnapshot>", flags)


def attach(guest):
    return Console("virsh", "console", guest.name, "--force").login(timeout=30)


def names(snapshots):
    return sorted(s.getName() for s in snapshots)


def test_internal_with_memory(guest):
    domain = guest.domain
    assert domain.snapshotNum() == 0 and domain.hasCurrentSnapshot() == 0
    assert code_of(domain.snapshotCurrent) == libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT
    console = guest.console()
    console.command("echo before > /tmp/state")
    make(domain, "one")
    console.command("echo after > /tmp/state")
    assert console.leave() == 0
    make(domain, "two")
    assert code_of(make, domain, "two") == libvirt.VIR_ERR_OPERATION_INVALID
    domain.revertToSnapshot(domain.snapshotLookupByName("one"))
    console = attach(guest)
    assert console.command("cat /tmp/state") == "before"
    assert console.leave() == 0
    assert domain.snapshotCurrent().getName() == "one"
    domain.revertToSnapshot(domain.snapshotLookupByName("two"), libvirt.VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED)
    assert domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    domain.resume()
    console = attach(guest)
    assert console.command("cat /tmp/state") == "after"
    assert console.leave() == 0


def test_tree(guest):
    domain = guest.domain
    one, two = domain.snapshotLookupByName("one"), domain.snapshotLookupByName("two")
    assert two.getParent().getName() == "one"
    assert code_of(one.getParent) == libvirt.VIR_ERR_NO_DOMAIN_SNAPSHOT
    assert one.numChildren() == 1 and one.listChildrenNames() == ["two"] and names(one.listAllChildren()) == ["two"]
    assert domain.snapshotListNames() == ["one", "two"] and names(domain.listAllSnapshots()) == ["one", "two"]
    assert names(domain.listAllSnapshots(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_ROOTS)) == ["one"]
    assert names(domain.listAllSnapshots(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_LEAVES)) == ["two"]
    assert names(domain.listAllSnapshots(libvirt.VIR_DOMAIN_SNAPSHOT_LIST_INACTIVE)) == []
    assert two.isCurrent() == 1 and one.isCurrent() == 0 and two.hasMetadata() == 1
    xml = two.getXMLDesc()
    assert "<state>running</state>" in xml and "<description>two &amp; co</description>" in xml
    assert "<memory snapshot='internal'/>" in xml and f"<disk name='{guest.target}' snapshot='internal'/>" in xml
    assert guest.name in virsh("list", "--all", "--with-snapshot")
    assert "two" in virsh("snapshot-list", guest.name, "--tree")


def test_revert_starts_a_stopped_domain(guest):
    domain = guest.domain
    domain.destroy()
    assert code_of(domain.undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.revertToSnapshot(domain.snapshotLookupByName("one"))
    assert domain.state() == [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_FROM_SNAPSHOT] or \
        domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    console = attach(guest)
    assert console.command("cat /tmp/state") == "before"
    assert console.leave() == 0


def test_redefine_and_delete(guest):
    domain = guest.domain
    two = domain.snapshotLookupByName("two")
    xml = two.getXMLDesc()
    two.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
    assert domain.snapshotListNames() == ["one"]
    domain.snapshotCreateXML(xml, libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE)
    assert domain.snapshotLookupByName("two").getXMLDesc() == xml
    domain.snapshotLookupByName("one").delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_CHILDREN)
    assert domain.snapshotNum() == 0 and domain.hasCurrentSnapshot() == 0
    for bad in ("<nonsense/>", "<domainsnapshot><name>../x</name></domainsnapshot>"):
        assert code_of(domain.snapshotCreateXML, bad) == libvirt.VIR_ERR_XML_ERROR


def test_external(guest):
    domain, file = guest.domain, guest.folder / "outer.qcow2"
    disk = f"<disks><disk name='{guest.target}' snapshot='external'><source file='{file}'/></disk></disks>"
    snapshot = make(domain, "outer", libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY, disk)
    assert file.exists() and f"<source file='{file}'/>" in domain.XMLDesc()
    assert f"<source file='{file}'/>" in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    assert "<state>disk-snapshot</state>" in snapshot.getXMLDesc()
    assert code_of(domain.revertToSnapshot, snapshot) == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    assert code_of(snapshot.delete) == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    # Back onto the one below, as clouds do.
    domain.blockCommit(guest.target, None, None, 0, libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE | libvirt.VIR_DOMAIN_BLOCK_COMMIT_SHALLOW)
    from kanzen import wait_for
    wait_for("the commit", lambda: (i := domain.blockJobInfo(guest.target)) and i["cur"] == i["end"])
    domain.blockJobAbort(guest.target, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    assert f"<source file='{guest.image}'/>" in domain.XMLDesc()
    snapshot.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)


def test_external_memory(guest):
    domain, memory = guest.domain, guest.folder / "memory"
    snapshot = make(domain, "whole", 0, f"<memory snapshot='external' file='{memory}'/>")
    assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert memory.read_bytes()[:8] == b"KZNSAVE1" and os.path.exists(guest.folder / "disk.whole")
    snapshot.delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)


def test_stopped(guest):
    domain = guest.domain
    domain.destroy()
    snapshot = make(domain, "cold")
    assert "<state>shutoff</state>" in snapshot.getXMLDesc()
    assert "cold" in subprocess.run(["qemu-img", "snapshot", "-l", guest.folder / "disk.whole"], capture_output=True, text=True).stdout
    domain.revertToSnapshot(snapshot)
    assert not domain.isActive()
    snapshot.delete()
    assert domain.snapshotNum() == 0
