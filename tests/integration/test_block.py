# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks of running guests: figures, limits, resizing, and the jobs that copy between images."""
import os
import subprocess

import libvirt
import pytest

import running
from kanzen import virsh, wait_for
from running import code_of

guest = running.fixture()

EVENTS = {libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_JOB: "job", libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2: "job2",
          libvirt.VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD: "threshold", libvirt.VIR_DOMAIN_EVENT_ID_TUNABLE: "tunable"}


@pytest.fixture(scope="module")
def events():
    """What a second client is told: (kind, what follows the domain)."""
    running.run_event_loop()
    conn = libvirt.open("xen:///system")
    seen = []

    def note(_conn, _domain, *rest):
        seen.append((rest[-1], *rest[:-1]))

    for event, kind in EVENTS.items():
        conn.domainEventRegisterAny(None, event, note, kind)
    yield seen
    conn.close()


def source(domain, target, flags=0):
    from xml.etree import ElementTree

    for disk in ElementTree.fromstring(domain.XMLDesc(flags)).iter("disk"):
        if disk.find("target").get("dev") == target:
            return disk.find("source").get("file")
    return None


def test_statistics(guest):
    domain, target = guest.domain, guest.target
    assert domain.isUpdated() == 0  # what runs is what is defined
    if guest.kind == "hvm":  # its boot loader has read it
        wait_for("the guest to read its disk", lambda: domain.blockStats(target)[1] > 0, timeout=60)
    old, new = domain.blockStats(target), domain.blockStatsFlags(target)
    assert len(old) == 5 and new["rd_bytes"] >= old[1] and new["wr_operations"] >= old[2]
    assert set(new) >= {"rd_total_times", "wr_total_times", "flush_operations", "errs"}
    assert domain.blockStatsFlags(str(guest.image))["rd_bytes"] >= new["rd_bytes"]  # by its source
    assert domain.blockStatsFlags("")["rd_bytes"] >= new["rd_bytes"]  # all disks
    assert code_of(domain.blockStats, "xvdz") == libvirt.VIR_ERR_INVALID_ARG
    assert "rd_bytes" in virsh("domblkstat", guest.name, target)
    bulk = guest.conn.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_BLOCK)[0][1]
    assert bulk["block.0.name"] == target and bulk["block.0.rd.bytes"] >= old[1]
    assert bulk["block.0.capacity"] == os.path.getsize(guest.base) and bulk["block.0.fl.reqs"] >= 0
    chain = guest.conn.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_BLOCK, libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_BACKING)[0][1]
    assert chain["block.count"] == bulk["block.count"] + 1 and chain["block.1.name"] == target
    assert (chain["block.1.backingIndex"], chain["block.1.path"]) == (1, str(guest.base))
    assert chain["block.1.physical"] == os.path.getsize(guest.base)


def test_information(guest):
    capacity, allocation, physical = guest.domain.blockInfo(guest.target)
    assert capacity == os.path.getsize(guest.base)
    assert physical == os.path.getsize(guest.image) and 0 < allocation <= capacity
    assert guest.domain.diskErrors() == {}
    assert guest.domain.blockPeek(guest.target, 0, 4) == b"QFI\xfb"
    assert code_of(guest.domain.blockPeek, guest.target, 1 << 40, 4) == libvirt.VIR_ERR_SYSTEM_ERROR


