# SPDX-License-Identifier: LGPL-2.1-or-later
"""Saving, restoring, managed saving and dumping running guests."""
import os
import re
import threading
import time

import libvirt
import pytest

import running
from kanzen import Console, virsh, wait_for, xl
from running import code_of

guest = running.fixture()


def clock_of(console):
    return int(console.command("date +%s"))


def attach(guest):
    return Console("virsh", "console", guest.name, "--force").login(timeout=30)


def test_save_and_restore(guest):
    image = guest.folder / "image"
    console = guest.console()
    console.command("echo survived > /tmp/note; (while :; do sleep 1; done) & echo $! > /tmp/pid")
    before = console.command("cut -d. -f1 /proc/uptime")
    assert console.leave() == 0
    old_id = guest.domain.ID()
    guest.domain.save(str(image))
    assert guest.domain.state() == [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED]
    assert oct(os.stat(image).st_mode & 0o777) == "0o600"
    time.sleep(3)
    guest.conn.restore(str(image))
    assert guest.domain.state() == [libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_RESTORED]
    assert guest.domain.ID() != old_id
    console = attach(guest)
    assert console.command("cat /tmp/note") == "survived"
    console.command("kill -0 $(cat /tmp/pid)")
    assert console.status == 0
    assert int(console.command("cut -d. -f1 /proc/uptime")) >= int(before)
    assert console.leave() == 0
    # The restored one is a domain like any other: it can be paused, saved again, and reboot.
    guest.domain.suspend()
    guest.domain.resume()


def test_clock_is_right_after_restore(guest):
    if guest.kind == "hvm":
        pytest.skip("an HVM guest's clock is its own affair, as under QEMU")
    image = guest.folder / "image"
    console = guest.console()
    assert abs(clock_of(console) - time.time()) < 3
    assert console.leave() == 0
    guest.domain.save(str(image))
    time.sleep(6)
    guest.conn.restore(str(image))
    console = attach(guest)
    wait_for("the clock to be right", lambda: abs(clock_of(console) - time.time()) < 2, timeout=10)
    assert console.leave() == 0


def test_managed_save(guest):
    domain = guest.domain
    domain.managedSave()
    assert domain.hasManagedSaveImage() == 1 and not domain.isActive()
    assert guest.name in virsh("list", "--all", "--with-managed-save")
    assert f"<name>{guest.name}</name>" in domain.managedSaveGetXMLDesc()
    assert code_of(domain.undefine) == libvirt.VIR_ERR_OPERATION_INVALID
    domain.managedSaveDefineXML(domain.managedSaveGetXMLDesc(libvirt.VIR_DOMAIN_SAVE_IMAGE_XML_SECURE),
                                libvirt.VIR_DOMAIN_SAVE_PAUSED)
    domain.create()
    assert domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    assert domain.hasManagedSaveImage() == 0
    domain.resume()
    console = attach(guest)
    assert console.command("cat /tmp/note") == "survived"
    assert console.leave() == 0
    assert code_of(domain.managedSaveGetXMLDesc) == libvirt.VIR_ERR_OPERATION_INVALID


def test_image_description(guest):
    image = guest.folder / "described"
    guest.domain.saveFlags(str(image), None, libvirt.VIR_DOMAIN_SAVE_PAUSED)
    xml = guest.conn.saveImageGetXMLDesc(str(image))
    title = "<title>restored elsewhere</title>"
    guest.conn.saveImageDefineXML(str(image), xml.replace("</name>", f"</name>{title}", 1), 0)
    assert title in guest.conn.saveImageGetXMLDesc(str(image))
    other = xml.replace("</name>", "x</name>", 1)
    other = re.sub("<uuid>.*</uuid>", "<uuid>11111111-2222-3333-4444-555555555555</uuid>", other)
    assert code_of(guest.conn.saveImageDefineXML, str(image), other, 0) == libvirt.VIR_ERR_OPERATION_FAILED
    guest.conn.restoreFlags(str(image), None, libvirt.VIR_DOMAIN_SAVE_RUNNING)
    assert guest.domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert title in guest.domain.XMLDesc()


