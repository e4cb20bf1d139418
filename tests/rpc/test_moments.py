# SPDX-License-Identifier: LGPL-2.1-or-later
"""Snapshots, checkpoints and backups as far as they need no machine: what is remembered, and what is refused."""
import libvirt
import pytest

from test_libvirt import code_of, xml


def redefinition(kind, name, parent=None, when=100, extra=""):
    inside = f"<parent><name>{parent}</name></parent>" if parent else ""
    return (f"<domain{kind}><name>{name}</name>{inside}<creationTime>{when}</creationTime>{extra}"
            f"{xml('a', '11111111-2222-3333-4444-555555555555')}</domain{kind}>")


@pytest.fixture
def domain(conn):
    return conn.defineXML(xml("a", "11111111-2222-3333-4444-555555555555"))


def checkpoint(domain, name, parent=None, when=100):
    return domain.checkpointCreateXML(redefinition("checkpoint", name, parent, when, "<disks><disk name='xvda'/></disks>"),
                                      libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE)


def snapshot(domain, name, parent=None, when=100, flags=0):
    return domain.snapshotCreateXML(redefinition("snapshot", name, parent, when, "<state>shutoff</state>"),
                                    libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE | flags)


def names(moments):
    return [m.getName() for m in moments]


def test_a_tree_of_checkpoints(domain, conn):
    checkpoint(domain, "one", None, 100)
    checkpoint(domain, "two", "one", 200)
    leaf = checkpoint(domain, "three", "two", 300)
    checkpoint(domain, "side", "one", 400)
    assert names(domain.listAllCheckpoints()) == ["one", "two", "three", "side"]
    one = domain.checkpointLookupByName("one")
    assert names(one.listAllChildren()) == ["two", "side"]
    assert names(one.listAllChildren(libvirt.VIR_DOMAIN_CHECKPOINT_LIST_DESCENDANTS)) == ["two", "three", "side"]
    assert names(domain.listAllCheckpoints(libvirt.VIR_DOMAIN_CHECKPOINT_LIST_NO_LEAVES)) == ["one", "two"]
    assert leaf.getParent().getName() == "two"
    assert "bitmap='three'" in leaf.getXMLDesc() and "<domain " not in leaf.getXMLDesc(libvirt.VIR_DOMAIN_CHECKPOINT_XML_NO_DOMAIN)
    assert [d.name() for d in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT)] == ["a"]
    metadata = libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_METADATA_ONLY
    assert code_of(leaf.delete) == libvirt.VIR_ERR_OPERATION_INVALID  # its bitmaps are out of reach
    domain.checkpointLookupByName("two").delete(metadata)
    assert domain.checkpointLookupByName("three").getParent().getName() == "one"
    one.delete(metadata | libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY)
    assert names(domain.listAllCheckpoints()) == ["one"]
    both = libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN | libvirt.VIR_DOMAIN_CHECKPOINT_DELETE_CHILDREN_ONLY
    assert code_of(one.delete, both) == libvirt.VIR_ERR_INVALID_ARG


def test_checkpoints_refused(domain):
    redefine = libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE
    assert code_of(checkpoint, domain, "x", "x") == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(checkpoint, domain, "x", "nobody") == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.checkpointCreateXML, "<domaincheckpoint/>") == libvirt.VIR_ERR_OPERATION_INVALID  # does not run
    for flags in (redefine | libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE, libvirt.VIR_DOMAIN_CHECKPOINT_CREATE_REDEFINE_VALIDATE, 64):
        assert code_of(domain.checkpointCreateXML, "<domaincheckpoint/>", flags) == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(domain.checkpointCreateXML, "<domaincheckpoint/>", redefine) == libvirt.VIR_ERR_XML_ERROR
    domain.create()
    # The disk is raw: it cannot keep a bitmap.
    assert code_of(domain.checkpointCreateXML, "<domaincheckpoint/>") == libvirt.VIR_ERR_CONFIG_UNSUPPORTED
    assert domain.listAllCheckpoints() == []