def test_resize(guest):
    domain, target = guest.domain, guest.target
    capacity = domain.blockInfo(target)[0] + (1 << 20)
    domain.blockResize(target, capacity, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
    assert domain.blockInfo(target)[0] == capacity
    domain.blockResize(target, capacity // 1024 + 1024)
    assert domain.blockInfo(target)[0] == capacity + (1 << 20)


def test_limits(guest, events):
    domain, target = guest.domain, guest.target
    assert domain.blockIoTune(target)["total_bytes_sec"] == 0
    assert domain.setBlockIoTune(target, {"total_bytes_sec": 50 << 20, "total_bytes_sec_max": 80 << 20}) == 0
    assert domain.blockIoTune(target)["total_bytes_sec"] == 50 << 20
    domain.setBlockIoTune(target, {"read_bytes_sec": 60 << 20, "write_bytes_sec": 40 << 20})
    now = domain.blockIoTune(target)
    assert (now["total_bytes_sec"], now["read_bytes_sec"], now["write_bytes_sec"]) == (0, 60 << 20, 40 << 20)
    assert code_of(domain.setBlockIoTune, "nothing", {"read_bytes_sec": 1}) == libvirt.VIR_ERR_INVALID_ARG
    wait_for("the event", lambda: ("tunable", {"blkdeviotune.disk": target, "blkdeviotune.read_bytes_sec": 60 << 20,
                                               "blkdeviotune.write_bytes_sec": 40 << 20}) in events)
    domain.setBlockIoTune(target, {name: 0 for name in now if name != "group_name"})
    assert domain.blockIoTune(target)["read_bytes_sec"] == 0


def test_no_job(guest):
    domain, target = guest.domain, guest.target
    assert domain.blockJobInfo(target) == {}
    assert code_of(domain.blockJobAbort, target) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(domain.blockJobSetSpeed, target, 1) == libvirt.VIR_ERR_OPERATION_INVALID
    assert code_of(domain.blockCommit, target, None, None) == libvirt.VIR_ERR_INVALID_ARG


def copy_xml(path, kind="qcow2"):
    return f"<disk type='file'><source file='{path}'/><driver type='{kind}'/></disk>"


def wait_ready(domain, target):
    wait_for("the job to be ready", lambda: (i := domain.blockJobInfo(target)) and i["cur"] == i["end"], timeout=60)


def test_copy_given_up(guest, events):
    domain, target = guest.domain, guest.target
    path = guest.folder / "given-up.qcow2"
    domain.blockCopy(target, copy_xml(path), {"bandwidth": 1 << 20}, libvirt.VIR_DOMAIN_BLOCK_COPY_TRANSIENT_JOB)
    info = domain.blockJobInfo(target, libvirt.VIR_DOMAIN_BLOCK_JOB_INFO_BANDWIDTH_BYTES)
    assert info["type"] == libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_COPY and info["bandwidth"] == 1 << 20
    assert code_of(domain.blockPull, target) == libvirt.VIR_ERR_OPERATION_INVALID  # one job at a time
    assert code_of(domain.blockJobAbort, target, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.blockJobSetSpeed(target, 2)
    assert domain.blockJobInfo(target)["bandwidth"] == 2
    domain.blockJobAbort(target)
    assert domain.blockJobInfo(target) == {}
    assert source(domain, target) == str(guest.image)
    wait_for("the event", lambda: ("job2", target, libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_COPY,
                                   libvirt.VIR_DOMAIN_BLOCK_JOB_CANCELED) in events)


def test_copy_and_pivot(guest, events):
    domain, target = guest.domain, guest.target
    path = guest.folder / "copy.qcow2"
    domain.blockCopy(target, copy_xml(path), {}, libvirt.VIR_DOMAIN_BLOCK_COPY_SHALLOW)
    wait_ready(domain, target)
    domain.blockJobAbort(target, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    assert source(domain, target) == str(path)
    assert source(domain, target, libvirt.VIR_DOMAIN_XML_INACTIVE) == str(path)
    assert domain.blockPeek(target, 0, 4) == b"QFI\xfb"
    # Nobody has the old image open any more: it can be had for writing.
    subprocess.run(["qemu-io", "-f", "qcow2", "-c", "read 0 512", guest.image], check=True, capture_output=True)
    wait_for("the event", lambda: ("job2", target, libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_COPY,
                                   libvirt.VIR_DOMAIN_BLOCK_JOB_COMPLETED) in events)


def test_commit_of_the_active_image(guest):
    domain, target = guest.domain, guest.target
    active = libvirt.VIR_DOMAIN_BLOCK_COMMIT_ACTIVE
    # Onto the raw image below, and back to a qcow2 one with a copy.
    domain.blockCommit(target, None, None, 0, active)
    assert domain.blockJobInfo(target)["type"] == libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_ACTIVE_COMMIT
    wait_ready(domain, target)
    domain.blockJobAbort(target, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    assert source(domain, target) == str(guest.base)
    path = guest.folder / "again.qcow2"
    domain.blockRebase(target, str(path), 0, libvirt.VIR_DOMAIN_BLOCK_REBASE_COPY)
    wait_ready(domain, target)
    domain.blockJobAbort(target, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    assert source(domain, target) == str(path)


def test_pull(guest, events):
    domain, target = guest.domain, guest.target
    overlay = guest.folder / "overlay.qcow2"
    domain.blockCopy(target, copy_xml(overlay), {}, 0)
    wait_ready(domain, target)
    domain.blockJobAbort(target, libvirt.VIR_DOMAIN_BLOCK_JOB_ABORT_PIVOT)
    domain.blockPull(target, 0)
    wait_for("the job to end", lambda: domain.blockJobInfo(target) == {}, timeout=60)
    wait_for("the event", lambda: ("job2", target, libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_PULL,
                                   libvirt.VIR_DOMAIN_BLOCK_JOB_COMPLETED) in events)
    assert ("job", str(overlay), libvirt.VIR_DOMAIN_BLOCK_JOB_TYPE_PULL,
            libvirt.VIR_DOMAIN_BLOCK_JOB_COMPLETED) in events


def test_threshold(guest, events):
    domain, target = guest.domain, guest.target
    domain.setBlockThreshold(target, 1 << 20)
    assert code_of(domain.setBlockThreshold, "nothing", 1) == libvirt.VIR_ERR_INVALID_ARG
    if guest.kind == "pv":
        console = guest.console()
        console.command(f"dd if=/dev/urandom of=/dev/{target} bs=1M seek=4 count=4 && sync")
        assert console.leave() == 0
        wait_for("the event", lambda: any(e[:2] == ("threshold", target) for e in events))