def test_bad_images(guest):
    image = guest.folder / "garbage"
    image.write_bytes(b"KZNSAVE1" + b"\xff" * 600)
    for bad in (image, guest.base):
        with pytest.raises(libvirt.libvirtError):
            guest.conn.restore(str(bad))
    assert code_of(guest.conn.restore, "/nowhere") == libvirt.VIR_ERR_SYSTEM_ERROR
    assert code_of(guest.domain.saveFlags, "/x", None, 6) == libvirt.VIR_ERR_INVALID_ARG
    with pytest.raises(libvirt.libvirtError):  # no such folder: the guest goes on
        guest.domain.save("/nowhere/image")
    assert guest.domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING


def test_job_can_be_seen_and_aborted(guest):
    image, seen = guest.folder / "aborted", []
    conn = libvirt.open("xen:///system")
    domain = conn.lookupByName(guest.name)
    assert domain.jobInfo()[0] == libvirt.VIR_DOMAIN_JOB_NONE
    assert code_of(domain.abortJob) == libvirt.VIR_ERR_OPERATION_INVALID
    failed = []

    def save():
        try:
            guest.domain.save(str(image))
        except libvirt.libvirtError as error:
            failed.append(error.get_error_code())

    thread = threading.Thread(target=save)
    thread.start()
    while thread.is_alive():
        stats = domain.jobStats()
        if stats["type"] != libvirt.VIR_DOMAIN_JOB_NONE:
            seen.append(stats)
            try:
                domain.abortJob()
            except libvirt.libvirtError:
                pass
    thread.join()
    assert seen and seen[0]["operation"] == libvirt.VIR_DOMAIN_JOB_OPERATION_SAVE
    done = domain.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
    if failed:
        assert failed == [libvirt.VIR_ERR_OPERATION_ABORTED]
        assert domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING and not image.exists()
        assert done["type"] == libvirt.VIR_DOMAIN_JOB_CANCELLED
    else:
        assert done["memory_total"] > 0
        guest.conn.restore(str(image))
    conn.close()
    assert not [n for n in os.listdir(guest.folder) if n.endswith(".kanzen-new")]


def test_core_dump(guest):
    core = guest.folder / "core"
    guest.domain.coreDump(str(core), libvirt.VIR_DUMP_MEMORY_ONLY)
    assert core.read_bytes()[:4] == b"\x7fELF" and os.path.getsize(core) > 200 << 20
    core.unlink()
    guest.domain.coreDumpWithFormat(str(core), libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_KDUMP_ZLIB, libvirt.VIR_DUMP_MEMORY_ONLY)
    assert core.read_bytes()[:8] == b"makedump"
    core.unlink()
    assert guest.domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    assert code_of(guest.domain.coreDumpWithFormat, "/x", libvirt.VIR_DOMAIN_CORE_DUMP_FORMAT_WIN_DMP, 0) == libvirt.VIR_ERR_OPERATION_UNSUPPORTED


def test_xl_save_and_restore(guest):
    image = guest.folder / "xl-image"
    xl("save", "-c", guest.name, image)
    assert guest.domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING
    xl("save", "-p", guest.name, image)
    assert guest.domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED
    xl("unpause", guest.name)
    xl("save", guest.name, image)
    wait_for("the domain to be gone", lambda: not guest.domain.isActive())
    xl("restore", image)
    wait_for("the domain to be back", lambda: guest.domain.isActive())
    assert guest.domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING


def test_a_save_that_is_killed_leaves_the_guest_running(guest):
    """xl dies in the middle: the next one who looks lets the guest go on and removes what was written."""
    import signal
    import subprocess

    image = guest.folder / "killed"
    saver = subprocess.Popen(["xl", "save", guest.name, str(image)])
    part = guest.folder / "killed.kanzen-new"
    wait_for("the save to have begun", lambda: part.exists() or saver.poll() is not None, interval=0.001)
    saver.send_signal(signal.SIGKILL)
    saver.wait()
    if image.exists():  # it was too fast
        pytest.skip("the save was done before it could be killed")
    wait_for("the guest to run", lambda: guest.domain.info()[0] == libvirt.VIR_DOMAIN_RUNNING, timeout=20)
    assert not part.exists() and not image.exists()
    guest.domain.suspend()
    guest.domain.resume()