def test_no_circle_of_snapshots(domain):
    snapshot(domain, "one", None, 100)
    snapshot(domain, "two", "one", 200, libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_CURRENT)
    assert code_of(snapshot, domain, "one", "two") == libvirt.VIR_ERR_INVALID_ARG
    assert code_of(snapshot, domain, "three", "nobody") == libvirt.VIR_ERR_INVALID_ARG
    assert domain.snapshotListNames() == ["one", "two"]
    domain.snapshotLookupByName("two").delete(libvirt.VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY)
    assert domain.snapshotCurrent().getName() == "one"


def test_undefine_asks_for_them(domain, conn):
    checkpoint(domain, "one")
    assert code_of(domain.undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)
    assert conn.defineXML(xml("a", "11111111-2222-3333-4444-555555555555")).listAllCheckpoints() == []


@pytest.mark.parametrize("document,code", [
    ("<domainbackup mode='sideways'/>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup><server transport='unix' socket='/s'/></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup mode='pull'><server transport='rdma'/></domainbackup>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<domainbackup mode='pull'><server transport='unix' socket='relative'/></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup mode='pull'><server transport='tcp' port='0'/></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup mode='pull'><server transport='tcp' tls='yes'/></domainbackup>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<domainbackup><disks><disk/></disks></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup><disks><disk name='xvda' backup='perhaps'/></disks></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup><disks><disk name='xvda'/><disk name='xvda'/></disks></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup><disks><disk name='xvda' exportname='e'/></disks></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup><disks><disk name='xvda' type='network'/></disks></domainbackup>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<domainbackup><disks><disk name='xvda' backupmode='full' incremental='c'/></disks></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup><disks><disk name='xvda'><target file='relative'/></disk></disks></domainbackup>", libvirt.VIR_ERR_XML_ERROR),
    ("<domainbackup><disks><disk name='xvda'><driver type='paper'/></disk></disks></domainbackup>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<domainbackup mode='pull'><disks><disk name='xvda'><driver type='raw'/></disk></disks></domainbackup>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<domainbackup><disks><disk name='nothing'/></disks></domainbackup>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<domainbackup><disks><disk name='xvda' backup='no'/></disks></domainbackup>", libvirt.VIR_ERR_CONFIG_UNSUPPORTED),
    ("<domainbackup><incremental>none</incremental></domainbackup>", libvirt.VIR_ERR_NO_DOMAIN_CHECKPOINT),
])
def test_backups_refused(domain, document, code):
    domain.create()
    assert code_of(domain.backupBegin, document, None) == code
    assert code_of(domain.backupGetXMLDesc) == libvirt.VIR_ERR_NO_DOMAIN_BACKUP
    assert domain.jobStats()["type"] == libvirt.VIR_DOMAIN_JOB_NONE


def test_a_backup_that_fails_leaves_nothing(domain, daemon, tmp_path):
    domain.create()
    # There is no machine here that could do it.
    assert code_of(domain.backupBegin, f"<domainbackup><disks><disk name='xvda'><target file='{tmp_path}/b'/></disk></disks></domainbackup>",
                   None) != 0
    assert domain.jobStats()["type"] == libvirt.VIR_DOMAIN_JOB_NONE and code_of(domain.abortJob) == libvirt.VIR_ERR_OPERATION_INVALID
    assert not list((daemon.lib / "libvirt" / "backup").iterdir())


def test_what_was_begun_is_undone_after_a_kill(domain, daemon):
    """A checkpoint whose maker was killed is none; what it came after is the current one again."""
    checkpoint(domain, "one")
    folder = daemon.lib / "libvirt" / "checkpoint" / domain.UUIDString()
    text = (folder / "one.xml").read_text()
    (folder / "two.begun").write_text(text.replace("<name>one</name>", "<name>two</name><parent><name>one</name></parent>", 1))
    (folder / "current").write_text("two")
    (folder / "bad.begun").write_text("nonsense")
    daemon.kill()
    daemon.start()
    assert sorted(p.name for p in folder.iterdir()) == ["current", "one.xml"]
    assert (folder / "current").read_text() == "one"
